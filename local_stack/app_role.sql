-- Gives one database, and all that is in it, to a role that is no superuser. Run by a superuser, in that database,
-- at each start: psql -v app=ROLE -f app_role.sql, with the role's password in APP_PASSWORD.
-- A database made by an earlier version belongs to the superuser; its objects change hands here, without a copy.
\getenv app_password APP_PASSWORD
SET lock_timeout = '10s';

SELECT format('CREATE ROLE %I', :'app') WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'app') \gexec
ALTER ROLE :"app" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD :'app_password';
SELECT format('ALTER DATABASE %I OWNER TO %I', datname, :'app')
FROM pg_database WHERE datname = current_database() AND datdba <> :'app'::regrole \gexec

-- Not what belongs to an extension ('e') or follows its table, as an identity's sequence does ('a', 'i').
SELECT format('ALTER TABLE %s OWNER TO %I', c.oid::regclass, :'app')
FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'S', 'v', 'm')
  AND c.relowner <> :'app'::regrole
  AND NOT EXISTS (
    SELECT FROM pg_depend d
    WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('e', 'a', 'i')
      AND (d.deptype = 'e' OR c.relkind = 'S')
  ) \gexec
SELECT format('ALTER ROUTINE %s OWNER TO %I', p.oid::regprocedure, :'app')
FROM pg_proc p
WHERE p.pronamespace = 'public'::regnamespace AND p.proowner <> :'app'::regrole
  AND NOT EXISTS (
    SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
  ) \gexec
SELECT format('ALTER TYPE %s OWNER TO %I', t.oid::regtype, :'app')
FROM pg_type t
WHERE t.typnamespace = 'public'::regnamespace AND t.typowner <> :'app'::regrole AND t.typtype IN ('e', 'd')
  AND NOT EXISTS (
    SELECT FROM pg_depend d WHERE d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e'
  ) \gexec
