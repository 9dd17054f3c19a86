-- Second factors of accounts (TOTP, RFC 6238), recovery codes, and removals by the administrator.

CREATE TABLE second_factors (
    player_id bigint PRIMARY KEY REFERENCES players,
    -- The key of the codes. Cashiers need it as it is, so it is neither hashed nor encrypted.
    secret    bytea NOT NULL CHECK (octet_length(secret) = 20),
    begun_at  timestamptz NOT NULL DEFAULT now(),
    -- SHA-256 of the token of the session that made the secret, and that alone may confirm it.
    begun_by  bytea NOT NULL CHECK (octet_length(begun_by) = 32),
    -- The confirmation. None: the secret is not in force.
    active_at timestamptz,
    -- The time step of the last code that was accepted: no code is accepted twice, and none that
    -- is older.
    last_step bigint NOT NULL DEFAULT 0,
    -- The request that used it: a repeated attempt of the same transaction is no second use.
    used_by   bytea CHECK (octet_length(used_by) = 32)
);

CREATE TABLE recovery_codes (
    player_id bigint NOT NULL REFERENCES second_factors ON DELETE CASCADE,
    -- SHA-256 of the code, which has 80 random bits.
    code_hash bytea NOT NULL CHECK (octet_length(code_hash) = 32),
    used_at   timestamptz,
    -- As in second_factors.
    used_by   bytea CHECK (octet_length(used_by) = 32),
    PRIMARY KEY (player_id, code_hash)
);

-- Second factors that the administrator turned off. A row is never changed or deleted.
CREATE TABLE second_factor_removals (
    -- The request's number.
    removal_id bigint PRIMARY KEY,
    at         timestamptz NOT NULL DEFAULT now(),
    player_id  bigint NOT NULL REFERENCES players,
    reason     text NOT NULL CHECK (length(reason) BETWEEN 1 AND 200)
);

CREATE INDEX second_factor_removals_player ON second_factor_removals (player_id, at);

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'cashier') THEN
        GRANT SELECT, INSERT, UPDATE, DELETE ON second_factors, recovery_codes TO cashier;
        GRANT SELECT, INSERT ON second_factor_removals TO cashier;
    END IF;
END $$;
