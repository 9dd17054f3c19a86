-- The secret key with which all cashiers sign session passes. The first cashier makes it. To void
-- all passes: stop all cashiers, delete the row, and start them; they make another key.

CREATE TABLE pass_key (
    -- There is one row at most.
    one     boolean PRIMARY KEY DEFAULT true CHECK (one),
    -- The secret bytes of an Ed25519 key.
    secret  bytea NOT NULL CHECK (octet_length(secret) = 32),
    made_at timestamptz NOT NULL DEFAULT now()
);

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'cashier') THEN
        GRANT SELECT, INSERT ON pass_key TO cashier;
    END IF;
END $$;
