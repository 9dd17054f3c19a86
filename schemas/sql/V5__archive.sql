-- The archive: finished hands, and everything else that was in the journals before they were trimmed.
-- Written by the archivists, who may write each row again and again: nothing is ever there twice.

CREATE SCHEMA archive;

-- How far each stream of journals is read, checked and archived.
CREATE TABLE archive.streams (
    name       text PRIMARY KEY,
    -- Sequence of the last record that is archived, and all before it.
    read_to    bigint NOT NULL,
    -- Sequence of the first record that is still in the stream, as far as an archivist has trimmed it.
    trimmed_to bigint NOT NULL DEFAULT 0,
    records    bigint NOT NULL DEFAULT 0,
    hands      bigint NOT NULL DEFAULT 0,
    read_at    timestamptz NOT NULL DEFAULT now()
);

-- One row for each table, as far as it is archived.
CREATE TABLE archive.tables (
    table_id            bigint PRIMARY KEY,
    -- The stream that holds its journal, and the sequence there of its last archived record.
    stream              text NOT NULL,
    archived_to         bigint NOT NULL,
    tournament_id       bigint,
    name                text NOT NULL,
    variant             text NOT NULL,
    -- The table's configuration, as MessagePack.
    config              bytea NOT NULL,
    created_at          timestamptz,
    closed_at           timestamptz,
    records             bigint NOT NULL,
    hands               bigint NOT NULL,
    -- What a tournament's coordinator must have on record as well: its hands and its instructions, chained
    -- (lib/audit, `Chain`).
    hands_chain         bytea NOT NULL,
    instructions        bigint NOT NULL,
    instructions_chain  bytea NOT NULL
);

CREATE INDEX tables_tournament ON archive.tables (tournament_id) WHERE tournament_id IS NOT NULL;

-- One row for each finished hand. The body holds the records of the table's journal since the hand before,
-- packed (bins/archivist, `pack`).
CREATE TABLE archive.hands (
    ended_at      timestamptz NOT NULL,
    table_id      bigint NOT NULL,
    hand_no       bigint NOT NULL,
    tournament_id bigint,
    variant       text NOT NULL,
    small_blind   bigint NOT NULL,
    big_blind     bigint NOT NULL,
    ante          bigint NOT NULL,
    players       smallint NOT NULL,
    actions       integer NOT NULL,
    pot           bigint NOT NULL,
    board         text NOT NULL,
    -- Sequences of the first and the last record in the body.
    first         bigint NOT NULL,
    last          bigint NOT NULL,
    body          bytea NOT NULL,
    PRIMARY KEY (table_id, hand_no, ended_at)
) PARTITION BY RANGE (ended_at);

-- Packed already: PostgreSQL need not try.
ALTER TABLE archive.hands ALTER COLUMN body SET STORAGE EXTERNAL;

-- One row for each player of each hand.
CREATE TABLE archive.hand_players (
    ended_at      timestamptz NOT NULL,
    player_id     bigint NOT NULL,
    table_id      bigint NOT NULL,
    hand_no       bigint NOT NULL,
    tournament_id bigint,
    variant       text NOT NULL,
    small_blind   bigint NOT NULL,
    big_blind     bigint NOT NULL,
    seat          smallint NOT NULL,
    -- All cards that the player held at the end, hidden ones too, e.g. `AhKd`.
    cards         text NOT NULL,
    shown         boolean NOT NULL,
    committed     bigint NOT NULL,
    won           bigint NOT NULL,
    PRIMARY KEY (player_id, ended_at, table_id, hand_no)
) PARTITION BY RANGE (ended_at);

-- Records that no finished hand holds: before a table's first hand, after its last, and where much happens without one.
CREATE TABLE archive.stretches (
    ended_at timestamptz NOT NULL,
    table_id bigint NOT NULL,
    stream   text NOT NULL,
    first    bigint NOT NULL,
    last     bigint NOT NULL,
    body     bytea NOT NULL,
    PRIMARY KEY (table_id, stream, first, ended_at)
) PARTITION BY RANGE (ended_at);

ALTER TABLE archive.stretches ALTER COLUMN body SET STORAGE EXTERNAL;

-- One row for each tournament that is over.
CREATE TABLE archive.tournaments (
    tournament_id bigint PRIMARY KEY,
    name          text NOT NULL,
    variant       text NOT NULL,
    created_at    timestamptz NOT NULL,
    ended_at      timestamptz NOT NULL,
    players       integer NOT NULL,
    records       bigint NOT NULL,
    parts         integer NOT NULL,
    -- When its tables' journals were found to say the same.
    crossed_at    timestamptz
);

CREATE INDEX tournaments_uncrossed ON archive.tournaments (ended_at) WHERE crossed_at IS NULL;

-- What a tournament's journal says of each of its tables, to compare it with the table's.
CREATE TABLE archive.tournament_tables (
    tournament_id      bigint NOT NULL,
    table_id           bigint NOT NULL,
    hands              bigint NOT NULL,
    hands_chain        bytea NOT NULL,
    instructions       bigint NOT NULL,
    instructions_chain bytea NOT NULL,
    PRIMARY KEY (tournament_id, table_id)
);

-- A tournament's journal, packed in parts.
CREATE TABLE archive.tournament_parts (
    ended_at      timestamptz NOT NULL,
    tournament_id bigint NOT NULL,
    part          integer NOT NULL,
    body          bytea NOT NULL,
    PRIMARY KEY (tournament_id, part, ended_at)
) PARTITION BY RANGE (ended_at);

ALTER TABLE archive.tournament_parts ALTER COLUMN body SET STORAGE EXTERNAL;

-- Broken promises that the checks have found (lib/audit).
CREATE TABLE archive.violations (
    violation_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    found_at     timestamptz NOT NULL DEFAULT now(),
    -- `table 17` or `tournament 4`, and the record's sequence in the stream, 0 where it is about none.
    place        text NOT NULL,
    stream       text NOT NULL,
    sequence     bigint NOT NULL,
    rule         text NOT NULL,
    what         text NOT NULL,
    CONSTRAINT violations_once UNIQUE (stream, sequence, place, rule, what)
);

-- The tables that are kept by month.
CREATE FUNCTION archive.monthly() RETURNS text[] LANGUAGE sql IMMUTABLE
    RETURN ARRAY['hands', 'hand_players', 'stretches', 'tournament_parts'];

-- Makes room for what ended in a month. Archivists call it; it runs with the owner's rights, because they may not
-- make tables.
CREATE FUNCTION archive.open_month(day date) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    begins date := date_trunc('month', day)::date;
    ends date := (date_trunc('month', day) + interval '1 month')::date;
    kept text;
BEGIN
    IF begins < '2020-01-01' OR begins > '2199-12-01' THEN
        RAISE EXCEPTION 'no hand ends in %: is a clock wrong?', begins USING ERRCODE = 'datetime_field_overflow';
    END IF;
    -- Two archivists at a time would both see no table and both make it.
    PERFORM pg_advisory_xact_lock(hashtext('archive.open_month'));
    FOREACH kept IN ARRAY archive.monthly() LOOP
        IF to_regclass(format('archive.%I', kept || to_char(begins, '_YYYY_MM'))) IS NULL THEN
            EXECUTE format(
                'CREATE TABLE archive.%I PARTITION OF archive.%I FOR VALUES FROM (%L) TO (%L)',
                kept || to_char(begins, '_YYYY_MM'), kept, begins::text || ' 00:00+00', ends::text || ' 00:00+00');
        END IF;
    END LOOP;
END $$;

-- Detaches months that ended before a day, and tells which tables stand by themselves now: they are the
-- administrator's to keep, to move or to drop.
CREATE FUNCTION archive.detach_before(day date) RETURNS SETOF text LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    old record;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('archive.open_month'));
    FOR old IN
        SELECT parent.relname AS parent, child.relname AS child
        FROM pg_inherits
        JOIN pg_class AS child ON child.oid = inhrelid
        JOIN pg_class AS parent ON parent.oid = inhparent
        WHERE parent.relnamespace = 'archive'::regnamespace AND parent.relkind = 'p'
          AND parent.relname = ANY (archive.monthly())
          AND to_date(right(child.relname, 7), 'YYYY_MM') + interval '1 month' <= day
        ORDER BY child.relname
    LOOP
        EXECUTE format('ALTER TABLE archive.%I DETACH PARTITION archive.%I', old.parent, old.child);
        RETURN NEXT old.child;
    END LOOP;
END $$;

REVOKE ALL ON FUNCTION archive.open_month(date), archive.detach_before(date) FROM PUBLIC;

-- What the role `archivist`, which the archivists log in as, may do: nothing outside the archive.
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
    GRANT USAGE ON SCHEMA public, archive TO archivist;
    GRANT SELECT ON public.refinery_schema_history TO archivist;
    GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA archive TO archivist;
    GRANT UPDATE ON archive.streams, archive.tables, archive.tournaments TO archivist;
    GRANT EXECUTE ON FUNCTION archive.open_month(date), archive.detach_before(date) TO archivist;
END $$;
