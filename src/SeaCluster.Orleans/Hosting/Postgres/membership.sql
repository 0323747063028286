-- Statements that Orleans' ADO.NET providers look up by name; theirs are the names of statements, parameters and columns.
CREATE TABLE IF NOT EXISTS OrleansQuery (QueryKey text PRIMARY KEY, QueryText text NOT NULL);

CREATE TABLE IF NOT EXISTS cluster_version (deployment text PRIMARY KEY, version integer NOT NULL);

CREATE TABLE IF NOT EXISTS cluster_silo (
    deployment text NOT NULL REFERENCES cluster_version ON DELETE CASCADE,
    address text NOT NULL,
    port integer NOT NULL,
    generation integer NOT NULL,
    name text NOT NULL,
    host text NOT NULL,
    status integer NOT NULL,
    gateway_port integer,
    suspected text,
    started timestamptz NOT NULL,
    alive timestamptz NOT NULL,
    PRIMARY KEY (deployment, address, port, generation)
);

INSERT INTO OrleansQuery VALUES
('GatewaysQueryKey', $$
    SELECT address AS Address, gateway_port AS ProxyPort, generation AS Generation
    FROM cluster_silo WHERE deployment = @DeploymentId AND status = @Status AND gateway_port > 0
$$),
('MembershipReadRowKey', $$
    SELECT v.version AS Version, s.address AS Address, s.port AS Port, s.generation AS Generation, s.name AS SiloName, s.host AS HostName, s.status AS Status,
        s.gateway_port AS ProxyPort, s.suspected AS SuspectTimes, s.started AS StartTime, s.alive AS IAmAliveTime
    FROM cluster_version v LEFT JOIN cluster_silo s ON s.deployment = v.deployment AND s.address = @Address AND s.port = @Port AND s.generation = @Generation
    WHERE v.deployment = @DeploymentId
$$),
('MembershipReadAllKey', $$
    SELECT v.version AS Version, s.address AS Address, s.port AS Port, s.generation AS Generation, s.name AS SiloName, s.host AS HostName, s.status AS Status,
        s.gateway_port AS ProxyPort, s.suspected AS SuspectTimes, s.started AS StartTime, s.alive AS IAmAliveTime
    FROM cluster_version v LEFT JOIN cluster_silo s ON s.deployment = v.deployment
    WHERE v.deployment = @DeploymentId
$$),
('InsertMembershipVersionKey', $$
    WITH made AS (INSERT INTO cluster_version VALUES (@DeploymentId, 0) ON CONFLICT DO NOTHING RETURNING 1)
    SELECT EXISTS (SELECT 1 FROM made)
$$),
('UpdateIAmAlivetimeKey', $$
    UPDATE cluster_silo SET alive = @IAmAliveTime
    WHERE deployment = @DeploymentId AND address = @Address AND port = @Port AND generation = @Generation
$$),
-- A silo that is there already must not move the version: the count of silos is checked in the same statement that moves it.
('InsertMembershipKey', $$
    WITH moved AS (
        UPDATE cluster_version SET version = version + 1
        WHERE deployment = @DeploymentId AND version = @Version AND NOT EXISTS (
            SELECT 1 FROM cluster_silo WHERE deployment = @DeploymentId AND address = @Address AND port = @Port AND generation = @Generation)
        RETURNING deployment),
    made AS (
        INSERT INTO cluster_silo (deployment, address, port, generation, name, host, status, gateway_port, started, alive)
        SELECT deployment, @Address, @Port, @Generation, @SiloName, @HostName, @Status, @ProxyPort, @StartTime, @IAmAliveTime FROM moved
        RETURNING 1)
    SELECT EXISTS (SELECT 1 FROM made)
$$),
('UpdateMembershipKey', $$
    WITH moved AS (
        UPDATE cluster_version SET version = version + 1
        WHERE deployment = @DeploymentId AND version = @Version AND EXISTS (
            SELECT 1 FROM cluster_silo WHERE deployment = @DeploymentId AND address = @Address AND port = @Port AND generation = @Generation)
        RETURNING deployment),
    changed AS (
        UPDATE cluster_silo s SET status = @Status, suspected = @SuspectTimes, alive = @IAmAliveTime
        FROM moved WHERE s.deployment = moved.deployment AND s.address = @Address AND s.port = @Port AND s.generation = @Generation
        RETURNING 1)
    SELECT EXISTS (SELECT 1 FROM changed)
$$),
('DeleteMembershipTableEntriesKey', $$
    DELETE FROM cluster_version WHERE deployment = @DeploymentId
$$),
-- Status 6 is a dead silo.
('CleanupDefunctSiloEntriesKey', $$
    DELETE FROM cluster_silo WHERE deployment = @DeploymentId AND alive < @IAmAliveTime AND status = 6
$$)
ON CONFLICT (QueryKey) DO UPDATE SET QueryText = excluded.QueryText;
