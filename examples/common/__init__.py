"""What every study shares: options, data, mesh, optimiser, checkpoints, progress and metrics, and the training loop."""
