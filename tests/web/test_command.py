"""`motorpool web` as a process: how it starts, refuses and stops."""

import http.client
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
import socketio

COMMAND = [sys.executable, "-c", "import motorpool; motorpool.main()", "web"]


def run(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    names = ("DATABASE_URL", "JWT_SECRET", "WEB_PORT")
    inherited = {name: value for name, value in os.environ.items() if name not in names}
    return subprocess.run(
        COMMAND, env={**inherited, **environment}, capture_output=True, text=True, timeout=30, check=False
    )


@pytest.mark.parametrize("name", ["DATABASE_URL", "JWT_SECRET"])
def test_a_missing_setting_ends_it_with_one_sentence(name: str, environment: dict[str, str]) -> None:
    del environment[name]
    ended = run(environment)
    assert ended.returncode == 2
    assert f"motorpool: {name} is not set; this command needs it" in ended.stderr


def test_a_port_that_is_taken_is_named(environment: dict[str, str]) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        ended = run({**environment, "WEB_PORT": str(port)})
    assert ended.returncode == 1
    assert f"Cannot listen on 127.0.0.1 port {port}" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("word", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_when_told_even_while_pages_hold_connections(
    word: signal.Signals, server: Any, tools: Any
) -> None:
    cookie = server.sign_in("viewer@example.org")
    client = socketio.Client(reconnection=False)
    lost: list[object] = []
    client.on("disconnect", lambda *_: lost.append(True), namespace="/live")
    client.connect(server.url, **tools.LIVE, headers={"Cookie": cookie})
    server.process.send_signal(word)
    assert server.process.wait(5) == 0
    tools.until(lambda: lost, "the page to notice")
    client.disconnect()
    assert "Traceback" not in server.log_text()


def test_it_waits_for_a_database_that_is_away(make_server: Callable[..., Any], free_port: int) -> None:
    server = make_server(DATABASE_URL=f"postgresql://nobody@127.0.0.1:{free_port}/nothing")
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=20)
    try:
        connection.request("GET", "/readyz", headers={"Accept": "text/html"})
        answer = connection.getresponse()
        assert answer.status == 503
        assert "The database does not answer" in answer.read().decode()
    finally:
        connection.close()
    assert server.stop() == 0


def test_live_connections_may_have_a_port_of_their_own(
    make_server: Callable[..., Any], people: None, free_port: int, tools: Any
) -> None:
    server = make_server(WEBSOCKET_PORT=str(free_port))
    client = socketio.Client(reconnection=False)
    cookie = {"Cookie": server.sign_in("viewer@example.org")}
    client.connect(f"http://127.0.0.1:{free_port}", **tools.LIVE, headers=cookie)
    client.disconnect()


def test_it_tells_systemd_that_it_is_ready(
    make_server: Callable[..., Any], people: None, tmp_path: Any
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(20)
        make_server(NOTIFY_SOCKET=str(tmp_path / "notify"))
        assert b"READY=1" in systemd.recv(1024)
