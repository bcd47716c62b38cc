"""Where text comes from: one file a dataset, each found by name through the registry."""
