using System.Globalization;

namespace SeaCluster.Server.Dashboard;

/// <summary>The loss over the steps as a picture drawn here, with the figures in a table beside it.</summary>
internal static class LossChart
{
    private const double Width = 960, Height = 220, Left = 52, Right = 12, Top = 12, Bottom = 32;

    public static Html Of(int stride, IReadOnlyList<double> losses, int steps)
    {
        double high = Nice(losses.Max()), low = Math.Min(0, losses.Min());
        string first = Figure(losses[0]), last = Figure(losses[^1]);
        return Html.Of($"""
            <svg class="chart" viewBox="0 0 {Width} {Height}" role="img" aria-label="Loss over {steps} steps of alignment: from {first} to {last}">
            {Html.Each(Ticks(low, high), tick => Html.Of($"<line class=\"grid\" x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{Y(tick, low, high):0.#}\" y2=\"{Y(tick, low, high):0.#}\"/><text class=\"tick\" x=\"{Left - 8}\" y=\"{Y(tick, low, high) + 4:0.#}\" text-anchor=\"end\">{Figure(tick)}</text>"))}
            {Html.Each(StepTicks(steps), step => Html.Of($"<text class=\"tick\" x=\"{X(step, steps):0.#}\" y=\"{Height - 10}\" text-anchor=\"{(step == steps ? "end" : "middle")}\">{step}</text>"))}
            <polyline class="curve" points="{string.Join(' ', losses.Select((loss, i) => string.Create(CultureInfo.InvariantCulture, $"{X(StepOf(i, stride, steps), steps):0.#},{Y(loss, low, high):0.#}")))}"/>
            <circle class="end" cx="{X(steps, steps):0.#}" cy="{Y(losses[^1], low, high):0.#}" r="3.5"/>
            </svg>
            <p class="caption">Loss of alignment, {steps} {(steps == 1 ? "step" : "steps")}: {first} at first, {last} now{(stride > 1 ? $"; each point is the mean of {stride} steps" : "")}.</p>
            """);
    }

    // A point stands for the steps up to it.
    private static int StepOf(int point, int stride, int steps) => Math.Min((point + 1) * stride, steps);

    private static double X(double step, int steps) => Left + ((Width - Left - Right) * (steps <= 1 ? 1 : (step - 1) / (steps - 1)));

    private static double Y(double loss, double low, double high) => Top + ((Height - Top - Bottom) * (1 - ((loss - low) / Math.Max(high - low, 1e-12))));

    private static IEnumerable<double> Ticks(double low, double high) => Enumerable.Range(0, 5).Select(i => low + ((high - low) * i / 4));

    // The first step, the last, and round numbers between that are not too near to it.
    private static IEnumerable<int> StepTicks(int steps)
    {
        int unit = Math.Max(1, (int)Nice(steps / 6.0));
        return [.. Enumerable.Range(1, steps / unit).Select(i => i * unit).Where(step => step > 1 && step + (unit / 2) < steps).Prepend(1).Append(steps).Distinct()];
    }

    // A round number that is not below.
    private static double Nice(double value)
    {
        if (value <= 0)
        {
            return 1;
        }

        double unit = Math.Pow(10, Math.Floor(Math.Log10(value)));
        return unit * new[] { 1, 2, 4, 5, 8, 10.0 }.First(each => each * unit >= value - 1e-12);
    }

    private static string Figure(double value) => value.ToString(Math.Abs(value) is < 0.01 and > 0 ? "0.##e-0" : "0.###", CultureInfo.InvariantCulture);
}
