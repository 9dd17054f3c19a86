-- Finished tournaments and their places.

CREATE TABLE tournaments (
    tournament_id bigint PRIMARY KEY,
    name          text NOT NULL,
    finished_at   timestamptz NOT NULL
);

CREATE TABLE tournament_results (
    tournament_id bigint NOT NULL REFERENCES tournaments,
    player_id     bigint NOT NULL REFERENCES players,
    -- From 1. Players who share a place have the same number.
    place         integer NOT NULL CHECK (place >= 1),
    prize         bigint NOT NULL CHECK (prize >= 0),
    PRIMARY KEY (tournament_id, player_id)
);

CREATE INDEX tournament_results_place ON tournament_results (tournament_id, place);
CREATE INDEX tournament_results_player ON tournament_results (player_id);
