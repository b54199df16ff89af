"""What the daemon is held against: the database's own limit, what people write first, and decoding alone."""

import asyncio
import time
from datetime import UTC, datetime
from urllib.parse import urlsplit

import aiomqtt
import orjson
import psycopg
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from bench.drain.messages import START, Load
from devices import native, nmea, owntracks
from sql.batches import Batch, Received
from sql.binary_copy import copy_rows, encode_fields, encode_head, timestamp_field
from sql.positions import PositionStore

DECODED = 20_000
OWNTRACKS = b'{"_type":"location","tst":1772434800,"lat":48.1,"lon":11.5,"vel":42,"cog":87,"acc":5,"batt":80}'
SENTENCE = b"$GPRMC,070001,A,4800.0000,N,01130.0000,E,010.0,090.0,020326,,,A*74\r\n"


def copy_alone(connection: psycopg.Connection, rows: list[Received], batch: int) -> float:
    """Rows a second of bare binary COPY, encoded beforehand: the limit."""
    ids: dict[str, int] = dict(connection.execute("SELECT uid, id FROM devices").fetchall())
    moment = timestamp_field(START)
    distinct = {(row.uid, row.position.fix_time): row for row in rows}
    encoded = [encode_head(ids[row.uid]) + encode_fields(moment, row.position) for row in distinct.values()]
    started = time.perf_counter()
    for begin in range(0, len(encoded), batch):
        with connection.transaction(), connection.cursor() as cursor:
            copy_rows(cursor, "positions", encoded[begin : begin + batch])
    return len(encoded) / (time.perf_counter() - started)


def store_alone(connection: psycopg.Connection, rows: list[Received], batch: int) -> float:
    """Rows a second of the store without broker and decoding."""
    store = PositionStore(connection)
    started = time.perf_counter()
    for begin in range(0, len(rows), batch):
        store.store(Batch(rows[begin : begin + batch]))
    return len(rows) / (time.perf_counter() - started)


def drain_naively(broker_url: str, client_id: str, database_url: str, total: int, batch: int) -> float:
    """Positions a second of aiomqtt's iterator with executemany, acknowledged on receipt."""
    return asyncio.run(_drain_naively(broker_url, client_id, database_url, total, batch))


async def _drain_naively(broker_url: str, client_id: str, database_url: str, total: int, batch: int) -> float:
    parts = urlsplit(broker_url)
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.SessionExpiryInterval = 0xFFFFFFFF
    client = aiomqtt.Client(
        str(parts.hostname),
        parts.port or 1883,
        identifier=client_id,
        protocol=aiomqtt.ProtocolVersion.V5,
        clean_start=False,
        properties=properties,
    )
    query = "INSERT INTO positions VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING"
    with psycopg.connect(database_url) as connection:
        ids: dict[str, int] = dict(connection.execute("SELECT uid, id FROM devices").fetchall())
        rows: list[tuple[object, ...]] = []
        started = time.perf_counter()
        async with client:
            count = 0
            async for message in client.messages:
                fix = orjson.loads(bytes(message.payload))
                device_id = ids[str(message.topic).split("/")[1]]
                now = datetime.now(UTC)
                rows.append(
                    (device_id, fix["time"], now, fix["lat"], fix["lon"], fix["speed"], fix["course"])
                )
                count += 1
                if len(rows) >= batch or count == total:
                    with connection.cursor() as cursor:
                        cursor.executemany(query, rows)
                    connection.commit()
                    rows.clear()
                if count == total:
                    break
        return total / (time.perf_counter() - started)


def decode_alone(load: Load) -> dict[str, int]:
    """Messages a second of one core, by decoder."""
    payload = next(load.messages())[1]
    rates = {}
    for name, decode, text in (
        ("native", native.decode, payload),
        ("owntracks", owntracks.decode, OWNTRACKS),
        ("nmea", nmea.decode, SENTENCE),
    ):
        started = time.process_time()
        for _ in range(DECODED):
            decode(text)
        rates[name] = round(DECODED / (time.process_time() - started))
    return rates
