"""What may differ whenever a run is resumed, and so is no setting of it."""

DEFAULT_KEEP = 3
"""Checkpoints that stay besides the best."""

ON_NAN = ("stop", "skip")
"""What to do with a step whose loss or gradient is not finite; the first unless given."""
