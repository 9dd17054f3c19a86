-- Buy-ins, entries and credits that the ledger has refused. Their senders take a refusal as final, so a
-- copy that arrives later must be refused alike, even if the balance would cover it by then. Kept for a
-- day: a copy of a request lives for minutes at most.

CREATE TABLE refused_postings (
    key        text PRIMARY KEY CHECK (octet_length(key) BETWEEN 1 AND 120),
    kind       text NOT NULL CHECK (kind IN ('buy-in', 'credit', 'enter')),
    player_id  bigint NOT NULL REFERENCES players,
    -- Number of the table or the tournament.
    place_id   bigint,
    amount     bigint NOT NULL CHECK (amount >= 0),
    fee        bigint NOT NULL CHECK (fee >= 0),
    -- The answer to the posting and to its repeats, as MessagePack.
    refusal    bytea NOT NULL,
    refused_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX refused_postings_age ON refused_postings (refused_at);

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'cashier') THEN
        GRANT SELECT, INSERT, DELETE ON refused_postings TO cashier;
    END IF;
END $$;
