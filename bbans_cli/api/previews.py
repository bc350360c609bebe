"""The preview in a .bbc file that is written."""

from __future__ import annotations

from dataclasses import replace

from bbans_cli import container
from bbans_cli.container import StoredFile
from bbans_cli.container import metadata as kinds
from bbans_cli.limits import PREVIEW_SIDE
from bbans_cli.pictures import exif
from bbans_cli.pictures.detect import jpeg_start
from bbans_cli.pictures.picture import Picture


def packed(coded: container.Container | StoredFile, source: Picture | bytes, side: int) -> tuple[bytes, str]:
    """The .bbc file's bytes with a preview of the picture or JPEG file, and a remark on the preview.

    side  pixels a side of the preview; 0: none

    The thumbnail that EXIF data have is enough where no larger preview is asked for than the usual one.
    """
    data = container.to_bytes(coded)
    if not side:
        return data, ""
    from bbans_cli.coders.files import jpeg_segments
    from bbans_cli.pictures import previews

    if isinstance(source, Picture):
        block = dict(reversed(source.metadata)).get(kinds.EXIF)
    else:
        block = jpeg_segments.exif_and_xmp(source, max(0, jpeg_start(source))).get("exif")
    if side <= PREVIEW_SIDE and exif.thumbnail(block):
        return data, "no preview but the thumbnail in the EXIF data"
    most = previews.most_bytes(len(data))
    small = previews.make(source, side, most)
    if small is None:
        return data, f"no preview: none fits into {most:,} bytes"
    item = kinds.PREVIEW, kinds.preview(small, exif.orientation(block))
    return container.to_bytes(replace(coded, metadata=[item, *coded.metadata])), f"preview of {len(small):,} bytes"
