using SeaCluster.Method.Synthesis;
using SeaCluster.Runs.Telemetry;
using SeaCluster.Telemetry.Prometheus;

namespace SeaCluster.Telemetry.Tests;

/// <summary>What a lane's hot loop pays for being seen.</summary>
[Collection(WholeProcess.Collection)]
public sealed class LaneCostTests
{
    private const int Steps = 10_000;

    [Fact]
    public void A_step_allocates_nothing_when_nobody_listens()
    {
        using LaneInstruments lane = new("cpu", 8);
        Allocated(lane).ShouldBe(0);
    }

    [Fact]
    public void A_lane_is_seen_while_it_works_and_gone_afterwards()
    {
        SeaInstrumentation.Initialize();
        using MetricReader reader = new([SeaInstrumentation.Name]);
        using (LaneInstruments lane = new("cuda:7", 8))
        {
            lane.Stepped(new LaneStep(6, 8, 100, TimeSpan.FromSeconds(0.5)));
            lane.Finished(asked: true, perceived: true);
            string text = PrometheusText.Write(reader.Read());
            text.ShouldContain("seacluster_lane_occupancy{seacluster_device=\"cuda:7\"} 0.75\n");
            text.ShouldContain("seacluster_lane_slots{seacluster_device=\"cuda:7\",seacluster_state=\"free\"} 2\n");
            text.ShouldContain("seacluster_lane_tokens_total{seacluster_device=\"cuda:7\"} 100\n");
            text.ShouldContain("seacluster_embeddings_total{seacluster_device=\"cuda:7\",seacluster_perceived=\"yes\"} 1\n");
            lane.Idle();
            PrometheusText.Write(reader.Read()).ShouldContain("seacluster_lane_occupancy{seacluster_device=\"cuda:7\"} 0\n");
        }

        PrometheusText.Write(reader.Read()).ShouldNotContain("seacluster_lane_occupancy{seacluster_device=\"cuda:7\"}");
    }

    [Fact]
    public void Without_a_gpu_its_families_are_absent_not_zero()
    {
        SeaInstrumentation.Initialize();
        using MetricReader reader = new([SeaInstrumentation.Name]);
        PrometheusText.Write(reader.Read()).ShouldNotContain("seacluster_device_");
    }

    private static long Allocated(LaneInstruments lane)
    {
        LaneStep step = new(8, 8, 500, TimeSpan.FromMilliseconds(20));
        lane.Stepped(step);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < Steps; i++)
        {
            lane.Stepped(step);
        }

        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}
