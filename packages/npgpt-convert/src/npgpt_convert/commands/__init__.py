"""The commands, one file each: options and the call."""
