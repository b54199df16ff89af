"""`motorpool services` as a person and a shell script meet it."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner, Result

from local.services import Services
from local.services_command import services as command


@pytest.fixture(scope="module")
def running(open_place: Path, binaries: Path) -> Iterator[Services]:
    """Services in a data directory that shares the programs of all tests."""
    place = open_place / "the data"
    place.mkdir()
    (place / "services").symlink_to(Services(place, binaries).postgres.root.folder.parent)
    with Services(place, binaries) as services:
        yield services


@pytest.fixture
def environment(running: Services, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATA_DIR", str(running.data_dir))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("MQTT_URL", raising=False)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command, arguments)


@pytest.mark.usefixtures("environment")
def test_env_prints_what_a_shell_can_take(running: Services) -> None:
    printed = run("env").output
    script = f'{printed}\nprintf "%s\\n%s" "$DATABASE_URL" "$MQTT_URL"'
    shell = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    assert shell.stdout.splitlines() == [running.database_url, running.mqtt_url]
    psycopg.connect(shell.stdout.splitlines()[0]).close()


@pytest.mark.usefixtures("environment")
def test_the_status_as_json_is_one_object(running: Services) -> None:
    result = run("status", "--json")
    assert (result.exit_code, json.loads(result.output)) == (0, running.status())


@pytest.mark.usefixtures("environment")
def test_the_status_for_people_names_process_and_address(running: Services) -> None:
    result = run("status")
    assert (
        f"mosquitto {running.mosquitto.root.version} runs as process {running.mosquitto.pid}" in result.output
    )
    assert running.postgres.public_url in result.output


def test_services_that_do_not_run_are_an_error_that_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    assert run("status").exit_code == 1
    result = run("env")
    assert result.exit_code == 1
    assert "motorpool services start" in result.output


@pytest.mark.usefixtures("environment")
def test_a_service_with_a_url_of_its_own_is_left_alone(
    running: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    running.postgres.stop()
    monkeypatch.setenv("DATABASE_URL", "postgresql://fleet@db.example/fleet")
    result = run("start")
    assert result.exit_code == 0
    assert "DATABASE_URL is set" in result.output
    assert not running.postgres.alive()
    running.postgres.start()


@pytest.mark.usefixtures("environment")
def test_urls_taken_from_env_still_mean_the_embedded_services(
    running: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", running.database_url)
    monkeypatch.setenv("MQTT_URL", running.mqtt_url)
    running.stop()
    result = run("start")
    assert result.exit_code == 0, result.output
    assert running.alive()
