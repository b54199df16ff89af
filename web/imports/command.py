"""`motorpool import`: the same engine as on the page, for whoever has a shell."""

import json
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click
import structlog

from config.program import expect_many_objects
from config.settings import load
from sql import imports
from sql.audit import Row
from sql.pool import connect
from web.background import NOBODY, open_app, speak_for
from web.imports import beginning
from web.imports.beginning import Draft
from web.imports.kinds import KINDS
from web.imports.work import work_on
from web.tables.table import Unreadable

SHOWN = 20
PAUSE_S = 0.2


class Pairs(click.ParamType[tuple[str, str]]):
    """NAME=VALUE."""

    name = "name=value"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[str, str]:
        """The two."""
        name, equals, text = str(value).partition("=")
        if not equals:
            self.fail(f"{value!r} is not NAME=VALUE.", param, ctx)
        return name, text


PAIRS = Pairs()


@click.command("import")
@click.argument("kind", type=click.Choice(sorted(KINDS)))
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False)
@click.option("--dry-run", is_flag=True, help="Only say what would happen.")
@click.option("--map", "columns", type=PAIRS, multiple=True, help="FIELD=HEADER: which column it is.")
@click.option("--set", "fixed", type=PAIRS, multiple=True, help="FIELD=TEXT: the same in every row.")
@click.option("--unit", "units", type=PAIRS, multiple=True, help="FIELD=UNIT: what its numbers are in.")
@click.option("--key", help="The field by which a row finds its record.")
@click.option("--dates", type=click.Choice(["dmy", "mdy", "ymd"]), help="How 1/2/2024 is read.")
@click.option("--decimals", type=click.Choice([".", ","]), help="How 1,234 is read.")
@click.option("--time-zone", help="That of times without an offset; UTC unless it is said.")
@click.option("--clear", "clears", is_flag=True, help="An empty cell empties the field.")
@click.option("--undo", type=int, metavar="ID", help="Take back the import of this number.")
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")
def import_file(
    kind: str, file: Path | None, undo: int | None, dry_run: bool, as_json: bool, **said: Any
) -> None:
    """Bring the rows of FILE into the records of KIND, all or nothing; rejected rows are told and left out.

    What is not said is guessed from the headers and the rows; what could be meant in two ways has to be said.
    """
    if (file is None) == (undo is None):
        raise click.UsageError("Give either FILE or --undo ID.")
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(30))
    settings = load()
    url = settings.need("database_url")
    try:
        with open_app(settings) as app, speak_for(app, NOBODY):
            expect_many_objects()
            row = (
                _undo(app, url, kind, undo)
                if undo is not None
                else _import(app, url, kind, file, said, dry_run)
            )
    except (Unreadable, imports.ImportMissing, imports.NotReady) as error:
        raise click.ClickException(str(error)) from error
    _show(row, as_json)
    if row["problem"]:
        raise SystemExit(1)


def _import(app: Any, url: str, kind: str, file: Path | None, said: dict[str, Any], dry_run: bool) -> Row:
    assert file
    with connect(url, "import", autocommit=True) as connection:
        with file.open("rb") as stream, connection.transaction():
            draft = beginning.begin(connection, KINDS[kind], None, file.name, stream)
        id = draft.row["id"]
        draft = beginning.change_mapping(connection, id, _read_said(draft, said))
        if draft.questions:
            raise click.UsageError("\n".join(f"{name}: {told}" for name, told in draft.questions.items()))
        for state in ("checking",) if dry_run else ("checking", "committing"):
            imports.ask(connection, id, state, None)
            _work(app, url, id)
            if imports.get(connection, id)["problem"]:
                break
        row = imports.get(connection, id)
        return {**row, "rejected": imports.list_rows(connection, id, "rejected", most=SHOWN)}


def _undo(app: Any, url: str, kind: str, id: int) -> Row:
    with connect(url, "import", autocommit=True) as connection:
        if imports.get(connection, id)["kind"] != kind:
            raise click.UsageError(f"Import {id} is of another kind.")
        imports.ask(connection, id, "undoing", None)
        _work(app, url, id)
        return {**imports.get(connection, id), "rejected": []}


def _work(app: Any, url: str, id: int) -> None:
    """Do what an import waits for; where another process was quicker, wait for that."""
    while not work_on(app, url, id):
        time.sleep(PAUSE_S)


def _read_said(draft: Draft, said: dict[str, Any]) -> dict[str, Any]:
    """The options as parts of a mapping. Raises UsageError."""
    told = {name: said[name] for name in ("key", "dates", "decimals", "time_zone", "clears") if said[name]}
    for name, of in (("fixed", draft.mapping.fixed), ("units", draft.mapping.units)):
        told[name] = {**of, **dict(said[name])}
    columns = dict(draft.mapping.columns)
    for name, header in said["columns"]:
        if header not in draft.sample.headers:
            raise click.UsageError(
                f"--map {name}: the file has no column {header!r}; {_list(draft.sample.headers)}"
            )
        columns[name] = draft.sample.headers.index(header)
    unknown = {*columns, *told["fixed"], *told["units"]} - {*draft.kind.by_name}
    if unknown:
        raise click.UsageError(f"{_list(unknown)}: no such field; there are {_list(draft.kind.by_name)}")
    return {**told, "columns": columns}


def _list(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


def _show(row: Row, as_json: bool) -> None:
    counts = {name: row[f"rows_{name}"] for name in ("read", "new", "changed", "same", "rejected")}
    rejected = [{name: one[name] for name in ("line", "reasons")} for one in row["rejected"]]
    if as_json:
        told = {"id": row["id"], "state": row["state"], "rows": counts, "rejected": rejected}
        click.echo(json.dumps({**told, "problem": row["problem"], "obstacles": row["obstacles"] or []}))
        return
    click.echo(f"import {row['id']}: {row['state']}")
    if row["state"] != "undone":
        click.echo(", ".join(f"{count} {name}" for name, count in counts.items()))
    for one in rejected:
        said = " ".join(f"{field}: {sentence}" if field else sentence for field, sentence in one["reasons"])
        click.echo(f"  line {one['line']}: {said}")
    for name, sentence, _id in row["obstacles"] or []:
        click.echo(f"  {name}: {sentence}")
    if row["problem"]:
        click.echo(row["problem"], err=True)
