-- Readings of running hands by the administrator, who sees hidden cards that way. A row is never
-- changed or deleted.

CREATE TABLE inspections (
    -- The request's number.
    inspection_id bigint PRIMARY KEY,
    at            timestamptz NOT NULL DEFAULT now(),
    table_id      bigint NOT NULL,
    hand_no       bigint NOT NULL,
    reason        text NOT NULL CHECK (length(reason) BETWEEN 1 AND 200)
);

CREATE INDEX inspections_at ON inspections (at);

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'cashier') THEN
        GRANT SELECT, INSERT ON inspections TO cashier;
    END IF;
END $$;
