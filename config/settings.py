"""Every setting of Motorpool, read once at the start from the environment and `motorpool.toml`.

The environment wins over the file; NAME_FILE names a file that holds a secret. What is unknown, ill-typed
or weak stops the start with one sentence each (`SettingsError`), because a daemon that runs with a
mistyped setting is worse than one that does not run. `config/motorpool.example.toml` shows them all.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from config.sentences import write_sentence
from config.serial_port import SerialPort, read_serial_port
from config.sources import Source

CHECKOUT = Path(__file__).resolve().parent.parent
SECRETS = ("database_url", "database_read_url", "mqtt_url", "smtp_password", "jwt_secret")
MQTT_ADDRESS = re.compile(r"mqtts?://([^@/?\s]*@)?(\[[0-9A-Fa-f:.]+\]|[^@/?:\s]+)(:\d{1,5})?([/?]\S*)?")
TOPIC_FILTER = re.compile(r"(?=.)(([^+#/]*|\+)/)*([^+#/]*|\+|#)")
SHARE_NAME = re.compile(r"[^/+#]{1,200}")
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


class Settings(BaseSettings):
    """All settings; each field's name in capitals is the name of its environment variable."""

    model_config = SettingsConfigDict(extra="forbid", case_sensitive=False)

    database_url: SecretStr | None = None
    database_read_url: SecretStr | None = None
    web_pool_size: int = Field(8, ge=1, le=500)
    jobs_pool_size: int = Field(4, ge=1, le=100)
    web_statement_timeout: float = Field(10.0, ge=0, le=3_600)
    jobs_statement_timeout: float = Field(3_600.0, ge=0, le=86_400)
    ingest_statement_timeout: float = Field(60.0, ge=0, le=3_600)
    slow_query_ms: int = Field(500, ge=1, le=3_600_000)

    mqtt_url: SecretStr | None = None
    mqtt_client_id: str = Field("motorpool-ingest", min_length=1, max_length=200)
    mqtt_share: str | None = None
    mqtt_topics: Annotated[dict[str, str], NoDecode] = DEFAULT_TOPICS
    mqtt_receive_maximum: int = Field(20_000, ge=1, le=65_535)
    serial_ports: Annotated[tuple[SerialPort, ...], NoDecode] = ()
    serial_spool_max: int = Field(500_000, ge=1, le=100_000_000)

    batch_size: int = Field(5_000, ge=1, le=100_000)
    batch_age_ms: int = Field(200, ge=1, le=60_000)

    gps_update_interval: float = Field(10.0, gt=0, le=86_400)
    gps_history_retention_days: int = Field(0, ge=0, le=36_500)

    web_host: str = "127.0.0.1"
    web_port: int = Field(8000, ge=1, le=65_535)
    web_threads: int = Field(64, ge=4, le=4_096)
    web_url: str | None = None
    web_proxies: int = Field(0, ge=0, le=9)
    websocket_port: int | None = Field(None, ge=1, le=65_535)
    websocket_allowed_origins: Annotated[tuple[str, ...], NoDecode] = ()
    map_style_url: str | None = None
    jwt_secret: SecretStr | None = None
    api_rate_limit: int = Field(100, ge=1)
    api_rate_window: int = Field(60, ge=1)
    cookie_secure: bool = True
    require_second_factor: bool = False
    import_max_mb: int = Field(512, ge=1, le=10_240)

    smtp_host: str | None = None
    smtp_port: int = Field(587, ge=1, le=65_535)
    smtp_username: str | None = None
    smtp_password: SecretStr | None = None
    smtp_from: str | None = None

    metrics_port: int | None = Field(None, ge=1, le=65_534)
    data_dir: Path = Field(default_factory=default_data_dir)
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["json", "console"] = "json"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what `load` passes in: the sources are merged there, where each error can be named."""
        return (init_settings,)

    @field_validator("*", mode="before")
    @classmethod
    def _tell_true_from_one(cls, value: object, info: ValidationInfo) -> object:
        """Refuse `web_port = true`, which pydantic would read as 1."""
        if isinstance(value, bool) and cls.model_fields[str(info.field_name)].annotation is not bool:
            raise ValueError(f"must not be {str(value).lower()}")
        return value

    @field_validator("mqtt_share")
    @classmethod
    def _is_share(cls, value: str | None) -> str | None:
        if value is not None and not SHARE_NAME.fullmatch(value):
            raise ValueError(f"must be a name without /, + and #, not {value!r}")
        return value

    @field_validator("mqtt_topics", mode="before")
    @classmethod
    def _read_topics(cls, value: object) -> object:
        """Accept `pattern=decoder,pattern=decoder` as well as a table."""
        if not isinstance(value, str):
            return value
        topics: dict[str, str] = {}
        for entry in _entries(value):
            pattern, equals, decoder = (part.strip() for part in entry.rpartition("="))
            if not equals:
                raise ValueError(f"wants pattern=decoder, not {entry!r}")
            if topics.setdefault(pattern, decoder) != decoder:
                raise ValueError(f"gives {pattern} two decoders")
        return topics

    @field_validator("mqtt_topics")
    @classmethod
    def _know_topics(cls, value: dict[str, str]) -> dict[str, str]:
        for pattern, decoder in value.items():
            if not TOPIC_FILTER.fullmatch(pattern):
                raise ValueError(f"wants an MQTT topic filter (+ a whole level, # the last), not {pattern!r}")
            if decoder not in DECODERS:
                raise ValueError(f"wants one of {', '.join(DECODERS)} to decode {pattern}, not {decoder!r}")
        return value

    @field_validator("serial_ports", mode="before")
    @classmethod
    def _read_ports(cls, value: object) -> object:
        ports = [read_serial_port(entry) for entry in _entries(value)]
        if len({port.path for port in ports}) < len(ports):
            raise ValueError("names a port twice")
        return ports

    @field_validator("websocket_allowed_origins", mode="before")
    @classmethod
    def _read_origins(cls, value: object) -> object:
        origins = _entries(value)
        for origin in origins:
            if not re.fullmatch(r"https?://[^/?#@*\s]+", origin):
                raise ValueError(f"wants origins such as https://fleet.example.org, not {origin!r}")
        return origins

    @field_validator("map_style_url")
    @classmethod
    def _is_web_address(cls, value: str | None) -> str | None:
        if value and not value.startswith(("https://", "http://", "/")):
            raise ValueError("must be the address of a MapLibre style, https://…/style.json")
        return value

    @field_validator("web_url")
    @classmethod
    def _is_origin(cls, value: str | None) -> str | None:
        if value and not re.fullmatch(r"https?://[^/?#@*\s]+", value):
            raise ValueError("must be an address without a path, such as https://fleet.example.org")
        return value

    @field_validator("database_url", "database_read_url")
    @classmethod
    def _is_postgres(cls, value: SecretStr | None) -> SecretStr | None:
        if value and not re.match(r"postgres(ql)?://", value.get_secret_value()):
            raise ValueError("must look like postgresql://user:password@host:5432/name")
        return value

    @field_validator("mqtt_url")
    @classmethod
    def _is_mqtt(cls, value: SecretStr | None) -> SecretStr | None:
        if value and not MQTT_ADDRESS.fullmatch(value.get_secret_value()):
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


def _entries(value: object) -> list[str]:
    """The parts of a comma-separated text, or a list of texts as it is."""
    if isinstance(value, str):
        return [entry.strip() for entry in value.split(",") if entry.strip()]
    if isinstance(value, list | tuple) and all(isinstance(entry, str) for entry in value):
        return list(value)
    raise ValueError(f"must be a list of texts, not {value!r}")


def load(environ: Mapping[str, str] | None = None, file: Path | None = None) -> Settings:
    """Read the settings, or raise SettingsError with a sentence for each thing wrong.

    The file is `file`, else the one that MOTORPOOL_CONFIG names, else `motorpool.toml` here if there is one.
    """
    environ = os.environ if environ is None else environ
    named = file or environ.get("MOTORPOOL_CONFIG")
    path = Path(named or "motorpool.toml")
    from_file, from_environment = (Source(Settings.model_fields, SECRETS) for _ in range(2))
    if named or path.exists():
        from_file.read_file(path)
    from_environment.read_environment(environ)
    sentences = [*from_file.sentences, *from_environment.sentences]
    values: dict[str, Any] = {**from_file.values, **from_environment.values}
    try:
        settings = Settings(**values)
    except ValidationError as error:
        sentences += [write_sentence(problem, problem["loc"][0] in SECRETS) for problem in error.errors()]
    if sentences:
        raise SettingsError(sentences)
    return settings
