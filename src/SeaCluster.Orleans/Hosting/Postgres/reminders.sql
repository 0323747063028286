CREATE TABLE IF NOT EXISTS reminder (
    service text NOT NULL,
    grain text NOT NULL,
    name text NOT NULL,
    hash integer NOT NULL,
    starts timestamptz NOT NULL,
    period bigint NOT NULL,
    version integer NOT NULL,
    PRIMARY KEY (service, grain, name)
);

INSERT INTO OrleansQuery VALUES
('ReadReminderRowsKey', $$
    SELECT grain AS GrainId, name AS ReminderName, starts AS StartTime, period AS Period, version AS Version
    FROM reminder WHERE service = @ServiceId AND grain = @GrainId
$$),
('ReadReminderRowKey', $$
    SELECT grain AS GrainId, name AS ReminderName, starts AS StartTime, period AS Period, version AS Version
    FROM reminder WHERE service = @ServiceId AND grain = @GrainId AND name = @ReminderName
$$),
('ReadRangeRows1Key', $$
    SELECT grain AS GrainId, name AS ReminderName, starts AS StartTime, period AS Period, version AS Version
    FROM reminder WHERE service = @ServiceId AND hash > @BeginHash AND hash <= @EndHash
$$),
('ReadRangeRows2Key', $$
    SELECT grain AS GrainId, name AS ReminderName, starts AS StartTime, period AS Period, version AS Version
    FROM reminder WHERE service = @ServiceId AND (hash > @BeginHash OR hash <= @EndHash)
$$),
('UpsertReminderRowKey', $$
    INSERT INTO reminder AS r (service, grain, name, hash, starts, period, version)
    VALUES (@ServiceId, @GrainId, @ReminderName, @GrainHash, @StartTime, @Period, 0)
    ON CONFLICT (service, grain, name) DO UPDATE SET starts = excluded.starts, period = excluded.period, hash = excluded.hash, version = r.version + 1
    RETURNING version AS Version
$$),
('DeleteReminderRowKey', $$
    WITH gone AS (
        DELETE FROM reminder WHERE service = @ServiceId AND grain = @GrainId AND name = @ReminderName AND version = @Version
        RETURNING 1)
    SELECT EXISTS (SELECT 1 FROM gone)
$$),
('DeleteReminderRowsKey', $$
    DELETE FROM reminder WHERE service = @ServiceId
$$)
ON CONFLICT (QueryKey) DO UPDATE SET QueryText = excluded.QueryText;
