-- The targets of the fault injection. Each has rows of several companies, of which a sync may touch one.

SET client_min_messages = warning;
CREATE EXTENSION bulk_sync;

-- Stands in filters, stagings and triggers. It dawdles, so that a fault can come just then, or raises an error at its
-- nth call, if the session has asked for that by the settings fault.*.
CREATE SEQUENCE pokes;
CREATE FUNCTION poke(place text, company int) RETURNS boolean LANGUAGE plpgsql STABLE COST 1 AS $$
DECLARE
	nth text := current_setting('fault.nth', true);
	n bigint;
BEGIN
	IF coalesce(nth, '') = '' THEN
		RETURN true;
	ELSIF nth = '0' THEN
		IF random() < current_setting('fault.chance')::float8 THEN
			PERFORM pg_sleep(0.0003);
		END IF;
	ELSIF place = current_setting('fault.place') THEN
		n := nextval('pokes');
		IF n = nth::bigint OR n > nth::bigint AND current_setting('fault.again')::boolean THEN
			RAISE EXCEPTION 'poked in %', place USING ERRCODE = current_setting('fault.code');
		END IF;
	END IF;
	RETURN true;
END $$;

CREATE FUNCTION poke_of_write() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM poke(TG_ARGV[0], 0);
	RETURN coalesce(NEW, OLD);
END $$;

CREATE TABLE employee (
	id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	company_id int NOT NULL,
	name text NOT NULL,
	a int,
	b text,
	UNIQUE (company_id, name)
);

-- Rows that refer to each other, rows that refer to them, and triggers that write elsewhere.
CREATE TABLE linked (
	id int GENERATED ALWAYS AS IDENTITY UNIQUE,
	company_id int,
	name text,
	a int,
	b text,
	boss text,
	PRIMARY KEY (company_id, name),
	FOREIGN KEY (company_id, boss) REFERENCES linked
);
CREATE INDEX ON linked (company_id, boss);
CREATE TABLE linked_child (
	company_id int,
	name text,
	PRIMARY KEY (company_id, name),
	FOREIGN KEY (company_id, name) REFERENCES linked ON DELETE CASCADE
);
CREATE TABLE audit (company_id int, rows bigint);
CREATE INDEX ON audit (company_id);

CREATE FUNCTION write_audit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM poke('after', 0);
	IF TG_OP = 'INSERT' THEN
		INSERT INTO linked_child VALUES (NEW.company_id, NEW.name);
	END IF;
	INSERT INTO audit VALUES (CASE TG_OP WHEN 'DELETE' THEN OLD.company_id ELSE NEW.company_id END, 1);
	RETURN NULL;
END $$;

CREATE FUNCTION write_audit_of_statement() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO audit SELECT company_id, count(*) FROM changed GROUP BY company_id;
	RETURN NULL;
END $$;

CREATE TRIGGER before BEFORE INSERT OR UPDATE OR DELETE ON linked FOR EACH ROW EXECUTE FUNCTION poke_of_write('before');
CREATE TRIGGER after AFTER INSERT OR UPDATE OR DELETE ON linked FOR EACH ROW EXECUTE FUNCTION write_audit();
CREATE TRIGGER statement AFTER UPDATE ON linked REFERENCING NEW TABLE AS changed
	FOR EACH STATEMENT EXECUTE FUNCTION write_audit_of_statement();

CREATE TABLE soft (
	id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	company_id int NOT NULL,
	name text NOT NULL,
	a int,
	b text,
	gone_at timestamptz,
	UNIQUE (company_id, name)
);
CREATE TRIGGER before BEFORE INSERT OR UPDATE OR DELETE ON soft FOR EACH ROW EXECUTE FUNCTION poke_of_write('before');

-- No unique index covers the keys here, so all calls wait for each other.
CREATE SEQUENCE parted_id;
CREATE TABLE parted (
	id int NOT NULL DEFAULT nextval('parted_id'),
	company_id int NOT NULL,
	name text NOT NULL,
	a int,
	b text,
	region int
) PARTITION BY LIST (region);
CREATE TABLE parted_0 PARTITION OF parted FOR VALUES IN (0);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES IN (1);
CREATE TABLE parted_2 PARTITION OF parted DEFAULT;
CREATE INDEX ON parted (company_id, name);
CREATE TRIGGER before BEFORE INSERT OR UPDATE OR DELETE ON parted FOR EACH ROW EXECUTE FUNCTION poke_of_write('before');
CREATE TRIGGER after AFTER INSERT OR UPDATE OR DELETE ON parted FOR EACH ROW EXECUTE FUNCTION poke_of_write('after');

-- What a reader may see of a ground: the digest from before the call that runs, or the one from after it.
CREATE TABLE permitted (ground text PRIMARY KEY, digests text[]);

-- Calls that are made from a function, which catches what goes wrong: with again, it makes the same call once more.
CREATE FUNCTION guarded(call text, again boolean, OUT stats bulk_sync_stats, OUT state text) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE call INTO stats;
EXCEPTION WHEN query_canceled OR assert_failure OR OTHERS THEN
	state := SQLSTATE;
	IF again THEN
		PERFORM set_config('fault.nth', '', false), set_config('temp_file_limit', '-1', false);
		EXECUTE call INTO stats;
	END IF;
END $$;
