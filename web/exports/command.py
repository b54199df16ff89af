"""`motorpool export`: a list as a file, on standard output or where it is told."""

import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import BinaryIO

import click
from flask import g
from flask.app import Flask
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import HTTPException, NotFound

from config.settings import load
from sql.exports import add_run, end_run
from sql.pool import connect
from web.background import NOBODY, open_app, speak_for
from web.exports.desk import find_desk
from web.exports.formats import FORMATS
from web.exports.making import FOLDER, Export, open_export
from web.exports.wanted import DELIMITER_NAMES, HEADERS, VALUES, Wanted, read_wanted


@click.command()
@click.argument("kind")
@click.option("--format", "format", type=click.Choice(list(FORMATS)), default="csv", show_default=True)
@click.option("--columns", metavar="NAME,NAME…", help="Which, in this order.")
@click.option("--filter", "filters", multiple=True, metavar="NAME=VALUE", help="Only what matches.")
@click.option(
    "--values",
    type=click.Choice(VALUES),
    default="kept",
    show_default=True,
    help="As they are kept (SI units, for importing again) or in words.",
)
@click.option("--header", type=click.Choice(HEADERS), default="label", show_default=True)
@click.option("--delimiter", type=click.Choice(list(DELIMITER_NAMES)), default="comma", show_default=True)
@click.option(
    "--drawn-as", type=click.Choice(["lines", "places"]), help="On a map: ways, or where each row was."
)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Instead of standard output.")
@click.option("--json", "as_json", is_flag=True, help="Say what was written as JSON.")
def export(
    kind: str, filters: tuple[str, ...], output: Path | None, as_json: bool, **options: str | None
) -> None:
    """Write a list of records, trips, positions and the like as a file.

    KIND is vehicles, drivers, devices, trips, positions and others: an unknown one lists them all. Times are
    UTC and words English; who took what can be seen on the page Exports.
    """
    settings = load()
    url = settings.need("database_url")
    sent = MultiDict({name: text for name, text in options.items() if text})
    for given in filters:
        name, sign, text = given.partition("=")
        if not sign:
            raise click.UsageError(f"--filter {given}: write NAME=VALUE.")
        sent[name] = text
    with open_app(settings) as app, speak_for(app, NOBODY):
        wanted = check(app, kind, sent, [given.partition("=")[0] for given in filters])
        export, size = write(url, wanted, output)
    told = {"kind": kind, "format": wanted.format, "rows": export.rows, "bytes": size}
    if as_json:
        click.echo(json.dumps(told), err=output is None)
    else:
        click.echo(f"{export.rows} rows, {size} bytes", err=True)


def check(app: Flask, kind: str, sent: MultiDict[str, str], filters: list[str]) -> Wanted:
    """What is wanted. Raises UsageError."""
    try:
        exportable = find_desk().find(kind)
        known = [ask.name for ask in exportable.asks]
        if unknown := [name for name in filters if name not in known]:
            raise click.UsageError(f"--filter {unknown[0]}: {kind} can be asked by {', '.join(known)}.")
        return read_wanted(exportable, sent)
    except NotFound as error:
        names = ", ".join(sorted(app.extensions["exports"].exportables))
        raise click.UsageError(f"KIND {kind}: there are {names}.") from error
    except HTTPException as error:
        raise click.UsageError(str(error.description)) from error


def write(url: str, wanted: Wanted, output: Path | None) -> tuple[Export, int]:
    """Write the file, and write down that it was taken; the export, and its size. Raises UsageError."""
    exportable = find_desk().find(wanted.kind)
    with connect(url, "export", autocommit=True) as connection:
        run = add_run(connection, "command", g.user.id or None, wanted.dump(), None)
        problem = "It was broken off before the end."
        rows, size, name = 0, 0, ""
        try:
            with open_export(url, exportable, wanted) as export:
                name = export.file_name
                size = write_file(export, output)
                rows, problem = export.rows, ""
        except HTTPException as error:
            raise click.UsageError(str(error.description)) from error
        finally:
            end_run(connection, run, rows, size, problem, name)
    return export, size


def write_file(export: Export, output: Path | None) -> int:
    """The file, whole or not at all where it has a name; its size."""
    if output is None:
        return write_out(export, sys.stdout.buffer)
    part = output.with_name(f"{output.name}.part")
    try:
        export.write(part)
        part.replace(output)
    finally:
        part.unlink(missing_ok=True)
    return output.stat().st_size


def write_out(export: Export, out: BinaryIO) -> int:
    """The file on standard output as it is made, or when it is complete; its size."""
    size = 0
    if FORMATS[export.wanted.format].is_streamed:
        for piece in export.stream():
            size += out.write(piece)
    else:
        with tempfile.TemporaryDirectory(prefix=FOLDER) as folder:
            path = Path(folder, "file")
            export.write(path)
            size = path.stat().st_size
            with path.open("rb") as file:
                shutil.copyfileobj(file, out)
    out.flush()
    return size
