"""The format that a picture is written in where none is asked for. Its pixels are not needed for that."""

from __future__ import annotations

from bbans_cli.container import metadata as kinds
from bbans_cli.pictures.formats import PNG_DEPTHS

_COMMENTS = (b"tEXtComment\0", b"iTXtComment\0")


def default_format(mode: str, depth: int, items: list[tuple[int, bytes]]) -> str:
    """PNG if that holds the picture, else PGM, PPM or PAM, or TIFF for what they have no place for.

    items  as `Picture.items` gives them, and the head of a .bbc file has them
    """
    found = {kind for kind, _ in items}
    if mode == "cmyk" or found & {kinds.ALPHA, kinds.PAGES, kinds.COLOURS}:
        return "tiff"
    if depth in PNG_DEPTHS[mode] and kinds.MAXIMUM not in found:
        return "png"
    # TIFF has no odd maximum values; PGM, PPM and PAM have no metadata but comments.
    others = [data for kind, data in items if kind >= kinds.OPTIONAL and kind != kinds.PREVIEW]
    more = any(not data.startswith(_COMMENTS) for data in others)
    if more and kinds.MAXIMUM not in found:
        return "tiff"
    return {"grey": "pgm", "rgb": "ppm"}.get(mode, "pam")
