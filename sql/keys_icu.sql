--
-- Keys of a nondeterministic collation. Needs a server with ICU; the other expected file is for
-- servers without.
--
\i test/oracle.sql
SELECT NOT EXISTS (SELECT FROM pg_collation WHERE collname = 'und-x-icu') OR
	getdatabaseencoding() <> 'UTF8' AS skip \gset
\if :skip
\echo no ICU here
\quit
\endif
CREATE COLLATION ignore_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE target (k text COLLATE ignore_case PRIMARY KEY, v text COLLATE ignore_case);
CREATE TABLE staging (k text, v text);
INSERT INTO target VALUES ('Hello', 'x'), ('world', 'y'), ('other', 'z');
INSERT INTO staging VALUES ('hello', 'x'), ('world', 'Y'), ('NEW', 'n');
-- 'Hello' and 'hello' are one key; both columns end as staging writes them.
SELECT * FROM sync_checked('target', 'staging', '{k}');
SELECT k COLLATE "C" AS k, v FROM target ORDER BY k COLLATE "C";
-- The collation of the target decides, not that of staging.
ALTER TABLE staging ALTER k TYPE text COLLATE "C";
UPDATE staging SET k = 'World' WHERE k = 'world';
SELECT * FROM sync_checked('target', 'staging', '{k}');
ALTER TABLE target ALTER k TYPE text COLLATE "C";
ALTER TABLE staging ALTER k TYPE text COLLATE ignore_case;
UPDATE staging SET k = 'WORLD' WHERE k = 'World';
SELECT * FROM sync_checked('target', 'staging', '{k}');
SELECT k FROM target ORDER BY k;
-- Two that the target holds for one are a duplicate.
ALTER TABLE target ALTER k TYPE text COLLATE ignore_case;
ALTER TABLE staging ALTER k TYPE text COLLATE "C";
INSERT INTO staging VALUES ('hELLO', 'x');
SELECT * FROM bulk_sync('target', 'staging', '{k}');
-- varchar and char with such a collation.
TRUNCATE staging;
ALTER TABLE target ALTER k TYPE varchar(10) COLLATE ignore_case, ALTER v TYPE char(3) COLLATE ignore_case;
INSERT INTO staging VALUES ('hello', 'X'), ('New', 'n');
SELECT * FROM sync_checked('target', 'staging', '{k}');
SELECT * FROM sync_checked('target', 'staging', '{k,v}');
SELECT k COLLATE "C" AS k, v FROM target ORDER BY k COLLATE "C";
DROP TABLE target, staging;
DROP COLLATION ignore_case;
