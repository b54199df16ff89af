"""Sends recordings through the broker or a serial port as if they happened now."""
