-- complain if the script is sourced in psql rather than via ALTER EXTENSION
\echo Use "ALTER EXTENSION bulk_sync UPDATE TO '1.1'" to load this file. \quit

-- New arguments, behind the old ones. Functions are changed in place, so that views and functions that call them, rights
-- and comments stay as they are: what differs between a function and its new declaration, its arguments alone, is
-- taken from a function that is there for a moment.

CREATE FUNCTION bulk_sync_1_1(
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
	verbose boolean DEFAULT false,
	touch_columns text[] DEFAULT NULL,
	update_when text DEFAULT NULL
) RETURNS bulk_sync_stats
AS 'MODULE_PATHNAME', 'bulk_sync_call'
LANGUAGE C VOLATILE PARALLEL UNSAFE CALLED ON NULL INPUT COST 100000;

CREATE FUNCTION bulk_sync_json_1_1(
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
	verbose boolean DEFAULT false,
	touch_columns text[] DEFAULT NULL,
	update_when text DEFAULT NULL,
	allow_missing boolean DEFAULT false
) RETURNS bulk_sync_stats
AS 'MODULE_PATHNAME', 'bulk_sync_json_call'
LANGUAGE C VOLATILE PARALLEL UNSAFE CALLED ON NULL INPUT COST 100000;

CREATE FUNCTION bulk_compare_1_1(
	target regclass,
	staging regclass,
	keys text[],
	filter text DEFAULT NULL,
	columns text[] DEFAULT NULL,
	ignore_columns text[] DEFAULT NULL,
	soft_delete text DEFAULT NULL,
	insert_defaults jsonb DEFAULT NULL,
	allow_out_of_scope boolean DEFAULT false,
	include_unchanged boolean DEFAULT false,
	update_when text DEFAULT NULL
) RETURNS TABLE (status text, key jsonb, old jsonb, new jsonb, changes jsonb)
AS 'MODULE_PATHNAME', 'bulk_compare_call'
LANGUAGE C STABLE PARALLEL UNSAFE CALLED ON NULL INPUT COST 100000 ROWS 1000;

UPDATE pg_catalog.pg_proc AS p
SET pronargs = n.pronargs,
	pronargdefaults = n.pronargdefaults,
	proargtypes = n.proargtypes,
	proallargtypes = n.proallargtypes,
	proargmodes = n.proargmodes,
	proargnames = n.proargnames,
	proargdefaults = n.proargdefaults
FROM (VALUES
	('bulk_sync(regclass, regclass, text[], text, text[], text[], boolean, boolean, boolean, boolean, bigint, float8,'
		' text, jsonb, boolean, text, boolean, boolean)',
		'bulk_sync_1_1(regclass, regclass, text[], text, text[], text[], boolean, boolean, boolean, boolean, bigint, float8,'
		' text, jsonb, boolean, text, boolean, boolean, text[], text)'),
	('bulk_sync_json(regclass, jsonb, text[], text, text[], text[], boolean, boolean, boolean, boolean, bigint, float8,'
		' text, jsonb, boolean, text, boolean, boolean)',
		'bulk_sync_json_1_1(regclass, jsonb, text[], text, text[], text[], boolean, boolean, boolean, boolean, bigint,'
		' float8, text, jsonb, boolean, text, boolean, boolean, text[], text, boolean)'),
	('bulk_compare(regclass, regclass, text[], text, text[], text[], text, jsonb, boolean, boolean)',
		'bulk_compare_1_1(regclass, regclass, text[], text, text[], text[], text, jsonb, boolean, boolean, text)')
	) AS pair (old, new),
	pg_catalog.pg_proc AS n
WHERE p.oid OPERATOR(pg_catalog.=) pair.old::pg_catalog.regprocedure
	AND n.oid OPERATOR(pg_catalog.=) pair.new::pg_catalog.regprocedure;

DROP FUNCTION bulk_sync_1_1(regclass, regclass, text[], text, text[], text[], boolean, boolean, boolean, boolean, bigint,
	float8, text, jsonb, boolean, text, boolean, boolean, text[], text);
DROP FUNCTION bulk_sync_json_1_1(regclass, jsonb, text[], text, text[], text[], boolean, boolean, boolean, boolean, bigint,
	float8, text, jsonb, boolean, text, boolean, boolean, text[], text, boolean);
DROP FUNCTION bulk_compare_1_1(regclass, regclass, text[], text, text[], text[], text, jsonb, boolean, boolean, text);

-- New functions.

CREATE FUNCTION bulk_sync_returning(
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
	verbose boolean DEFAULT false,
	touch_columns text[] DEFAULT NULL,
	update_when text DEFAULT NULL
) RETURNS TABLE (action text, key jsonb, old jsonb, new jsonb, changes jsonb)
AS 'MODULE_PATHNAME', 'bulk_sync_returning_call'
LANGUAGE C VOLATILE PARALLEL UNSAFE CALLED ON NULL INPUT COST 100000 ROWS 1000;

COMMENT ON FUNCTION bulk_sync_returning(regclass, regclass, text[], text, text[], text[], boolean, boolean,
	boolean, boolean, bigint, float8, text, jsonb, boolean, text, boolean, boolean, text[], text)
IS 'the same as bulk_sync, with the rows that were written as the result';

CREATE FUNCTION bulk_sync_json_returning(
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
	verbose boolean DEFAULT false,
	touch_columns text[] DEFAULT NULL,
	update_when text DEFAULT NULL,
	allow_missing boolean DEFAULT false
) RETURNS TABLE (action text, key jsonb, old jsonb, new jsonb, changes jsonb)
AS 'MODULE_PATHNAME', 'bulk_sync_json_returning_call'
LANGUAGE C VOLATILE PARALLEL UNSAFE CALLED ON NULL INPUT COST 100000 ROWS 1000;

COMMENT ON FUNCTION bulk_sync_json_returning(regclass, jsonb, text[], text, text[], text[], boolean, boolean,
	boolean, boolean, bigint, float8, text, jsonb, boolean, text, boolean, boolean, text[], text, boolean)
IS 'the same as bulk_sync_json, with the rows that were written as the result';

-- For tables that Citus distributes. The last one is for users; the others are called on the nodes by the functions
-- above.

CREATE FUNCTION bulk_sync_on_shard(place oid, task jsonb, staged text DEFAULT '') RETURNS jsonb
AS 'MODULE_PATHNAME', 'bulk_sync_on_shard'
LANGUAGE C VOLATILE PARALLEL UNSAFE STRICT COST 100000;

COMMENT ON FUNCTION bulk_sync_on_shard(oid, jsonb, text)
IS 'internal: does the part of a call that belongs to one shard of a distributed table';

CREATE FUNCTION bulk_sync_rows_on_shard(place oid, task jsonb)
RETURNS TABLE (answer jsonb, action text, key jsonb, old jsonb, new jsonb, changes jsonb)
AS 'MODULE_PATHNAME', 'bulk_sync_rows_on_shard'
LANGUAGE C VOLATILE PARALLEL UNSAFE STRICT COST 100000 ROWS 1000;

COMMENT ON FUNCTION bulk_sync_rows_on_shard(oid, jsonb)
IS 'internal: the same with rows that differ or were written, and what it does as the last row';

-- Called in the condition of a write, where Citus takes no function that is volatile.
CREATE FUNCTION bulk_sync_on_copy(task jsonb) RETURNS boolean
AS 'MODULE_PATHNAME', 'bulk_sync_on_copy'
LANGUAGE C STABLE PARALLEL UNSAFE STRICT COST 100000;

COMMENT ON FUNCTION bulk_sync_on_copy(jsonb)
IS 'internal: does the part of a call that belongs to a copy of a reference table';

CREATE FUNCTION bulk_sync_given_value(internal, "any") RETURNS internal
AS 'MODULE_PATHNAME', 'bulk_sync_given_value'
LANGUAGE C VOLATILE PARALLEL UNSAFE;

COMMENT ON FUNCTION bulk_sync_given_value(internal, "any")
IS 'internal: a default that is the same in each copy of a reference table';

CREATE FUNCTION bulk_sync_setup(target regclass) RETURNS text
AS 'MODULE_PATHNAME', 'bulk_sync_setup'
LANGUAGE C VOLATILE PARALLEL UNSAFE STRICT COST 100000;

COMMENT ON FUNCTION bulk_sync_setup(regclass)
IS 'prepare the tables that are divided as this distributed table is for calls of bulk_sync over all shards';
