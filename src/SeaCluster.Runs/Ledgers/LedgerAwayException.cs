namespace SeaCluster.Runs.Ledgers;

/// <summary>
/// The cause of a <see cref="Models.SeaException"/> where the ledger could not be reached: whether the call took effect is not known, and the same call may
/// succeed later. See <see cref="ILedger"/> for what a repeated call does.
/// </summary>
public sealed class LedgerAwayException(string message, Exception? inner = null) : Exception(message, inner);
