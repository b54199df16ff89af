"""A serial GPS unit as a source: a port that speaks NMEA, that may be unplugged, and that comes back.

A port has no broker behind it: what it says while nobody reads is lost in the kernel's small buffer. So
reading never stops, whatever the database does (`ingest/spool.py` keeps the positions); the port is opened
again as soon as it exists, and what waited in that buffer is kept, which pyserial would flush.
"""

import asyncio
from datetime import UTC, datetime

import serial
import serial_asyncio_fast
import structlog

from config.serial_port import SerialPort
from devices.nmea import NmeaDecoder
from devices.position import Result
from ingest import metrics
from ingest.spool import Spool
from sql.batches import Message

REOPEN_PAUSE_S = 0.5
END_OF_EPOCH_S = 0.3
RAW_KEPT_BYTES = 4_096

log = structlog.get_logger()


class WaitingSerial(serial.Serial):
    """A serial port that keeps what waited in it before it was opened."""

    def _reset_input_buffer(self) -> None:
        """pyserial flushes here while opening; those are fixes from before we came back."""


class SerialSource:
    """Reads one port until cancelled."""

    def __init__(self, port: SerialPort, spool: Spool) -> None:
        self._port = port
        self._spool = spool

    async def run(self) -> None:
        """Stay open; each opening and each loss is logged once, however long it takes between them."""
        waits = False
        while True:
            try:
                device = WaitingSerial(self._port.path, self._port.baud_rate, exclusive=True)
            except (OSError, ValueError) as error:
                if not waits:
                    log.warning("serial port cannot be opened yet", port=self._port.path, reason=str(error))
                waits = True
            else:
                waits = False
                log.info("serial port opened", port=self._port.path, uid=self._port.uid)
                reason = await self._read_until_closed(device)
                log.warning("serial port closed", port=self._port.path, reason=reason)
            await asyncio.sleep(REOPEN_PAUSE_S)

    async def _read_until_closed(self, device: serial.Serial) -> str:
        loop = asyncio.get_running_loop()
        reader = _Reader(self._port, self._spool)
        transport, _ = await serial_asyncio_fast.connection_for_serial(loop, lambda: reader, device)
        gauge = metrics.SERIAL_OPEN.labels(self._port.path)
        gauge.set(1)
        try:
            return await reader.closed
        finally:
            gauge.set(0)
            transport.abort()
            device.close()
            reader.finish()


class _Reader(asyncio.Protocol):
    """Feeds a decoder, and ends an epoch where the unit falls silent for a moment."""

    def __init__(self, port: SerialPort, spool: Spool) -> None:
        self._port = port
        self._spool = spool
        self._decoder = NmeaDecoder()
        self._recent = bytearray()
        self._silence: asyncio.TimerHandle | None = None
        self.closed: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def data_received(self, data: bytes) -> None:
        self._recent += data
        del self._recent[:-RAW_KEPT_BYTES]
        self._hand_on(self._decoder.feed(data))
        if self._silence:
            self._silence.cancel()
        self._silence = asyncio.get_running_loop().call_later(END_OF_EPOCH_S, self._end_epoch)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.closed.done():
            self.closed.set_result(str(exc) if exc else "end of stream")

    def finish(self) -> None:
        """Keep the epoch under way: the port was closed, or the daemon stops."""
        if self._silence:
            self._silence.cancel()
        self._hand_on(self._decoder.close())

    def _end_epoch(self) -> None:
        self._hand_on(self._decoder.flush())

    def _hand_on(self, results: list[Result]) -> None:
        if results:
            topic = self._port.path
            message = Message(f"serial:{topic}", topic, bytes(self._recent), datetime.now(UTC))
            self._recent.clear()
            self._spool.accept(message, self._port.uid, results)
