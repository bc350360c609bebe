"""Whatever floating-point environment a thread has, every entry of the core computes in its own, and gives it back.

A library loaded beside ours may leave flush-to-zero or another rounding mode set. These tests set each around every
call of the core, and compare all that comes out.
"""

import platform
import sys

import fitted_bands
import numpy as np
import pytest
import tiny
from jpeg_pictures import BOTH, bright, through_jpeg
from made_jpeg import made_coefficients
from mixing_pictures import hills, screen

from bbans_cli import codecs, container, core
from bbans_cli.coders import context_mixing
from bbans_cli.coders.fitted import scan as fitted_scan
from bbans_cli.coders.fitted.layout import LANES
from bbans_cli.coders.fitted.scan import PRECISION, BandScan
from bbans_cli.coders.jpeg import coder as jpeg_coder
from bbans_cli.coders.jpeg import coefficient_start, coefficients, ycbcr
from bbans_cli.coders.jpeg.coefficient_shape import shape_of
from bbans_cli.coders.jpeg.inversion import search
from bbans_cli.coders.neural import band_scan
from bbans_cli.coders.neural import coder as neural_coder
from bbans_cli.core import ffi, kernel_calls, lib
from bbans_cli.entropy.rans import Message
from bbans_cli.errors import BbcError
from bbans_cli.progress import no_progress

X86 = platform.machine() in ("x86_64", "AMD64")
ARM = platform.machine() in ("aarch64", "arm64")
# Values of MXCSR and FPCR.
FLUSH = 0x1F80 | 0x8040 if X86 else 1 << 24  # flush to zero, and on x86-64 denormals are zero
UPWARD = 0x1F80 | 0x4000 if X86 else 1 << 22  # round towards infinity

pytestmark = pytest.mark.skipif(not (X86 or ARM), reason="control register unknown on this machine")

# Entries that compute with integers only, or copy.
INTEGERS = {
    *("bbc_ans_push_symbol", "bbc_ans_advance_symbol", "bbc_ans_push", "bbc_ans_pop_intervals", "bbc_ans_pop_bits"),
    *("bbc_categorical_push", "bbc_categorical_pop", "bbc_uniform_pop"),
    *("bbc_jpeg_samples", "bbc_jpeg_upsample", "bbc_ycbcr_find", "bbc_ycbcr_decode", "bbc_inversion_ranges"),
    *("bbc_few_colours_size", "bbc_few_colours_begin", "bbc_few_colours_end"),
    *("bbc_deep_size", "bbc_deep_begin", "bbc_deep_end", "bbc_coefficients_size", "bbc_coefficients_end"),
    *("bbc_png_filters_apply", "bbc_png_filters_undo", "bbc_deflate_size", "bbc_deflate"),
    *("bbc_bytes_size", "bbc_bytes_begin", "bbc_bytes_begin_learned", "bbc_bytes_learn", "bbc_bytes_code"),
    *("bbc_bytes_end", "bbc_stream_table_begin", "bbc_stream_read", "bbc_stream_write"),
    *("bbc_stream_read_ahead", "bbc_stream_write_part", "bbc_stream_join_parts"),
    *("bbc_fitted_size", "bbc_fitted_chunks", "bbc_fitted_forecasts_size", "bbc_fitted_keep_forecasts"),
    *("bbc_fitted_fit_size", "bbc_coefficient_start_unpack"),
    *("bbc_isa_built", "bbc_isa_supported", "bbc_isa_best", "bbc_isa_select", "bbc_isa_now", "bbc_fp_set_raw"),
    "bbc_self_test_name",
}
# Entries that copy what others computed, or keep the address of a buffer for it, which nothing here calls.
COPIES = {
    *("bbc_few_colours_measure", "bbc_deep_measure", "bbc_coefficients_measure"),
    *("bbc_few_colours_start", "bbc_few_colours_learned"),
    *("bbc_scan_weights", "bbc_scan_keep_gradient"),
    *("bbc_coefficients_keep_examples", "bbc_coefficients_examples", "bbc_coefficients_learned", "bbc_bytes_weights"),
}


class Around:
    """The core's functions, each called with the floating-point control register set to `control`."""

    def __init__(self, control, called):
        self.control, self.called = control, called

    def __getattr__(self, name):
        member = getattr(lib, name)
        if not callable(member):
            return member

        def call(*arguments):
            self.called.add(name)
            before = lib.bbc_fp_set_raw(self.control)
            try:
                return member(*arguments)
            finally:
                after = lib.bbc_fp_set_raw(before)
                assert after & ~0x3F == self.control & ~0x3F, name  # given back as it was, exception flags aside

        return call


def neural():
    found = []
    for shape, level, threads in (((80, 80, 3), 5, 1), ((33, 70, 1), 1, 2)):
        planes = tiny.picture(*shape)
        part = neural_coder.encode(planes, level, threads)
        found += [band.payload for band in part.bands]
        found.append(neural_coder.decode(part, shape[1], shape[0], shape[2], threads).tobytes())
    return found


def fitted():
    planes, weights = tiny.picture(40, 60, 3), fitted_bands.weights()
    message = Message(LANES)
    message.push(*BandScan(planes, weights).intervals(no_progress), PRECISION)
    data, found = message.to_bytes(), np.zeros_like(planes)
    BandScan(found, weights).pop(message, no_progress)
    samples, ones = BandScan(planes, weights).collect(2, no_progress), np.ones_like(weights)
    order = np.arange(16, dtype=np.int32).reshape(2, 8)
    basis = fitted_scan.basis_of(samples)
    rates = np.full(2, 0.01, np.float32)
    after = fitted_scan.fit(3, weights, basis, ones, ones, rates, order, samples, 2, lambda n: None)
    rows = fitted_scan.unpacked(samples)
    return [data, found.tobytes(), samples.tobytes(), rows.tobytes(), after.tobytes()]


def least_squares_maps():
    return [band_scan.least_squares(tiny.picture(20, 30, 3)).tobytes()]


def context_mixing_parts():
    found = []
    for coder, planes, depth in ((container.FEW_COLOURS, screen(80, 90), 8), (container.DEEP, hills(80, 100), 16)):
        part = context_mixing.encode(coder, planes, depth)
        height, width, _ = planes.shape
        found += [part.bands[0].payload, context_mixing.decode(part, width, height).tobytes()]
    return found


def jpeg_part():
    given = made_coefficients(64, 72, 3, (True, True))
    planes = jpeg_coder.decoded_samples(given, 72, 64)
    part = jpeg_coder.encode(planes, given)
    nearest = ycbcr.from_rgb(planes)
    return [part.bands[0].payload, jpeg_coder.decode(part, 72, 64).tobytes(), nearest.tobytes()]


STATE = np.zeros(1 << 24, np.uint8)


def coefficients_state():
    """As begun, at one address: it has pointers in it. Payloads do not depend on the last bits of its statistics."""
    tables = np.arange(1, 65, dtype=np.uint16).reshape(1, 64)
    shape = shape_of([(2, 3)], tables, [(1, 1)], 5)
    size = coefficients.lib.bbc_coefficients_size(shape)
    STATE[:] = 0
    coefficients.lib.bbc_coefficients_begin(
        ffi.from_buffer(STATE), shape, coefficient_start.load(), ffi.NULL, ffi.NULL, 0
    )
    return [STATE[:size].tobytes()]


def inversion():
    found = []
    for planes in (through_jpeg(bright(96, 136), 92), through_jpeg(bright(212, 268), 75, BOTH)):
        jpeg = search.find(planes)
        found += [array.tobytes() for array in (*jpeg.tables, *jpeg.blocks)]
    return found


def distributions():
    n = 400
    at = np.arange(n)
    mean, scale = 128 + 50 * np.sin(at), 1.5 + np.cos(at) ** 2
    weights = np.random.default_rng(1).gamma(1, size=(n, 7))
    cases = [
        (codecs.Logistic(mean, scale), at % 256),
        (codecs.Gaussian(mean, scale), at % 256),
        (codecs.GaussianBins(0 * mean, 1 + 0 * scale, mean / 128 - 1, scale / 4, bits=8), at % 256),
        (codecs.BetaBinomial(255, scale * 3, scale + 0.1), at % 256),
        (codecs.Categorical(weights), at % 7),
        (codecs.Categorical(weights[0], n), at % 7),
        (codecs.Uniform(10, n), at % 10),
    ]
    found = []
    for codec, symbols in cases:
        message = codecs.Message.random(1024, np.random.default_rng(2))
        codec.push(message, symbols)
        found.append(message.to_bytes())
        found.append(np.asarray(codec.pop(message)).tobytes())
    return found


def tables():
    """Those that are computed once and kept."""
    edges, centres = np.empty(257), np.empty(256)
    pointers = [ffi.cast("double *", array.ctypes.data) for array in (edges, centres)]
    kernel_calls.lib.bbc_bins_tables(8, *pointers)
    families = lib.BBC_LOCATION_SCALE_LOGISTIC, lib.BBC_LOCATION_SCALE_GAUSSIAN
    quantiles = [np.empty(lib.BBC_LOCATION_SCALE_QUANTILES + 1) for _ in families]
    for family, table in zip(families, quantiles, strict=True):
        kernel_calls.lib.bbc_location_scale_quantiles(family, ffi.cast("double *", table.ctypes.data))
    symbols = np.arange(256, dtype=np.uint32)
    values, done = np.empty(256), ffi.new("size_t *")
    ones = [ffi.from_buffer("double[]", np.linspace(-1, 1, 256)), ffi.from_buffer("double[]", np.full(256, 0.3))]
    kernel_calls.lib.bbc_bins_values(
        *ones, ffi.from_buffer("uint32_t[]", symbols), ffi.from_buffer("double[]", values), pointers[1], 8, 256, done
    )
    return [array.tobytes() for array in (edges, centres, *quantiles, values)]


def kernels():
    calls = kernel_calls.KernelCalls(core.current_isa())
    x = tiny.uniform(1, 64, 48)
    subnormal = np.float32([2.0**-70, 1.0, 0.1])
    found = [calls.map(name, x * np.float32(9)) for name in (*kernel_calls.MAP32, *kernel_calls.MAP64)]
    found += [
        calls.fma(subnormal, subnormal, subnormal * 0),
        calls.gemm(x, tiny.uniform(2, 48, 32), tiny.uniform(3, 32)),
    ]
    found.append(calls.mixture(1, tiny.uniform(3, 9, 16), np.arange(9), np.ones(9, np.float32), tiny.uniform(4, 9, 4)))
    assert calls.gemm_rate(4, 16, 4, seconds=0.02) > 0
    return [array.tobytes() for array in found]


def self_test():
    index = core.isa_index(core.current_isa())
    hashes = [kernel_calls.lib.bbc_self_test_hash(index, part, 1) for part in range(lib.BBC_SELF_TEST_COUNT)]
    return [kernel_calls.lib.bbc_self_test(index, 0, lib.BBC_SELF_TEST_COUNT), *hashes]


WORK = [
    neural,
    fitted,
    least_squares_maps,
    context_mixing_parts,
    jpeg_part,
    coefficients_state,
    inversion,
    distributions,
    tables,
    kernels,
    self_test,
]


def outcome(work):
    try:
        return work()
    except (AttributeError, BbcError, ValueError) as error:
        return error


def test_every_entry_computes_in_its_own_environment(two_levels, monkeypatch):
    expected = {work.__name__: work() for work in WORK}
    called = set()
    for control in (FLUSH, UPWARD):
        around = Around(control, called)
        with monkeypatch.context() as patch:
            for name, module in list(sys.modules.items()):
                if name.startswith("bbans_cli.") and vars(module).get("lib") is lib:
                    patch.setattr(module, "lib", around)
            changed = [work.__name__ for work in WORK if outcome(work) != expected[work.__name__]]
        assert changed == [], hex(control)
    # So that a new entry is not forgotten: all are called, or on one of the two lists.
    entries = {name for name in dir(lib) if callable(getattr(lib, name))}
    assert INTEGERS <= entries
    assert entries - INTEGERS - called == COPIES
