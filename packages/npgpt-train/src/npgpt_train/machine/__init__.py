"""What the system gives: files, locks, memory, signals, the cache."""
