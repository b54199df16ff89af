"""The house itself: names that belong to us, files that carry no address, a lock that covers what we need."""

import re
import subprocess
import sys
from importlib.metadata import packages_distributions, requires
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("config", "devices", "ingest", "jobs", "local", "sql", "web", "motorpool")


@pytest.mark.parametrize("room", ROOMS)
def test_no_foreign_distribution_owns_a_name_of_ours(room: str) -> None:
    assert set(packages_distributions().get(room, ["motorpool"])) == {"motorpool"}


def normalise(requirement: str) -> str:
    """The name in a requirement, as package indexes compare it."""
    name = re.split(r"[^A-Za-z0-9._-]", requirement)[0]
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_requirement_is_pinned_by_the_constraints() -> None:
    pinned = {normalise(line) for line in (ROOT / "constraints.txt").read_text().splitlines()}
    assert {normalise(line) for line in requires("motorpool") or []} <= pinned


def test_no_lock_file_carries_a_download_address() -> None:
    locks = [ROOT / "constraints.txt", *ROOT.glob("package-lock.json")]
    locks += ROOT.glob("tests/*/package-lock.json")
    assert len(locks) >= 2
    for lock in locks:
        assert not re.search(r'"resolved"|://', re.sub(r'"(url|funding)": .*', "", lock.read_text())), lock


def test_there_is_no_package_among_the_tests() -> None:
    assert not list((ROOT / "tests").glob("**/__init__.py"))


def test_every_command_answers_to_help() -> None:
    from motorpool import COMMANDS

    for command in COMMANDS:
        done = subprocess.run(
            [sys.executable, "-c", "import motorpool; motorpool.main()", command, "--help"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith("Usage:")
