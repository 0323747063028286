-- Counts, and indexes.
-- How many samples a queue has in each state, kept by the database with every change of samples, whoever makes it: counting a million rows for each look is slow.
-- Each connection adds to rows of its own ("part"), so that workers do not wait for each other; the count is their sum.

CREATE TABLE sample_counts (
    queue integer NOT NULL REFERENCES queues (key),
    part  integer NOT NULL,
    state text COLLATE "C" NOT NULL,
    count bigint  NOT NULL,
    PRIMARY KEY (queue, part, state)
) WITH (fillfactor = 40);

-- In the order of states, so that two transactions of one part cannot wait for each other.
CREATE FUNCTION sea_count_added() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO sample_counts AS counts (queue, part, state, count)
    SELECT queue, pg_backend_pid() % 64, state, count(*) FROM added GROUP BY queue, state ORDER BY queue, state
    ON CONFLICT (queue, part, state) DO UPDATE SET count = counts.count + excluded.count;
    RETURN NULL;
END
$$;

CREATE FUNCTION sea_count_removed() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO sample_counts AS counts (queue, part, state, count)
    SELECT queue, pg_backend_pid() % 64, state, -count(*) FROM removed GROUP BY queue, state ORDER BY queue, state
    ON CONFLICT (queue, part, state) DO UPDATE SET count = counts.count + excluded.count;
    RETURN NULL;
END
$$;

CREATE FUNCTION sea_count_changed() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO sample_counts AS counts (queue, part, state, count)
    SELECT queue, pg_backend_pid() % 64, state, sum(change) FROM (
        SELECT queue, state, -1 AS change FROM removed UNION ALL SELECT queue, state, 1 FROM added) AS changes
    GROUP BY queue, state HAVING sum(change) <> 0 ORDER BY queue, state
    ON CONFLICT (queue, part, state) DO UPDATE SET count = counts.count + excluded.count;
    RETURN NULL;
END
$$;

-- Making a trigger keeps writers out until the end of this transaction, so that nothing changes between it and the first counting.
CREATE TRIGGER samples_added AFTER INSERT ON samples REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION sea_count_added();
CREATE TRIGGER samples_removed AFTER DELETE ON samples REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION sea_count_removed();
CREATE TRIGGER samples_changed AFTER UPDATE ON samples REFERENCING OLD TABLE AS removed NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION sea_count_changed();
INSERT INTO sample_counts (queue, part, state, count) SELECT queue, 0, state, count(*) FROM samples GROUP BY queue, state;

-- Leases are renewed and ended by the primary key; only those of samples that were lost before are looked for by time.
DROP INDEX samples_leased;
CREATE INDEX samples_lost ON samples (queue, available_at) WHERE state = 'leased' AND lost_leases > 0;

-- Not by the state: this index is for what was done since a moment, and a page of a state's samples must not be taken for that.
DROP INDEX samples_done;
CREATE INDEX samples_settled ON samples (queue, updated_at) WHERE available_at IS NULL;
