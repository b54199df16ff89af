"""Where the services' programs come from, and what is said where they cannot come."""

import shutil
from pathlib import Path

import pytest

from local.services import ServiceError, Services
from local.services.roots import STAMP


@pytest.fixture
def services(open_place: Path, request: pytest.FixtureRequest) -> Services:
    """Services that have nothing yet."""
    return Services(open_place / request.node.name)


def test_a_machine_without_apt_is_told_of_the_settings_to_use(
    services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ServiceError, match="DATABASE_URL and MQTT_URL"):
        services.fetch()


@pytest.fixture
def apt_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The sources that this machine's apt is set to, for this test."""
    folder = tmp_path / "sources"
    folder.mkdir()
    configuration = tmp_path / "apt.conf"
    configuration.write_text(f'Dir::Etc::sourcelist "/dev/null";\nDir::Etc::sourceparts "{folder}";\n')
    monkeypatch.setenv("APT_CONFIG", str(configuration))
    return folder


@pytest.mark.usefixtures("apt_sources")
def test_a_machine_without_a_mirror_is_told_so(services: Services) -> None:
    with pytest.raises(ServiceError, match=r"no mirror in its sources.*DATABASE_URL and MQTT_URL"):
        services.fetch()


def test_a_mirror_without_the_packages_is_named_with_what_apt_says(
    services: Services, tmp_path: Path, apt_sources: Path
) -> None:
    (apt_sources / "other.sources").write_text(
        f"Types: deb\nURIs: file:{tmp_path}/mirror\nSuites: stable\nComponents: main\n"
    )
    with pytest.raises(ServiceError, match=r"no postgresql-17 of Debian trixie \(.*mirror.*MQTT_URL"):
        services.fetch()
    assert not services.postgres.root.folder.exists()


@pytest.fixture
def copied(services: Services, binaries: Path) -> Services:
    """Services whose programs were copied from where they were fetched to."""
    original = Services(services.data_dir, binaries)
    original.fetch()
    shutil.copytree(original.mosquitto.root.folder, services.mosquitto.root.folder, symlinks=True)
    return services


def test_programs_that_were_moved_are_not_taken_for_whole(copied: Services, binaries: Path) -> None:
    assert Services(copied.data_dir, binaries).mosquitto.root.is_whole()
    assert not copied.mosquitto.root.is_whole()


def test_programs_without_their_stamp_are_not_taken_for_whole(copied: Services) -> None:
    root = copied.mosquitto.root
    stamp = (root.folder / STAMP).read_text()
    (root.folder / STAMP).write_text(stamp[: len(stamp) // 2])
    assert root.version is None
    assert not root.is_whole()
