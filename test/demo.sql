-- What test/demo plays: one release of the PCI ID registry made into another. The working directory
-- holds the two releases as CSV; every result is checked, and the first wrong one ends the script.

\set QUIET on
\set ON_ERROR_STOP on
\pset footer off
\pset null '(null)'
SET client_min_messages = warning;

CREATE EXTENSION bulk_sync;

\echo 1. The table
\echo
\echo 'PCI devices as the registry knew them in April 2023. The primary key is our own number, which other'
\echo 'tables may point to; the registry names a device by its vendor_id and device_id.'
\echo
\set ECHO queries
CREATE TABLE device (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    vendor_id  text NOT NULL,
    vendor     text NOT NULL,
    device_id  text NOT NULL,
    device     text NOT NULL,
    UNIQUE (vendor_id, device_id)
);
\set ECHO none
\echo '\\copy device (vendor_id, vendor, device_id, device) FROM ''pci-2023-04.csv'' WITH (FORMAT csv, HEADER)'
\copy device (vendor_id, vendor, device_id, device) FROM 'pci-2023-04.csv' WITH (FORMAT csv, HEADER)
\echo
SELECT to_char(count(*), 'FM999,999') AS devices, count(DISTINCT vendor_id) AS vendors FROM device;

-- Kept aside to show afterwards what happened to each row: ctid and xmin tell whether it was written again.
CREATE TABLE before AS SELECT ctid AS place, xmin AS written_by, * FROM device;
CREATE INDEX ON before (vendor_id, device_id);

\echo 2. The import
\echo
\echo 'The release of June 2025, loaded into a staging table. It is the new truth.'
\echo
\set ECHO queries
CREATE TEMP TABLE import (vendor_id text, vendor text, device_id text, device text);
\set ECHO none
\echo '\\copy import FROM ''pci-2025-06.csv'' WITH (FORMAT csv, HEADER)'
\copy import FROM 'pci-2025-06.csv' WITH (FORMAT csv, HEADER)
\echo
SELECT to_char(count(*), 'FM999,999') AS staged_rows FROM import;

\echo 3. One call makes the table match it
\echo
\set call 'SELECT * FROM bulk_sync(''device'', ''import'', ''{vendor_id,device_id}'')'
\echo :call;
\timing on
:call \gset
\timing off
\echo
SELECT :created AS created, :updated AS updated, :deleted AS deleted, :unchanged AS unchanged, :skipped AS skipped;
SELECT (:created, :updated, :deleted, :unchanged, :skipped) IS DISTINCT FROM (2139, 320, 8, 17288, 0) AS wrong \gset
\if :wrong
DO $$ BEGIN RAISE EXCEPTION 'the right answer is created 2139, updated 320, deleted 8, unchanged 17288, skipped 0'; END $$;
\endif

\echo 'Is the table what the import says? Rows that only one of the two has:'
\echo
\set ECHO queries
SELECT count(*) AS rows_that_differ FROM (
    (SELECT vendor_id, vendor, device_id, device FROM device EXCEPT ALL SELECT * FROM import)
    UNION ALL
    (SELECT * FROM import EXCEPT ALL SELECT vendor_id, vendor, device_id, device FROM device)
) AS difference;
\set ECHO none
SELECT EXISTS (SELECT vendor_id, vendor, device_id, device FROM device EXCEPT ALL SELECT * FROM import)
    OR EXISTS (SELECT * FROM import EXCEPT ALL SELECT vendor_id, vendor, device_id, device FROM device) AS wrong \gset
\if :wrong
DO $$ BEGIN RAISE EXCEPTION 'the table is not what the import says'; END $$;
\endif

\echo 'Some of the rows that changed; their primary keys did not:'
\echo
SELECT d.id, d.vendor_id, d.device_id, b.device AS old_name, d.device AS new_name
    FROM device d JOIN before b USING (vendor_id, device_id)
    WHERE b.device <> d.device AND length(b.device) < 40 AND length(d.device) < 40
    ORDER BY d.vendor_id, d.device_id LIMIT 4;
SELECT count(*) FILTER (WHERE d.id = b.id) AS rows_with_the_same_primary_key,
       count(*) FILTER (WHERE d.id <> b.id) AS rows_with_another,
       count(*) FILTER (WHERE d.ctid = b.place AND d.xmin = b.written_by) AS rows_not_even_written_again
    FROM device d JOIN before b USING (vendor_id, device_id);
SELECT count(*) FILTER (WHERE d.id <> b.id) <> 0
       OR count(*) FILTER (WHERE d.ctid = b.place AND d.xmin = b.written_by) <> 17288 AS wrong
    FROM device d JOIN before b USING (vendor_id, device_id) \gset
\if :wrong
DO $$ BEGIN RAISE EXCEPTION 'a primary key changed, or an equal row was written'; END $$;
\endif

\echo 4. The same call again finds nothing to do
\echo
\set call 'SELECT * FROM bulk_sync(''device'', ''import'', ''{vendor_id,device_id}'')'
\echo :call;
\timing on
:call \gset
\timing off
\echo
SELECT :created AS created, :updated AS updated, :deleted AS deleted, :unchanged AS unchanged, :skipped AS skipped;
SELECT (:created, :updated, :deleted, :unchanged, :skipped) IS DISTINCT FROM (0, 0, 0, 19747, 0) AS wrong \gset
\if :wrong
DO $$ BEGIN RAISE EXCEPTION 'the right answer is created 0, updated 0, deleted 0, unchanged 19747, skipped 0'; END $$;
\endif

\echo 5. One vendor alone
\echo
\echo 'A vendor sends its own list: two devices have new names, three are gone, one is new. The fourth argument says'
\echo 'which rows of the table the list speaks for; devices of other vendors are not in it, and they stay.'
\echo
DROP TABLE before;
CREATE TABLE before AS SELECT ctid AS place, xmin AS written_by, * FROM device;
\set ECHO queries
CREATE TEMP TABLE nvidia AS SELECT vendor_id, vendor, device_id, device FROM device WHERE vendor_id = '10de';
UPDATE nvidia SET device = device || ' (revised)' WHERE device_id IN ('0020', '0028');
DELETE FROM nvidia WHERE device_id IN ('0008', '0009', '0018');
INSERT INTO nvidia VALUES ('10de', 'NVIDIA Corporation', 'fff0', 'A device that nobody has seen');
\set ECHO none
\set call 'SELECT * FROM bulk_sync(''device'', ''nvidia'', ''{vendor_id,device_id}'', ''vendor_id = ''''10de'''''')'
\echo :call;
\timing on
:call \gset
\timing off
\echo
SELECT :created AS created, :updated AS updated, :deleted AS deleted, :unchanged AS unchanged, :skipped AS skipped;
SELECT (:created, :updated, :deleted, :unchanged, :skipped) IS DISTINCT FROM (1, 2, 3, 1920, 0) AS wrong \gset
\if :wrong
DO $$ BEGIN RAISE EXCEPTION 'the right answer is created 1, updated 2, deleted 3, unchanged 1920, skipped 0'; END $$;
\endif
SELECT CASE WHEN vendor_id = '10de' THEN 'NVIDIA' ELSE 'all other vendors' END AS whose,
       count(*) FILTER (WHERE d.id IS NOT NULL) AS devices_now,
       count(*) FILTER (WHERE d.ctid = b.place AND d.xmin = b.written_by) AS not_touched,
       count(*) FILTER (WHERE b.id IS NULL OR d.id IS NULL OR d.ctid <> b.place OR d.xmin <> b.written_by) AS touched
    FROM device d FULL JOIN before b USING (vendor_id, device_id)
    GROUP BY 1 ORDER BY 1;
SELECT count(*) <> 17822 AS wrong FROM device d JOIN before b
    ON d.ctid = b.place AND d.xmin = b.written_by AND d.id = b.id WHERE b.vendor_id <> '10de' \gset
\if :wrong
DO $$ BEGIN RAISE EXCEPTION 'a device of another vendor was touched'; END $$;
\endif
