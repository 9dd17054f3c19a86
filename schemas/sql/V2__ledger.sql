-- Double-entry ledger. What always holds, whoever writes:
--   * the entries of a posting add up to zero,
--   * an account's balance is the sum of its entries,
--   * only the house and its bots may owe,
--   * nothing that is written is ever changed.

CREATE TABLE accounts (
    -- player: free money. table: in play there. tournament: prize pool not yet paid.
    -- revenue: fees. equity: what the house has put in (negative).
    kind    text NOT NULL CHECK (kind IN ('equity', 'player', 'revenue', 'table', 'tournament')),
    -- Number of the player, table or tournament; 0 for the house.
    owner   bigint NOT NULL CHECK (owner >= 0),
    may_owe boolean NOT NULL DEFAULT false,
    balance bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (kind, owner),
    CONSTRAINT accounts_covered CHECK (may_owe OR balance >= 0)
    -- Balances change with every posting: room on the page keeps those updates off the index.
) WITH (fillfactor = 70);

INSERT INTO accounts (kind, owner, may_owe) VALUES ('equity', 0, true), ('revenue', 0, true);

CREATE TABLE postings (
    posting_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- Posting the same key twice moves the money once.
    key        text NOT NULL CONSTRAINT postings_key UNIQUE CHECK (octet_length(key) BETWEEN 1 AND 120),
    kind       text NOT NULL CHECK (kind IN ('buy-in', 'cash-out', 'credit', 'enter', 'refund', 'settle')),
    player_id  bigint REFERENCES players,
    -- Number of the table or the tournament.
    place_id   bigint,
    amount     bigint NOT NULL CHECK (amount >= 0),
    fee        bigint NOT NULL DEFAULT 0 CHECK (fee >= 0),
    -- SHA-256 of what the columns above cannot hold (the places of a settlement).
    digest     bytea,
    posted_at  timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE entries (
    posting_id bigint NOT NULL REFERENCES postings,
    kind       text NOT NULL,
    owner      bigint NOT NULL,
    amount     bigint NOT NULL CHECK (amount <> 0),
    PRIMARY KEY (posting_id, kind, owner),
    FOREIGN KEY (kind, owner) REFERENCES accounts
);

-- What a player has brought to a table since they last cashed out there.
CREATE TABLE stakes (
    player_id bigint NOT NULL REFERENCES players,
    table_id  bigint NOT NULL,
    amount    bigint NOT NULL CHECK (amount >= 0),
    PRIMARY KEY (player_id, table_id)
);

-- One statement writes all entries of its postings, so this sees whole postings. A trigger per row would
-- add up a settlement of thousands of entries thousands of times.
CREATE FUNCTION carry_entries() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    crooked bigint;
BEGIN
    SELECT posting_id INTO crooked FROM added GROUP BY posting_id HAVING sum(amount) <> 0 LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'the entries of posting % do not add up to zero', crooked
            USING ERRCODE = 'check_violation', CONSTRAINT = 'entries_balance';
    END IF;
    UPDATE accounts AS a SET balance = a.balance + s.amount
        FROM (SELECT kind, owner, sum(amount)::bigint AS amount FROM added GROUP BY kind, owner) AS s
        WHERE a.kind = s.kind AND a.owner = s.owner;
    RETURN NULL;
END $$;

CREATE TRIGGER entries_carried AFTER INSERT ON entries
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION carry_entries();

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the ledger is only ever added to: post the opposite instead of changing %', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER postings_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON postings
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER entries_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON entries
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
