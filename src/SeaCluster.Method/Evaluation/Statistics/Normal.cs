namespace SeaCluster.Method.Evaluation.Statistics;

/// <summary>The standard normal distribution, to about 14 digits.</summary>
public static class Normal
{
    /// <summary>The two-sided critical value z with P(|Z| ≤ z) = <paramref name="confidence"/>; 1.959964 for 0.95.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="confidence"/> is not inside (0, 1).</exception>
    public static double CriticalValue(double confidence)
    {
        if (!(confidence > 0 && confidence < 1))
        {
            throw new ArgumentOutOfRangeException(nameof(confidence), confidence, "The confidence must lie between 0 and 1, both excluded.");
        }

        // Bisection: P(|Z| > z) falls monotonically, and 60 halvings of [0, 40] reach the last digit.
        double low = 0, high = 40;
        for (int i = 0; i < 60; i++)
        {
            double middle = (low + high) / 2;
            (low, high) = Erfc(middle / Math.Sqrt(2)) > 1 - confidence ? (middle, high) : (low, middle);
        }

        return (low + high) / 2;
    }

    /// <summary>P(X ≥ <paramref name="x"/>) for X chi-square distributed with one degree of freedom.</summary>
    public static double ChiSquareTail(double x) => x <= 0 ? 1 : Erfc(Math.Sqrt(x / 2));

    /// <summary>The complementary error function: the Maclaurin series below 2, a continued fraction above (Abramowitz and Stegun 7.1.6, 7.1.14).</summary>
    public static double Erfc(double x)
    {
        if (x < 0)
        {
            return 2 - Erfc(-x);
        }

        if (x < 2)
        {
            double term = x, sum = x;
            for (int n = 1; Math.Abs(term) > 1e-17 * sum; n++)
            {
                term *= 2 * x * x / (2 * n + 1);
                sum += term;
            }

            return 1 - 2 / Math.Sqrt(Math.PI) * Math.Exp(-x * x) * sum;
        }

        double tail = 0;
        for (int n = 120; n > 0; n--)
        {
            tail = n / 2.0 / (x + tail);
        }

        return Math.Exp(-x * x) / Math.Sqrt(Math.PI) / (x + tail);
    }
}
