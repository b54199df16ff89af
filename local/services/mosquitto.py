"""mosquitto, kept to the promise that an acknowledged message is not lost.

With its classic persistence, or with the SQLite plugin at its default flush period of 5 s, a broker that is
killed has lost every message it acknowledged since the last write. A flush period of 0 writes first.
"""

import os
import signal
import socket
from typing import ClassVar

import mqtt5

from local.services.daemon import Daemon
from local.services.errors import ServiceError

PLUGIN = "usr/lib/*-linux-gnu/mosquitto/mosquitto_persist_sqlite.so"
SETTINGS = """\
# Written by motorpool at each start.
listener {port} 127.0.0.1
# Every process on this machine may publish. Per-device accounts come with the dynamic-security plugin.
allow_anonymous true

persistence_location {folder}
plugin {plugin}
plugin_opt_sync normal
plugin_opt_flush_period 0
# Classic persistence stays off beside the plugin, and with it any periodic save.
autosave_interval 0

# Nothing waits in memory without bound but nothing is dropped either: 0 of these queues is "no limit",
# while 0 messages in flight stalls a session with more than 65,535 queued.
max_inflight_messages 20000
max_queued_messages 0
max_queued_bytes 0
max_packet_size 4194304

pid_file {pid_file}
log_dest stderr
log_type error
log_type warning
log_timestamp_format %Y-%m-%dT%H:%M:%S
"""


class Mosquitto(Daemon):
    """The embedded MQTT broker."""

    name: ClassVar[str] = "mosquitto"
    pid_file: ClassVar[str] = "mosquitto.pid"
    stop_signal: ClassVar[signal.Signals] = signal.SIGTERM

    @property
    def url(self) -> str:
        """How clients reach the broker."""
        return f"mqtt://127.0.0.1:{self.port}"

    @property
    def public_url(self) -> str:
        """The same; it holds no password."""
        return self.url

    def create(self) -> None:
        """Make the folder for the broker's database."""
        fresh = self.folder.with_name("mosquitto.new")
        fresh.mkdir(mode=0o700, exist_ok=True)
        os.chown(fresh, self.account.uid, self.account.gid)
        fresh.rename(self.folder)

    def command(self) -> list[str]:
        """Write mosquitto.conf."""
        plugin = next(self.root.folder.glob(PLUGIN), None)
        if plugin is None:
            raise ServiceError(f"{self.root.folder} lacks the SQLite plugin; remove it and start again.")
        self.write_config(
            SETTINGS.format(
                port=self.port, folder=self.folder, plugin=plugin, pid_file=self.folder / self.pid_file
            )
        )
        return [str(self.root.folder / "usr/sbin/mosquitto"), "-c", str(self.config)]

    def answers(self) -> bool:
        """Whether the broker accepts a client."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=5) as client:
                client.sendall(mqtt5.ConnectPacket("", clean_start=True).write())
                return isinstance(mqtt5.read(memoryview(client.recv(1024)))[0], mqtt5.ConnAckPacket)
        except (OSError, IndexError):  # refused, or closed before the whole answer
            return False

    def complete(self) -> None:
        """Nothing: the broker needs no further setting up."""
