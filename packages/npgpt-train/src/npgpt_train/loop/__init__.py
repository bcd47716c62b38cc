"""One step: batches, gradients, threads, processes."""
