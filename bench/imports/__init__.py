"""How long large files take to import, and with how much memory."""
