-- complain if the script is sourced in psql rather than via CREATE EXTENSION
\echo Use "CREATE EXTENSION bulk_sync" to load this file. \quit

CREATE TYPE bulk_sync_stats AS (
	created bigint,
	updated bigint,
	deleted bigint,
	unchanged bigint,
	skipped bigint
);

COMMENT ON TYPE bulk_sync_stats IS 'what a call of bulk_sync did, in rows';

CREATE FUNCTION bulk_sync(
	target regclass,
	staging regclass,
	keys text[],
	filter text DEFAULT NULL,
	columns text[] DEFAULT NULL,
	ignore_columns text[] DEFAULT NULL,
	skip_creates boolean DEFAULT false,
	skip_updates boolean DEFAULT false,
	skip_deletes boolean DEFAULT false,
	allow_empty boolean DEFAULT false,
	max_deletes bigint DEFAULT NULL,
	max_delete_ratio float8 DEFAULT NULL,
	soft_delete text DEFAULT NULL,
	insert_defaults jsonb DEFAULT NULL,
	allow_out_of_scope boolean DEFAULT false,
	lock text DEFAULT 'rows',
	dry_run boolean DEFAULT false,
	verbose boolean DEFAULT false
) RETURNS bulk_sync_stats
AS 'MODULE_PATHNAME', 'bulk_sync_call'
LANGUAGE C VOLATILE PARALLEL UNSAFE CALLED ON NULL INPUT COST 100000;

COMMENT ON FUNCTION bulk_sync(regclass, regclass, text[], text, text[], text[], boolean, boolean,
	boolean, boolean, bigint, float8, text, jsonb, boolean, text, boolean, boolean)
IS 'make the rows of a table within a scope match a staging table';

CREATE FUNCTION bulk_sync_json(
	target regclass,
	rows jsonb,
	keys text[],
	filter text DEFAULT NULL,
	columns text[] DEFAULT NULL,
	ignore_columns text[] DEFAULT NULL,
	skip_creates boolean DEFAULT false,
	skip_updates boolean DEFAULT false,
	skip_deletes boolean DEFAULT false,
	allow_empty boolean DEFAULT false,
	max_deletes bigint DEFAULT NULL,
	max_delete_ratio float8 DEFAULT NULL,
	soft_delete text DEFAULT NULL,
	insert_defaults jsonb DEFAULT NULL,
	allow_out_of_scope boolean DEFAULT false,
	lock text DEFAULT 'rows',
	dry_run boolean DEFAULT false,
	verbose boolean DEFAULT false
) RETURNS bulk_sync_stats
AS 'MODULE_PATHNAME', 'bulk_sync_json_call'
LANGUAGE C VOLATILE PARALLEL UNSAFE CALLED ON NULL INPUT COST 100000;

COMMENT ON FUNCTION bulk_sync_json(regclass, jsonb, text[], text, text[], text[], boolean, boolean,
	boolean, boolean, bigint, float8, text, jsonb, boolean, text, boolean, boolean)
IS 'make the rows of a table within a scope match an array of JSON objects';

CREATE FUNCTION bulk_compare(
	target regclass,
	staging regclass,
	keys text[],
	filter text DEFAULT NULL,
	columns text[] DEFAULT NULL,
	ignore_columns text[] DEFAULT NULL,
	soft_delete text DEFAULT NULL,
	insert_defaults jsonb DEFAULT NULL,
	allow_out_of_scope boolean DEFAULT false,
	include_unchanged boolean DEFAULT false
) RETURNS TABLE (status text, key jsonb, old jsonb, new jsonb, changes jsonb)
AS 'MODULE_PATHNAME', 'bulk_compare_call'
LANGUAGE C STABLE PARALLEL UNSAFE CALLED ON NULL INPUT COST 100000 ROWS 1000;

COMMENT ON FUNCTION bulk_compare(regclass, regclass, text[], text, text[], text[], text, jsonb,
	boolean, boolean)
IS 'what differs between the rows of a relation within a scope and a staging relation';

CREATE FUNCTION bulk_sync_progress_rows(
	OUT pid integer,
	OUT datid oid,
	OUT relid oid,
	OUT started timestamptz,
	OUT phase bigint,
	OUT staging_rows_scanned bigint,
	OUT staging_rows_total bigint,
	OUT target_rows_scanned bigint,
	OUT target_rows_total bigint,
	OUT rows_applied bigint,
	OUT rows_to_apply bigint
) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'bulk_sync_progress_rows'
LANGUAGE C VOLATILE PARALLEL RESTRICTED ROWS 10;

COMMENT ON FUNCTION bulk_sync_progress_rows()
IS 'implementation of the view bulk_sync_progress';

CREATE VIEW bulk_sync_progress AS
	SELECT
		p.pid,
		p.datid,
		d.datname,
		p.relid,
		CASE WHEN d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database()
			THEN p.relid::pg_catalog.regclass END AS target,
		(ARRAY['waiting for locks', 'reading staging', 'comparing target', 'checking',
			'deleting rows', 'updating rows', 'inserting rows', 'firing triggers'])[p.phase OPERATOR(pg_catalog.+) 1]
			AS phase,
		p.staging_rows_scanned,
		p.staging_rows_total,
		p.target_rows_scanned,
		p.target_rows_total,
		p.rows_applied,
		p.rows_to_apply,
		p.started
	FROM bulk_sync_progress_rows() AS p
		LEFT JOIN pg_catalog.pg_database AS d ON d.oid OPERATOR(pg_catalog.=) p.datid;

COMMENT ON VIEW bulk_sync_progress IS 'calls of bulk_sync and bulk_sync_json that run now';

GRANT SELECT ON bulk_sync_progress TO PUBLIC;
