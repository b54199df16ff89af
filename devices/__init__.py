"""Pure decoders: bytes in, positions out. No I/O, no clock, no log, no database."""
