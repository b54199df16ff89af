"""How a trial's figures are shown: a table for people, JSON for programs."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import click
from rich.console import Console
from rich.table import Table


def tell(text: str) -> None:
    """Say what is being done, beside the answer."""
    click.echo(text, err=True)


def show_figures(figures: Mapping[str, Any], as_json: bool) -> None:
    """One figure a line."""
    if as_json:
        click.echo(json.dumps(figures))
        return
    table = Table("what", "figure")
    for name, figure in figures.items():
        table.add_row(name, _write(figure))
    Console().print(table)


def show_rows(rows: Sequence[Mapping[str, Any]], as_json: bool) -> None:
    """The same figures of several runs, side by side."""
    if as_json:
        click.echo(json.dumps(rows))
        return
    first, *others = rows[0]
    table = Table(first, *(_write(row[first]) for row in rows))
    for name in others:
        table.add_row(name, *(_write(row[name]) for row in rows))
    Console().print(table)


def _write(figure: object) -> str:
    return f"{figure:,}" if isinstance(figure, int | float) else str(figure)
