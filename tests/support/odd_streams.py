"""Streams that are odd on purpose: edited files of Pillow's."""

import io
import re

import tiny
from PIL import Image

DHT = re.compile(rb"\xff\xc4")
RESTART = re.compile(rb"\xff[\xd0-\xd7]")
SOF_HEIGHT = 5  # from the marker on


def jpeg(height=70, width=90, **options):
    file = io.BytesIO()
    Image.fromarray(tiny.picture(height, width, 3)).save(file, "JPEG", **options)
    return file.getvalue()


def segment(marker, body=b""):
    return bytes([0xFF, marker]) + (len(body) + 2).to_bytes(2, "big") + body


def without(data, marker):
    """Without the segments of a marker."""
    while (at := data.find(bytes([0xFF, marker]))) >= 0:
        data = data[:at] + data[at + 2 + int.from_bytes(data[at + 2 : at + 4], "big") :]
    return data


def before_scan(data, inserted):
    at = data.index(b"\xff\xda")
    return data[:at] + inserted + data[at:]


def with_height(data, height):
    at = re.search(rb"\xff[\xc0-\xc2]\0\x11\x08", data).start() + SOF_HEIGHT
    return data[:at] + height.to_bytes(2, "big") + data[at + 2 :]


def renumbered(data, number):
    """Restart markers with other numbers, by a function of their index."""
    found = list(RESTART.finditer(data))
    changed = bytearray(data)
    for index, marker in enumerate(found):
        changed[marker.start() + 1] = 0xD0 + number(index) % 8
    return bytes(changed)


def restart_missing(data, index, whole=True):
    """Without one restart marker; with its interval's last byte, or without."""
    at = list(RESTART.finditer(data))[index].start()
    return data[: at - (not whole)] + data[at + 2 :]


def padded(data, bits):
    """With other padding at the end of the only scan."""
    assert data[-3] & 1
    return data[:-3] + bytes([data[-3] & 254 | bits]) + data[-2:]


def identified(data, frame, scan):
    """With other identifiers of the three components, in the frame header and in the scan header."""
    at = re.search(rb"\xff[\xc0-\xc2]\0\x11\x08", data).start() + 10
    changed = bytearray(data)
    changed[at : at + 9 : 3] = frame
    at = data.index(b"\xff\xda") + 5
    changed[at : at + 6 : 2] = scan
    return bytes(changed)


PLAIN, PROGRESSIVE = jpeg(), jpeg(progressive=True)
RESTARTS = jpeg(restart_marker_blocks=4)
SCAN = PLAIN.index(b"\xff\xda") + 14
STUFFED = jpeg(quality=98).index(b"\xff\x00", 700)

# Each with the bytes that `scans` may take.
ODD = {
    "restart markers all RST0": (renumbered(RESTARTS, lambda i: 0), 40),
    "restart markers backwards": (renumbered(RESTARTS, lambda i: -i), 40),
    "one number wrong": (renumbered(RESTARTS, lambda i: i + 3 * (i == 2)), 16),
    "a restart marker missing": (restart_missing(RESTARTS, 2), 20),
    "a restart marker and the byte before it missing": (restart_missing(RESTARTS, 2, whole=False), 30),
    "restart markers at the end": (PLAIN[:-2] + b"\xff\xd0\xff\xd1\xff\xd1\xff\xd9", 30),
    "intervals without markers": (RESTART.sub(b"", RESTARTS), 40),
    "markers without intervals": (without(RESTARTS, 0xDD), 16),
    "another interval than DRI says": (RESTARTS.replace(b"\xff\xdd\0\4\0\4", b"\xff\xdd\0\4\0\3"), 80),
    "DRI beyond the picture": (before_scan(PLAIN, segment(0xDD, b"\xff\xff")), 6),
    "DRI twice": (before_scan(PLAIN, segment(0xDD, b"\0\1") + segment(0xDD, b"\0\0")), 6),
    "DRI without markers": (before_scan(PLAIN, segment(0xDD, b"\0\2")), 8),
    "padding with a zero": (padded(PLAIN, 0), 16),
    "no EOI": (PLAIN[:-2], 6),
    "an EOI of one byte": (PLAIN[:-1], 16),
    "progressive without EOI": (PROGRESSIVE[:-2], 60),
    "half of it": (PLAIN[: len(PLAIN) * 3 // 4], 60),
    "half of it, with restarts": (RESTARTS[: len(RESTARTS) * 3 // 4], 60),
    "half of it, progressive": (PROGRESSIVE[: len(PROGRESSIVE) * 3 // 4], 60),
    "height 0": (with_height(PLAIN, 0), 7),
    "height 0, progressive": (with_height(PROGRESSIVE, 0), 60),
    "height 0 and DNL": (with_height(PLAIN, 0)[:-2] + segment(0xDC, b"\0\x46") + b"\xff\xd9", 7),
    "DNL that repeats the height": (PLAIN[:-2] + segment(0xDC, b"\0\x46") + b"\xff\xd9", 7),
    "height too small": (with_height(PLAIN, 20), 8),
    "height too large": (with_height(PLAIN, 0x1234), 8),
    "height too small, with restarts": (with_height(RESTARTS, 20), 8),
    "height too large, progressive": (with_height(PROGRESSIVE, 0xFFFF), 60),
    "no Huffman tables": (without(PLAIN, 0xC4), 6),
    "an empty DHT": (before_scan(PLAIN, segment(0xC4)), 6),
    "no quantisers": (without(PLAIN, 0xDB), 6),
    "a quantiser of zero": (PLAIN.replace(b"\xff\xdb\0\x43\0", b"\xff\xdb\0\x43\0\0\0")[:-2], 6),
    "fill bytes before a marker": (before_scan(PLAIN, b"\xff" * 5), 6),
    "stray bytes between segments": (before_scan(PLAIN, b"stray\0\1"), 6),
    "unknown segments": (before_scan(PLAIN, segment(0x01, b"") + segment(0xF0, b"abc")), 6),
    "bytes before EOI": (PLAIN[:-2] + b"abcdef" + b"\xff\xd9", 20),
    "fill bytes before EOI": (PLAIN[:-2] + b"\xff" * 9 + b"\xff\xd9", 6),
    "a comment after the scan": (PLAIN[:-2] + segment(0xFE, b"abc") + b"\xff\xd9", 6),
    "fill bytes before a restart marker": (RESTARTS.replace(b"\xff\xd2", b"\xff" * 7 + b"\xd2"), 10),
    "fill bytes before a stuffed byte": (jpeg(quality=98).replace(b"\xff\0", b"\xff\xff\xff\0"), 400),
    "a stuffed byte that is none": (jpeg(quality=98)[: STUFFED + 1] + b"\x9c" + jpeg(quality=98)[STUFFED + 2 :], 10),
    "identifiers that are equal": (identified(PLAIN, b"\7\7\7", b"\7\7\7"), 6),
    "identifiers that are letters": (identified(PLAIN, b"RGB", b"RGB"), 6),
    "many comments": (before_scan(PLAIN, segment(0xFE, b"") * 5000), 6),
    "frames of two pictures": (PLAIN[:-2] + PLAIN[2:], 6),
    "SOI twice": (b"\xff\xd8" + PLAIN, 6),
}
