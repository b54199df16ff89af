"""Where settings come from: `motorpool.toml` and the environment, as plain values with their complaints.

Both are read here and not by pydantic-settings, so that a wrong name or an unreadable secret can be named.
"""

import difflib
import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any


class Source:
    """The values of one source by their name in small letters, and a sentence for each thing wrong."""

    def __init__(self, known: Collection[str], secrets: Collection[str]) -> None:
        self.known, self.secrets = known, secrets
        self.values: dict[str, Any] = {}
        self.sentences: list[str] = []

    def read_file(self, path: Path) -> None:
        """Take every setting of a TOML file; a name that is no setting is complained of."""
        try:
            table = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
            self.sentences.append(f"{path} cannot be read: {_reason(error)}.")
            return
        for name, value in table.items():
            if not self._take(name.lower(), value):
                self.sentences.append(f"{path} has {name}, which is no setting{self._meant(name)}.")

    def read_environment(self, environ: Mapping[str, str]) -> None:
        """Take the variables that are settings; complain of those that look like a mistyped one.

        The environment belongs to others too, so a name that resembles none of ours is left alone.
        An empty variable counts as not set.
        """
        for name, text in environ.items():
            if not name.isupper() or text == "" or self._take(name.lower(), text):
                continue
            if name.removesuffix("_FILE").lower() in self.known:
                self.sentences.append(f"{name} is no setting: only a secret can be read from a file.")
            elif meant := self._meant(name):
                self.sentences.append(f"{name} is in the environment but is no setting{meant}.")

    def _take(self, name: str, value: Any) -> bool:
        """Keep one value, or the content of the file that NAME_FILE names; False where it is no setting."""
        secret = name.removesuffix("_file")
        if name != secret and secret in self.secrets:
            value, name = self._read_secret(name.upper(), value), secret
        if name not in self.known:
            return False
        if self.values.get(name, value) != value:
            self.sentences.append(f"{name.upper()} and {name.upper()}_FILE differ; keep one.")
        self.values[name] = value
        return True

    def _read_secret(self, name: str, path: Any) -> str | None:
        try:
            text = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, TypeError, ValueError) as error:
            self.sentences.append(f"{name} cannot be read: {_reason(error)}.")
            return None
        if not text:
            self.sentences.append(f"{name} names an empty file, {path}.")
        return text or None

    def _meant(self, name: str) -> str:
        """A hint at the setting that a wrong name is close to; empty where none is."""
        names = [n.upper() for n in self.known]
        close = difflib.get_close_matches(name.upper(), names, 1, 0.87)
        return f" (did you mean {close[0]}?)" if close else ""


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
