"""The demo fleet: buses that drive through the demo town and report like real trackers."""
