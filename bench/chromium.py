"""The machine's own Chromium, for tests and pictures of the pages."""

import shutil

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ("--no-sandbox", "--enable-unsafe-swiftshader", "--disable-background-networking")


def find_chromium() -> str | None:
    """The program; None where none is installed."""
    return next(filter(None, map(shutil.which, PROGRAMS)), None)
