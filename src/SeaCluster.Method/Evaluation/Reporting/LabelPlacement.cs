namespace SeaCluster.Method.Evaluation.Reporting;

/// <summary>A rectangle of a drawing.</summary>
internal readonly record struct Box(double X, double Y, double Width, double Height)
{
    public static Box Around(double x, double y, double radius) => new(x - radius, y - radius, 2 * radius, 2 * radius);

    public double Overlap(Box other)
    {
        double width = Math.Min(X + Width, other.X + other.Width) - Math.Max(X, other.X);
        double height = Math.Min(Y + Height, other.Y + other.Height) - Math.Max(Y, other.Y);
        return width > 0 && height > 0 ? width * height : 0;
    }
}

/// <summary>Puts labels beside points so that they cover neither each other nor a point, where there is room.</summary>
internal static class LabelPlacement
{
    private static readonly (double X, double Y)[] Directions = [(1, 0), (-1, 0), (0, -1), (0, 1), (1, -1), (-1, -1), (1, 1), (-1, 1)];

    /// <summary>Places one label a point, in the order given, which is that of importance.</summary>
    /// <param name="points">The points' centres and their labels' sizes.</param>
    /// <param name="obstacles">What labels should keep off, each with a weight.</param>
    /// <param name="area">Where labels must stay.</param>
    /// <returns>The labels' boxes; a box is at most 60 units from its point.</returns>
    public static Box[] Place(IReadOnlyList<(double X, double Y, double Width, double Height)> points, IReadOnlyList<(Box Box, double Weight)> obstacles, Box area)
    {
        Box[] placed = new Box[points.Count];
        for (int i = 0; i < points.Count; i++)
        {
            (double x, double y, double width, double height) = points[i];
            Box best = default;
            double least = double.PositiveInfinity;
            foreach (double distance in (double[])[9, 16, 26, 40, 56])
            {
                foreach ((double dx, double dy) in Directions)
                {
                    double reach = dx != 0 && dy != 0 ? distance * 0.75 : distance;
                    Box box = new(x + dx * reach - width * (1 - dx) / 2, y + dy * reach - height * (1 - dy) / 2, width, height);
                    double cost = distance * 0.4
                        + 1000 * (width * height - box.Overlap(area))
                        + 100 * placed.Take(i).Sum(box.Overlap)
                        + obstacles.Sum(obstacle => obstacle.Weight * box.Overlap(obstacle.Box));
                    if (cost < least)
                    {
                        (least, best) = (cost, box);
                    }
                }
            }

            placed[i] = best;
        }

        return placed;
    }
}
