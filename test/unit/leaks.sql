-- Thousand calls that fail leave no memory behind, and one that does not fail works. Their errors go
-- to standard error, where somebody else counts them.
\set ON_ERROR_STOP off
CREATE TEMPORARY TABLE used (at text, contexts bigint, heap bigint);
CREATE TEMPORARY TABLE failing (number int, call text);
INSERT INTO failing
SELECT n, format('SELECT %s', (ARRAY['unit_fail(''error'')', 'unit_fail(''bad_alloc'')', 'unit_fail(''exception'')', 'unit_fail(''no copy'')',
                                     'unit_fail(''unknown'')', 'unit_execute(''SELECT unit_execute(''''SELECT 1/0'''')'')'])[1 + n % 6])
FROM generate_series(1, 1000) AS n;
CREATE FUNCTION pg_temp.note(moment text) RETURNS void LANGUAGE sql AS $$
    INSERT INTO used SELECT moment, sum(total_bytes), unit_heap_bytes() FROM pg_backend_memory_contexts $$;

-- Once each, for what is cached at the first time.
SELECT call FROM failing WHERE number <= 12 ORDER BY number \gexec
SELECT outcome(call) FROM failing WHERE number <= 12 \g /dev/null
SELECT pg_temp.note('first') FROM generate_series(1, 2) \g /dev/null
DELETE FROM used;

SELECT pg_temp.note('before') \g /dev/null
SELECT call FROM failing ORDER BY number \gexec
SELECT pg_temp.note('after') \g /dev/null
SELECT count(outcome(call)) FROM failing \g /dev/null
SELECT pg_temp.note('after caught ones') \g /dev/null

SELECT told(format('leaks: memory %s than before', later.at),
            CASE WHEN later.contexts - sooner.contexts > 64 * 1024 THEN later.contexts - sooner.contexts END::text, NULL)
FROM used AS later, used AS sooner WHERE later.at <> 'before' AND sooner.at = 'before';
SELECT told(format('leaks: memory from malloc %s', later.at),
            CASE WHEN later.heap - sooner.heap > 64 * 1024 THEN later.heap - sooner.heap END::text, NULL)
FROM used AS later, used AS sooner WHERE later.at <> 'before' AND sooner.at = 'before';
SELECT told('leaks: a good call follows', unit_fail('none')::text, 'true');
SELECT told('leaks: every object was destroyed', unit_alive()::text, '0');
