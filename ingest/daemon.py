"""The daemon: sources fill the pipeline, a writer empties it, and only what is committed is acknowledged."""

import asyncio
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import structlog
from prometheus_client import start_http_server
from systemd_watchdog.systemd_watchdog import WatchDog

from config.settings import Settings, SettingsError
from ingest import metrics
from ingest.mqtt_source import MqttSource
from ingest.pipeline import Pending, Pipeline
from ingest.serial_source import SerialSource
from ingest.spool import Spool
from ingest.status import Status
from ingest.writer import Abandoned, Writer
from sql.batches import Tally
from sql.processes import Process
from sql.pulse import Pulse

DRAIN_TIMEOUT_S = 15.0

log = structlog.get_logger()

Source = MqttSource | SerialSource | Spool


class Daemon:
    """One process of ingestion; `run` returns after SIGTERM or SIGINT, when all that came in is stored."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._pipeline = Pipeline(settings.batch_size, settings.batch_age_ms / 1000, self._press)
        self._writer = Writer(settings.need("database_url"), settings.ingest_statement_timeout)
        full_records = min(settings.batch_size, settings.mqtt_receive_maximum) // 2
        self._status = Status(full_records)
        beats = [self._status.report]
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="writer")
        self._sources: list[Source] = []
        self._throttled: list[MqttSource | Spool] = []
        self._spool: Spool | None = None
        if settings.serial_ports:
            path = settings.data_dir / "spool" / "serial.sqlite"
            self._spool = Spool(path, settings.serial_spool_max, self._pipeline)
            self._throttled.append(self._spool)
            self._sources += [
                self._spool,
                *(SerialSource(port, self._spool) for port in settings.serial_ports),
            ]
        if settings.mqtt_url:
            self._mqtt = MqttSource(
                settings.need("mqtt_url"),
                settings.mqtt_client_id,
                settings.mqtt_share,
                settings.mqtt_topics,
                settings.mqtt_receive_maximum,
                self._pipeline,
            )
            self._sources.append(self._mqtt)
            self._throttled.append(self._mqtt)
            beats.append(self._mqtt.sessions.beat)
        if not self._sources:
            raise SettingsError(["Neither MQTT_URL nor SERIAL_PORTS is set; there is nothing to read from."])
        process = self._describe()
        beats.append(process.report)
        self._pulse = Pulse(settings.need("database_url"), "ingest", *beats, farewell=process.leave)

    def _describe(self) -> Process:
        if not self._settings.mqtt_url:
            return Process("ingest", None, self._say_what)
        mqtt = self._mqtt
        return Process("ingest", None, self._say_what, mqtt.sessions.broker, lambda: mqtt.is_connected)

    def _say_what(self) -> str:
        return "pauses reading" if self._status.paused else "stores positions"

    async def run(self) -> None:
        """Receive and store until told to stop."""
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        if self._settings.metrics_port:
            start_http_server(self._settings.metrics_port, "127.0.0.1")
        self._pulse.start()
        async with asyncio.TaskGroup() as group:
            readers = [
                group.create_task(source.run(), name=f"source {type(source).__name__}")
                for source in self._sources
            ]
            storing = group.create_task(self._store(), name="store")
            watching = group.create_task(self._report_health(), name="health")
            await stop.wait()
            log.info("draining", records=self._pipeline.waiting_records)
            await self._drain(storing)
            for task in (*readers, storing, watching):
                task.cancel()
        self._thread.shutdown()
        self._writer.close()
        self._pulse.stop()
        if self._spool:
            self._spool.close()
        log.info("stopped")

    async def _store(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            pending = await self._pipeline.take()
            self._status.begin(pending.batch, self._pipeline.waiting_records)
            try:
                tallies = await loop.run_in_executor(
                    self._thread, self._writer.store, pending.batch, self._pipeline.has_more
                )
            except Abandoned:
                return
            self._pipeline.settle(pending)
            self._status.end(self._pipeline.waiting_records)
            _count(pending, tallies)
            metrics.WAITING.set(self._pipeline.waiting_records)

    async def _drain(self, storing: asyncio.Task[None]) -> None:
        """Stop reading, then wait until all that was read is stored; broker and spool keep the rest."""
        for source in self._throttled:
            source.pause()
        self._pipeline.drain()
        deadline = time.monotonic() + DRAIN_TIMEOUT_S
        while self._pipeline.waiting_messages and time.monotonic() < deadline:
            await asyncio.sleep(0.02)
        self._writer.give_up()
        if self._pipeline.waiting_messages:
            log.error("stopped before the database took all", unacknowledged=self._pipeline.waiting_messages)
            await storing

    def _press(self, pressed: bool) -> None:
        """Stop the sources while too much waits in memory; broker and spool keep the rest."""
        log.warning(
            "reading pauses" if pressed else "reading resumes", waiting=self._pipeline.waiting_records
        )
        self._status.paused = pressed
        for source in self._throttled:
            if pressed:
                source.pause()
            else:
                source.resume()

    async def _report_health(self) -> None:
        watchdog = WatchDog()
        try:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._writer.wait_until_open)
        except Abandoned:
            return
        if self._settings.mqtt_url:
            await self._mqtt.subscribed.wait()
        watchdog.ready()
        log.info("ready", sources=len(self._sources))
        while True:
            watchdog.ping()
            await asyncio.sleep(1)


def _count(pending: Pending, tallies: dict[str, Tally]) -> None:
    metrics.BATCH_RECORDS.observe(pending.records)
    metrics.LAST_COMMIT.set_to_current_time()
    for source, tally in tallies.items():
        for outcome in ("stored", "duplicate", "quarantined", "ignored"):
            metrics.RECORDS.labels(source, outcome).inc(getattr(tally, outcome))
