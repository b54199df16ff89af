"""Importing: from a file of rows to records and positions, seen before it counts, and taken back after."""
