-- What the role `archivist`, which the archivists log in as, may do.
-- The role itself (its password, and whether it may log in) belongs to whoever sets up the database.

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'archivist') THEN
        CREATE ROLE archivist NOLOGIN;
    END IF;
EXCEPTION
    WHEN duplicate_object OR unique_violation THEN
        NULL; -- another database of this server was set up at the same moment
    WHEN insufficient_privilege THEN
        RAISE NOTICE 'no role archivist, and no right to create it: archivists must log in as %', current_user;
END $$;

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'archivist') THEN
        RETURN;
    END IF;
    GRANT USAGE ON SCHEMA public TO archivist;
    GRANT SELECT ON refinery_schema_history TO archivist;
END $$;
