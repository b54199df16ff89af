"""Records that everybody sees who may see such records at all, but that not everybody changes."""

from sql.audit import Row
from sql.records import RecordError, Records


class SharedRecords(Records):
    """Records of which one without a depot concerns the whole fleet: who reaches all of it changes that."""

    def _write(self, action: str, before: Row | None, values: Row) -> Row:
        after = {**(before or {}), **values}
        for row in (before, after):
            if row is not None and not reaches(self.reach, row):
                raise RecordError("depot_id" if "depot_id" in after else "name", "shared")
        return super()._write(action, before, values)


def reaches(reach: list[int] | None, row: Row) -> bool:
    """Whether somebody of this reach changes this record."""
    return reach is None or row.get("depot_id") in reach
