"""The daemon: sources -> pipeline -> store -> acknowledge."""
