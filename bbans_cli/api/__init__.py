"""Bytes of a file -> bytes of a .bbc file, and back: what the command and the Python API share.

`picture_codec.py` compresses, `decoder.py` decompresses and verifies, `outcome.py` has what both return.
"""

from bbans_cli.api.decoder import PictureDecoder
from bbans_cli.api.outcome import Outcome, Salvaged, VerifyError
from bbans_cli.api.picture_codec import PictureCodec

__all__ = ["Outcome", "PictureCodec", "PictureDecoder", "Salvaged", "VerifyError"]
