"""Labelled drives: what a tracker would send on a drive, and the truth that a detector is judged by.

Pure and repeatable: no I/O, no clock; the same seed makes the same drives.
"""
