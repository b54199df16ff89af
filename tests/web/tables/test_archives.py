"""What is inside an archive is read as if it were not; what is no honest archive is refused."""

import gzip
import io
import struct
import zipfile
from collections.abc import Callable

import pytest

from web.tables.table import Reading, Unreadable

ROWS = b"name,km\nA,1\nB,2\n"


def test_a_zipped_file_reads_as_it_is(read: Callable, pack: Callable) -> None:
    found = read(pack(**{"folder/fleet.csv": ROWS}), "fleet.zip")
    assert found.reading.inside == "folder/fleet.csv"
    assert found.rows == [["A", "1"], ["B", "2"]]


def test_a_gzipped_file_reads_as_it_is(read: Callable) -> None:
    found = read(gzip.compress(ROWS), "fleet.csv.gz")
    assert found.reading.inside == "fleet.csv"
    assert found.rows == [["A", "1"], ["B", "2"]]


def test_a_zipped_workbook_reads_as_it_is(read: Callable, pack: Callable, make_xlsx: Callable) -> None:
    workbook = make_xlsx(
        lambda _workbook, sheet: [sheet.write_row(0, 0, ["a", "b"]), sheet.write_row(1, 0, [1, "x"])]
    )
    for packed in (pack(**{"fleet.xlsx": workbook}), gzip.compress(workbook)):
        assert read(packed, "fleet.xlsx.gz").rows == [[1, "x"]]


def test_what_systems_add_to_an_archive_is_no_data(read: Callable, pack: Callable) -> None:
    packed = pack(
        **{
            "fleet.csv": ROWS,
            "__MACOSX/._fleet.csv": b"x",
            ".hidden.csv": b"x",
            "readme.md": b"x",
            "a/.x/b.csv": b"x",
        }
    )
    assert read(packed).reading.inside == "fleet.csv"


def test_several_files_are_named(read: Callable, pack: Callable) -> None:
    with pytest.raises(Unreadable, match=r"2 files: a\.csv, b\.csv"):
        read(pack(**{"a.csv": ROWS, "b.csv": ROWS}))


def test_an_archive_in_an_archive_is_refused(read: Callable, pack: Callable) -> None:
    inner = pack(**{"fleet.csv": ROWS})
    for packed in (
        pack(**{"inner.zip": inner}),
        gzip.compress(inner),
        pack(**{"inner.csv.gz": gzip.compress(ROWS)}),
        gzip.compress(gzip.compress(ROWS)),
    ):
        with pytest.raises(Unreadable, match="is another"):
            read(packed)


def test_an_archive_that_is_empty_or_of_another_kind_is_refused(read: Callable, pack: Callable) -> None:
    with pytest.raises(Unreadable, match="empty"):
        read(pack())
    with pytest.raises(Unreadable, match=r"only \.zip and \.gz"):
        read(b"7z\xbc\xaf\x27\x1c" + bytes(50))


def test_a_locked_archive_is_refused(read: Callable, pack: Callable) -> None:
    packed = bytearray(pack(**{"fleet.csv": ROWS}))
    for signature, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        packed[packed.index(signature) + place] |= 1
    with pytest.raises(Unreadable, match="password"):
        read(bytes(packed))


def test_an_unusual_packing_is_refused(read: Callable) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("fleet.csv", ROWS)
    with pytest.raises(Unreadable, match="unusual"):
        read(packed.getvalue())


@pytest.mark.parametrize("wrap", ["zip", "gz"])
def test_more_than_may_come_out_is_refused(read: Callable, pack: Callable, wrap: str) -> None:
    content = b"name,km\n" + b"".join(b"%d,%d\n" % (row, row * 7919) for row in range(100_000))
    packed = pack(**{"fleet.csv": content}) if wrap == "zip" else gzip.compress(content)
    assert len(read(packed, most=len(content)).rows) == 100_000
    with pytest.raises(Unreadable, match="larger than 1 MB"):
        read(packed, most=1024**2)


@pytest.mark.parametrize("wrap", ["zip", "gz"])
def test_a_bomb_is_refused_long_before_its_end(read: Callable, pack: Callable, wrap: str) -> None:
    content = b"name,km\n" + (b"x" * 100_000 + b",2\n") * 800
    packed = pack(**{"fleet.csv": content}) if wrap == "zip" else gzip.compress(content)
    assert len(packed) < len(content) / 500
    with pytest.raises(Unreadable, match="far more"):
        read(packed)


def test_a_lie_about_the_size_inside_changes_nothing(read: Callable, pack: Callable) -> None:
    packed = bytearray(pack(**{"fleet.csv": ROWS * 1000}))
    place = packed.index(b"PK\x01\x02") + 24
    packed[place : place + 4] = struct.pack("<L", 10)
    with pytest.raises(Unreadable, match="damaged"):
        read(bytes(packed))


def test_an_archive_made_for_large_files_reads_as_it_is(read: Callable) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive, archive.open("fleet.csv", "w", force_zip64=True) as member:
        member.write(ROWS)
    assert read(packed.getvalue()).rows == [["A", "1"], ["B", "2"]]


def test_an_entry_that_points_elsewhere_is_refused(read: Callable, pack: Callable) -> None:
    packed = bytearray(pack(**{"fleet.csv": ROWS}))
    place = packed.index(b"PK\x01\x02") + 42
    packed[place : place + 4] = struct.pack("<L", 10)
    with pytest.raises(Unreadable, match="damaged"):
        read(bytes(packed))


def test_a_list_of_very_many_files_is_not_read(read: Callable) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for number in range(20_000):
            archive.writestr(f"a/very/long/folder/{number}.csv", b"")
    with pytest.raises(Unreadable, match="too many files"):
        read(packed.getvalue())


@pytest.mark.parametrize(
    "change", [lambda packed: packed[:-30], lambda packed: packed[:40] + b"?" + packed[41:]]
)
def test_a_damaged_archive_is_refused(read: Callable, pack: Callable, change: Callable) -> None:
    for packed in (pack(**{"fleet.csv": ROWS * 50}), gzip.compress(ROWS * 50)):
        with pytest.raises(Unreadable, match="damaged"):
            read(change(packed))


def test_the_file_that_is_asked_for_must_be_there(read: Callable, pack: Callable) -> None:
    with pytest.raises(Unreadable, match=r"no file other\.csv"):
        read(pack(**{"fleet.csv": ROWS}), reading=Reading(inside="other.csv"))
