"""What a .bbc file holds, from its header: in words and as JSON keys. Imports no numpy, so that it answers at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypedDict

from bbans_cli.cli.fileio import printable
from bbans_cli.container import CODER_NAMES, Container, FilePart, Part, StoredFile, band_heights
from bbans_cli.container import metadata as kinds

_WORDS = {
    kinds.PALETTE: "palette",
    kinds.TRANSPARENCY: "transparency",
    kinds.VALUES: "list of values",
    kinds.ORDER: "order of the palette",
    kinds.MAXIMUM: "maximum value",
    kinds.ALPHA: "kind of alpha",
    kinds.COLOURS: "kind of colours",
    kinds.ICC: "ICC profile",
    kinds.EXIF: "EXIF",
    kinds.XMP: "XMP",
    kinds.COMPRESSED_TEXT: "zTXt",
    kinds.COMPRESSED_ITEXT: "iTXt",
    kinds.PREVIEW: "preview",
}
_NOT_LISTED = (kinds.SUFFIX, kinds.AFTER_PIXELS, kinds.PAGE, kinds.PAGES)
_PROCESSES = {0: "baseline", 1: "extended", 2: "progressive"}
_UNITS = ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"))


class _BandOfHeader(TypedDict):
    rows: int
    latent_rows: int
    bytes: int


class BandDetails(_BandOfHeader, total=False):
    """JSON keys of a band; `bits` (bit_account.BandBits) only with -v, for bands of the neural coder."""

    bits: Mapping[str, object]


class PartDetails(TypedDict):
    """JSON keys of a part. model: the id of the weights, in hexadecimal, or None. region: left, top, width and height
    of the rectangle that it covers, None for the whole picture. Parts of files have no channels."""

    coder: str
    model: str | None
    settings: str
    channels: int | None
    depth: int | None
    region: list[int] | None
    bands: list[BandDetails]
    bytes: int


class _PictureDetails(TypedDict):
    mode: str | None
    depth: int | None
    payload_bytes: int
    other_bytes: int
    metadata: list[str]
    parts: list[PartDetails]


class FileDetails(_PictureDetails, total=False):
    """JSON keys that `info` adds to those of every verb; the last ones only where a file is held, not a picture, and
    code_lengths only with --map.

    process and components are those of JPEG files whose coefficients were coded, else None.
    """

    pages: int
    file_bytes: int
    suffix: str
    process: str | None
    components: int | None
    code_lengths: Mapping[str, object]


def details(file: Container | StoredFile, size: int) -> FileDetails:
    """JSON keys for a .bbc file of `size` bytes."""
    if isinstance(file, StoredFile):
        return _details_of_file(file, size)
    payload = sum(len(band.payload) for part in file.parts for band in part.bands)
    shown: FileDetails = {
        "mode": file.mode,
        "depth": file.depth,
        "payload_bytes": payload,
        "other_bytes": size - payload,
        "metadata": _metadata(file),
        "parts": [_part(file, part) for part in file.parts],
    }
    if file.pages > 1:
        shown["pages"] = file.pages
    return shown


def _details_of_file(file: StoredFile, size: int) -> FileDetails:
    payload = sum(len(part.payload) for part in file.parts)
    return {
        "mode": None,
        "depth": None,
        "payload_bytes": payload,
        "other_bytes": size - payload,
        "metadata": _metadata(file),
        "parts": [_part_of_file(part) for part in file.parts],
        "file_bytes": file.size,
        "suffix": dict(file.metadata).get(kinds.SUFFIX, b"").decode(errors="replace"),
        "process": None if file.jpeg is None else _process(file.jpeg.process),
        "components": None if file.jpeg is None else file.jpeg.components,
    }


def _process(number: int) -> str:
    return _PROCESSES.get(number, f"process {number}")


def _metadata(file: Container | StoredFile) -> list[str]:
    """A word for each item; of PNG chunks, their names."""
    items = [(kind, data) for kind, data in file.metadata if kind not in _NOT_LISTED]
    names = [
        _WORDS.get(kind) or (data[:4].decode("latin-1") if kind == kinds.CHUNK else f"kind {kind}")
        for kind, data in items
    ]
    return list(dict.fromkeys(names))


def _part(file: Container, part: Part) -> PartDetails:
    rows_of_part = file.height if part.region is None else part.region.height
    return {
        "coder": CODER_NAMES[part.coder],
        "model": part.model_id.hex() or None,
        "settings": part.settings.hex(),
        "channels": part.channels,
        "depth": part.depth,
        "region": None if part.region is None else list(part.region),
        "bands": [
            {"rows": rows, "latent_rows": band.split, "bytes": len(band.payload)}
            for rows, band in zip(band_heights(rows_of_part, part.band_rows), part.bands, strict=True)
        ],
        "bytes": sum(len(band.payload) for band in part.bands),
    }


def _part_of_file(part: FilePart) -> PartDetails:
    return {
        "coder": CODER_NAMES[part.coder],
        "model": None,
        "settings": part.settings.hex(),
        "channels": None,
        "depth": None,
        "region": None,
        "bands": [],
        "bytes": len(part.payload),
    }


def words(file: Container | StoredFile, size: int) -> str:
    """One line: shape, size, coder, metadata."""
    if isinstance(file, StoredFile):
        return _words_of_file(file, size)
    samples = file.width * file.height * file.channels
    line = f"{file.width}x{file.height // file.pages} {file.mode}"
    line += f", {file.pages:,} pages" if file.pages > 1 else ""
    line += f", {file.depth} bits, {size:,} bytes, {8 * size / samples:.3f} bpd"
    for part in file.parts:
        line += f", {CODER_NAMES[part.coder]}" + (f" {part.model_id.hex()}" if part.model_id else "")
        line += "" if part.region is None else f" {_geometry(*part.region)}"
    names = _metadata(file)
    return line + (f", with {', '.join(names)}" if names else "")


def _geometry(left: int, top: int, width: int, height: int) -> str:
    """As X has it: the size of a rectangle, and how far its left and its upper side are from the picture's."""
    return f"{width}x{height}+{left}+{top}"


def _words_of_file(file: StoredFile, size: int) -> str:
    facts = ["file"]
    if file.jpeg is not None:
        facts = ["JPEG file", f"{file.jpeg.width}x{file.jpeg.height}", _process(file.jpeg.process)]
    facts += [in_units(file.size), f"{size:,} bytes here"]
    if file.size:
        facts[-1] += f" ({100 * size / file.size:.1f} %)"
    suffix, names = dict(file.metadata).get(kinds.SUFFIX), _metadata(file)
    facts += [f"suffix {printable(suffix.decode(errors='replace'))}"] if suffix else []
    return ", ".join(facts + ([f"with {', '.join(names)}"] if names else []))


def in_units(size: int) -> str:
    """A number of bytes with two or three digits: 3.1 MB."""
    for unit, name in _UNITS:
        if size >= 0.995 * unit:
            return f"{size / unit:.{1 if size < 9.95 * unit else 0}f} {name}"
    return f"{size:,} bytes"


def exif_and_xmp(file: Container) -> dict[str, bytes]:
    """ "exif" and "xmp" of a picture, where it has them: a TIFF structure, a packet."""
    names = {kinds.EXIF: "exif", kinds.XMP: "xmp"}
    return {names[kind]: data for kind, data in reversed(file.metadata) if kind in names}


def add_bits(shown: FileDetails, bits: Sequence[Sequence[Mapping[str, object]]]) -> None:
    """Complete `details` with the bits of each band of each part, as bit_account.of_file gives them."""
    for part, of_bands in zip(shown["parts"], bits, strict=True):
        for band, of_band in zip(part["bands"], of_bands, strict=False):
            band["bits"] = of_band


def table(shown: FileDetails) -> list[str]:
    """Further lines for -v, from `details` as completed by `add_bits`."""
    what = "pixels" if shown["mode"] else "the file"
    lines = [f"  {shown['payload_bytes']:,} bytes of {what}, {shown['other_bytes']:,} bytes of all else"]
    for number, part in enumerate(shown["parts"]):
        settings = f", settings {_shortened(part['settings'])}" if part["settings"] else ""
        if part["channels"]:
            shape = f"{part['channels']} channel{'s' if part['channels'] > 1 else ''} of {part['depth']} bits"
        else:
            shape = f"{part['bytes']:,} bytes"
        where = f", {_geometry(*part['region'])}" if part["region"] else ""
        lines.append(f"  part {number}: {part['coder']}{where}, {shape}{settings}")
        for index, band in enumerate(part["bands"]):
            lines += _lines_of_band(index, band)
    return lines


def _shortened(digits: str, most: int = 32) -> str:
    """Hexadecimal digits for a line of text: the fitted coder's settings hold the changes of its weights."""
    return digits if len(digits) <= most else f"{digits[:most]}... ({len(digits) // 2:,} bytes)"


def _lines_of_band(index: int, band: BandDetails) -> list[str]:
    rows = f"{band['rows']:,} rows, {band['latent_rows']:,} latent rows"
    lines = [f"    band {index}: {rows}, {band['bytes']:,} bytes"]
    for name, value in band.get("bits", {}).items():
        shown_value = f"{value:.5f}" if name.endswith("per_sample") else f"{value:,.1f}"
        lines.append(f"      {name.replace('_', ' ')}, bits: {shown_value}")
    return lines
