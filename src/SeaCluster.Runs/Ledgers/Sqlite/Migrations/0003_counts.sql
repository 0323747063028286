-- How many samples a stage has in each state, kept with every change of samples, whoever makes it: counting a million rows for each look is slow.

CREATE TABLE sample_counts (
    run   TEXT    NOT NULL,
    stage TEXT    NOT NULL,
    state TEXT    NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (run, stage, state)
) STRICT, WITHOUT ROWID;

INSERT INTO sample_counts (run, stage, state, count) SELECT run, stage, state, count(*) FROM samples GROUP BY run, stage, state;

CREATE TRIGGER samples_added AFTER INSERT ON samples BEGIN
    INSERT INTO sample_counts (run, stage, state, count) VALUES (new.run, new.stage, new.state, 1)
    ON CONFLICT (run, stage, state) DO UPDATE SET count = count + 1;
END;

CREATE TRIGGER samples_removed AFTER DELETE ON samples BEGIN
    UPDATE sample_counts SET count = count - 1 WHERE run = old.run AND stage = old.stage AND state = old.state;
END;

CREATE TRIGGER samples_changed AFTER UPDATE OF state ON samples WHEN old.state <> new.state BEGIN
    UPDATE sample_counts SET count = count - 1 WHERE run = old.run AND stage = old.stage AND state = old.state;
    INSERT INTO sample_counts (run, stage, state, count) VALUES (new.run, new.stage, new.state, 1)
    ON CONFLICT (run, stage, state) DO UPDATE SET count = count + 1;
END;
