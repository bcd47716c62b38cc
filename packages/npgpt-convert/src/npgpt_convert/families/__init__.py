"""Architectures of other programs: a table of names each; they know no file format."""
