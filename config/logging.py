"""Structured logs on standard error: one JSON object a line, or coloured text for a person."""

import logging
import re
import sys
import traceback
from typing import Any

import structlog

from config.settings import Settings

HIDDEN = "***"
REDACTED = (
    "password",
    "secret",
    "token",
    "authorization",
    "cookie",
    "database_url",
    "mqtt_url",
    "email",
    "phone",
)
# What must not be read in a log wherever it stands: the words of an exception, or of another program.
PATTERNS = (
    re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*"),  # a token of ours
    re.compile(r"(?<=/password/new/)[\w-]+"),  # a link that lets its reader in
    re.compile(r"(?i)\b(?<=bearer )\S+"),
    re.compile(r"(?<=://)[^/@\s:]*:[^/@\s]*(?=@)"),  # the user and password of an address
    re.compile(r"[\w.+%'-]+@[\w-]+(?:\.[\w-]+)+"),  # an e-mail address
    re.compile(r"(?<![\w+])\+\d(?:[ ()/.-]{0,2}\d){7,14}(?!\w)"),  # a telephone number, with its country
)


def redact(value: Any) -> Any:
    """A value as it may be logged, however deep in it lies what may not."""
    if isinstance(value, str):
        for pattern in PATTERNS:
            value = pattern.sub(HIDDEN, value)
    elif isinstance(value, dict):
        return {key: HIDDEN if _is_redacted(key) else redact(inner) for key, inner in value.items()}
    elif isinstance(value, list | tuple):
        return [redact(inner) for inner in value]
    return value


def _is_redacted(key: object) -> bool:
    return any(word in str(key).lower() for word in REDACTED)


def _redact(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    redacted: structlog.typing.EventDict = redact(event)
    return redacted


def write_traceback(exc_info: structlog.typing.ExcInfo) -> str:
    """A traceback as Python writes it, before it is redacted."""
    return "".join(traceback.format_exception(*exc_info)).rstrip()


def set_up(settings: Settings, process: str) -> None:
    """Send this process's log, structlog's and the standard library's alike, to standard error."""

    def name_process(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        # Not a context variable: those do not reach the threads of a pool.
        event["process"] = process
        return event

    shared: list[structlog.typing.Processor] = [
        name_process,
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    # Without the variables: they hold passwords and people.
    exceptions: structlog.typing.ExceptionTransformer
    renderer: structlog.typing.Processor
    if settings.log_format == "json":
        exceptions = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
        renderer = structlog.processors.JSONRenderer(default=lambda value: redact(repr(value)))
    else:
        exceptions = write_traceback
        renderer = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    tail: list[structlog.typing.Processor] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.ExceptionRenderer(exceptions),
        _redact,
        renderer,
    ]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=tail))
    logging.basicConfig(handlers=[handler], level=settings.log_level.upper(), force=True)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(settings.log_level),
        cache_logger_on_first_use=True,
    )
