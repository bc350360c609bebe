"""Huffman tables that an encoder optimised are left out of a stream's plain bytes and made again."""

import io

import numpy as np
import pytest
import tiny
from PIL import Image

from bbans_cli.coders.jpeg.stream.join import frame
from bbans_cli.coders.jpeg.stream.omitted_tables import Omitted, with_stand_ins
from bbans_cli.coders.jpeg.stream.optimal_tables import Joined, join_and_leave_out, optimal_table, put_in
from bbans_cli.coders.jpeg.stream.split import split
from bbans_cli.errors import CorruptError


def stream(**options):
    file = io.BytesIO()
    Image.fromarray(tiny.picture(70, 90, 3)).save(file, "JPEG", **options)
    return file.getvalue(), split(file.getvalue())


@pytest.mark.parametrize("options", [{"optimize": True}, {"progressive": True}, {"optimize": True, "subsampling": 0}])
def test_tables_of_an_optimising_encoder_are_left_out(options):
    data, found = stream(**options)
    joined = join_and_leave_out(found.plain, found.scans, found.blocks)
    plain, tables = joined.plain, joined.omitted
    assert joined.data == data
    assert len(tables) == found.plain.count(b"\xff\xc4") and b"\xff\xc4" in plain
    assert len(found.plain) - len(plain) == sum(16 + table.symbols for table in tables)
    completed = with_stand_ins(plain, tables)
    assert frame(completed, found.scans)[:3] == (found.process, 90, 70)
    whole = put_in(completed, tables, found.scans, found.blocks)
    assert whole == found.plain


def test_other_tables_stay():
    data, found = stream(quality=80)
    assert join_and_leave_out(found.plain, found.scans, found.blocks) == Joined(data, found.plain, [])


def test_a_table_by_hand():
    """Frequencies 1, 1, 2, 4 and the reserved symbol's 1: lengths 4, 3, 3, 2, 1 with the reserved one longest."""
    uses = np.zeros(256, np.uint64)
    uses[[3, 5, 7, 9]] = [1, 1, 2, 4]
    assert optimal_table(uses) == bytes([1, 1, 1, 1] + 12 * [0]) + bytes([9, 7, 3, 5])
    assert optimal_table(np.zeros(256, np.uint64)) == b""


def test_no_code_is_longer_than_sixteen_bits():
    uses = np.zeros(256, np.uint64)
    uses[:40] = [1 << i for i in range(40)]
    table = optimal_table(uses)
    assert sum(table[:16]) == 40 and table[15] > 1
    assert sum(count << (16 - length) for length, count in enumerate(table[:16], 1)) < 1 << 16


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ([Omitted(10**6, 3)], "beyond its end"),
        ([Omitted(4, 0)], "nobody leaves out"),
        ([Omitted(4, 256)], "nobody leaves out"),
        (256 * [Omitted(4, 1)], "nobody leaves out"),
    ],
)
def test_wrong_positions(tables, message):
    with pytest.raises(CorruptError, match=message):
        with_stand_ins(stream()[1].plain, tables)


def test_a_table_of_another_size_is_refused():
    found = stream(optimize=True)[1]
    joined = join_and_leave_out(found.plain, found.scans, found.blocks)
    wrong = [Omitted(table.position, table.symbols - 1) for table in joined.omitted[:1]]
    with pytest.raises(CorruptError, match="another size"):
        put_in(with_stand_ins(joined.plain, wrong), wrong, found.scans, found.blocks)
