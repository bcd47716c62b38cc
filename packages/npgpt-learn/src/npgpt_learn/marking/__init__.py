"""Marking: a learner's results held against the truth, and what can be said of the difference."""
