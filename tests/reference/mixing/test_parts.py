"""Parts of context mixing in Python, each by itself: tables, counters, decoders, least squares."""

import math

import numpy as np
import pytest
import tiny

from bbans_cli.errors import CorruptError
from bbans_cli.reference.mixing import apm, binarisation, counters, logistic
from bbans_cli.reference.mixing.binary_coder import BinaryDecoder
from bbans_cli.reference.mixing.buckets import Buckets, bucket_hash
from bbans_cli.reference.mixing.contexts import half_octaves, octaves, pack
from bbans_cli.reference.mixing.mixer import Maps, WeightSets, decode_bit, towards_zero
from bbans_cli.reference.mixing.range_coder import RangeDecoder
from bbans_cli.reference.mixing.windowed_ls import WindowedLeastSquares


def test_squash_is_the_logistic_function():
    for x in range(-logistic.LIMIT, logistic.LIMIT + 1):
        assert logistic.squash(x) == pytest.approx(65536 / (1 + math.exp(-x / 256)), abs=1.0)
        assert logistic.squash(x) + logistic.squash(-x) == 65536 and 1 <= logistic.squash(x) <= 65535
    assert logistic.squash(99999) == logistic.squash(logistic.LIMIT)


def test_stretch_is_its_inverse():
    assert len(logistic.STRETCH) == 1 << 14 and sorted(logistic.STRETCH) == logistic.STRETCH
    for i in range(64, (1 << 14) - 64):
        p = (4 * i + 2) / 65536
        assert logistic.STRETCH[i] == pytest.approx(256 * math.log(p / (1 - p)), abs=2.0)


def test_a_counter_is_the_share_of_ones():
    counter = 0
    assert counters.probability(counter) == 1 << 21
    for n, bit in enumerate([1, 1, 0, 1, 0, 0, 0, 1, 1, 1], 1):
        counter = counters.updated(counter, bit)
        assert counter & 1023 == n
    assert counters.probability(counter) / (1 << 22) == pytest.approx(6.25 / 10.5, abs=1e-3)
    for _ in range(300):
        counter = counters.updated(counter, 1)
    assert counter & 1023 == counters.LIMIT


def test_contexts_take_buckets_from_each_other():
    buckets = Buckets(8)
    first = bucket_hash(1, 2)
    other = first ^ 0xFFF00  # the same place, another tag
    (bucket,) = buckets.find([first])
    bucket[3] = 77
    assert buckets.find([first])[0][3] == 77
    assert buckets.find([other])[0] is bucket and bucket[3] == 0


def test_sizes_in_octaves():
    assert [octaves(x) for x in (-5, -2, 0, 1, 2, 3, 4, 5, 8, 9)] == [-5, -2, 0, 1, 2, 4, 4, 5, 5, 6]
    assert [half_octaves(x) for x in range(9)] == [0, 1, 2, 3, 4, 4, 5, 5, 6]
    assert pack(1, -1, 2, 3) == 0x0001_FFFF_0002_0003
    assert [towards_zero(x, 3) for x in (-4, -3, 4)] == [-1, -1, 1]


def probabilities_and_bits():
    chances = tiny.integers(1, 1 << 16, 600).clip(1, 65535).tolist()
    return chances, (tiny.integers(2, 1 << 16, 600) < chances).astype(int).tolist()


def test_the_binary_decoder_reads_what_an_encoder_of_fractions_writes():
    """The encoder keeps the interval as two numbers of any length."""
    chances, bits = probabilities_and_bits()
    low, high, written = 0, (1 << 64) - 1, b""
    for chance, bit in zip(chances, bits, strict=True):
        middle = low + ((high - low) >> 16) * chance
        low, high = (low, middle) if bit else (middle + 1, high)
        while low >> 56 == high >> 56:
            written += bytes([high >> 56])
            low, high = low << 8 & ((1 << 64) - 1), high << 8 & ((1 << 64) - 1) | 255
    decoder = BinaryDecoder(written + high.to_bytes(8, "big"))
    assert [decoder.bit(chance) for chance in chances] == bits


def test_the_range_decoder_reads_what_an_encoder_of_whole_numbers_writes():
    chances, bits = probabilities_and_bits()
    low, size, words = 0, (1 << 64) - 1, 0  # low: of all words so far, and of the 64 bits behind them
    for chance, bit in zip(chances, bits, strict=True):
        ones = (size >> 16) * chance
        low, size = (low, ones) if bit else (low + ones, size - ones)
        if size < 1 << 32:
            low, size, words = low << 32, size << 32, words + 1
    decoder = RangeDecoder(low.to_bytes(4 * words + 8, "big"))
    assert [decoder.bit(chance) for chance in chances] == bits


@pytest.mark.parametrize("decoder", [BinaryDecoder(b""), RangeDecoder(b"")])
def test_behind_their_end_payloads_are_sixteen_zeros_and_then_used_up(decoder):
    """Eight bytes are read ahead, so that 16 more are 128 decisions of a bit each; up to four bytes move at a time."""
    assert [decoder.bit(32768) for _ in range(120)] == 120 * [1]
    with pytest.raises(CorruptError, match="ends before what it codes"):
        [decoder.bit(32768) for _ in range(60)]


class Known:
    """A decoder that knows its bits, and notes the probabilities that it is given."""

    def __init__(self, bits):
        self.bits, self.given = iter(bits), []

    def bit(self, probability):
        self.given.append(probability)
        return next(self.bits)


def test_a_mixer_learns_which_context_tells():
    """One counter sees what decides the bits, the other a constant."""
    decoder, sets, maps = Known([0, 1] * 100), WeightSets(5), Maps()
    tables = [[0, 0], [0]]
    for i in range(200):
        decode_bit(decoder, [(tables[0], i % 2), (tables[1], 0)], [sets["all"], sets[i % 2]], maps[0], rate=8)
    assert max(decoder.given[100::2]) < 5000 and min(decoder.given[101::2]) > 60000
    assert abs(sets["all"][0]) > abs(sets["all"][2])


def test_a_map_moves_to_what_has_come():
    points = apm.begin()
    before, point = apm.refine(points, 300)
    assert before == pytest.approx(logistic.squash(300), abs=700)
    for _ in range(100):
        apm.update(points, point, 0)
    assert apm.refine(points, 300)[0] < before / 2


class Bits:
    length_max = 17

    def __init__(self, text):
        self.bits = iter(map(int, text))

    def zero(self):
        return next(self.bits)

    def negative(self):
        return next(self.bits)

    def longer(self, length):
        return next(self.bits)

    def mantissa(self, length, place, prefix):
        return next(self.bits)


@pytest.mark.parametrize(("text", "value"), [("1", 0), ("000", 1), ("010", -1), ("0011001", 5), ("01100", -2)])
def test_integers_as_decisions(text, value):
    assert binarisation.decode(Bits(text)) == value


def test_least_squares_find_the_weights():
    true, solver = np.array([0.5, -2.0, 3.0]), WindowedLeastSquares(3, 0.99, 1e-6, 4)
    for features in tiny.uniform(5, 200, 3).astype(np.float64):
        solver.update(features, float(features @ true))
    assert solver.weights == pytest.approx(true, abs=1e-3)
    assert solver.predict(np.ones(3)) == pytest.approx(1.5, abs=1e-3)


def test_least_squares_that_break_down_keep_their_weights():
    solver = WindowedLeastSquares(2, 0.9, 0.0, 1)
    solver.update(np.array([1.0, 1.0]), 1.0)
    assert solver.weights.tolist() == [0.0, 0.0]
