"""Payloads of .bbc files that are cut or have a bit flipped, and what two decoders make of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import contents

from bbans_cli.coders import decode_picture
from bbans_cli.coders.files import file_coder
from bbans_cli.container import Container, StoredFile
from bbans_cli.errors import BbcError, code_of
from bbans_cli.pictures.picture import Picture
from bbans_cli.reference import decode_file
from scripts.damage.trials import flipped
from scripts.fuzz.targets import checksums_hold

Content = Container | StoredFile


def payloads(content: Content) -> Iterator[tuple[int, int | None, bytes]]:
    """Index of the part, index of the band or None, payload."""
    for i, part in enumerate(content.parts):
        if isinstance(content, StoredFile):
            yield i, None, part.payload
        else:
            yield from ((i, k, band.payload) for k, band in enumerate(part.bands))


def with_payload(content: Content, i: int, k: int | None, payload: bytes) -> Content:
    """With another payload of a part, or of a band of it."""
    parts = list(content.parts)
    if k is None:
        parts[i] = parts[i]._replace(payload=payload)
    else:
        bands = list(parts[i].bands)
        bands[k] = bands[k]._replace(payload=payload)
        parts[i] = replace(parts[i], bands=bands)
    return replace(content, parts=parts)


def damaged(
    content: Content, cuts: Sequence[int], flips: Sequence[int], most: int | None
) -> Iterator[tuple[str, Content]]:
    """What was done, and the content with that damage, of the first `most` payloads (None: of all).

    cuts   what is left of a payload, in 64ths
    flips  where a bit is flipped, from 0 to 63
    """
    for i, k, payload in list(payloads(content))[:most]:
        for share in cuts:
            yield (
                f"part {i}, band {k}, {share}/64 left",
                with_payload(content, i, k, payload[: len(payload) * share // 64]),
            )
        for share in flips:
            bit = (8 * len(payload) - 1) * share // 63
            yield f"part {i}, band {k}, bit {bit} flipped", with_payload(content, i, k, flipped(payload, bit))


def outcome(decode: Callable[[Content], Picture | bytes], content: Content) -> str:
    """What is decoded while all checksums hold, as a digest; or the class of the error."""
    with checksums_hold():
        try:
            return contents.digest(decode(content))
        except BbcError as error:
            return "corrupt" if code_of(error) == "truncated" else code_of(error)


def by_core(content: Content) -> Picture | bytes:
    """By the first decoder."""
    if isinstance(content, StoredFile):
        return file_coder.decode(content, threads=1)
    return decode_picture.decode(content, threads=1)


def differences(content: Content, cuts: Sequence[int], flips: Sequence[int], most: int | None = None) -> list[str]:
    """What was done where the two decoders do not agree."""
    return [
        what
        for what, each in damaged(content, cuts, flips, most)
        if outcome(by_core, each) != outcome(decode_file.decode_content, each)
    ]
