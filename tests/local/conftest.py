"""Places for services of a test's own: the account that runs them must be able to walk down to them."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.settings import default_data_dir


@pytest.fixture(scope="session")
def binaries() -> Path:
    """The unpacked programs that all services of the tests share; fetched by the first start."""
    return default_data_dir() / "services"


@pytest.fixture(scope="module")
def open_place() -> Iterator[Path]:
    """A directory that every account may pass, unlike pytest's own."""
    place = Path(tempfile.mkdtemp(prefix="motorpool test "))
    place.chmod(0o755)
    yield place
    shutil.rmtree(place)
