"""Root's services run under an account without rights, where that account can reach its files."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.services import ServiceError, Services
from local.services.account import OPEN_PLACE, find_account, reach

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the services under another account")


@pytest.fixture
def closed_place(open_place: Path) -> Path:
    """A directory that only root may pass, as /root is."""
    place = open_place / "closed"
    place.mkdir(mode=0o700, exist_ok=True)
    return place


@pytest.fixture
def stand_in(closed_place: Path) -> Iterator[Path]:
    place = reach(closed_place / "data")
    yield place
    shutil.rmtree(place, ignore_errors=True)


def test_an_open_directory_is_used_as_it_is(open_place: Path) -> None:
    assert reach(open_place / "not" / "yet" / "there") == open_place / "not" / "yet" / "there"


def test_services_below_a_closed_directory_keep_their_files_elsewhere_and_say_so_once(
    closed_place: Path, stand_in: Path, binaries: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for expected in (1, 0):
        with Services(closed_place / "data", binaries, test=True) as services:
            assert services.home == stand_in
            assert capsys.readouterr().err.count(str(stand_in)) == expected
            pids = [services.postgres.pid, services.mosquitto.pid]
            assert all(Path(f"/proc/{pid}").stat().st_uid == find_account(stand_in).uid != 0 for pid in pids)
    assert stand_in.parent == OPEN_PLACE
    assert not (closed_place / "data").exists()


def test_root_runs_services_that_belong_to_a_user_as_that_user(open_place: Path) -> None:
    (open_place / "owned" / "postgres").mkdir(parents=True)
    os.chown(open_place / "owned" / "postgres", 12345, 23456)
    assert find_account(open_place / "owned") == (12345, 23456)


def test_data_that_its_owner_cannot_reach_any_more_is_not_passed_over(closed_place: Path) -> None:
    (closed_place / "kept" / "postgres").mkdir(parents=True)
    os.chown(closed_place / "kept" / "postgres", 12345, 23456)
    with pytest.raises(ServiceError, match="12345 owns the data"):
        reach(closed_place / "kept")
