"""Distributions: intervals equal to those of the reference, for extreme parameters too; costs close to the entropy."""

import copy
import math
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bbans_cli import core
from bbans_cli.codecs import (
    Bernoulli,
    BetaBinomial,
    Categorical,
    Gaussian,
    GaussianBins,
    GaussianMixture,
    Logistic,
    LogisticMixture,
    UnderflowError,
    Uniform,
    bin_values,
    check_codec,
)
from bbans_cli.entropy.rans import Message
from bbans_cli.reference import distributions as reference

EXTREME = [0.0, -0.0, 1.0, -1.0, 0.5, 1e-300, -1e300, 1e300, 5e-324, math.inf, -math.inf, math.nan, 1e-12, 3e11, 127.5]
any_number = st.one_of(st.sampled_from(EXTREME), st.floats(-300, 300), st.floats())


@pytest.fixture(params=core.available_isas(), ids=str)
def isa(request):
    before = core.current_isa()
    core.select_isa(request.param)
    yield request.param
    core.select_isa(before)


def table_of(codec, size, low=0):
    """cum(0), ..., cum(size) of one symbol. codec(n): the codec of n symbols with the parameters of that symbol."""
    starts, freqs = codec(size).intervals(np.arange(low, low + size))
    assert np.array_equal(starts[1:].astype(np.int64), (starts + freqs)[:-1])
    return np.append(starts, starts[-1] + freqs[-1])


def assert_table(codec, size, expected, low=0):
    table = table_of(codec, size, low)
    assert table.tolist() == expected.tolist()
    assert (np.diff(table.astype(np.int64)) >= 1).all()
    assert table[0] == 0 and table[-1] == 1 << codec(size).precision
    # a pop finds the symbol of the first and of the last value of every interval
    message = Message(lanes=2 * size)
    values = np.stack([table[:-1], table[1:] - 1]).reshape(-1)
    message.push_bits(values, codec(size).precision)
    message._states[:] |= np.uint64(1 << 62)  # large states: pops take no words
    popped = np.concatenate([codec(2 * size).pop(message)])
    assert popped.tolist() == 2 * list(range(low, low + size))


@settings(max_examples=60, deadline=None)
@given(weights=st.lists(any_number, min_size=1, max_size=40), precision=st.integers(7, 31))
def test_categorical(weights, precision):
    expected = reference.from_weights(np.array(weights), precision)
    rows = np.array(weights)

    def shared(n):
        return Categorical(rows, n, precision)

    def own(n):
        return Categorical(np.broadcast_to(rows, (n, len(rows))), precision=precision)

    assert_table(shared, len(weights), expected)
    assert_table(own, len(weights), expected)


@settings(max_examples=40, deadline=None)
@given(n=st.integers(0, 60), alpha=any_number, beta=any_number, precision=st.integers(8, 31))
def test_beta_binomial(n, alpha, beta, precision):
    expected = reference.beta_binomial(n, alpha, beta, precision)
    assert_table(lambda shape: BetaBinomial(n, alpha, beta, shape, precision), n + 1, expected)


@settings(max_examples=60, deadline=None)
@given(
    family=st.sampled_from([0, 1]),
    components=st.lists(st.tuples(any_number, any_number, any_number), min_size=1, max_size=4),
    low=st.integers(-300, 100),
    size=st.integers(1, 60),
    precision=st.integers(8, 31),
)
def test_mixtures(family, components, low, size, precision):
    parameters = [np.array(each) for each in zip(*components, strict=True)]
    high = low + size - 1
    expected = reference.mixture(family, *parameters, low, high, precision)
    kind = [LogisticMixture, GaussianMixture][family]
    assert_table(lambda n: kind(*parameters, low, high, n, precision), size, expected, low)


@settings(max_examples=60, deadline=None)
@given(
    family=st.sampled_from([0, 1]),
    mean=any_number,
    deviation=any_number,
    size=st.integers(1, 256),
    low=st.integers(-9, 9),
)
def test_logistic_and_gaussian(family, mean, deviation, size, low):
    expected = reference.mixture(family, [1.0], [mean], [deviation], low, low + size - 1, 24)
    kind = [Logistic, Gaussian][family]
    assert_table(lambda n: kind(mean, deviation, low, low + size - 1, n), size, expected, low)


@pytest.mark.parametrize("family", [Logistic, Gaussian])
def test_the_search_of_the_reference(family):
    rng = np.random.default_rng(8)
    mean, deviation = rng.normal(0, 50, 500), np.exp(rng.normal(1, 1, 500))
    cum = reference.location_scale(family.family, mean, deviation, -99, 200, 20)
    symbols = rng.integers(0, 200, 500)
    starts, freqs = family(mean, deviation, -99, 100, precision=20).intervals(symbols - 99)
    assert np.array_equal(cum(symbols), starts) and np.array_equal(cum(symbols + 1), starts + freqs)
    assert np.array_equal(reference.search(cum, 200, starts), symbols)
    assert np.array_equal(reference.search(cum, 200, starts + freqs - 1), symbols)


@settings(max_examples=60, deadline=None)
@given(
    parameters=st.tuples(any_number, any_number, any_number, any_number),
    bits=st.integers(1, 7),
    spare=st.integers(2, 20),
)
def test_bins(parameters, bits, spare):
    expected = reference.bins(*parameters, bits, bits + spare)
    assert_table(lambda n: GaussianBins(*parameters, bits, n, bits + spare), 1 << bits, expected)


@settings(max_examples=60, deadline=None)
@given(size=st.integers(1, 300), precision=st.one_of(st.none(), st.integers(9, 31)))
def test_uniform(size, precision):
    expected = reference.uniform(size, Uniform(size, precision=precision).precision)
    assert_table(lambda n: Uniform(size, n, precision), size, expected)


@pytest.mark.parametrize("precision", [13, 16, 24, 31])
@pytest.mark.parametrize("family", [Logistic, Gaussian])
def test_no_interval_is_empty_where_rounding_is_worst(family, precision, isa):
    """In the tails the computed distribution function is constant, or falls by an ulp from edge to edge."""
    rng = np.random.default_rng(precision)
    means, deviations = rng.normal(0, 300, 400), np.exp(rng.normal(0, 5, 400))
    for mean, deviation in zip(means, deviations, strict=True):
        freqs = family(mean, deviation, 0, 255, 256, precision).intervals(np.arange(256))[1]
        assert freqs.min() >= 1 and freqs.sum(dtype=np.int64) == 1 << precision


def test_every_instruction_set_gives_the_pinned_message(isa):
    """The bytes may never change."""
    rng = np.random.default_rng(7)
    n, size = 3000, 4
    # only arithmetic that gives equal bits on every machine, so no logarithms of numpy
    weights, means = rng.random((n, size)), rng.random((n, size)) * 200 - 100
    scales = 0.1 + 20 * rng.random((n, size))
    symbols = rng.integers(-100, 101, n)
    message = Message()
    LogisticMixture(weights, means, scales, -100, 100).push(message, symbols)
    GaussianMixture(weights, means, scales, -100, 100).push(message, symbols)
    Categorical(weights).push(message, np.abs(symbols) % size)
    BetaBinomial(100, scales[:, 0], scales[:, 1]).push(message, np.abs(symbols))
    GaussianBins(means[:, 0], scales[:, 0], means[:, 0] + scales[:, 1], scales[:, 2], 8).push(message, np.abs(symbols))
    Bernoulli(weights[:, 0]).push(message, symbols % 2)
    Uniform(1000, n).push(message, np.abs(symbols))
    assert f"{message.states[0]:x} {len(message.words)} {int(message.words.sum(dtype=np.uint64)):x}" == PINNED


PINNED = "25f9d0b0cb12b 5658 b02c0a4893d"


LANES = pytest.mark.parametrize("lanes", [1, 2, 7, 64, 200])


def codecs_and_data():
    rng = np.random.default_rng(3)
    shape = (11, 17)
    mean, deviation = rng.normal(100, 40, shape), np.exp(rng.normal(1, 1, shape))
    several = rng.normal(100, 40, (*shape, 5))
    spreads, weights = np.exp(rng.normal(1, 1, (*shape, 5))), rng.random((*shape, 5))
    bytes_ = rng.integers(0, 256, shape)
    yield "uniform", Uniform(256, shape), bytes_
    yield "uniform of 1000", Uniform(1000, shape), bytes_
    yield "uniform of its own sizes", Uniform(bytes_ + 1), bytes_
    yield "categorical", Categorical(rng.random(256), shape), bytes_
    yield "categorical of its own weights", Categorical(weights), bytes_ % 5
    yield "bernoulli", Bernoulli(rng.random(shape)), bytes_ % 2
    yield "beta-binomial", BetaBinomial(255, deviation, deviation[::-1]), bytes_
    yield "logistic", Logistic(mean, deviation), bytes_
    yield "gaussian", Gaussian(mean, deviation), bytes_
    yield "logistic mixture", LogisticMixture(weights, several, spreads), bytes_
    yield "gaussian mixture", GaussianMixture(weights, several, spreads, -5, 300), bytes_
    yield "bins", GaussianBins(mean, deviation, mean + deviation, deviation / 3, 8), bytes_
    yield "one symbol", Gaussian(3.0, 2.0, -10, 10), -4
    yield "no symbols", Gaussian(np.zeros(0), 1.0), np.zeros(0, int)


def arrays_and_codecs():
    """Each codec with the arrays that it is made of, in the types that need no conversion."""
    ones = np.ones((5, 3))
    for kind in (LogisticMixture, GaussianMixture):
        yield kind, lambda *given, kind=kind: kind(*given, -9, 9), [ones.copy(), ones.copy(), ones.copy()]
    for kind in (Logistic, Gaussian):
        yield kind, lambda *given, kind=kind: kind(*given, -9, 9), [np.ones(5), np.ones(5)]
    yield GaussianBins, lambda *given: GaussianBins(*given, bits=4), [np.ones(5) for _ in range(4)]
    yield BetaBinomial, lambda *given: BetaBinomial(9, *given), [np.ones(5), np.ones(5)]
    yield Categorical, Categorical, [np.ones((5, 9))]
    yield Bernoulli, Bernoulli, [np.full(5, 0.25)]
    yield Uniform, Uniform, [np.full(5, 9, np.uint32)]


@pytest.mark.parametrize("make, arrays", [pytest.param(*rest, id=kind.__name__) for kind, *rest in arrays_and_codecs()])
def test_a_later_change_of_the_parameters_changes_nothing(make, arrays):
    codec, message = make(*arrays), Message()
    codec.push(message, [0, 1, 0, 1, 1])
    for array in arrays:
        array[...] = np.arange(array.size).reshape(array.shape) + 11
    assert codec.pop(message).tolist() == [0, 1, 0, 1, 1]
    assert message.empty


@pytest.mark.parametrize("codec, data", [pytest.param(c, d, id=name) for name, c, d in codecs_and_data()])
def test_codecs_can_be_copied_and_pickled(codec, data):
    message = Message()
    codec.push(message, data)
    for other in (copy.deepcopy(codec), pickle.loads(pickle.dumps(codec))):
        assert np.array_equal(other.pop(message), data) and message.empty
        other.push(message, data)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Gaussian(1, 1, 0, 1, precision=1), "0..1 is not a range"),
        (lambda: BetaBinomial(-1, 1.0, 1.0), r"n = -1 is not in 0\.\."),
    ],
)
def test_errors_say_what_is_out_of_range(make, said):
    with pytest.raises(ValueError, match=said):
        make()


@LANES
@pytest.mark.parametrize("codec, data", [pytest.param(c, d, id=name) for name, c, d in codecs_and_data()])
def test_round_trip_and_bits(codec, data, lanes):
    message = Message.random(3000, np.random.default_rng(0), lanes)
    assert check_codec(codec, data, message) == pytest.approx(codec.bits(data), abs=1.0)
    popped = codec.pop(message)
    assert np.shape(popped) == codec.shape
    if codec.shape:
        assert popped.dtype == np.int32


@pytest.mark.parametrize("codec, data", [pytest.param(c, d, id=name) for name, c, d in codecs_and_data()][:-2])
def test_a_message_that_is_too_short_is_an_error(codec, data):
    message = Message()
    codec.push(message, data)
    assert np.array_equal(codec.pop(message), data) and message.empty
    codec.push(message, data)
    message.pop_bits(4, 16)  # now other symbols are popped, which may need fewer bits
    for _ in range(50):
        short = message.copy()
        try:
            codec.pop(message)
        except UnderflowError:
            break
    else:
        pytest.fail("no pop failed")
    assert message == short and short.bits < codec.bits(data)
    with pytest.raises(UnderflowError):
        codec.pop(Message())


@pytest.mark.parametrize("codec, data", [pytest.param(c, d, id=name) for name, c, d in codecs_and_data()][:-2])
def test_symbols_that_cannot_be_coded_are_refused(codec, data):
    message = Message.random(10, np.random.default_rng(0))
    before = message.copy()
    for bad in (data[:-1], data + 0.5, np.where(data == data[3, 3], 1 << 40, data), np.full(data.shape, 5000)):
        with pytest.raises(ValueError):
            codec.push(message, bad)
        with pytest.raises(ValueError):
            codec.bits(bad)
    for value in (-6, -(2**31)):
        with pytest.raises(ValueError):
            codec.push(message, np.full(data.shape, value))
    assert message == before


@pytest.mark.parametrize(
    "make",
    [
        lambda: Uniform(0),
        lambda: Uniform(300, precision=8),
        lambda: Uniform(256, 4, precision=0),
        lambda: Uniform(np.array([2, 3]), 3),
        lambda: Categorical(1.0),
        lambda: Categorical(np.ones(300), precision=8),
        lambda: Categorical(np.ones((3, 4)), 2),
        lambda: Categorical(np.ones(4), precision=32),
        lambda: BetaBinomial(-1, 1.0, 1.0),
        lambda: BetaBinomial(255, 1.0, 1.0, precision=8),
        lambda: Logistic(0.0, 1.0, 3, 2),
        lambda: Logistic(0.0, 1.0, 0, 255, precision=9),
        lambda: Logistic(0.0, 1.0, 2**31 - 5, 2**31 + 5),
        lambda: LogisticMixture(1.0, 0.0, 1.0),
        lambda: LogisticMixture(np.ones(33), np.ones(33), np.ones(33)),
        lambda: GaussianBins(0.0, 1.0, 0.0, 1.0, bits=23),
        lambda: GaussianBins(0.0, 1.0, 0.0, 1.0, bits=0),
        lambda: GaussianBins(0.0, 1.0, 0.0, 1.0, bits=21, precision=30),
        lambda: bin_values([5], 0.0, 1.0, bits=2),
        lambda: bin_values([-1], 0.0, 1.0, bits=2),
    ],
)
def test_invalid_parameters_are_refused(make):
    with pytest.raises(ValueError):
        make()


def test_costs_are_the_logarithms_of_the_probabilities():
    rng = np.random.default_rng(5)
    x = rng.integers(0, 256, 4000)
    assert Uniform(256, 4000).bits(x) == 8 * 4000
    assert Uniform(200, 4000).bits(x % 200) == pytest.approx(4000 * math.log2(200), rel=1e-6)
    weights = rng.random(256) + 0.01
    ideal = -np.log2(weights[x] / weights.sum()).sum()
    assert Categorical(weights, 4000).bits(x) == pytest.approx(ideal, rel=1e-4)
    p = rng.uniform(0.01, 0.99, 4000)
    ideal = -np.log2(np.where(x % 2, p, 1 - p)).sum()
    assert Bernoulli(p).bits(x % 2) == pytest.approx(ideal, rel=1e-5)
    lgamma = math.lgamma
    a, b = 2.5, 0.7
    ideal = 0.0
    for k in x[:500].tolist():
        choose = lgamma(256) - lgamma(k + 1) - lgamma(256 - k)
        ratio = lgamma(k + a) + lgamma(255 - k + b) - lgamma(255 + a + b) - lgamma(a) - lgamma(b) + lgamma(a + b)
        ideal -= (choose + ratio) / math.log(2)
    assert BetaBinomial(255, a, b, 500).bits(x[:500]) == pytest.approx(ideal, rel=1e-4)
    mean, deviation = 128.0, 30.0
    near = np.clip(x, 60, 200)

    def phi(t):
        return 0.5 * math.erfc(-(t - mean) / deviation / math.sqrt(2))

    ideal = -sum(math.log2(phi(k + 0.5) - phi(k - 0.5)) for k in near.tolist())
    assert Gaussian(mean, deviation, 0, 255, 4000).bits(near) == pytest.approx(ideal, rel=1e-4)

    def sigmoid(t):
        return 1 / (1 + math.exp(-(t - mean) / 10))

    ideal = -sum(math.log2(sigmoid(k + 0.5) - sigmoid(k - 0.5)) for k in near.tolist())
    assert Logistic(mean, 10.0, 0, 255, 4000).bits(near) == pytest.approx(ideal, rel=2e-4)
    mixed = LogisticMixture([2.0, 2.0], [mean, mean], [10.0, 10.0], 0, 255, 4000)
    assert mixed.bits(near) == pytest.approx(ideal, rel=2e-4)


def test_a_narrow_posterior_costs_its_divergence():
    """Popping z with the posterior and pushing it with the prior costs the KL divergence."""
    n = 20_000
    message = Message.random(n, np.random.default_rng(1))
    before = message.bits
    posterior = GaussianBins(np.zeros(n), 1.0, 0.2, 0.05, bits=12)
    z = posterior.pop(message)
    values = bin_values(z, np.zeros(n), 1.0, bits=12)
    assert values.mean() == pytest.approx(0.2, abs=0.002) and values.std() == pytest.approx(0.05, rel=0.02)
    Uniform(1 << 12, n).push(message, z)
    kl = math.log(1 / 0.05) + (0.05**2 + 0.2**2 - 1) / 2
    assert (message.bits - before) / n == pytest.approx(kl / math.log(2), rel=0.01)


def test_values_of_bins_are_medians():
    values = bin_values(np.arange(16), 3.0, 2.0, bits=4)
    assert np.allclose(values + values[::-1], 6.0)
    expected = 0.5 * np.array([math.erfc(-(v - 3.0) / 2.0 / math.sqrt(2)) for v in values])
    assert np.allclose(expected, (np.arange(16) + 0.5) / 16, atol=1e-12)
