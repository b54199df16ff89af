"""The units start in the right order, keep the daemon alive, and keep it shut in."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from config.settings import Settings
from motorpool import COMMANDS

FOLDER = Path(__file__).resolve().parents[2] / "systemd"
SERVICES = ("motorpool-ingest", "motorpool-jobs", "motorpool-web")
Unit = dict[str, list[str]]


def read_unit(name: str) -> Unit:
    """Every assignment of a unit and of what all services share, as `Section.Key` with its values."""
    unit: Unit = {}
    for file in (FOLDER / f"{name}.service", FOLDER / "motorpool-.service.d" / "10-shared.conf"):
        section = ""
        for line in file.read_text().splitlines():
            if line.startswith("["):
                section = line.strip("[]")
            elif line and not line.startswith("#"):
                key, _, value = line.partition("=")
                unit.setdefault(f"{section}.{key}", []).append(value)
    return unit


def words(unit: Unit, key: str) -> set[str]:
    return {word for value in unit[key] for word in value.split()}


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_starts_after_the_migration_and_not_without_it(name: str) -> None:
    unit = read_unit(name)
    assert "motorpool-migrate.service" in words(unit, "Unit.After")
    assert "motorpool-migrate.service" in words(unit, "Unit.Requires")
    assert f"{name}.service" in words(read_unit("motorpool-migrate"), "Unit.Before")


def test_the_migration_runs_once_and_counts_as_done() -> None:
    unit = read_unit("motorpool-migrate")
    assert unit["Service.Type"] == ["oneshot"]
    assert unit["Service.RemainAfterExit"] == ["yes"]


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_says_when_it_is_ready_and_is_restarted_without_end(name: str) -> None:
    unit = read_unit(name)
    assert unit["Service.Type"] == ["notify"]
    assert unit["Service.Restart"] == ["always"]
    assert unit["Unit.StartLimitIntervalSec"] == ["0"]
    assert unit["Unit.PartOf"] == ["motorpool.target"]
    assert unit["Install.WantedBy"] == ["motorpool.target"]


@pytest.mark.parametrize("name", ["motorpool-ingest", "motorpool-jobs"])
def test_daemon_and_scheduler_are_watched(name: str) -> None:
    assert int(read_unit(name)["Service.WatchdogSec"][0]) > 0


@pytest.mark.parametrize("name", [*SERVICES, "motorpool-migrate"])
def test_every_service_runs_a_command_of_ours_with_settings_of_ours(name: str) -> None:
    unit = read_unit(name)
    (program, command, *_) = unit["Service.ExecStart"][0].split()
    assert program == "/opt/motorpool/.venv/bin/motorpool"
    assert command in COMMANDS
    assert unit["Service.User"] == ["motorpool"]
    assert unit["Service.EnvironmentFile"] == ["/etc/motorpool/motorpool.env"]
    for assignment in unit["Service.Environment"]:
        assert assignment.partition("=")[0].lower() in Settings.model_fields


def test_the_target_starts_with_the_machine() -> None:
    assert "WantedBy=multi-user.target" in (FOLDER / "motorpool.target").read_text().splitlines()


def test_only_the_daemon_may_touch_devices_and_those_are_serial_ports() -> None:
    ingest = read_unit("motorpool-ingest")
    assert ingest["Service.SupplementaryGroups"] == ["dialout"]
    assert ingest["Service.DevicePolicy"] == ["closed"]
    assert all(value.startswith("char-tty") for value in ingest["Service.DeviceAllow"])
    for name in ("motorpool-jobs", "motorpool-web", "motorpool-migrate"):
        assert read_unit(name)["Service.PrivateDevices"] == ["yes"]


@pytest.fixture
def analyze(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs systemd-analyze on the units as they would be installed, with this checkout's program."""
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is not on this machine")
    units = tmp_path / "units"
    shutil.copytree(FOLDER, units)
    for file in units.glob("*.service"):
        here = str(Path(sys.executable).parent)
        file.write_text(file.read_text().replace("/opt/motorpool/.venv/bin", here))

    def run(verb: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [program, verb, *(argument.replace("UNITS", str(units)) for argument in arguments)]
        environ = os.environ | {"SYSTEMD_COLORS": "0", "SYSTEMD_UNIT_PATH": f"{units}:"}
        return subprocess.run(command, env=environ, capture_output=True, text=True, check=False)

    return run


@pytest.mark.parametrize(
    "unit", [*(f"{name}.service" for name in (*SERVICES, "motorpool-migrate")), "motorpool.target"]
)
def test_systemd_finds_nothing_wrong_with(
    unit: str, analyze: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    result = analyze("verify", "--man=no", f"UNITS/{unit}")
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize("name", [*SERVICES, "motorpool-migrate"])
def test_systemd_counts_little_exposure_for(
    name: str, analyze: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    """2.0 of 10; an ordinary service has 9.6."""
    result = analyze("security", "--offline=true", "--no-pager", "--threshold=20", f"UNITS/{name}.service")
    if "unrecognized option" in result.stderr:
        pytest.skip("this systemd-analyze cannot judge units that are not installed")
    assert result.returncode == 0, result.stdout
