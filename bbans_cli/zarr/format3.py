"""The codec for Zarr format 3, from arrays to bytes: entry point `zarr.codecs`."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from zarr.abc.codec import ArrayBytesCodec
from zarr.core.chunk_grids import RegularChunkGrid
from zarr.core.common import parse_named_configuration

from bbans_cli.zarr import chunks
from bbans_cli.zarr.chunks import Settings

if TYPE_CHECKING:
    from zarr.core.array_spec import ArraySpec
    from zarr.core.buffer import Buffer, NDBuffer
    from zarr.core.chunk_grids import ChunkGrid
    from zarr.core.common import JSON
    from zarr.core.dtype import TBaseDType, TBaseScalar, ZDType


@dataclass(frozen=True)
class BbcCodec(ArrayBytesCodec):
    """A serializer of chunks that are pictures: `zarr.create_array(..., serializer=BbcCodec(), compressors=None)`.

    level, channel_axis  see chunks.Settings
    threads              cores for one chunk, 0: all. Zarr codes several chunks at a time
    verify               decode each chunk once it is encoded, and compare

    Raises TypeError and ValueError for settings that do not exist; creating an array raises ValueError for chunks that
    are no pictures.
    """

    level: int = 5
    channel_axis: int | str | None = "auto"
    threads: int = 1
    verify: bool = True

    is_fixed_size = False

    def __post_init__(self) -> None:
        Settings(self.level, self.channel_axis, self.threads)

    @classmethod
    def from_dict(cls, data: dict[str, JSON]) -> BbcCodec:
        """From the metadata of an array."""
        _, given = parse_named_configuration(data, "bbc", require_configuration=False)
        return cls(**(given or {}))  # type: ignore[arg-type]

    def to_dict(self) -> dict[str, JSON]:
        """For the metadata of an array: without what is of no meaning to readers."""
        return {"name": "bbc", "configuration": {"level": self.level, "channel_axis": self.channel_axis}}

    def validate(
        self, *, shape: tuple[int, ...], dtype: ZDType[TBaseDType, TBaseScalar], chunk_grid: ChunkGrid
    ) -> None:
        """Raise ValueError where chunks are no pictures."""
        if isinstance(chunk_grid, RegularChunkGrid):
            chunks.layout(chunk_grid.chunk_shape, dtype.to_native_dtype(), self.channel_axis)

    async def _encode_single(self, chunk_array: NDBuffer, chunk_spec: ArraySpec) -> Buffer | None:
        array = np.asarray(chunk_array.as_numpy_array())
        settings = Settings(self.level, self.channel_axis, self.threads)
        data = await asyncio.to_thread(chunks.encode, array, settings, self.verify)
        return chunk_spec.prototype.buffer.from_bytes(data)

    async def _decode_single(self, chunk_bytes: Buffer, chunk_spec: ArraySpec) -> NDBuffer:
        expected = chunks.layout(chunk_spec.shape, chunk_spec.dtype.to_native_dtype(), self.channel_axis)
        chunk = await asyncio.to_thread(chunks.decode_as, chunk_bytes.to_bytes(), expected, self.threads)
        return chunk_spec.prototype.nd_buffer.from_numpy_array(chunk)

    def compute_encoded_size(self, input_byte_length: int, chunk_spec: ArraySpec) -> int:
        """Not known before a chunk is coded."""
        raise NotImplementedError
