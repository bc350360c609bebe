"""What a .bbc file holds, from its header: in words and as JSON keys. Imports no numpy, so that it answers at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypedDict

from bbans_cli.container import CODER_NAMES, Container, Part, band_heights
from bbans_cli.container import metadata as kinds

_WORDS = {
    kinds.PALETTE: "palette",
    kinds.TRANSPARENCY: "transparency",
    kinds.VALUES: "list of values",
    kinds.ICC: "ICC profile",
    kinds.EXIF: "EXIF",
    kinds.XMP: "XMP",
    kinds.COMPRESSED_TEXT: "zTXt",
    kinds.COMPRESSED_ITEXT: "iTXt",
}


class _BandOfHeader(TypedDict):
    rows: int
    latent_rows: int
    bytes: int


class BandDetails(_BandOfHeader, total=False):
    """JSON keys of a band; `bits` (bit_account.BandBits) only with -v, for bands of the neural coder."""

    bits: Mapping[str, object]


class PartDetails(TypedDict):
    """JSON keys of a part; `model` is the id of the weights, in hexadecimal, or None."""

    coder: str
    model: str | None
    settings: str
    channels: int
    depth: int
    bands: list[BandDetails]


class FileDetails(TypedDict):
    """JSON keys that `info` adds to those of every verb."""

    mode: str
    depth: int
    payload_bytes: int
    other_bytes: int
    metadata: list[str]
    parts: list[PartDetails]


def details(file: Container, size: int) -> FileDetails:
    """JSON keys for a file of `size` bytes."""
    payload = sum(len(band.payload) for part in file.parts for band in part.bands)
    return {
        "mode": file.mode,
        "depth": file.depth,
        "payload_bytes": payload,
        "other_bytes": size - payload,
        "metadata": _metadata(file),
        "parts": [_part(file, part) for part in file.parts],
    }


def _metadata(file: Container) -> list[str]:
    """A word for each item; of PNG chunks, their names."""
    names = [_WORDS.get(kind) or data[:4].decode("latin-1") for kind, data in file.metadata]
    return list(dict.fromkeys(names))


def _part(file: Container, part: Part) -> PartDetails:
    return {
        "coder": CODER_NAMES[part.coder],
        "model": part.model_id.hex() or None,
        "settings": part.settings.hex(),
        "channels": part.channels,
        "depth": part.depth,
        "bands": [
            {"rows": rows, "latent_rows": band.split, "bytes": len(band.payload)}
            for rows, band in zip(band_heights(file.height, part.band_rows), part.bands, strict=True)
        ],
    }


def words(file: Container, size: int) -> str:
    """One line: shape, size, coder, metadata."""
    samples = file.width * file.height * file.channels
    line = f"{file.width}x{file.height} {file.mode}, {file.depth} bits, {size:,} bytes, {8 * size / samples:.3f} bpd"
    for part in file.parts:
        line += f", {CODER_NAMES[part.coder]}" + (f" {part.model_id.hex()}" if part.model_id else "")
    names = _metadata(file)
    return line + (f", with {', '.join(names)}" if names else "")


def add_bits(shown: FileDetails, bits: Sequence[Sequence[Mapping[str, object]]]) -> None:
    """Complete `details` with the bits of each band of each part, as bit_account.of_file gives them."""
    for part, of_bands in zip(shown["parts"], bits, strict=True):
        for band, of_band in zip(part["bands"], of_bands, strict=False):
            band["bits"] = of_band


def table(shown: FileDetails) -> list[str]:
    """Further lines for -v, from `details` as completed by `add_bits`."""
    lines = [f"  {shown['payload_bytes']:,} bytes of pixels, {shown['other_bytes']:,} bytes of all else"]
    for number, part in enumerate(shown["parts"]):
        shape = f"{part['channels']} channel{'s' if part['channels'] > 1 else ''} of {part['depth']} bits"
        settings = f", settings {part['settings']}" if part["settings"] else ""
        lines.append(f"  part {number}: {part['coder']}, {shape}{settings}")
        for index, band in enumerate(part["bands"]):
            lines.append(
                f"    band {index}: {band['rows']:,} rows, {band['latent_rows']:,} latent rows, {band['bytes']:,} bytes"
            )
            for name, value in band.get("bits", {}).items():
                shown_value = f"{value:.5f}" if name.endswith("per_sample") else f"{value:,.1f}"
                lines.append(f"      {name.replace('_', ' ')}, bits: {shown_value}")
    return lines
