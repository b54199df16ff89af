"""The sample file and the settings say the same, both ways."""

import re
import tomllib
from pathlib import Path

import pytest
from pydantic.fields import FieldInfo

from config import settings
from config.settings import SECRETS, Settings, load

SAMPLE = Path(settings.__file__).parent / "motorpool.example.toml"
ENTRY = re.compile(r"((?:^# .*\n)+)^#((\w+) = .*)\n", re.MULTILINE)


def entries() -> dict[str, tuple[str, str]]:
    """The comment and the TOML line of each setting in the sample."""
    found = ENTRY.findall(SAMPLE.read_text(encoding="utf-8"))
    return {without_file(name): (comment, line) for comment, line, name in found}


def without_file(name: str) -> str:
    return name.removesuffix("_file") if name.removesuffix("_file") in SECRETS else name


def default_of(field: FieldInfo) -> object:
    default = field.get_default(call_default_factory=True, validated_data={})
    return list(default) if isinstance(default, tuple) else default


@pytest.fixture
def _installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As if the program were installed and not run from a checkout, where DATA_DIR has another default."""
    monkeypatch.setattr(settings, "CHECKOUT", tmp_path)


def test_the_sample_shows_every_setting_and_nothing_else() -> None:
    assert list(entries()) == list(Settings.model_fields)


def test_every_line_that_could_be_a_setting_is_commented_out_and_explained() -> None:
    lines = SAMPLE.read_text(encoding="utf-8").splitlines()
    assert sum(bool(re.match(r"#\w+ =", line)) for line in lines) == len(entries())
    assert tomllib.loads("\n".join(lines)) == {}


@pytest.mark.usefixtures("_installed")
@pytest.mark.parametrize("name", Settings.model_fields)
def test_the_sample_shows_the_default_or_says_that_there_is_none(name: str) -> None:
    comment, line = entries()[name]
    default = default_of(Settings.model_fields[name])
    if default is None:
        assert "No default." in comment
    else:
        assert "No default." not in comment
        shown = tomllib.loads(line)[name]
        assert (Path(shown) if isinstance(default, Path) else shown) == default


def test_the_sample_works_with_every_line_in_force(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("x" * 32)
    lines = [line for _, line in entries().values()]
    lines = [re.sub(r'(_file) = ".*"', rf'\1 = "{secret}"', line) for line in lines]
    file = tmp_path / "motorpool.toml"
    file.write_text("\n".join(lines))
    assert load({}, file).metrics_port == 9100
