"""The pixels of a stored JPEG file, for who wants a picture and not the file.

The core decodes what the coder of recovered coefficients covers (coders/jpeg/coder.py); Pillow decodes the rest, and
reads the metadata.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bbans_cli.coders.files.file_coder import DecodedStream, Decoder
from bbans_cli.coders.files.jpeg_segments import frame_height, is_ycc
from bbans_cli.coders.jpeg.coder import JpegCoefficients, decoded_samples
from bbans_cli.coders.jpeg.stream.join import join
from bbans_cli.coders.jpeg.stream.layout import mcu_height, subsampling
from bbans_cli.container import Damage, LostRows, StoredFile
from bbans_cli.container.bounds import Bounds
from bbans_cli.errors import CorruptError, InputError
from bbans_cli.limits import MAX_JPEG_PIXELS
from bbans_cli.pictures.picture import Picture
from bbans_cli.progress import ShareProgress, no_progress

if TYPE_CHECKING:
    from PIL import Image


def decode(
    stored: StoredFile, bounds: Bounds, threads: int = 1, progress: ShareProgress = no_progress
) -> tuple[Picture, str]:
    """The picture, and a note of what decoded it where that was not the core; else "".

    Raises CorruptError, LimitError, UnsupportedError, and InputError where the file was stored as it is and Pillow
    cannot read it.
    """
    found = of_decoder(Decoder(stored, threads, progress, max_memory=bounds.max_memory), bounds)
    progress(1.0)
    return found


def of_decoder(decoder: Decoder, bounds: Bounds) -> tuple[Picture, str]:
    """The same by a decoder of the file, which then has decoded the picture's stream at least."""
    from bbans_cli.pictures.pillow_files import read_jpeg

    planes = None
    branch = decoder.tree.first
    if branch and not decoder.tree.gaps[0]:
        first = decoder.stream(branch)
        data = join(first.plain, first.scans, first.blocks, decoder.size)
        planes = _samples(data, first)
    else:
        data = decoder.data()
    try:
        picture = read_jpeg(data, bounds, planes)
    except InputError as error:
        raise type(error)(f"holds a file without pixels that can be read: {error}") from error
    return picture, "" if planes is not None else "pixels decoded by Pillow"


def decode_damaged(
    stored: StoredFile, bounds: Bounds, damage: Damage, threads: int = 1, progress: ShareProgress = no_progress
) -> Picture:
    """The picture of a damaged file, grey where its coefficients are lost; `damage` gets these rows.

    Raises as `decode`: CorruptError where the plain bytes are lost, or the core does not decode the picture.
    """
    from bbans_cli.pictures.pillow_files import read_jpeg

    decoder = Decoder(stored, threads, progress, max_memory=bounds.max_memory)
    branch = decoder.tree.first
    if branch is None:
        raise CorruptError("corrupt: a file that was stored as it is, of which nothing is left")
    plain, whole = decoder.plain_of_damaged(branch)
    lost: list[tuple[int, int | None]] = []
    found = decoder.with_stand_ins(branch, plain, lost)
    planes = _samples(plain, found)
    if planes is None:
        raise CorruptError("corrupt: a damaged JPEG file of a kind whose pixels only other decoders have")
    height = found.frame.height
    unit, above = mcu_height(found.frame), int(any(part.factors[1] > 1 for part in found.frame.components))
    for first, end in lost:
        # Where chroma has half the rows, it is interpolated from the nearest row across the border.
        rows = max(0, first * unit - above), height if end is None else min(height, end * unit + above)
        damage.rows.append(LostRows(*rows))
    inner = {id(stream) for stream in branch.plain.all_streams()}
    others = [key for key, part in decoder.parts.items() if part.damaged and key != id(branch)]
    damage.notes += [] if whole else ["a picture within the metadata, such as a thumbnail, is lost"]
    damage.notes += ["further pictures of the file are lost"] if set(others) - inner else []
    progress(1.0)
    return read_jpeg(plain, bounds, planes)


def open_header(stored: StoredFile) -> Image.Image:
    """A Pillow image with mode, size and info, but no pixels: load() of it fails.

    No coefficients are decoded where the file begins with a stream whose coefficients were coded. Raises as `decode`,
    but no LimitError.
    """
    from bbans_cli.pictures.pillow_files import open_image

    decoder = Decoder(stored, 1, no_progress)
    branch = decoder.tree.first
    data = decoder.plain(branch) if branch and not decoder.tree.gaps[0] else decoder.data()
    try:
        return open_image(data, "JPEG", Bounds(1 << 32), load=False)
    except InputError as error:
        raise type(error)(f"holds a file without pixels that can be read: {error}") from error


def _samples(data: bytes, stream: DecodedStream) -> np.ndarray | None:
    """(height, width, 1 or 3) uint8, or None where the core does not cover the stream."""
    found = stream.frame
    if frame_height(data) != found.height or found.width * found.height > MAX_JPEG_PIXELS:
        return None
    subsampled = subsampling(found)
    identifiers = bytes(component.identifier for component in found.components)
    if subsampled is None or len(identifiers) == 3 and not is_ycc(data, identifiers):
        return None
    if any(int(table.max()) > 255 for table in stream.tables):
        return None
    return decoded_samples(JpegCoefficients(subsampled, stream.tables, stream.blocks), found.width, found.height)
