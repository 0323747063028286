-- Times are milliseconds since 1970 UTC, by the database's clock. States and kinds are stored as text that never changes its meaning.

-- The one clock of the ledger. Nothing here uses another, least of all a worker's.
CREATE FUNCTION sea_now() RETURNS bigint LANGUAGE sql VOLATILE
    AS 'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint';

-- The fencing token: one counter for the whole ledger, which only grows.
CREATE SEQUENCE fencing;

CREATE TABLE runs (
    id         text COLLATE "C" NOT NULL PRIMARY KEY,
    name       text   NOT NULL,
    spec       text   NOT NULL,
    spec_hash  text   NOT NULL,
    inputs     text   NOT NULL,
    state      text   NOT NULL CHECK (state IN ('pending', 'running', 'interrupted', 'done', 'partly', 'failed')),
    message    text,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL
);

CREATE TABLE stages (
    run         text COLLATE "C" NOT NULL REFERENCES runs (id),
    stage       text COLLATE "C" NOT NULL,
    state       text   NOT NULL CHECK (state IN ('pending', 'running', 'done', 'partly', 'skipped', 'failed')),
    started_at  bigint,
    finished_at bigint,
    worked_ms   bigint NOT NULL DEFAULT 0,
    summary     text,
    error       text,
    PRIMARY KEY (run, stage)
);

-- A stage's samples are found by one small number, so that the indexes of a billion of them stay small.
CREATE TABLE queues (
    key   integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run   text COLLATE "C" NOT NULL REFERENCES runs (id),
    stage text COLLATE "C" NOT NULL,
    size  bigint NOT NULL DEFAULT 0,
    UNIQUE (run, stage)
);

CREATE TABLE samples (
    queue        integer NOT NULL REFERENCES queues (key),
    id           text COLLATE "C" NOT NULL,
    ordinal      bigint  NOT NULL,
    batch        integer,
    spec_hash    text    NOT NULL,
    state        text COLLATE "C" NOT NULL CHECK (state IN ('pending', 'leased', 'failed', 'done', 'quarantined')),
    -- From when on it may be leased: 0 when pending, the next attempt when failed, the lease's end when leased; null when settled.
    available_at bigint  CHECK ((available_at IS NULL) = (state IN ('done', 'quarantined'))),
    attempts     integer NOT NULL DEFAULT 0,
    failures     integer NOT NULL DEFAULT 0,
    lost_leases  integer NOT NULL DEFAULT 0,
    token        bigint  NOT NULL DEFAULT 0,
    owner        text,
    artifact     text,
    hash         text,
    bytes        bigint,
    loss         double precision,
    steps        integer,
    duration_ms  bigint,
    detail       text,
    error        text,
    updated_at   bigint  NOT NULL,
    input        text    NOT NULL,
    PRIMARY KEY (queue, id)
-- A sample's row is written three times or more; what it left must go before the queue's front is all leavings.
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);

CREATE UNIQUE INDEX samples_in_order ON samples (queue, ordinal);
CREATE INDEX samples_available ON samples (queue, available_at, ordinal) WHERE available_at IS NOT NULL;
CREATE INDEX samples_leased ON samples (queue, available_at) WHERE state = 'leased';
CREATE INDEX samples_by_state ON samples (queue, state, ordinal);
CREATE INDEX samples_done ON samples (queue, updated_at) WHERE state = 'done';
CREATE INDEX samples_by_batch ON samples (queue, batch, ordinal) WHERE batch IS NOT NULL;

-- Files of stages. Those of samples stand in their own rows.
CREATE TABLE artifacts (
    run        text COLLATE "C" NOT NULL REFERENCES runs (id),
    name       text COLLATE "C" NOT NULL,
    stage      text COLLATE "C" NOT NULL,
    sample     text COLLATE "C",
    hash       text   NOT NULL,
    bytes      bigint NOT NULL,
    created_at bigint NOT NULL,
    PRIMARY KEY (run, name)
);

CREATE INDEX artifacts_by_sample ON artifacts (run, stage, sample);

-- Events of a run are numbered without gaps in the order of their commits, so that who has read up to one has read all before it.
CREATE TABLE event_counters (
    run  text COLLATE "C" NOT NULL PRIMARY KEY REFERENCES runs (id),
    last bigint NOT NULL DEFAULT 0
);

CREATE TABLE events (
    run      text COLLATE "C" NOT NULL REFERENCES runs (id),
    sequence bigint NOT NULL,
    at       bigint NOT NULL,
    kind     text   NOT NULL,
    stage    text,
    sample   text,
    detail   text,
    PRIMARY KEY (run, sequence)
);
