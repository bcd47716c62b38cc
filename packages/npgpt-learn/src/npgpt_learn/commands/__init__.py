"""The commands, a file each: options, and the call, which imports what it needs."""
