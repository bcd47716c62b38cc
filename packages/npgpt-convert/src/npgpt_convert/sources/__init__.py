"""Where models are that are called by a name, not by a path."""
