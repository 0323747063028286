CREATE TABLE IF NOT EXISTS grain_state (
    service text NOT NULL,
    type text NOT NULL,
    n0 bigint NOT NULL,
    n1 bigint NOT NULL,
    key text NOT NULL,
    state bytea,
    version integer NOT NULL,
    changed timestamptz NOT NULL,
    PRIMARY KEY (key, type, service, n0, n1)
);

-- The hashes that the provider sends serve databases that cannot index long keys; ours needs none.
INSERT INTO OrleansQuery VALUES
('ReadFromStorageKey', $$
    SELECT state AS PayloadBinary, version AS Version
    FROM grain_state
    WHERE service = @ServiceId AND type = @GrainTypeString AND n0 = @GrainIdN0 AND n1 = @GrainIdN1 AND key = coalesce(@GrainIdExtensionString::text, '')
        AND @GrainIdHash IS NOT NULL AND @GrainTypeHash IS NOT NULL
$$),
-- The version that the writer knew must be the stored one; who knew none must find none. Otherwise nothing is written and its own version comes back, which the provider takes for a conflict.
('WriteToStorageKey', $$
    WITH made AS (
        INSERT INTO grain_state AS s (service, type, n0, n1, key, state, version, changed)
        SELECT @ServiceId, @GrainTypeString, @GrainIdN0, @GrainIdN1, coalesce(@GrainIdExtensionString::text, ''), @PayloadBinary::bytea, 1, now()
        WHERE @GrainStateVersion::integer IS NULL AND @GrainIdHash IS NOT NULL AND @GrainTypeHash IS NOT NULL
        ON CONFLICT DO NOTHING
        RETURNING version),
    changed AS (
        UPDATE grain_state SET state = @PayloadBinary::bytea, version = version + 1, changed = now()
        WHERE service = @ServiceId AND type = @GrainTypeString AND n0 = @GrainIdN0 AND n1 = @GrainIdN1 AND key = coalesce(@GrainIdExtensionString::text, '')
            AND version = @GrainStateVersion::integer
        RETURNING version)
    SELECT coalesce((SELECT version FROM made), (SELECT version FROM changed), @GrainStateVersion::integer) AS NewGrainStateVersion
$$),
('ClearStorageKey', $$
    WITH changed AS (
        UPDATE grain_state SET state = NULL, version = version + 1, changed = now()
        WHERE service = @ServiceId AND type = @GrainTypeString AND n0 = @GrainIdN0 AND n1 = @GrainIdN1 AND key = coalesce(@GrainIdExtensionString::text, '')
            AND version = @GrainStateVersion::integer AND @GrainIdHash IS NOT NULL AND @GrainTypeHash IS NOT NULL
        RETURNING version)
    SELECT coalesce((SELECT version FROM changed), @GrainStateVersion::integer) AS NewGrainStateVersion
$$),
('DeleteStorageKey', $$
    WITH gone AS (
        DELETE FROM grain_state
        WHERE service = @ServiceId AND type = @GrainTypeString AND n0 = @GrainIdN0 AND n1 = @GrainIdN1 AND key = coalesce(@GrainIdExtensionString::text, '')
            AND version = @GrainStateVersion::integer AND @GrainIdHash IS NOT NULL AND @GrainTypeHash IS NOT NULL
        RETURNING version + 1 AS version)
    SELECT coalesce((SELECT version FROM gone), @GrainStateVersion::integer) AS NewGrainStateVersion
$$)
ON CONFLICT (QueryKey) DO UPDATE SET QueryText = excluded.QueryText;
