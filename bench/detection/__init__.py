"""How right detection is, by drives of which the truth is known, and how fast."""
