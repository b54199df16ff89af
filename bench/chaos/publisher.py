"""A process that publishes its share of the fixes at QoS 1 with paho, an independent client.

`python -m bench.chaos.publisher JOB` ends when the broker has acknowledged every number. As they are
acknowledged, the numbers go to a file with the moment of each; one that no answer came for is sent again on
the next connection.
"""

import json
import sys
import time
from array import array
from pathlib import Path
from typing import NamedTuple, Self

from paho.mqtt.client import MQTT_ERR_SUCCESS, Client, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from bench.chaos.fixes import Fixes

IN_FLIGHT = 1_000
KEEP_ALIVE_S = 10
PAUSE_S = 0.2
LISTEN_S = 0.02


class Job(NamedTuple):
    """Publish every number of `fixes` that leaves `share` when divided by `shares`, `rate` a second."""

    fixes: Fixes
    share: int
    shares: int
    rate: float
    port: int
    acknowledged: str

    def dump(self) -> str:
        """As text for a command line."""
        return json.dumps(self)

    @classmethod
    def load(cls, text: str) -> Self:
        """What `dump` wrote."""
        fixes, *others = json.loads(text)
        return cls(Fixes(*fixes), *others)


class Publisher:
    """One connection after the other, all in one thread."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._numbers = range(job.share, job.fixes.total, job.shares)
        self._flying: dict[int, int] = {}
        self._fresh = array("d")  # a number, the moment of its acknowledgement, and so on
        self._client = Client(CallbackAPIVersion.VERSION2, f"chaos-{job.share}", protocol=MQTTv5)
        self._client.max_inflight_messages_set(IN_FLIGHT)
        self._client.on_publish = self._note

    def run(self) -> None:
        """Publish until all is acknowledged."""
        left = len(self._numbers)
        published, begin = 0, time.monotonic()
        with Path(self._job.acknowledged).open("ab") as file:
            while left:
                self._stay_connected()
                due = min(len(self._numbers), int((time.monotonic() - begin) * self._job.rate) + 1)
                while self._client.is_connected() and published < due and len(self._flying) < IN_FLIGHT:
                    self._publish(self._numbers[published])
                    published += 1
                if self._client.loop(LISTEN_S) != MQTT_ERR_SUCCESS:
                    time.sleep(PAUSE_S)
                left -= len(self._fresh) // 2
                self._fresh.tofile(file)
                file.flush()
                del self._fresh[:]
        self._client.disconnect()

    def _stay_connected(self) -> None:
        while self._client.socket() is None:
            try:
                self._client.connect("127.0.0.1", self._job.port, KEEP_ALIVE_S)
            except OSError:
                time.sleep(PAUSE_S)

    def _publish(self, number: int) -> None:
        topic, payload = self._job.fixes.write(number)
        self._flying[self._client.publish(topic, payload, qos=1).mid] = number

    def _note(
        self, client: Client, userdata: object, packet_id: int, code: ReasonCode, properties: Properties
    ) -> None:
        number = self._flying.pop(packet_id)
        if code.is_failure:
            self._publish(number)
        else:
            self._fresh.extend((number, time.time()))


if __name__ == "__main__":
    Publisher(Job.load(sys.argv[1])).run()
