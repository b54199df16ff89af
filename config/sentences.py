"""What is wrong with a setting, in one sentence that its operator understands."""

from typing import Any

from pydantic_core import ErrorDetails

KINDS = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "string": "text",
    "path": "a path",
    "dict": "a table",
    "tuple": "a list",
}
LIMITS = {
    "greater_than_equal": "must be at least {ge:g}",
    "greater_than": "must be more than {gt:g}",
    "less_than_equal": "must be at most {le:g}",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "literal_error": "must be {expected}",
}


def write_sentence(problem: ErrorDetails, secret: bool) -> str:
    """Say what one pydantic error means; a secret's value is never in it."""
    name = ".".join(str(part) for part in problem["loc"])
    name = name.replace(str(problem["loc"][0]), str(problem["loc"][0]).upper(), 1)
    kind = problem["type"]
    if kind == "value_error":
        return f"{name} {problem['msg'].removeprefix('Value error, ')}."
    if kind in LIMITS:
        wish = LIMITS[kind].format(**problem.get("ctx", {}))
    else:
        wanted = KINDS.get(kind.partition("_")[0])
        wish = f"must be {wanted}" if wanted else f"is wrong ({problem['msg'].rstrip('.')})"
    return f"{name} {wish}." if secret else f"{name} {wish}, not {_quote(problem['input'])}."


def _quote(value: Any) -> str:
    text = str(value).lower() if isinstance(value, bool) else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
