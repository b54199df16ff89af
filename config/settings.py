"""Every setting of Motorpool, read once at the start from the environment and `motorpool.toml`.

The environment wins over the file; NAME_FILE names a file that holds a secret. What is unknown, ill-typed
or weak stops the start with one sentence each (`SettingsError`), because a daemon that runs with a
mistyped setting is worse than one that does not run. `config/motorpool.example.toml` shows them all.
"""

import difflib
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

CHECKOUT = Path(__file__).resolve().parent.parent
SECRETS = ("DATABASE_URL", "DATABASE_READ_URL", "MQTT_URL", "SMTP_PASSWORD", "JWT_SECRET")
DECODERS = ("native", "nmea", "owntracks")
DEFAULT_TOPICS = {
    "fleet/+/position": "native",
    "fleet/+/nmea": "nmea",
    "owntracks/+/+": "owntracks",
}


class SettingsError(Exception):
    """Settings that cannot be used; `sentences` says why, one for each."""

    def __init__(self, sentences: list[str]) -> None:
        super().__init__(" ".join(sentences))
        self.sentences = sentences


def default_data_dir() -> Path:
    """Where data lives unless DATA_DIR says otherwise: in the checkout, else /var/lib/motorpool."""
    return CHECKOUT / ".motorpool" if (CHECKOUT / "pyproject.toml").exists() else Path("/var/lib/motorpool")


class SerialPort(str):
    """A serial port and its speed, written `/dev/ttyUSB0:4800=bus-12` (baud rate and uid may be left out)."""

    @property
    def path(self) -> str:
        return self.partition("=")[0].rpartition(":")[0] if self._has_baud else self.partition("=")[0]

    @property
    def baud_rate(self) -> int:
        return int(self.partition("=")[0].rpartition(":")[2]) if self._has_baud else 9600

    @property
    def uid(self) -> str:
        """The device that speaks on this port; the port's own name where none is given."""
        return self.partition("=")[2] or Path(self.path).name

    @property
    def _has_baud(self) -> bool:
        return self.partition("=")[0].rpartition(":")[2].isdigit()


class Settings(BaseSettings):
    """All settings; each field's name in capitals is the name of its environment variable."""

    model_config = SettingsConfigDict(extra="forbid", case_sensitive=False)

    database_url: SecretStr | None = None
    database_read_url: SecretStr | None = None
    mqtt_url: SecretStr | None = None
    mqtt_client_id: str = Field("motorpool-ingest", min_length=1, max_length=200)
    mqtt_topics: Annotated[dict[str, str], NoDecode] = DEFAULT_TOPICS
    mqtt_receive_maximum: int = Field(20_000, ge=1, le=65_535)
    serial_ports: Annotated[tuple[str, ...], NoDecode] = ()

    batch_size: int = Field(5_000, ge=1, le=100_000)
    batch_age_ms: int = Field(200, ge=1, le=60_000)

    gps_update_interval: float = Field(10.0, gt=0, le=86_400)
    gps_history_retention_days: int = Field(0, ge=0, le=36_500)

    web_host: str = "127.0.0.1"
    web_port: int = Field(8000, ge=1, le=65_535)
    web_threads: int = Field(64, ge=4, le=4_096)
    websocket_port: int | None = Field(None, ge=1, le=65_535)
    websocket_allowed_origins: Annotated[tuple[str, ...], NoDecode] = ()
    map_style_url: str | None = None
    jwt_secret: SecretStr | None = None
    api_rate_limit: int = Field(100, ge=1)
    api_rate_window: int = Field(60, ge=1)
    cookie_secure: bool = True

    smtp_host: str | None = None
    smtp_port: int = Field(587, ge=1, le=65_535)
    smtp_username: str | None = None
    smtp_password: SecretStr | None = None
    smtp_from: str | None = None

    metrics_port: int | None = Field(None, ge=1, le=65_535)
    data_dir: Path = Field(default_factory=default_data_dir)
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["json", "console"] = "json"

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], **_: PydanticBaseSettingsSource
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what `load` passes in: the sources are merged there, where each error can be named."""
        return (_["init_settings"],)

    @field_validator("mqtt_topics", mode="before")
    @classmethod
    def _read_topics(cls, value: object) -> object:
        """Accept `pattern=decoder,pattern=decoder` as well as a table."""
        if isinstance(value, str):
            pairs = (entry.rpartition("=") for entry in _entries(value))
            return {pattern: decoder for pattern, _, decoder in pairs}
        return value

    @field_validator("mqtt_topics")
    @classmethod
    def _know_decoders(cls, value: dict[str, str]) -> dict[str, str]:
        for pattern, decoder in value.items():
            if decoder not in DECODERS or not pattern:
                raise ValueError(f"wants pattern=decoder with a decoder of {', '.join(DECODERS)}")
        return value

    @field_validator("serial_ports", "websocket_allowed_origins", mode="before")
    @classmethod
    def _read_list(cls, value: object) -> object:
        return _entries(value) if isinstance(value, str) else value

    @field_validator("database_url", "database_read_url")
    @classmethod
    def _is_postgres(cls, value: SecretStr | None) -> SecretStr | None:
        if value and urlsplit(value.get_secret_value()).scheme not in ("postgresql", "postgres"):
            raise ValueError("must look like postgresql://user:password@host:5432/name")
        return value

    @field_validator("mqtt_url")
    @classmethod
    def _is_mqtt(cls, value: SecretStr | None) -> SecretStr | None:
        if value:
            url = urlsplit(value.get_secret_value())
            if url.scheme not in ("mqtt", "mqtts") or not url.hostname:
                raise ValueError("must look like mqtt://user:password@host:1883 (mqtts:// for TLS)")
        return value

    @field_validator("jwt_secret")
    @classmethod
    def _is_long_enough(cls, value: SecretStr | None) -> SecretStr | None:
        if value and len(value.get_secret_value().encode()) < 32:
            raise ValueError("must be at least 32 bytes long; make one with: openssl rand -hex 32")
        return value

    def need(self, name: str) -> str:
        """The plain text of a secret setting that a command cannot do without."""
        value: SecretStr | None = getattr(self, name)
        if value is None:
            hint = ' (on one machine: eval "$(motorpool services env)")' if name.endswith("url") else ""
            raise SettingsError([f"{name.upper()} is not set; this command needs it{hint}."])
        return value.get_secret_value()


def _entries(text: str) -> list[str]:
    return [entry.strip() for entry in text.split(",") if entry.strip()]


def load(environ: Mapping[str, str] | None = None, file: Path | None = None) -> Settings:
    """Read the settings, or raise SettingsError with a sentence for each thing wrong."""
    environ = os.environ if environ is None else environ
    path = file or Path(environ.get("MOTORPOOL_CONFIG", "motorpool.toml"))
    sentences: list[str] = []
    values = {**_from_file(path, sentences), **_from_environment(environ, sentences)}
    try:
        settings = Settings(**values)
    except ValidationError as error:
        for problem in error.errors():
            name = str(problem["loc"][0]).upper()
            message = problem["msg"].removeprefix("Value error, ")
            sentences.append(f"{name} {message[0].lower()}{message[1:]}.")
    if sentences:
        raise SettingsError(sentences)
    return settings


def _from_file(path: Path, sentences: list[str]) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        sentences.append(f"{path} cannot be read: {error}.")
        return {}
    known = {name.lower(): value for name, value in table.items() if name.lower() in Settings.model_fields}
    for name in table:
        if name.lower() not in Settings.model_fields:
            sentences.append(f"{path} has {name}, which is no setting{_meant(name)}.")
    return known


def _from_environment(environ: Mapping[str, str], sentences: list[str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name in Settings.model_fields:
        if (text := environ.get(name.upper(), "")) != "":
            values[name] = text
    for name in SECRETS:
        file = environ.get(f"{name}_FILE")
        if file:
            try:
                values[name.lower()] = Path(file).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                sentences.append(f"{name}_FILE cannot be read: {error}.")
    for name in environ:
        if not _is_known(name) and (meant := _meant(name)) and name.isupper():
            sentences.append(f"{name} is in the environment but is no setting{meant}.")
    return values


def _is_known(name: str) -> bool:
    return name.lower() in Settings.model_fields or name.removesuffix("_FILE") in SECRETS


def _meant(name: str) -> str:
    """A hint at the setting that a wrong name is close to; empty where none is."""
    close = difflib.get_close_matches(name.upper(), [n.upper() for n in Settings.model_fields], 1, 0.87)
    return f"; did you mean {close[0]}?" if close else ""
