-- What a backup is judged by: which database this is, and how many rows each table has; a JSON object a line.
-- Variables of psql: at, the time of the run; content, "true" to hash all rows.
SET TimeZone = 'UTC'; SET DateStyle = 'ISO'; SET IntervalStyle = 'postgres'; SET bytea_output = 'hex'; SET extra_float_digits = 1;
SET search_path = public;
-- Whoever may not see a row must not count without it.
SET row_security = off;

SELECT json_build_object(
  'systemIdentifier', (SELECT system_identifier::text FROM pg_control_system()), 'database', current_database(),
  'serverVersion', current_setting('server_version'), 'lsn', pg_current_wal_lsn()::text,
  'bytes', pg_database_size(current_database()), 'at', to_char(clock_timestamp(), 'YYYY-MM-DD"T"HH24:MI:SS"Z"'));

-- Of tables that an empty or foreign database does not have.
SELECT 'SELECT json_build_object(''migration'', app || ''.'' || name) FROM django_migrations ORDER BY id DESC LIMIT 1'
  WHERE to_regclass('public.django_migrations') IS NOT NULL \gexec
-- Without the operator's own, which is there from the first day.
SELECT 'SELECT json_build_object(''organizations'', count(*)) FROM organizations_ext_organization WHERE id <> 2147483000'
  WHERE to_regclass('public.organizations_ext_organization') IS NOT NULL \gexec
SELECT 'SELECT json_build_object(''users'', count(*)) FROM users_user'
  WHERE to_regclass('public.users_user') IS NOT NULL \gexec
-- Bounds are times in GlitchTip 5, and ids that begin with a time in milliseconds (UUID version 7) in 6.
SELECT json_build_object('partitionsNow', count(*))
  FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid,
    LATERAL regexp_match(pg_get_expr(c.relpartbound, c.oid), $$FROM \('([^']+)'\) TO \('([^']+)'\)$$) m,
    LATERAL (SELECT array_agg(CASE WHEN v ~ '^[0-9a-f]{8}-[0-9a-f]{4}-'
        THEN to_timestamp(('x0000' || left(replace(v, '-', ''), 12))::bit(64)::bigint / 1000.0) ELSE v::timestamptz END ORDER BY place) AS bounds
      FROM unnest(m) WITH ORDINALITY AS bound (v, place)) b
  WHERE i.inhparent = to_regclass('public.issue_events_issueevent')
    AND (:'at')::timestamptz >= bounds[1] AND (:'at')::timestamptz < bounds[2];

SELECT format('SELECT json_build_object(''table'', %L::text, ''rows'', count(*)%s%s) FROM ONLY %I.%I t',
    n.nspname || '.' || c.relname,
    CASE WHEN c.relispartition THEN format(', ''partitionOf'', %L::text', rn.nspname || '.' || r.relname) ELSE '' END,
    CASE WHEN :'content' = 'true' THEN ', ''hash'', coalesce(sum(hashtextextended(t::text, 0)), 0)::text' ELSE '' END,
    n.nspname, c.relname)
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_class r ON c.relispartition AND r.oid = pg_partition_root(c.oid) LEFT JOIN pg_namespace rn ON rn.oid = r.relnamespace
  WHERE c.relkind = 'r' AND n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema'
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
  ORDER BY n.nspname, c.relname \gexec

-- Written last: without it, these are not all.
SELECT '{"end": true}';
