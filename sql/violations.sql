--
-- Unique and exclusion violations, and serialization failures, that the caller's own data or triggers cause: they come
-- out as they were raised. The hint about DEFERRABLE is for rows that hand a value on to each other, and for no others.
--
\i test/oracle.sql

CREATE TABLE target (id int PRIMARY KEY, code text, v int, gone boolean NOT NULL DEFAULT false, CONSTRAINT code UNIQUE (code));
CREATE TABLE staging (id int, code text, v int);
CREATE FUNCTION stage(VARIADIC codes text[]) RETURNS void LANGUAGE sql AS $$
	TRUNCATE staging;
	INSERT INTO staging SELECT n, code, 1 FROM unnest(codes) WITH ORDINALITY AS _ (code, n)
$$;
INSERT INTO target VALUES (1, 'a', 0), (2, 'b', 0), (3, 'c', 0);

\x on
-- A swap and a ring.
SELECT stage('b', 'a', 'c');
SELECT state, "constraint", message, detail, hint FROM failure($$SELECT bulk_sync('target', 'staging', '{id}')$$);
SELECT stage('b', 'c', 'a');
SELECT state, "constraint", message, detail, hint FROM failure($$SELECT bulk_sync('target', 'staging', '{id}')$$);
SELECT stage('b', 'x', 'c');
SELECT state, "constraint", message, detail, hint FROM failure($$SELECT bulk_sync('target', 'staging', '{id}')$$);
-- What no constraint that is checked later would help: the value of a row that keeps it, untouched, updated otherwise,
-- or marked; two rows that get the same one; a new row.
SELECT stage('a', 'c');
SELECT state, "constraint", message, detail, hint FROM failure($$SELECT bulk_sync('target', 'staging', '{id}', 'id < 3')$$);
SELECT stage('a', 'c', 'c');
SELECT state, "constraint", message, detail, hint FROM failure($$SELECT bulk_sync('target', 'staging', '{id}')$$);
SELECT stage('a', 'c');
SELECT state, "constraint", message, detail, hint FROM failure($$SELECT bulk_sync('target', 'staging', '{id}', soft_delete => 'gone')$$);
SELECT stage('x', 'x', 'c');
SELECT state, "constraint", message, detail, hint FROM failure($$SELECT bulk_sync('target', 'staging', '{id}')$$);
SELECT stage('a', 'b', 'c', 'c');
SELECT state, "constraint", message, detail, hint FROM failure($$SELECT bulk_sync('target', 'staging', '{id}')$$);
-- An index that is no constraint cannot be declared DEFERRABLE, and what is need not be.
SELECT stage('b', 'a', 'c');
ALTER TABLE target DROP CONSTRAINT code;
CREATE UNIQUE INDEX code ON target (code);
SELECT state, "constraint", message, detail, hint FROM failure($$SELECT bulk_sync('target', 'staging', '{id}')$$);
DROP INDEX code;
ALTER TABLE target ADD CONSTRAINT code UNIQUE (code) DEFERRABLE;
SELECT stage('b', 'b', 'c');
SELECT state, "constraint", message, detail, hint FROM failure($$SELECT bulk_sync('target', 'staging', '{id}')$$);
ALTER TABLE target DROP CONSTRAINT code;

-- The violation is of another table.
CREATE TABLE other (code text PRIMARY KEY);
INSERT INTO other VALUES ('b');
CREATE FUNCTION copy_code() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'attempt'; INSERT INTO other VALUES (new.code); RETURN new; END $$;
CREATE TRIGGER copy_code BEFORE UPDATE ON target FOR EACH ROW EXECUTE FUNCTION copy_code();
SELECT stage('b', 'a', 'c');
SELECT state, "constraint", message, detail, hint FROM failure($$SELECT bulk_sync('target', 'staging', '{id}')$$);
DROP TRIGGER copy_code ON target;
DROP TABLE other;
DROP FUNCTION copy_code;

-- A trigger's own words, with the names of the target in them, or of nothing at all.
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE NOTICE 'attempt';
	RAISE EXCEPTION 'batch 17 is locked' USING ERRCODE = tg_argv[0], DETAIL = 'It is being billed.', HINT = 'Try after noon.',
		SCHEMA = tg_table_schema, TABLE = tg_table_name, CONSTRAINT = tg_argv[1];
END $$;
CREATE TRIGGER refuse BEFORE UPDATE ON target FOR EACH ROW EXECUTE FUNCTION refuse('23505', 'target_pkey');
SELECT state, "constraint", message, detail, hint FROM failure($$SELECT bulk_sync('target', 'staging', '{id}')$$);
DROP TRIGGER refuse ON target;
CREATE TRIGGER refuse BEFORE UPDATE ON target FOR EACH ROW EXECUTE FUNCTION refuse('23P01', 'nothing');
SELECT state, "constraint", message, detail, hint FROM failure($$SELECT bulk_sync('target', 'staging', '{id}')$$);
DROP TRIGGER refuse ON target;
-- A serialization failure is tried again, and then comes out as it was raised; at once where nothing can be tried again.
CREATE TRIGGER refuse AFTER UPDATE ON target FOR EACH ROW EXECUTE FUNCTION refuse('40001', '');
SELECT state, "constraint", message, detail, hint FROM failure($$SELECT bulk_sync('target', 'staging', '{id}')$$);
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT state, "constraint", message, detail, hint FROM failure($$SELECT bulk_sync('target', 'staging', '{id}')$$);
COMMIT;
SELECT bulk_sync('target', 'staging', '{id}');
DROP TRIGGER refuse ON target;
DROP FUNCTION refuse;

-- Partitions: the error names the partition and its constraint.
CREATE TABLE parted (id int, code text, v int, UNIQUE (id, code)) PARTITION BY LIST (id);
CREATE TABLE parted_1 (v int, code text, dropped int, id int);
ALTER TABLE parted_1 DROP dropped;
ALTER TABLE parted ATTACH PARTITION parted_1 FOR VALUES IN (1);
INSERT INTO parted VALUES (1, 'a', 1), (1, 'b', 2), (1, 'c', 3);
TRUNCATE staging;
INSERT INTO staging VALUES (1, 'b', 1), (1, 'a', 2), (1, 'c', 3);
SELECT state, "constraint", message, detail, hint FROM failure($$SELECT bulk_sync('parted', 'staging', '{id,v}')$$);
UPDATE staging SET code = 'c' WHERE v = 1;
SELECT state, "constraint", message, detail, hint FROM failure($$SELECT bulk_sync('parted', 'staging', '{id,v}')$$);
-- Who has no rights on the partition itself is not told the key.
CREATE ROLE regress_clerk;
GRANT SELECT, INSERT, UPDATE, DELETE ON parted, staging TO regress_clerk;
SET ROLE regress_clerk;
SELECT state, "constraint", message, detail, hint FROM failure($$SELECT bulk_sync('parted', 'staging', '{id,v}')$$);
RESET ROLE;
DROP TABLE parted;

-- Exclusion constraints. A row that moves a little is not in its own way.
CREATE TABLE stay (id int PRIMARY KEY, during int4range, v int, EXCLUDE USING gist (during WITH &&));
CREATE TABLE stay_staged (id int, during int4range, v int);
INSERT INTO stay VALUES (1, '[1,5)', 1), (2, '[7,9)', 2), (3, '[20,30)', 3);
INSERT INTO stay_staged VALUES (1, '[7,9)', 1), (2, '[1,5)', 2), (3, '[20,30)', 3);
SELECT state, "constraint", message, detail, hint FROM failure($$SELECT bulk_sync('stay', 'stay_staged', '{id}')$$);
UPDATE stay_staged SET during = CASE id WHEN 1 THEN '[2,8)' ELSE '[7,9)' END::int4range, v = 0 WHERE id < 3;
SELECT state, "constraint", message, detail, hint FROM failure($$SELECT bulk_sync('stay', 'stay_staged', '{id}')$$);
UPDATE stay_staged SET during = '[2,6)' WHERE id = 1;
SELECT * FROM sync_checked('stay', 'stay_staged', '{id}');
-- One new row has thousands in its way which all go, and another new one.
TRUNCATE stay_staged;
INSERT INTO stay_staged VALUES (0, '[0,1000000)', 0), (-1, '[3,4)', 0);
CREATE TABLE stays (LIKE stay);
INSERT INTO stays SELECT i, int4range(i * 10, i * 10 + 5), i FROM generate_series(1, 40000) AS i;
ALTER TABLE stays ADD EXCLUDE USING gist (during WITH &&);
SET statement_timeout = '15s';
SELECT state, "constraint", message, detail, hint FROM failure($$SELECT bulk_sync('stays', 'stay_staged', '{id}')$$);
RESET statement_timeout;
DROP TABLE stays;
\x off
DROP TABLE stay, stay_staged, target, staging;
DROP FUNCTION stage;
DROP ROLE regress_clerk;
