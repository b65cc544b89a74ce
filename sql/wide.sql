--
-- As many columns as a table can have.
--
\i test/oracle.sql

-- Runs the template with a list of columns in it, each of them made of a pattern.
CREATE PROCEDURE run(template text, pattern text, first int, last int)
LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format(template, (SELECT string_agg(format(pattern, i), ', ' ORDER BY i) FROM generate_series(first, last) AS i));
END $$;
CALL run('CREATE TABLE target (%s)', 'c%s int', 1, 1600);
CALL run('CREATE TABLE staging (%s)', 'c%s int', 1, 1600);
CALL run('INSERT INTO target SELECT r, %s FROM generate_series(1, 5) AS r', 'r + %s', 2, 1600);
CALL run('INSERT INTO staging SELECT r, %s FROM generate_series(2, 6) AS r', 'r + %s', 2, 1600);
SELECT * FROM sync_checked('target', 'staging', '{c1}');
-- One column changes, the last one, all of them.
UPDATE staging SET c2 = 0 WHERE c1 = 3;
UPDATE staging SET c1600 = NULL WHERE c1 = 4;
SELECT * FROM sync_checked('target', 'staging', '{c1}');
SELECT c1, c2, c1599, c1600 FROM target ORDER BY c1;
CALL run('UPDATE staging SET %s', 'c%1$s = -c%1$s', 2, 1600);
SELECT * FROM sync_checked('target', 'staging', '{c1}', 'c1 > 0');
-- Every column is a key.
SELECT array_agg('c' || i) AS keys FROM generate_series(1, 1600) AS i \gset
UPDATE staging SET c800 = 1 WHERE c1 = 5;
SELECT * FROM bulk_sync('target', 'staging', :'keys');
SELECT * FROM bulk_sync('target', 'staging', :'keys');
SELECT array_agg('c' || i) AS keys FROM generate_series(1, 40) AS i \gset
SELECT * FROM bulk_sync('target', 'staging', :'keys', skip_deletes => true);
-- Of 1600, only the first and the last are left on one side.
CALL run('ALTER TABLE staging %s', 'DROP c%s', 2, 1599);
UPDATE staging SET c1600 = c1600 + 1 WHERE c1 <> 4;
SELECT * FROM sync_checked('target', 'staging', '{c1}');
INSERT INTO staging (c1) VALUES (7);
SELECT * FROM sync_checked('target', 'staging', '{c1}', 'c1600 IS NULL OR c1600 < 0');
SELECT c1, c2, c1600 FROM target ORDER BY c1;
DROP TABLE target, staging;
DROP PROCEDURE run;
