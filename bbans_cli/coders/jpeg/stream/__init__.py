"""JPEG streams to coefficients and the bytes around them, and back byte for byte."""

from bbans_cli.coders.jpeg.stream.join import frame, join
from bbans_cli.coders.jpeg.stream.jpeg_stream import Component, JpegStream, NotCodableError
from bbans_cli.coders.jpeg.stream.split import split

__all__ = ["Component", "JpegStream", "NotCodableError", "frame", "join", "split"]
