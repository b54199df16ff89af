"""Exports: what can be taken out of the fleet's records as files, once or again and again."""
