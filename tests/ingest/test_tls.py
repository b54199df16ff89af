"""The way to the broker over TLS, with a certificate authority of the test's own."""

import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from config.settings import default_data_dir

PROGRAM = default_data_dir() / "services" / "mosquitto" / "usr" / "sbin" / "mosquitto"


@pytest.fixture
def authority(tmp_path: Path) -> trustme.CA:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    return authority


@pytest.fixture
def tls_port(tmp_path: Path, authority: trustme.CA, free_port: int, shared_services: Any) -> Iterator[int]:
    """A mosquitto that speaks nothing but TLS."""
    certificate = authority.issue_cert("127.0.0.1")
    certificate.private_key_pem.write_to_path(str(tmp_path / "key.pem"))
    certificate.cert_chain_pems[0].write_to_path(str(tmp_path / "certificate.pem"))
    configuration = tmp_path / "mosquitto.conf"
    configuration.write_text(
        f"listener {free_port} 127.0.0.1\nallow_anonymous true\nuser root\n"
        f"certfile {tmp_path / 'certificate.pem'}\nkeyfile {tmp_path / 'key.pem'}\n"
    )
    process = subprocess.Popen([PROGRAM, "-c", configuration], stderr=subprocess.DEVNULL)
    yield free_port
    process.terminate()
    process.wait(10)


def test_a_broker_behind_tls_is_trusted_by_its_authority(
    tmp_path: Path, tls_port: int, database_url: str, start_daemon: Any
) -> None:
    environment = {
        "DATABASE_URL": database_url,
        "MQTT_URL": f"mqtts://127.0.0.1:{tls_port}",
        "MQTT_CLIENT_ID": uuid.uuid4().hex,
    }
    daemon = start_daemon(**environment, SSL_CERT_FILE=str(tmp_path / "authority.pem"))
    assert daemon.events("subscribed at the broker")
    assert daemon.stop() == 0


def test_a_broker_with_a_certificate_of_nobody_we_know_is_not_talked_to(
    tls_port: int, database_url: str, start_daemon: Any
) -> None:
    daemon = start_daemon(
        wait=False,
        DATABASE_URL=database_url,
        MQTT_URL=f"mqtts://127.0.0.1:{tls_port}",
        MQTT_CLIENT_ID=uuid.uuid4().hex,
    )
    daemon.wait_for("the broker cannot be reached")
    assert "CERTIFICATE_VERIFY_FAILED" in daemon.events("the broker cannot be reached")[0]["reason"]
