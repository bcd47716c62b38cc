"""The commands, one file each: options and the call, which imports what it needs."""
