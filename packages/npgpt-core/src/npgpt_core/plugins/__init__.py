"""How parts are found: hooks, entry points, the registry."""
