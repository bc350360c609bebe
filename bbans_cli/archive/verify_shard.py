"""The outputs of one shard, read back from their store and decoded."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, replace

from bbans_cli.api import PictureCodec
from bbans_cli.archive.pipeline import Done, Stages
from bbans_cli.archive.rows import FAILED, OK, Result
from bbans_cli.archive.store import Store
from bbans_cli.errors import CorruptError, code_of, describe


@dataclass(frozen=True)
class Read:
    """An output that has been read; `began`: by time.monotonic."""

    row: Result
    data: bytes
    began: float


def read_output(destination: Store, row: Result) -> bytes:
    """An output's bytes, which are those that were written. Raises CorruptError, FileNotFoundError."""
    data = destination.read(row.target)
    if hashlib.sha256(data).hexdigest() != row.sha256:
        raise CorruptError(f"{row.target} is not the output that was written: its SHA-256 is another one")
    return data


def failed(row: Result, error: Exception, began: float) -> Result:
    """The row of an output that cannot be read or decoded."""
    message = describe(error)
    if isinstance(error, FileNotFoundError):
        message = f"its output {row.target} is not there any more"
    seconds = round(time.monotonic() - began, 4)
    return replace(row, status=FAILED, code=code_of(error), message=message, seconds=seconds)


@dataclass(frozen=True)
class Verifier:
    """The stages of a shard: the output must have the SHA-256 that was recorded, and decode with every checksum."""

    destination: Store
    max_pixels: int

    def stages(self) -> Stages[Result, Read, Result, Result]:
        """Read, decode: for pipeline.run."""
        return Stages(self.load, self.decode, lambda row: row, lambda row: row.out_bytes)

    def load(self, row: Result) -> Read | Done[Result]:
        """Read an output and compare its SHA-256; a result at once where that fails. The row gets the version read."""
        began = time.monotonic()
        try:
            there = self.destination.find(row.target)
            if there is None:
                raise FileNotFoundError(row.target)
            # Two runs at once may both have written the output: the same bytes, at another time.
            return Read(replace(row, out_version=there.version), read_output(self.destination, row), began)
        except Exception as error:
            return Done(failed(row, error, began))

    def decode(self, read: Read, threads: int) -> Result | Done[Result]:
        """Decode with every checksum. threads: at least 1."""
        try:
            outcome = PictureCodec(max_pixels=self.max_pixels).verify_file(read.data, threads)
            if outcome.surplus:
                raise CorruptError("has bytes after its end")
            seconds = round(time.monotonic() - read.began, 4)
            return replace(read.row, status=OK, code="", message="", seconds=seconds)
        except Exception as error:
            return failed(read.row, error, read.began)


def in_sample(key: str, share: float, seed: str) -> bool:
    """Whether a key is in the sample of this share, 0 to 1: the same ones on every machine."""
    digest = hashlib.sha256(f"{seed}\0{key}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big") < share * (1 << 64)
