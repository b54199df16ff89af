"""The System pages: what runs, what came in, what was put aside, what was changed, and the switches."""
