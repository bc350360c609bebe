"""The codec for Zarr format 2, which is one of numcodecs: entry point `numcodecs.codecs`."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numcodecs.abc import Codec
from numcodecs.compat import ensure_bytes, ensure_ndarray, ndarray_copy

from bbans_cli.zarr.chunks import Settings, decode, encode, layout


class Bbc(Codec):
    """A compressor of chunks that are pictures: `zarr.create_array(..., zarr_format=2, compressors=Bbc(level=1))`.

    level, channel_axis  see chunks.Settings
    threads              cores for one chunk, 0: all. Zarr codes several chunks at a time
    verify               decode each chunk once it is encoded, and compare

    Raises TypeError and ValueError for settings that do not exist. This format tells a compressor nothing of the array
    before the first chunk, so that only its encoding raises ValueError for chunks that are no pictures; and nothing of
    the shape when a chunk is decoded, so that a file of as many samples in another shape is not noticed.
    """

    codec_id = "bbc"

    def __init__(
        self, level: int = 5, channel_axis: int | str | None = "auto", *, threads: int = 1, verify: bool = True
    ) -> None:
        settings = Settings(level, channel_axis, threads)
        self.level, self.channel_axis = settings.level, settings.channel_axis
        self._settings, self._verify = settings, verify

    def encode(self, buf: object) -> bytes:
        """The .bbc file of a chunk, an array. Raises ValueError."""
        array = ensure_ndarray(buf)
        settings = self._settings
        if array.flags.f_contiguous and not array.flags.c_contiguous:
            # The order of memory is what comes back: the same as an array of all axes reversed.
            channel = layout(array.shape, array.dtype, settings.channel_axis).channel
            array = array.T
            settings = replace(settings, channel_axis=-3 if channel == -1 and array.ndim == 3 else None)
        return encode(array, settings, self._verify)

    def decode(self, buf: object, out: object = None) -> object:
        """The samples of a chunk. Raises BbcError."""
        array = decode(ensure_bytes(buf), self._settings.threads)
        return array if out is None else ndarray_copy(np.ascontiguousarray(array), out)

    def __repr__(self) -> str:
        return f"Bbc(level={self.level}, channel_axis={self.channel_axis!r})"
