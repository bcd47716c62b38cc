"""Where a run goes: what each format is given of it."""
