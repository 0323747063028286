-- Times are milliseconds since 1970 UTC, by the ledger's clock. States and kinds are stored as text that never changes its meaning.

CREATE TABLE runs (
    id         TEXT    NOT NULL PRIMARY KEY,
    name       TEXT    NOT NULL,
    spec       TEXT    NOT NULL,
    spec_hash  TEXT    NOT NULL,
    inputs     TEXT    NOT NULL,
    state      TEXT    NOT NULL CHECK (state IN ('pending', 'running', 'interrupted', 'done', 'partly', 'failed')),
    message    TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE stages (
    run         TEXT    NOT NULL REFERENCES runs (id),
    stage       TEXT    NOT NULL,
    state       TEXT    NOT NULL CHECK (state IN ('pending', 'running', 'done', 'partly', 'skipped', 'failed')),
    started_at  INTEGER,
    finished_at INTEGER,
    worked_ms   INTEGER NOT NULL DEFAULT 0,
    summary     TEXT,
    error       TEXT,
    PRIMARY KEY (run, stage)
) STRICT, WITHOUT ROWID;

CREATE TABLE samples (
    run          TEXT    NOT NULL REFERENCES runs (id),
    stage        TEXT    NOT NULL,
    id           TEXT    NOT NULL,
    ordinal      INTEGER NOT NULL,
    batch        INTEGER,
    spec_hash    TEXT    NOT NULL,
    state        TEXT    NOT NULL CHECK (state IN ('pending', 'leased', 'failed', 'done', 'quarantined')),
    -- From when on it may be leased: 0 when pending, the next attempt when failed, the lease's end when leased; null when settled.
    available_at INTEGER CHECK ((available_at IS NULL) = (state IN ('done', 'quarantined'))),
    attempts     INTEGER NOT NULL DEFAULT 0,
    failures     INTEGER NOT NULL DEFAULT 0,
    lost_leases  INTEGER NOT NULL DEFAULT 0,
    token        INTEGER NOT NULL DEFAULT 0,
    owner        TEXT,
    artifact     TEXT,
    hash         TEXT,
    bytes        INTEGER,
    loss         REAL,
    steps        INTEGER,
    duration_ms  INTEGER,
    detail       TEXT,
    error        TEXT,
    updated_at   INTEGER NOT NULL,
    input        TEXT    NOT NULL,
    UNIQUE (run, stage, id)
) STRICT;

CREATE UNIQUE INDEX samples_in_order ON samples (run, stage, ordinal);
CREATE INDEX samples_available ON samples (run, stage, available_at, ordinal) WHERE available_at IS NOT NULL;
CREATE INDEX samples_by_state ON samples (run, stage, state, ordinal);
CREATE INDEX samples_done ON samples (run, stage, updated_at) WHERE state = 'done';
CREATE INDEX samples_by_batch ON samples (run, stage, batch, ordinal) WHERE batch IS NOT NULL;

CREATE TABLE artifacts (
    run        TEXT    NOT NULL REFERENCES runs (id),
    name       TEXT    NOT NULL,
    stage      TEXT    NOT NULL,
    sample     TEXT,
    hash       TEXT    NOT NULL,
    bytes      INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (run, name)
) STRICT, WITHOUT ROWID;

CREATE INDEX artifacts_by_sample ON artifacts (run, stage, sample);

CREATE TABLE events (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    run      TEXT    NOT NULL REFERENCES runs (id),
    at       INTEGER NOT NULL,
    kind     TEXT    NOT NULL,
    stage    TEXT,
    sample   TEXT,
    detail   TEXT
) STRICT;

CREATE INDEX events_by_run ON events (run, sequence);

-- The fencing token: one counter for the whole ledger, which only grows.
CREATE TABLE fencing (
    id    INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    token INTEGER NOT NULL
) STRICT;

INSERT INTO fencing (id, token) VALUES (1, 0);
