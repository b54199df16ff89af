"""Pictures that people send, drawn anew: what is kept has no place, camera or second content in it.

What a file is called and what a browser says of it tell nothing; only what can be drawn is a picture.
"""

from io import BytesIO

from PIL import Image, ImageOps

MOST_PIXELS = 60_000_000
FORMATS = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}


class NoPicture(Exception):
    """This cannot be drawn as a JPEG, PNG or WebP picture of a size that we take."""


def redraw(content: bytes, longest_side: int) -> tuple[str, bytes]:
    """Media type and content of the same picture, upright, no larger than this. Raises NoPicture."""
    try:
        with Image.open(BytesIO(content), formats=tuple(FORMATS)) as opened:
            kind = str(opened.format)
            if opened.width * opened.height > MOST_PIXELS:
                raise NoPicture("it has too many pixels")
            opened.draft("RGB", (longest_side, longest_side))
            picture = ImageOps.exif_transpose(opened)
            picture.thumbnail((longest_side, longest_side))
            modes = ("RGB", "L") if kind == "JPEG" else ("RGB", "RGBA", "L")
            if picture.mode not in modes:
                picture = picture.convert("RGB" if kind == "JPEG" else "RGBA")
            picture.info = {}
            drawn = BytesIO()
            picture.save(drawn, kind, quality=85)
    except (
        OSError,
        SyntaxError,
        ValueError,
        EOFError,
        OverflowError,
        Image.DecompressionBombError,
        Image.DecompressionBombWarning,
    ) as error:
        raise NoPicture(str(error)) from error
    return FORMATS[kind], drawn.getvalue()
