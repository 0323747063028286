namespace SeaCluster.Method.Alignment;

/// <summary>What is trained for: SFT, DPO or Eraser.</summary>
public interface IObjective
{
    /// <summary>
    /// Computes the loss of a step, from 0, and adds its gradient to the parameters. Which rows the step takes, and everything else that
    /// is drawn, follows from the step's number.
    /// </summary>
    StepLoss Backward(int step);

    /// <summary>Names rows, order and settings: a checkpoint is continued with an equal one only.</summary>
    string Fingerprint { get; }
}
