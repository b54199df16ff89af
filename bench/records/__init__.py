"""How long the lists of a large fleet take in the database."""
