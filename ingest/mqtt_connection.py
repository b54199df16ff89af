"""One MQTT 5 connection: bytes to packets by the mqtt5 codec, and acknowledgements when we say so.

Why our own: no client with a public manual acknowledgement keeps up (docs/decisions.md, 2). It does what
an ingesting subscriber needs and no more: connect, subscribe, receive, acknowledge, ping, disconnect.
Reconnecting is the source's business: a connection lives once, so that a packet id can never be
acknowledged on a connection that did not deliver it.
"""

import asyncio
import ssl
from collections.abc import Callable, Iterable
from urllib.parse import unquote, urlsplit

import mqtt5

NEVER_EXPIRES = 0xFFFFFFFF
KEEP_ALIVE_S = 30
ANSWER_TIMEOUT_S = 10
MOST_ANSWERS = 10


OnMessages = Callable[["MqttConnection", list[mqtt5.PublishPacket]], None]


class ConnectionRefused(ConnectionError):
    """The broker does not want us, or the connection is gone; the message says why."""


class MqttConnection(asyncio.Protocol):
    """Gives the messages of each read to `on_messages`; `closed` ends when the connection does."""

    def __init__(self, on_messages: OnMessages) -> None:
        self._on_messages = on_messages
        self._transport: asyncio.Transport | None = None
        self._unread = bytearray()
        self._answers: asyncio.Queue[mqtt5.Packet | None] = asyncio.Queue()
        self._paused = False
        self._awaiting_pong = False
        self._reason: Exception | None = None
        self.taken_over = False
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    # What the source asks for

    async def open_session(self, url: str, client_id: str, receive_maximum: int) -> bool:
        """Connect to a session that outlives us; says whether the broker had it. Raises ConnectionError."""
        parts = urlsplit(url)
        packet = mqtt5.ConnectPacket(
            client_id,
            username=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password).encode() if parts.password else None,
            clean_start=False,
            keep_alive=KEEP_ALIVE_S,
            session_expiry_interval=NEVER_EXPIRES,
            receive_max=receive_maximum,
        )
        answer = await self._ask(packet)
        if not isinstance(answer, mqtt5.ConnAckPacket):
            raise ConnectionRefused(f"the broker answered CONNECT with {type(answer).__name__}")
        if answer.reason_code is not mqtt5.ConnAckReasonCode.SUCCESS:
            raise ConnectionRefused(f"the broker refused the connection: {answer.reason_code.name.lower()}")
        return answer.session_present

    async def subscribe(self, patterns: Iterable[str]) -> None:
        """Subscribe at QoS 1; what the broker has retained comes only with a new subscription."""
        filters = [
            mqtt5.TopicFilter(
                pattern,
                max_qos=mqtt5.QoS.AT_LEAST_ONCE,
                retain_as_published=False,
                retain_handling=mqtt5.RetainHandling.SEND_IF_SUBSCRIPTION_NOT_EXISTS,
            )
            for pattern in patterns
        ]
        answer = await self._ask(mqtt5.SubscribePacket(1, filters))
        codes = answer.reason_codes if isinstance(answer, mqtt5.SubAckPacket) else []
        for topic_filter, code in zip(filters, codes, strict=True):
            if code is not mqtt5.SubAckReasonCode.GRANTED_QOS_AT_LEAST_ONCE:
                raise ConnectionRefused(f"the broker answered {code.name.lower()} for {topic_filter.pattern}")

    async def unsubscribe(self, filters: Iterable[str]) -> None:
        """Want no more of these; what the session already holds is still sent."""
        answer = await self._ask(mqtt5.UnsubscribePacket(2, list(filters)))
        codes = answer.reason_codes if isinstance(answer, mqtt5.UnsubAckPacket) else []
        for code in codes:
            if code not in (
                mqtt5.UnsubAckReasonCode.SUCCESS,
                mqtt5.UnsubAckReasonCode.NO_SUBSCRIPTION_EXISTED,
            ):
                raise ConnectionRefused(f"the broker answered {code.name.lower()} for the end of a topic")
        if not codes:
            raise ConnectionRefused(f"the broker answered UNSUBSCRIBE with {type(answer).__name__}")

    def acknowledge(self, packet_ids: Iterable[int]) -> None:
        """Tell the broker that these are safe; without effect once the connection has ended."""
        if self._transport and not self._transport.is_closing():
            self._transport.write(
                b"".join([mqtt5.PubAckPacket(packet_id).write() for packet_id in packet_ids])
            )

    def pause(self) -> None:
        """Read no more until `resume`: the broker, not our memory, holds what waits."""
        if self._transport and not self._paused and not self._transport.is_closing():
            self._paused = True
            self._transport.pause_reading()

    def resume(self) -> None:
        """Read on."""
        if self._transport and self._paused and not self._transport.is_closing():
            self._paused = False
            self._awaiting_pong = False
            self._transport.resume_reading()

    async def keep_alive(self) -> None:
        """Ping until the connection ends; a broker that does not answer a ping is taken for gone."""
        while not self.closed.done():
            await asyncio.wait([self.closed], timeout=KEEP_ALIVE_S / 2)
            if self._awaiting_pong and not self._paused:
                self._fail(ConnectionRefused("the broker stopped answering"))
            elif self._transport and not self._transport.is_closing():
                self._awaiting_pong = True
                self._transport.write(mqtt5.PingReqPacket().write())

    async def close(self, end_session: bool = False) -> None:
        """Say goodbye, send what is still unsent, and wait for the end.

        `end_session` also ends the session, and with it whatever the broker still holds for it.
        """
        if self._transport and not self._transport.is_closing():
            expiry_s = 0 if end_session else None
            self._transport.write(mqtt5.DisconnectPacket(session_expiry_interval=expiry_s).write())
            self._transport.close()
        await asyncio.wait([self.closed], timeout=ANSWER_TIMEOUT_S)

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._unread += data
        messages: list[mqtt5.PublishPacket] = []
        try:
            with memoryview(self._unread) as view:
                consumed = self._read_packets(view, messages)
        except ValueError as error:
            self._fail(ConnectionRefused(f"the broker sent what is not MQTT: {error}"))
            return
        del self._unread[:consumed]
        if messages:
            self._on_messages(self, messages)

    def connection_lost(self, exc: Exception | None) -> None:
        self._reason = self._reason or exc
        self._answers.put_nowait(None)
        if not self.closed.done():
            self.closed.set_result(None)

    # How packets are read

    def _read_packets(self, view: memoryview, messages: list[mqtt5.PublishPacket]) -> int:
        offset = 0
        while True:
            try:
                packet, size = mqtt5.read(view[offset:])
            except IndexError:
                return offset
            except BaseException as error:  # the codec panics where a string is not UTF-8
                if isinstance(error, ValueError) or type(error).__name__ == "PanicException":
                    raise ValueError(error) from error
                raise
            offset += size
            if isinstance(packet, mqtt5.PublishPacket):
                messages.append(packet)
            elif isinstance(packet, mqtt5.PingRespPacket):
                self._awaiting_pong = False
            elif isinstance(packet, mqtt5.DisconnectPacket):
                self.taken_over = packet.reason_code is mqtt5.DisconnectReasonCode.SESSION_TAKEN_OVER
                self._fail(
                    ConnectionRefused(f"the broker disconnected us: {packet.reason_code.name.lower()}")
                )
            elif self._answers.qsize() < MOST_ANSWERS:
                self._answers.put_nowait(packet)
            else:
                self._fail(ConnectionRefused("the broker answers what was not asked"))

    async def _ask(
        self, packet: mqtt5.ConnectPacket | mqtt5.SubscribePacket | mqtt5.UnsubscribePacket
    ) -> mqtt5.Packet:
        if self._transport is None or self._transport.is_closing():
            raise ConnectionRefused("the connection has ended")
        self._transport.write(packet.write())
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                answer = await self._answers.get()
        except TimeoutError as error:
            raise ConnectionRefused("the broker does not answer") from error
        if answer is None:
            raise ConnectionRefused(self.reason)
        return answer

    def _fail(self, reason: Exception) -> None:
        self._reason = reason
        if self._transport:
            self._transport.abort()

    @property
    def reason(self) -> str:
        """Why the connection ended."""
        return str(self._reason) if self._reason else "the broker hung up"


async def connect(url: str, on_messages: OnMessages) -> MqttConnection:
    """Open the connection that `mqtt://` or `mqtts://` names. Raises OSError."""
    parts = urlsplit(url)
    secure = parts.scheme == "mqtts"
    async with asyncio.timeout(ANSWER_TIMEOUT_S):
        _, connection = await asyncio.get_running_loop().create_connection(
            lambda: MqttConnection(on_messages),
            str(parts.hostname),
            parts.port or (8883 if secure else 1883),
            ssl=ssl.create_default_context() if secure else None,
        )
    return connection
