"""`motorpool bench ingest`: how fast the daemon empties a full broker, beside its limit and its rivals."""
