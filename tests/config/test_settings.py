"""Settings refuse nonsense at the start, in sentences that an operator understands."""

from pathlib import Path

import pytest

from config.serial_port import SerialPort
from config.settings import DEFAULT_TOPICS, SettingsError, load

LONG_ENOUGH = "0123456789abcdef0123456789abcdef"


@pytest.fixture(autouse=True)
def _elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Away from any motorpool.toml of the developer's own."""
    monkeypatch.chdir(tmp_path)


def complaints(file: Path | None = None, **environ: str) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load(environ, file)
    return caught.value.sentences


def written(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "motorpool.toml"
    file.write_text(text)
    return file


def test_nothing_set_gives_the_defaults() -> None:
    settings = load({})
    assert (settings.web_port, settings.gps_history_retention_days) == (8000, 0)
    assert settings.mqtt_topics == DEFAULT_TOPICS
    assert settings.database_url is None


def test_an_empty_variable_counts_as_not_set() -> None:
    assert load({"WEB_PORT": "", "MQTT_TOPICS": ""}).web_port == 8000


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("WEB_PORT", "abc", "WEB_PORT must be a whole number, not 'abc'."),
        ("WEB_PORT", "1.5", "WEB_PORT must be a whole number, not '1.5'."),
        ("WEB_PORT", "0", "WEB_PORT must be at least 1, not '0'."),
        ("WEB_PORT", "65536", "WEB_PORT must be at most 65535, not '65536'."),
        ("GPS_UPDATE_INTERVAL", "soon", "GPS_UPDATE_INTERVAL must be a number, not 'soon'."),
        ("GPS_UPDATE_INTERVAL", "0", "GPS_UPDATE_INTERVAL must be more than 0, not '0'."),
        ("GPS_UPDATE_INTERVAL", "nan", "GPS_UPDATE_INTERVAL must be at most 86400, not 'nan'."),
        ("GPS_HISTORY_RETENTION_DAYS", "-1", "GPS_HISTORY_RETENTION_DAYS must be at least 0, not '-1'."),
        ("COOKIE_SECURE", "maybe", "COOKIE_SECURE must be true or false, not 'maybe'."),
        ("LOG_LEVEL", "loud", "LOG_LEVEL must be 'debug', 'info', 'warning' or 'error', not 'loud'."),
        (
            "MAP_STYLE_URL",
            "tiles",
            "MAP_STYLE_URL must be the address of a MapLibre style, https://…/style.json.",
        ),
        (
            "WEBSOCKET_ALLOWED_ORIGINS",
            "https://a.example,*",
            "WEBSOCKET_ALLOWED_ORIGINS wants origins such as https://fleet.example.org, not '*'.",
        ),
        (
            "MQTT_URL",
            "localhost:1883",
            "MQTT_URL must look like mqtt://user:password@host:1883 (mqtts:// for TLS).",
        ),
        (
            "DATABASE_URL",
            "mysql://localhost/motorpool",
            "DATABASE_URL must look like postgresql://user:password@host:5432/name.",
        ),
    ],
)
def test_a_value_that_cannot_be_used_is_one_sentence(name: str, value: str, sentence: str) -> None:
    assert complaints(**{name: value}) == [sentence]


def test_everything_wrong_is_said_at_once() -> None:
    assert len(complaints(WEB_PORT="x", LOG_LEVEL="y", SERIAL_PORTS="z", WEB_PROT="1")) == 4


def test_a_very_long_value_is_cut_in_the_sentence() -> None:
    (sentence,) = complaints(MQTT_CLIENT_ID="x" * 5_000)
    assert sentence.startswith("MQTT_CLIENT_ID must have at most 200 characters, not 'xxx")
    assert len(sentence) < 150


def test_a_variable_close_to_a_setting_is_refused_with_the_likely_name() -> None:
    assert complaints(WEB_PROT="1") == [
        "WEB_PROT is in the environment but is no setting (did you mean WEB_PORT?)."
    ]


def test_variables_of_other_programs_are_left_alone() -> None:
    assert load({"PATH": "/bin", "HOME": "/root", "KUBERNETES_PORT": "tcp://10.0.0.1:443"}).web_port == 8000


def test_a_name_in_the_file_that_is_no_setting_is_refused(tmp_path: Path) -> None:
    file = written(tmp_path, 'colour = "red"\nweb_prot = 1\n')
    assert complaints(file) == [
        f"{file} has colour, which is no setting.",
        f"{file} has web_prot, which is no setting (did you mean WEB_PORT?).",
    ]


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = written(tmp_path, "web_port = 8001\nbatch_size = 7\n")
    settings = load({"WEB_PORT": "8002"}, file)
    assert (settings.web_port, settings.batch_size) == (8002, 7)


def test_motorpool_toml_is_read_where_the_program_starts(tmp_path: Path) -> None:
    written(tmp_path, "web_port = 8001")
    assert load({}).web_port == 8001


def test_a_file_that_was_named_must_exist() -> None:
    assert complaints(MOTORPOOL_CONFIG="/nowhere.toml") == [
        "/nowhere.toml cannot be read: No such file or directory."
    ]


def test_a_file_that_is_no_toml_is_one_sentence(tmp_path: Path) -> None:
    file = written(tmp_path, "web_port: 8001")
    (sentence,) = complaints(file)
    assert sentence.startswith(f"{file} cannot be read: Expected '='")


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("web_port = true", "WEB_PORT must not be true."),
        ("web_port = [1]", "WEB_PORT must be a whole number, not [1]."),
        ("web_host = 8", "WEB_HOST must be text, not 8."),
        ("mqtt_topics = 3", "MQTT_TOPICS must be a table, not 3."),
        ('mqtt_topics = {"a/b" = 1}', "MQTT_TOPICS.a/b must be text, not 1."),
        ("serial_ports = [1]", "SERIAL_PORTS must be a list of texts, not [1]."),
        ("jwt_secret = 5", "JWT_SECRET must be text."),
        ("jwt_secret_file = 5", "JWT_SECRET_FILE cannot be read: "),
    ],
)
def test_an_ill_typed_line_in_the_file_is_refused(tmp_path: Path, line: str, sentence: str) -> None:
    (said,) = complaints(written(tmp_path, line))
    assert said.startswith(sentence)


def test_a_weak_secret_is_refused_and_never_shown() -> None:
    (sentence,) = complaints(JWT_SECRET="hunter2-hunter2")
    assert sentence == "JWT_SECRET must be at least 32 bytes long; make one with: openssl rand -hex 32."


@pytest.mark.parametrize("value", ["mqtt://u:hun/ter2@host", "mqtt://u:hunter2@host:hunter2", "hunter2"])
@pytest.mark.parametrize("name", ["DATABASE_URL", "DATABASE_READ_URL", "MQTT_URL", "JWT_SECRET"])
def test_no_sentence_shows_a_secret(name: str, value: str) -> None:
    assert "ter2" not in " ".join(complaints(**{name: value}, WEB_PORT="x"))


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:p@h:5432/db",
        "postgres:///db?host=/run/postgresql",
        "postgresql://a:5432,b:5432/db?target_session_attrs=read-write",
    ],
)
def test_the_addresses_that_libpq_knows_are_accepted(url: str) -> None:
    assert load({"DATABASE_URL": url}).need("database_url") == url


@pytest.mark.parametrize(
    "url", ["mqtt://h", "mqtts://u:p@h.example:8883", "mqtt://[::1]:1883", "mqtt://u:p:q@h"]
)
def test_plain_and_encrypted_brokers_are_accepted(url: str) -> None:
    assert load({"MQTT_URL": url}).need("mqtt_url") == url


def test_a_secret_is_read_from_the_file_that_is_named(tmp_path: Path) -> None:
    secret = tmp_path / "jwt"
    secret.write_text(LONG_ENOUGH + "\n")
    assert load({"JWT_SECRET_FILE": str(secret)}).need("jwt_secret") == LONG_ENOUGH
    file = written(tmp_path, f'jwt_secret_file = "{secret}"')
    assert load({}, file).need("jwt_secret") == LONG_ENOUGH


def test_an_environment_secret_wins_over_one_that_the_file_names(tmp_path: Path) -> None:
    secret = tmp_path / "jwt"
    secret.write_text(LONG_ENOUGH)
    file = written(tmp_path, f'jwt_secret_file = "{secret}"')
    assert load({"JWT_SECRET": "x" * 40}, file).need("jwt_secret") == "x" * 40


def test_a_secret_file_that_is_missing_or_empty_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    assert complaints(JWT_SECRET_FILE="nowhere") == [
        "JWT_SECRET_FILE cannot be read: No such file or directory."
    ]
    assert complaints(JWT_SECRET_FILE="empty") == ["JWT_SECRET_FILE names an empty file, empty."]


def test_two_different_secrets_in_one_place_are_refused(tmp_path: Path) -> None:
    (tmp_path / "jwt").write_text(LONG_ENOUGH)
    assert complaints(JWT_SECRET="x" * 40, JWT_SECRET_FILE="jwt") == [
        "JWT_SECRET and JWT_SECRET_FILE differ; keep one."
    ]
    assert load({"JWT_SECRET": LONG_ENOUGH, "JWT_SECRET_FILE": "jwt"}).need("jwt_secret") == LONG_ENOUGH


def test_only_a_secret_can_be_read_from_a_file() -> None:
    assert complaints(SMTP_HOST_FILE="host") == [
        "SMTP_HOST_FILE is no setting: only a secret can be read from a file."
    ]


def test_a_command_that_needs_a_setting_says_how_to_get_it() -> None:
    with pytest.raises(SettingsError, match=r"DATABASE_URL is not set; .*motorpool services env"):
        load({}).need("database_url")


def test_topics_are_read_from_the_environment_and_from_a_table(tmp_path: Path) -> None:
    topics = {"bus/+/gps": "native", "a=b/#": "nmea"}
    assert load({"MQTT_TOPICS": " bus/+/gps = native , a=b/#=nmea,"}).mqtt_topics == topics
    file = written(tmp_path, 'mqtt_topics = { "bus/+/gps" = "native", "a=b/#" = "nmea" }')
    assert load({}, file).mqtt_topics == topics


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("fleet/+/position", "MQTT_TOPICS wants pattern=decoder, not 'fleet/+/position'."),
        ("a=native,a=nmea", "MQTT_TOPICS gives a two decoders."),
        ("a=morse", "MQTT_TOPICS wants one of native, nmea, owntracks to decode a, not 'morse'."),
    ],
)
def test_topics_without_a_decoder_are_refused(value: str, sentence: str) -> None:
    assert complaints(MQTT_TOPICS=value) == [sentence]


@pytest.mark.parametrize("pattern", ["", "fleet/bus+/x", "fleet/#/x", "#/x", "fleet/x#", "++"])
def test_topic_filters_that_mqtt_does_not_know_are_refused(pattern: str) -> None:
    (sentence,) = complaints(MQTT_TOPICS=f"{pattern}=native")
    assert sentence.startswith("MQTT_TOPICS wants an MQTT topic filter")


@pytest.mark.parametrize("pattern", ["+", "#", "/", "a//b", "+/+/#", "$share/ingest/fleet/+/position", "ü"])
def test_topic_filters_that_mqtt_knows_are_accepted(pattern: str) -> None:
    assert load({"MQTT_TOPICS": f"{pattern}=native"}).mqtt_topics == {pattern: "native"}


@pytest.mark.parametrize(
    ("text", "port"),
    [
        ("/dev/ttyUSB0", SerialPort("/dev/ttyUSB0", 9600, "ttyUSB0")),
        ("/dev/ttyUSB0:4800", SerialPort("/dev/ttyUSB0", 4800, "ttyUSB0")),
        ("/dev/ttyUSB0=bus-12", SerialPort("/dev/ttyUSB0", 9600, "bus-12")),
        (" /dev/pts/3:115200 = bus=12 ", SerialPort("/dev/pts/3", 115200, "bus=12")),
        (
            "/dev/serial/by-path/pci-0000:00:14.0-usb-0:2:1.0:38400=bus-7",
            SerialPort("/dev/serial/by-path/pci-0000:00:14.0-usb-0:2:1.0", 38400, "bus-7"),
        ),
        (
            "/dev/serial/by-path/pci-0000:00:14.0-usb-0:2:1.0",
            SerialPort(
                "/dev/serial/by-path/pci-0000:00:14.0-usb-0:2:1.0", 9600, "pci-0000:00:14.0-usb-0:2:1.0"
            ),
        ),
    ],
)
def test_a_serial_port_is_a_path_a_baud_rate_and_a_uid(text: str, port: SerialPort) -> None:
    assert load({"SERIAL_PORTS": text}).serial_ports == (port,)


def test_several_serial_ports_come_as_a_text_or_as_a_list(tmp_path: Path) -> None:
    file = written(tmp_path, 'serial_ports = ["/dev/ttyS0:4800", "/dev/ttyS1"]')
    assert load({"SERIAL_PORTS": "/dev/ttyS0:4800,/dev/ttyS1"}).serial_ports == load({}, file).serial_ports


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("ttyUSB0", "wants the full path of a port, such as /dev/ttyUSB0:4800=bus-12, not 'ttyUSB0'."),
        ("=bus-12", "wants the full path of a port, such as /dev/ttyUSB0:4800=bus-12, not '=bus-12'."),
        ("/dev/ttyUSB0:fast", "wants a baud rate from 50 to 4000000 after the colon in '/dev/ttyUSB0:fast'."),
        ("/dev/ttyUSB0:", "wants a baud rate from 50 to 4000000 after the colon in '/dev/ttyUSB0:'."),
        ("/dev/ttyUSB0:0", "wants a baud rate from 50 to 4000000 after the colon in '/dev/ttyUSB0:0'."),
        (f"/dev/ttyUSB0={'x' * 201}", "wants a uid of at most 200 characters for /dev/ttyUSB0."),
        ("/dev/ttyUSB0,/dev/ttyUSB0:4800", "names a port twice."),
    ],
)
def test_a_serial_port_that_makes_no_sense_is_refused(text: str, sentence: str) -> None:
    assert complaints(SERIAL_PORTS=text) == [f"SERIAL_PORTS {sentence}"]
