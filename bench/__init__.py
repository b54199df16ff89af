"""Trials of the whole: how fast it is, and what it keeps when everything around it breaks."""
