"""How long a track of a million positions takes as a file of each format, and how much memory."""
