using System.Globalization;

namespace SeaCluster.Method.Evaluation.Statistics;

/// <summary>Which form of McNemar's test gave the p-value.</summary>
public enum McNemarForm
{
    /// <summary>Two-sided exact binomial test of the discordant pairs.</summary>
    ExactBinomial,

    /// <summary>Chi-square with one degree of freedom and Edwards' continuity correction.</summary>
    ChiSquareCorrected,
}

/// <summary>
/// McNemar's test (Psychometrika 12, 1947): do two arms differ on the same cases? Only the discordant pairs speak. It takes the pairs as
/// independent; where several cases repeat a phrase, read <see cref="ClusterTest"/> beside it.
/// </summary>
/// <param name="PValue">Two-sided.</param>
/// <param name="Form">Exact up to <see cref="ExactLimit"/> discordant pairs, corrected chi-square above.</param>
/// <param name="Statistic">The corrected chi-square, or the smaller discordant count in the exact form.</param>
/// <param name="Discordant">How many pairs differed.</param>
public readonly record struct McNemar(double PValue, McNemarForm Form, double Statistic, int Discordant)
{
    /// <summary>The largest number of discordant pairs for which the exact form is used; the usual rule of 25.</summary>
    public const int ExactLimit = 25;

    /// <summary>Tests the pairs.</summary>
    public static McNemar Test(PairedCounts pairs)
    {
        int b = pairs.OnlyFirst, c = pairs.OnlySecond, n = b + c;
        if (n <= ExactLimit)
        {
            int smaller = Math.Min(b, c);
            double coefficient = 1, sum = 0;
            for (int i = 0; i <= smaller; i++)
            {
                sum += coefficient;
                coefficient = coefficient * (n - i) / (i + 1);
            }

            return new McNemar(Math.Min(1, 2 * sum / Math.Pow(2, n)), McNemarForm.ExactBinomial, smaller, n);
        }

        double distance = Math.Max(0, Math.Abs(b - c) - 1), statistic = distance * distance / n;
        return new McNemar(Normal.ChiSquareTail(statistic), McNemarForm.ChiSquareCorrected, statistic, n);
    }

    /// <summary>Names the form, for a table: <c>exact binomial, 7 discordant</c>.</summary>
    public string Describe() => Form == McNemarForm.ExactBinomial
        ? string.Create(CultureInfo.InvariantCulture, $"exact binomial, {Discordant} discordant")
        : string.Create(CultureInfo.InvariantCulture, $"χ² = {Statistic:0.00} with continuity correction, {Discordant} discordant");
}
