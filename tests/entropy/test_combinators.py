"""Codecs made of codecs: order on the message, what a conditional sees, lanes."""

import numpy as np
import pytest

from bbans_cli.codecs import (
    Bernoulli,
    Categorical,
    Gaussian,
    Logistic,
    Message,
    Pair,
    Uniform,
    autoregressive,
    check_codec,
    dependent,
    repeat,
    serial,
    substack,
)

BYTE = Uniform(256)


def test_serial_puts_the_first_on_top():
    message, by_hand = Message(), Message()
    codec = serial([BYTE, Categorical([0.1, 0.2, 0.7]), Gaussian([0.0, 5.0], 2.0, -20, 20)])
    data = [200, 1, np.array([-3, 7])]
    codec.push(message, data)
    Gaussian([0.0, 5.0], 2.0, -20, 20).push(by_hand, [-3, 7])
    Categorical([0.1, 0.2, 0.7]).push(by_hand, 1)
    BYTE.push(by_hand, 200)
    assert message == by_hand
    assert BYTE.pop(message) == 200
    BYTE.push(message, 200)
    ideal = 8 + np.log2(5) + Gaussian([0.0, 5.0], 2.0, -20, 20).bits([-3, 7])
    assert check_codec(codec, data) == pytest.approx(ideal, abs=0.01)


@pytest.mark.parametrize("symbols", [[], [1], [1, 2, 3]])
def test_serial_refuses_lists_of_another_length(symbols):
    for codec in (serial([BYTE, BYTE]), repeat(BYTE, 2), dependent(lambda xs: BYTE, lambda xs: BYTE)):
        message = Message()
        with pytest.raises(ValueError):
            codec.push(message, symbols)
        assert message.empty


def test_repeat():
    message = Message()
    repeat(BYTE, 5).push(message, [1, 2, 3, 4, 5])
    assert message.bits == pytest.approx(40)
    assert repeat(BYTE, 5).pop(message) == [1, 2, 3, 4, 5]
    assert message.empty


def test_conditionals_get_the_symbols_before():
    seen = []

    def conditional(symbols):
        seen.append(symbols)
        return Uniform(max(1, sum(symbols)))

    codec = dependent(lambda symbols: BYTE, conditional, conditional)
    check_codec(codec, [100, 42, 141])
    assert [100] in seen and [100, 42] in seen
    with pytest.raises(ValueError):
        codec.push(Message(), [100, 100, 0])


def picture():
    y, x = np.mgrid[:9, :13]
    return (8 * y + 5 * x + (x * y) % 7).astype(np.uint8)


def from_the_left(seen, index):
    """Each pixel given the one before it in its row and, in the first column, the one above."""
    y, x = index
    mean = np.where(np.asarray(x) > 0, seen[y, np.maximum(x, 1) - 1], seen[np.maximum(y, 1) - 1, 0])
    return Logistic(mean.astype(float), 4.0)


ORDERS = {
    "pixel by pixel": [(y, x) for y in range(9) for x in range(13)],
    "column by column": [(np.arange(y, y + 1), np.array([x])) for x in range(13) for y in range(9)],
    "wavefront": [
        (ys, xs)
        for diagonal in range(9 + 13 - 1)
        for ys, xs in [np.array([(y, diagonal - y) for y in range(9) if 0 <= diagonal - y < 13]).T]
    ],
}


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
def test_autoregressive_orders(order):
    codec = autoregressive(from_the_left, order, (9, 13), np.uint8)
    data = picture()
    message = Message()
    codec.push(message, data)
    assert message.bits < 0.8 * 8 * data.size
    back = codec.pop(message)
    assert back.dtype == np.uint8 and np.array_equal(back, data)
    assert message.empty


def test_autoregressive_hides_unknown_elements():
    """A conditional that uses unknown elements gets zeros when pushing too, so its symbols can be popped."""

    def looks_ahead(seen, index):
        return Logistic(seen.sum() % 256 + 0.0 * seen[index], 3.0)

    check_codec(autoregressive(looks_ahead, [np.s_[y] for y in range(9)], (9, 13)), picture().astype(int))


def test_autoregressive_does_not_change_its_data():
    data = picture()
    autoregressive(from_the_left, ORDERS["wavefront"], (9, 13), np.uint8).push(Message(), data)
    assert np.array_equal(data, picture())


@pytest.mark.parametrize(
    "order", [[], [np.s_[:8]], [np.s_[:], (0, 0)], [(np.array([0, 0, 1]), np.array([0, 0, 0])), np.s_[1:]]]
)
def test_autoregressive_orders_must_name_every_element_once(order):
    with pytest.raises(ValueError, match="exactly once"):
        autoregressive(from_the_left, order, (9, 13))


def test_autoregressive_refuses_another_shape():
    with pytest.raises(ValueError, match="shape"):
        autoregressive(from_the_left, ORDERS["wavefront"], (9, 13)).push(Message(), picture()[1:])


def test_substack_changes_its_lanes_only():
    message = Message.random(100, np.random.default_rng(0), lanes=6)
    codec = serial([substack(Uniform(16, 30), slice(2)), substack(Uniform(16, 30), slice(2, None, 2))])
    rng = np.random.default_rng(1)
    data = [rng.integers(0, 16, 30), rng.integers(0, 16, 30)]
    assert check_codec(codec, data, message) == pytest.approx(240)
    pushed = message.copy()
    codec.push(pushed, data)
    changed = [a != b for a, b in zip(message.states, pushed.states, strict=True)]
    assert changed == [True, True, True, False, True, False]


def test_substack_of_one_lane_equals_a_message_of_one_lane():
    wide, narrow = Message(3), Message()
    data = np.arange(20) % 7
    substack(Uniform(7, 20), slice(1, 2)).push(wide, data)
    Uniform(7, 20).push(narrow, data)
    assert wide.states[1] == narrow.states[0] and wide.words.tolist() == narrow.words.tolist()
    with pytest.raises(ValueError):
        substack(BYTE, slice(5, 6)).push(wide, 3)


def test_check_codec_finds_codecs_that_do_not_round_trip():
    def forget(message):
        BYTE.pop(message)
        return 7

    with pytest.raises(AssertionError, match="pushed 3, popped 7"):
        check_codec(Pair(BYTE.push, forget), 3)

    def leave(message):
        return message.peek(8)

    with pytest.raises(AssertionError, match="came back"):
        check_codec(Pair(BYTE.push, leave), 3)

    def reorder(message):
        return [Bernoulli(0.5).pop(message), BYTE.pop(message)][::-1]

    with pytest.raises(AssertionError):
        check_codec(Pair(serial([BYTE, Bernoulli(0.5)]).push, reorder), [200, 1])


@pytest.mark.parametrize(
    ("data", "dtype", "number"),
    [
        ([1.5, 2, 3], np.int32, "1.5"),
        (np.array([1, 299, 2]), np.uint8, "299"),
        ([1, 2, -1], np.uint32, "-1"),
        ([1, 2, 1 << 70], np.int32, "a number"),
        ([1, 2, float("nan")], np.int32, "nan"),
        ([1, 2, (1 << 53) + 1], np.float64, "9007199254740993"),
    ],
)
def test_autoregressive_refuses_numbers_that_its_array_does_not_hold(data, dtype, number):
    message = Message()
    codec = autoregressive(lambda seen, i: Uniform(300), range(3), (3,), dtype)
    with pytest.raises(ValueError, match=f"^{number}.* does not hold"):
        codec.push(message, data)
    assert message.empty


def test_autoregressive_refuses_to_pop_what_its_array_does_not_hold():
    message = Message()
    autoregressive(lambda seen, i: Uniform(300), range(3), (3,)).push(message, [7, 299, 8])
    with pytest.raises(ValueError, match="299 is a number that uint8"):
        autoregressive(lambda seen, i: Uniform(300), range(3), (3,), np.uint8).pop(message)


def test_autoregressive_takes_equal_numbers_of_another_type():
    codec = autoregressive(lambda seen, i: Uniform(300), range(3), (3,))
    for data in ([1.0, 2.0, 299.0], np.array([1, 2, 255], np.uint8), [True, 2, 3]):
        message = Message()
        codec.push(message, data)
        assert np.array_equal(codec.pop(message), data)


def test_an_index_that_does_not_fit_the_array_is_refused():
    with pytest.raises(ValueError, match="does not fit"):
        autoregressive(from_the_left, [0, 1, 2], (2,))


def test_a_later_change_of_the_order_changes_nothing():
    order = [np.array([0, 2]), np.array([1])]
    codec, message = autoregressive(lambda seen, i: Uniform(300, len(i)), order, (3,)), Message()
    codec.push(message, [1, 2, 3])
    order[0][:] = 1
    assert codec.pop(message).tolist() == [1, 2, 3]


def test_counts_below_none_are_refused():
    with pytest.raises(ValueError, match="-1"):
        repeat(BYTE, -1)
