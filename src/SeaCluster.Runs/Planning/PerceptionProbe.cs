using System.Diagnostics;
using SeaCluster.Method.Synthesis;
using SeaCluster.Models;
using SeaCluster.Torch;

namespace SeaCluster.Runs.Planning;

/// <summary>How long the frozen model takes to be asked what it perceives: every sample with a question is asked once its steps are done.</summary>
public static class PerceptionProbe
{
    /// <summary>Puts the first samples' questions to the blank medium, as many at once and with as many threads as a stream whose slots end together.</summary>
    /// <param name="model">The frozen model.</param>
    /// <param name="first">Samples like those to come; at least one.</param>
    /// <param name="forecast">The plan and the number of all samples.</param>
    /// <param name="options">Gives the modality.</param>
    /// <param name="cancel">Looked at before each call of the model.</param>
    /// <returns>Seconds that the questions of all samples add to the synthesis; 0 where there are none.</returns>
    public static double Measure(
        IMultimodalModel model, IReadOnlyList<SynthesisSample> first, SynthesisForecast forecast, SynthesisOptions options, CancellationToken cancel)
    {
        string[] questions = [.. first.Select(sample => sample.PerceptionQuestion).OfType<string>()];
        if (questions.Length == 0)
        {
            return 0;
        }

        double asked = forecast.Samples * (double)questions.Length / first.Count;
        questions = [.. questions.Take(forecast.Plan.SlotsPerStream)];
        Task<double> batch = Task.Factory.StartNew(
            () => Seconds(model, questions, options.Modality ?? model.Config.Modalities[0], forecast.Plan.Streams > 1 ? 1 : Environment.ProcessorCount, cancel),
            cancel, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        return Math.Ceiling(asked / (questions.Length * forecast.Plan.Streams)) * batch.GetAwaiter().GetResult();
    }

    private static double Seconds(IMultimodalModel model, string[] questions, Modality modality, int threads, CancellationToken cancel)
    {
        TorchRuntime.PinCurrentThread(threads);
        using EncoderOutput blank = model.EncodeBlank(modality);
        (string?, EncoderOutput)[] items = [.. questions.Select(question => ((string?)question, blank))];
        cancel.ThrowIfCancellationRequested();
        Perception.Ask(model, items, maxNewTokens: 1); // The first call warms up.
        cancel.ThrowIfCancellationRequested();
        Stopwatch clock = Stopwatch.StartNew();
        Perception.Ask(model, items);
        return clock.Elapsed.TotalSeconds;
    }
}
