"""npgpt and its peers side by side on the same work: ``python -m benchmarks``."""
