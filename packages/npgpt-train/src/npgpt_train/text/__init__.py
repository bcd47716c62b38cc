"""From characters to batches."""
