"""The message, in C and in the Python references: exact inverses, pinned bits, underflow, serialisation."""

import copy
import math
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bbans_cli.entropy.rans import Message
from bbans_cli.errors import CorruptError, TruncatedError, UnderflowError
from bbans_cli.reference.rans import NumpyMessage, ReferenceMessage

both = pytest.mark.parametrize("kind", [Message, ReferenceMessage], ids=["c", "reference"])


@st.composite
def intervals(draw, min_size=0, max_size=40):
    """Arrays (starts, freqs, precisions) of valid intervals of mixed precision, full intervals included."""
    triples = []
    for _ in range(draw(st.integers(min_size, max_size))):
        precision = draw(st.integers(1, 31))
        start = draw(st.integers(0, 2**precision - 1))
        most = 2**precision - start
        freq = draw(st.one_of(st.integers(1, most), st.just(most), st.just(1)))
        triples.append((start, freq, precision))
    starts, freqs, precisions = zip(*triples, strict=True) if triples else ((), (), ())
    return np.array(starts, np.uint32), np.array(freqs, np.uint32), np.array(precisions, np.uint8)


@st.composite
def contents(draw):
    """A state and words of any message of one lane, extreme states included."""
    extreme = st.sampled_from([2**31, 2**32 - 1, 2**32, 2**63 - 1])
    state = draw(st.one_of(st.integers(2**31, 2**63 - 1), extreme))
    return state, draw(st.lists(st.integers(0, 2**32 - 1), max_size=30))


def build(kind, state, words):
    data = b"".join(word.to_bytes(4, "little") for word in words) + state.to_bytes(8, "little").rstrip(b"\0")
    return kind.from_bytes(b"" if state == 2**31 and not words else data)


@both
def test_pinned_bits(kind):
    message = kind()
    message.push([1, 2, 3, 40000], [5, 6, 7, 100], 16)
    message.push([0], [1 << 31], 31)
    message.push(3, 5, 24)
    assert message.states == [343127621636]
    assert message.words.tolist() == [3442737159, 65537]
    assert message.to_bytes().hex() == "070034cd01000100040000e44f"
    assert message.bits == pytest.approx(71.31995431070376, abs=1e-9)


@both
def test_pinned_bits_of_three_lanes(kind):
    message = kind(3)
    message.push(np.arange(10) * 50, np.arange(10) + 1, 9)
    message.push([7], [1], 31)
    assert message.states == [263524914663784455, 3602879711070770, 1779199856999526]
    assert message.words.tolist() == [1596796416]
    assert message.to_bytes().hex() == "002e2d5f66fc753f2c52060032ca58cdcccc0c0007000080833aa803"


@both
def test_a_full_interval_costs_nothing(kind):
    message = kind()
    for precision in range(1, 32):
        message.push(0, 2**precision, precision)
        message.advance(0, 2**precision, precision)
        message.push([0, 0], [2**precision] * 2, precision)
    assert message.empty


@both
@pytest.mark.parametrize("precision", [1, 2, 16, 24, 30, 31])
def test_nothing_can_be_popped_from_an_empty_message(kind, precision):
    message = kind()
    assert message.peek(precision) == 0
    for freq in {1, 2**precision - 1}:
        with pytest.raises(UnderflowError):
            message.advance(0, freq, precision)
        with pytest.raises(UnderflowError):
            message.advance([0, 0], [2**precision, freq], precision)
    with pytest.raises(UnderflowError):
        message.pop_bits(3, precision)
    assert message.empty


@both
def test_a_pop_that_fails_leaves_the_message_unchanged(kind):
    message = kind()
    message.push_bits(np.arange(50), 7)
    before = message.copy()
    with pytest.raises(UnderflowError, match="short"):
        message.pop_bits(52, 7)
    assert message == before
    assert message.pop_bits(50, 7).tolist() == list(range(50))
    assert message.empty


@both
def test_an_interval_without_the_value_is_refused(kind):
    message = kind()
    message.push([10, 20], [5, 5], 8)
    before = message.copy()
    for starts in ([10, 25], [11, 20], [5, 20]):
        with pytest.raises(CorruptError):
            message.advance(starts, [5, 5], 8)
        assert message == before


@both
@pytest.mark.parametrize(
    "start, freq, precision",
    [(0, 0, 8), (256, 1, 8), (255, 2, 8), (0, 1, 0), (0, 1, 32), (-1, 2, 8), (3, -1, 8), (0, 1 << 32, 9)],
)
def test_impossible_intervals_are_refused(kind, start, freq, precision):
    message = kind()
    message.push(1, 2, 20)
    before = message.copy()
    for act in (message.push, message.advance):
        with pytest.raises(ValueError):
            act(start, freq, precision)
        with pytest.raises(ValueError):
            act([1, start], [2, freq], [20, precision])
    assert message == before


@both
def test_arguments_that_do_not_fit_are_refused(kind):
    message = kind()
    with pytest.raises(ValueError):
        message.push([1, 2], [1], 4)
    with pytest.raises(ValueError):
        kind(0)
    for precision in (0, 32):
        with pytest.raises(ValueError):
            message.peek(precision)
    with pytest.raises(ValueError):
        message.peek(8, lanes=2)


def test_calls_that_make_no_sense_are_value_errors():
    message = Message(2)
    for call in (
        lambda: message.push(0, [1, 1], 8),
        lambda: message.advance(0, [1, 1], 8),
        lambda: message.push(0, 1.5, 8),
        lambda: message.push_bits([1], -1),
        lambda: message.pop_bits(2, -1),
        lambda: message.pop_bits(2, 300),
        lambda: message.pop_bits(-2, 8),
        lambda: message.peek(8, lanes=0),
        lambda: message.peek(8, lanes=-1),
    ):
        with pytest.raises(ValueError):
            call()
    assert message.empty


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda it: pickle.loads(pickle.dumps(it))])
@pytest.mark.parametrize("lanes", [1, 3])
def test_copies_have_nothing_in_common(again, lanes):
    for message in (Message(lanes), Message.random(20, np.random.default_rng(0), lanes)):
        before, other = message.to_bytes(), again(message)
        assert other == message and other.lanes == lanes
        other.push_bits(np.arange(100), 7)
        assert message.to_bytes() == before
        assert other.pop_bits(100, 7).tolist() == list(range(100))
        assert other == message


def test_symbols_must_be_integers():
    with pytest.raises(ValueError, match="integers"):
        Message().push([0.5], [1], 4)


@both
@settings(max_examples=80, deadline=None)
@given(content=contents(), symbols=intervals())
def test_a_pop_undoes_a_push(kind, content, symbols):
    message = build(kind, *content)
    before = message.copy()
    message.push(*symbols)
    message.advance(*symbols)
    assert message == before


@both
@settings(max_examples=80, deadline=None)
@given(content=contents(), symbols=intervals(min_size=1))
def test_a_push_undoes_a_pop(kind, content, symbols):
    """What bits-back coding relies on, for every message and every precision."""
    message = build(kind, *content)
    popped = []
    states = [message.copy()]
    for _, freq, precision in zip(*map(list, symbols), strict=True):
        start = max(0, min(message.peek(int(precision)), 2 ** int(precision) - int(freq)))
        try:
            message.advance(start, int(freq), int(precision))
        except UnderflowError:
            assert message == states[-1]
            break
        popped.append((start, int(freq), int(precision)))
        states.append(message.copy())
    while popped:
        assert message == states.pop()
        message.push(*popped.pop())
    assert message == states.pop()


@settings(max_examples=60, deadline=None)
@given(symbols=intervals(), lanes=st.integers(1, 5))
def test_c_equals_the_reference(symbols, lanes):
    messages = [Message(lanes), ReferenceMessage(lanes)]
    for message in messages:
        message.push(*symbols)
    fast, plain = messages
    assert fast.states == plain.states
    assert fast.words.tolist() == plain.words.tolist()
    assert fast.to_bytes() == plain.to_bytes()
    assert fast.peek(13, lanes=lanes).tolist() == plain.peek(13, lanes=lanes).tolist()
    count = 1 if fast.empty else int(fast.bits // 24)
    results = []
    for message in messages:
        try:
            results.append(message.pop_bits(count, 11).tolist())
        except UnderflowError:
            results.append("underflow")
    assert results[0] == results[1]


@both
@settings(max_examples=60, deadline=None)
@given(symbols=intervals())
def test_a_push_costs_the_logarithm_of_the_probability(kind, symbols):
    message = kind()
    message.push(*symbols)
    ideal = sum(int(p) - math.log2(int(f)) for f, p in zip(symbols[1], symbols[2], strict=True))
    # a push changes state / freq, which is at least 2^(31 - p), by at most 1: hence the slack per symbol
    slack = sum(2.0 ** (int(p) - 31) * 1.5 for p in symbols[2])
    assert ideal - slack - 1e-9 <= message.bits <= ideal + slack + 1e-9


@both
@settings(max_examples=80, deadline=None)
@given(symbols=intervals(), lanes=st.integers(1, 4))
def test_bytes_round_trip(kind, symbols, lanes):
    message = kind(lanes)
    message.push(*symbols)
    data = message.to_bytes()
    assert kind.from_bytes(data, lanes) == message
    assert len(data) <= 4 * len(message.words) + 8 * lanes


@both
@settings(max_examples=120, deadline=None)
@given(data=st.binary(max_size=40), lanes=st.integers(1, 2))
def test_bytes_are_canonical(kind, data, lanes):
    """Bytes that are accepted are written again unchanged: no two byte strings are the same message."""
    try:
        message = kind.from_bytes(data, lanes)
    except CorruptError:
        return
    assert message.to_bytes() == data


@both
def test_the_empty_message_takes_no_bytes(kind):
    assert kind().to_bytes() == b""
    assert kind.from_bytes(b"").empty
    with pytest.raises(CorruptError):
        kind.from_bytes(bytes.fromhex("00000080"))


@both
@pytest.mark.parametrize("data", ["ff", "ffffff", "ffffff7f", "0000000000", "ffffffff00", "ffffffffffffff00"])
def test_invalid_bytes_are_refused(kind, data):
    with pytest.raises(CorruptError):
        kind.from_bytes(bytes.fromhex(data))


@both
def test_a_state_out_of_range_is_refused(kind):
    with pytest.raises(CorruptError):
        kind.from_bytes(bytes(8) + bytes.fromhex("000000f0"), lanes=2)
    with pytest.raises(TruncatedError):
        kind.from_bytes(bytes.fromhex("000000f0"), lanes=2)


def test_a_state_out_of_range_is_refused_by_c():
    message = Message()
    message._states[0] = 5
    with pytest.raises(RuntimeError):
        message.push([1], [1], 4)


def test_a_push_of_several_calls_of_c():
    rng = np.random.default_rng(1)
    n = 600_001
    starts = rng.integers(0, 2**15, n, np.uint32)
    freqs = rng.integers(1, 2**15, n, np.uint32)
    whole, parts = Message(7), Message(7)
    whole.push(starts, freqs, 16)
    split = 7 * 40_000
    parts.push(starts[split:], freqs[split:], 16)
    parts.push(starts[:split], freqs[:split], 16)
    assert whole == parts
    whole.advance(starts, freqs, 16)
    assert whole.empty


def test_some_lanes_share_the_words():
    message = Message.random(20, np.random.default_rng(0), lanes=6)
    before = message.copy()
    with message.some_lanes(slice(1, 6, 2)) as part:
        assert part.states == before.states[1:6:2]
        values = part.pop_bits(12, 20)
    assert message.states[::2] == before.states[::2]
    assert message.bits < before.bits - 200
    with message.some_lanes(slice(1, 6, 2)) as part:
        part.push_bits(values, 20)
        part.push_bits(np.zeros(200, int), 30)
        part.pop_bits(200, 30)
    assert message == before


def test_random_messages_depend_on_their_generator_alone():
    first, second = (Message.random(30, np.random.default_rng(5)) for _ in range(2))
    assert first == second
    assert 30 * 32 <= first.bits < 30 * 32 + 32


@settings(max_examples=60, deadline=None)
@given(lanes=st.integers(1, 9), count=st.integers(0, 60), precision=st.integers(1, 31), seed=st.integers(0, 999))
def test_the_numpy_stack_equals_the_c_stack(lanes, count, precision, seed):
    rng = np.random.default_rng(seed)
    starts = rng.integers(0, 2**precision, count, np.uint32)
    freqs = (rng.random(count) ** 4 * (2**precision - starts.astype(np.int64) - 1) + 1).astype(np.uint32)
    fast, plain = Message(lanes), NumpyMessage(lanes)
    for message in (fast, plain):
        message.push(starts, freqs, precision)
    assert fast.states == plain.states.tolist()
    assert fast.words.tolist() == plain.words.tolist()
    for first in range(0, count, lanes):
        rows = slice(first, first + lanes)
        top = plain.peek(precision, len(starts[rows])).astype(np.int64)
        assert ((starts[rows] <= top) & (top < starts[rows].astype(np.int64) + freqs[rows])).all()
        plain.advance(starts[rows], freqs[rows], precision)
    assert plain.states.tolist() == [2**31] * lanes and plain.words.size == 0
    with pytest.raises(UnderflowError):
        plain.advance(np.zeros(lanes, np.uint32), np.ones(lanes, np.uint32), precision)
