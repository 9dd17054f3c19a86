-- What the role `cashier`, which the cashiers log in as, may do: nothing but what they need.
-- The role itself (its password, and whether it may log in) belongs to whoever sets up the database.

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'cashier') THEN
        CREATE ROLE cashier NOLOGIN;
    END IF;
EXCEPTION
    WHEN duplicate_object OR unique_violation THEN
        NULL; -- another database of this server was set up at the same moment
    WHEN insufficient_privilege THEN
        RAISE NOTICE 'no role cashier, and no right to create it: cashiers must log in as %', current_user;
END $$;

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'cashier') THEN
        RETURN;
    END IF;
    GRANT USAGE ON SCHEMA public TO cashier;
    GRANT SELECT ON ALL TABLES IN SCHEMA public TO cashier;
    GRANT INSERT ON players, accounts, postings, entries, tournaments, tournament_results TO cashier;
    GRANT UPDATE (banned) ON players TO cashier;
    GRANT UPDATE (balance) ON accounts TO cashier;
    GRANT INSERT, UPDATE, DELETE ON sessions, login_failures, stakes TO cashier;
END $$;
