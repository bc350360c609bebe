"""PNG and JPEG files with EXIF blocks, which may have a thumbnail."""

import io

from PIL import Image


def exif_block(orientation=1, small=None, **options):
    """An EXIF block with that orientation, and a thumbnail of that picture, which Pillow saves with these options."""
    block = Image.Exif()
    block[274] = orientation
    data = block.tobytes().removeprefix(b"Exif\0\0")
    if small is None:
        return data
    out = io.BytesIO()
    Image.fromarray(small).save(out, "JPEG", **{"quality": 90, **options})
    order = "little" if data[:2] == b"II" else "big"
    at = len(data) + len(data) % 2
    start = int.from_bytes(data[4:8], order)
    count = int.from_bytes(data[start : start + 2], order)
    pointer = start + 2 + 12 * count
    entries = b"".join(
        tag.to_bytes(2, order) + (4).to_bytes(2, order) + (1).to_bytes(4, order) + value.to_bytes(4, order)
        for tag, value in ((513, at + 30), (514, len(out.getvalue())))
    )
    whole = bytearray(data.ljust(at, b"\0")) + (2).to_bytes(2, order) + entries + bytes(4) + out.getvalue()
    whole[pointer : pointer + 4] = at.to_bytes(4, order)
    return bytes(whole)


def png(pixels, block=None):
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG", **({} if block is None else {"exif": block}))
    return out.getvalue()


def jpeg(pixels, block=None):
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", quality=90, **({} if block is None else {"exif": b"Exif\0\0" + block}))
    return out.getvalue()
