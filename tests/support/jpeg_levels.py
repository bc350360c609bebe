"""JPEG files with all coefficients at one level; `file_coder.encode` gives those of few blocks to the best one."""

from __future__ import annotations

from bbans_cli.coders.files import file_coder
from bbans_cli.container import StoredFile


def encode(data: bytes, level: int, suffix: str = ".jpg") -> StoredFile:
    few, file_coder.FEW_BLOCKS = file_coder.FEW_BLOCKS, range(0)
    try:
        return file_coder.encode(data, suffix, level)[0]
    finally:
        file_coder.FEW_BLOCKS = few
