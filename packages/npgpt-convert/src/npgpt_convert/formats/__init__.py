"""Files of other programs: a module reads and writes one format, and knows no architecture."""
