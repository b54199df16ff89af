"""The pictures of the pages: taken of a demo fleet, small, and each of them shown in docs/."""

import re
import subprocess
import sys
from pathlib import Path

from PIL import Image

from bench.pictures.command import DOCS
from bench.pictures.trial import SCENES

COMMAND = [sys.executable, "-c", "import motorpool; motorpool.main()", "bench"]
MOST_BYTES = 150_000
OF_THE_MAP = {"map", "map-dark", "map-phone", "trip"}  # a town that has been driven in for hours


def test_a_picture_is_taken_of_the_fleet(tmp_path: Path) -> None:
    done = subprocess.run(
        [*COMMAND, "pictures", "vehicles-phone", "--to", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    (file,) = tmp_path.iterdir()
    assert file.name == "vehicles-phone.png"
    with Image.open(file) as picture:
        assert picture.size == (780, 1688)
        assert len(picture.getcolors() or ()) > 20  # a page with text, and not an empty one


def test_every_picture_is_there_small_and_shown() -> None:
    assert {file.stem for file in DOCS.glob("*.png")} == set(SCENES) | OF_THE_MAP
    assert all((DOCS / f"{name}.png").stat().st_size < MOST_BYTES for name in SCENES)
    pages = [DOCS.parents[1] / "README.md", *DOCS.parent.glob("*.md")]
    shown = set(re.findall(r"pictures/([\w-]+)\.png", "".join(page.read_text() for page in pages)))
    assert set(SCENES) <= shown
