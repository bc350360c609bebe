/* A known-answer test: a compiler, flag or machine that does not compute what the format is defined by must be refused
 * before it writes a file that others cannot read.
 *
 * Each part covers one kind of arithmetic in the translation unit that codes with it, since a compiler may fuse or
 * reorder operations in one and not in another. Inputs are the smallest that reach the arithmetic: every start of the
 * command pays for the parts that run on loading. The three coders by context mixing have megabytes of state, which
 * take longer to lay out than all else; they are tested before they first code. */
#include <stdlib.h>
#include <string.h>

#include "ans.h"
#include "band_scan.cdef.h"
#include "beta_binomial.cdef.h"
#include "bins.cdef.h"
#include "coefficients.cdef.h"
#include "context_mixing.cdef.h"
#include "dct_decode.cdef.h"
#include "dispatch.cdef.h"
#include "fitted_types.h"
#include "kernels.h"
#include "latents.cdef.h"
#include "location_scale.cdef.h"
#include "weights.cdef.h"
#include "ycbcr.cdef.h"

/* FNV-1a. */
static const uint64_t SELF_TEST_HASH = 0xcbf29ce484222325u;

static uint64_t self_test_hash(uint64_t h, const void *data, size_t size)
{
    const unsigned char *bytes = data;
    for (size_t i = 0; i < size; i++) h = (h ^ bytes[i]) * 0x100000001b3u;
    return h;
}

static uint32_t self_test_bits(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*seed >> 32);
}

/* Any 32-bit pattern, all alike, but for NaN and infinity, which become zero. */
static float self_test_any_float(uint64_t *seed)
{
    uint32_t u = self_test_bits(seed);
    float x;
    if ((u & 0x7f800000u) == 0x7f800000u) u = 0;
    memcpy(&x, &u, 4);
    return x;
}

/* Uniform on a grid of 2^-20 over [-2, 2). */
static float self_test_float(uint64_t *seed) { return (float)(int32_t)(self_test_bits(seed) >> 10) * 0x1p-20f - 2.0f; }

static void self_test_floats(uint64_t *seed, int n, float scale, float *out)
{
    for (int i = 0; i < n; i++) out[i] = self_test_float(seed) * scale;
}

/* ---- kernels of an instruction set ---- */

enum { SELF_TEST_INPUTS = 64 };

static uint64_t self_test_fma(const bbc_kernels *kernels, uint64_t seed)
{
    float a[SELF_TEST_INPUTS], b[SELF_TEST_INPUTS], c[SELF_TEST_INPUTS], out[SELF_TEST_INPUTS];
    for (int i = 0; i < SELF_TEST_INPUTS; i++) {
        a[i] = i % 2 ? self_test_any_float(&seed) : self_test_float(&seed);
        b[i] = self_test_float(&seed);
        c[i] = i % 2 ? self_test_any_float(&seed) : self_test_float(&seed);
    }
    a[0] = 0x1.000002p0f, b[0] = 0x1.fffffcp-25f, c[0] = 0x1.000002p0f; /* rounds wrongly through binary64 */
    a[2] = 0x1p-126f, b[2] = 0x1p-1f, c[2] = 0x1p-149f;                 /* subnormal in and out */
    kernels->fma(SELF_TEST_INPUTS, a, b, c, out);
    return self_test_hash(SELF_TEST_HASH, out, sizeof out);
}

static uint64_t self_test_map32(const bbc_kernels *kernels, uint64_t seed)
{
    float in[SELF_TEST_INPUTS], out[SELF_TEST_INPUTS];
    uint64_t h = SELF_TEST_HASH;
    for (int i = 0; i < SELF_TEST_INPUTS; i++) in[i] = self_test_float(&seed) * (float)(i + 1);
    for (int f = 0; f < BBC_MAP32_COUNT; f++) {
        kernels->map32(f, SELF_TEST_INPUTS, in, out);
        h = self_test_hash(h, out, sizeof out);
    }
    return h;
}

static uint64_t self_test_map64(const bbc_kernels *kernels, uint64_t seed)
{
    double in[SELF_TEST_INPUTS], out[SELF_TEST_INPUTS];
    uint64_t h = SELF_TEST_HASH;
    for (int i = 0; i < SELF_TEST_INPUTS; i++) in[i] = (double)self_test_float(&seed) * 0.25 * (double)(i + 1);
    for (int f = 0; f < BBC_MAP64_COUNT; f++) {
        kernels->map64(f, SELF_TEST_INPUTS, in, out);
        h = self_test_hash(h, out, sizeof out);
    }
    return h;
}

static uint64_t self_test_gemm(const bbc_kernels *kernels, uint64_t seed)
{
    enum { ROWS = 5, COLUMNS = 48, DEPTH = 19 };
    float a[ROWS * DEPTH], b[DEPTH * COLUMNS], c[ROWS * COLUMNS], init[COLUMNS];
    self_test_floats(&seed, ROWS * DEPTH, 1, a);
    self_test_floats(&seed, DEPTH * COLUMNS, 1, b);
    self_test_floats(&seed, COLUMNS, 1, init);
    kernels->gemm(ROWS, COLUMNS, DEPTH, a, DEPTH, 1, b, COLUMNS, init, c, COLUMNS);
    kernels->gemm(ROWS, COLUMNS, DEPTH, a, 1, ROWS, b, COLUMNS, NULL, c, COLUMNS);
    return self_test_hash(SELF_TEST_HASH, c, sizeof c);
}

/* ---- coders, with the kernels in use ---- */

/* Samples that rise along a row and a column, with noise below `noise`, a power of two. */
static int self_test_sample(uint64_t *seed, int x, int y, int slope, uint32_t noise)
{
    return slope * (x + 2 * y) + (int)(self_test_bits(seed) & (noise - 1));
}

/* A band scan with a small network: the intervals of all samples, the last of them by a network that has learned from
 * the first; and what it has learned, in which every bit of both least squares' predictions had a part. */
static uint64_t self_test_scan(const bbc_kernels *kernels, uint64_t seed)
{
    enum { WIDTH = 8, HEIGHT = 4, PIXELS = WIDTH * HEIGHT, SAMPLES = 3 * PIXELS };
    (void)kernels;
    const bbc_scan_shape shape = {.width = WIDTH,
                                  .height = HEIGHT,
                                  .last_row = HEIGHT,
                                  .channels = 3,
                                  .hidden = 16,
                                  .layers = 2,
                                  .head = 16,
                                  .batch = 12,
                                  .update_interval = 1,
                                  .learning_rate = 0x1p-9f,
                                  .grid_x = 3,
                                  .grid_y = 5,
                                  .period = 2};
    const int64_t size = bbc_scan_size(&shape), count = bbc_scan_weight_count(&shape);
    uint8_t pixels[SAMPLES];
    uint32_t intervals[2][SAMPLES + 3 * HEIGHT] = {{0}};
    uint64_t h = SELF_TEST_HASH;
    for (int i = 0; i < SAMPLES; i++) pixels[i] = (uint8_t)self_test_sample(&seed, i % (3 * WIDTH), i / WIDTH, 2, 16);
    void *state = aligned_alloc(64, (size_t)(size + 63) / 64 * 64);
    float *weights = malloc((size_t)count * sizeof *weights);
    if (state && weights) {
        self_test_floats(&seed, (int)count, 0x1p-3f, weights);
        bbc_scan_begin(state, size, &shape, weights, NULL, pixels);
        bbc_scan_encode(state, 1, PIXELS, intervals[0], intervals[1]);
        bbc_scan_weights(state, weights);
        h = self_test_hash(h, intervals, sizeof intervals);
        h = self_test_hash(h, weights, (size_t)count * sizeof *weights);
    }
    free(weights);
    free(state);
    return h;
}

static uint64_t self_test_latents(const bbc_kernels *kernels, uint64_t seed)
{
    enum { SIDE = 8, WIDTH = 32, INPUTS = 51 };
    (void)kernels;
    float embed[INPUTS * WIDTH], mix[WIDTH * WIDTH], bias[WIDTH], statistics[2 * WIDTH], out[16];
    double mean[8], deviation[8];
    uint8_t pixels[3 * SIDE * SIDE];
    for (int i = 0; i < 3 * SIDE * SIDE; i++) pixels[i] = (uint8_t)self_test_sample(&seed, i % SIDE, i / SIDE, 3, 32);
    self_test_floats(&seed, INPUTS * WIDTH, 0x1p-3f, embed);
    self_test_floats(&seed, WIDTH * WIDTH, 0x1p-3f, mix);
    self_test_floats(&seed, WIDTH, 0x1p-3f, bias);
    bbc_latents_statistics(embed, bias, mix, bias, pixels, SIDE, SIDE, 3, SIDE, statistics);
    bbc_latents_dense(1, 16, 2 * WIDTH, statistics, mix, bias, 1, out);
    bbc_latents_gaussian(1, 8, out, -7, 2, mean, deviation);
    uint64_t h = self_test_hash(SELF_TEST_HASH, statistics, sizeof statistics);
    h = self_test_hash(h, mean, sizeof mean);
    return self_test_hash(h, deviation, sizeof deviation);
}

static uint64_t self_test_distributions(const bbc_kernels *kernels, uint64_t seed)
{
    enum { N = 8, SYMBOLS = 16, BITS = 4, PRECISION = 24 };
    (void)kernels;
    double mean[2 * N], deviation[2 * N], weights[N * SYMBOLS], zero[N] = {0}, one[N];
    double edges[SYMBOLS + 1], centres[SYMBOLS], scratch[BBC_WEIGHTS_ROWS * (SYMBOLS + 1)];
    uint32_t symbols[N], intervals[10][N] = {{0}};
    size_t done;
    for (int i = 0; i < 2 * N; i++) {
        mean[i] = self_test_float(&seed) + 8;
        deviation[i] = self_test_float(&seed) + 2.25;
    }
    for (int i = 0; i < N * SYMBOLS; i++) weights[i] = self_test_float(&seed) + 2;
    for (uint32_t i = 0; i < N; i++) {
        symbols[i] = 2 * i;
        one[i] = 4;
    }
    for (int family = 0; family < 2; family++)
        bbc_location_scale_intervals(weights, mean, deviation, symbols, intervals[2 * family],
                                     intervals[2 * family + 1], 2, family, 0, SYMBOLS, PRECISION, N, &done);
    bbc_bins_tables(BITS, edges, centres);
    bbc_bins_intervals(zero, one, mean, deviation, symbols, intervals[4], intervals[5], edges, BITS, PRECISION, N,
                       &done);
    bbc_weights_intervals(weights, symbols, intervals[6], intervals[7], SYMBOLS, PRECISION, scratch, N, &done);
    bbc_beta_binomial_intervals(mean, deviation, symbols, intervals[8], intervals[9], SYMBOLS, PRECISION, scratch, N,
                                &done);
    uint64_t h = self_test_hash(SELF_TEST_HASH, centres, sizeof centres);
    return self_test_hash(h, intervals, sizeof intervals);
}

enum { SELF_TEST_BYTES = 4096 };

/* Context mixing with binary64 least squares. In the last bits of a sum a fused or reordered operation shows, but in
 * the bytes that are coded only where the normal equations are nearly singular, and a sample then leaves the
 * directions that they know: a ramp that wraps around, and channels that are equal and then no more. Seen to fail
 * with -ffp-contract=fast on x86-64, and with other rounding modes. */
static uint64_t self_test_deep(const bbc_kernels *kernels, uint64_t seed)
{
    enum { WIDTH = 16, ROWS = 6 };
    (void)kernels;
    const bbc_mixing_shape shape = {.width = WIDTH, .channels = 1, .depth = 16, .bucket_bits = 8};
    uint16_t samples[WIDTH * ROWS];
    uint8_t out[SELF_TEST_BYTES] = {0};
    for (int i = 0; i < WIDTH * ROWS; i++)
        samples[i] = (uint16_t)self_test_sample(&seed, i % WIDTH, i / WIDTH, 5000, 2);
    void *state = calloc(1, bbc_deep_size(&shape));
    if (!state) return 0;
    bbc_deep_begin(state, &shape, NULL, out, sizeof out);
    bbc_deep_rows(state, samples, ROWS);
    const size_t size = bbc_deep_end(state);
    free(state);
    return self_test_hash(SELF_TEST_HASH + size, out, size < sizeof out ? size : 0);
}

static uint64_t self_test_few_colours(const bbc_kernels *kernels, uint64_t seed)
{
    enum { CHANNELS = 3, WIDTH = 12, ROWS = 8, PIXELS = WIDTH * ROWS };
    (void)kernels;
    const bbc_mixing_shape shape = {.width = WIDTH, .channels = CHANNELS, .depth = 16, .bucket_bits = 8};
    uint16_t samples[CHANNELS * PIXELS];
    uint8_t out[SELF_TEST_BYTES] = {0};
    for (int i = 0; i < CHANNELS * PIXELS; i++) {
        const int equal = i % CHANNELS && i < CHANNELS * PIXELS / 2;
        samples[i] = equal ? samples[i - 1] : self_test_bits(&seed) & 0x7fff;
    }
    void *state = calloc(1, bbc_few_colours_size(&shape));
    if (!state) return 0;
    bbc_few_colours_begin(state, &shape, NULL, out, sizeof out);
    bbc_few_colours_rows(state, samples, ROWS);
    const size_t size = bbc_few_colours_end(state);
    free(state);
    return self_test_hash(SELF_TEST_HASH + size, out, size < sizeof out ? size : 0);
}

/* Networks and weights that mean nothing */
static void self_test_start(uint64_t *seed, bbc_coefficients_start *start)
{
    int16_t *networks = start->networks[0][0], *weights = start->weights[0][0];
    const size_t count = sizeof start->networks / sizeof *networks, sets = sizeof start->weights / sizeof *weights;
    for (size_t i = 0; i < count; i++) networks[i] = (int16_t)((int)(self_test_bits(seed) & 255) - 128);
    for (size_t i = 0; i < sets; i++) weights[i] = (int16_t)(i % BBC_COEFFICIENTS_INPUTS < 18 ? 200 : 0);
}

/* Coefficients at one level */
static uint64_t self_test_level(uint64_t h, const bbc_coefficients_start *start, int level, int16_t *coefficients)
{
    enum { BLOCKS = 6 };
    bbc_coefficients_shape shape = {.components = 3,
                                    .columns = {2, 2, 2},
                                    .rows = {1, 1, 1},
                                    .horizontal = {1, 1, 1},
                                    .vertical = {1, 1, 1},
                                    .level = level,
                                    .bucket_bits = 8};
    uint8_t out[SELF_TEST_BYTES] = {0};
    for (int c = 0; c < 3; c++)
        for (int k = 0; k < 64; k++) shape.tables[c][k] = (uint16_t)(3 + k / 8 + k % 8);
    void *state = calloc(1, bbc_coefficients_size(&shape));
    if (!state) return 0;
    int16_t *const planes[] = {coefficients, coefficients + 64 * 2, coefficients + 64 * 4};
    bbc_coefficients_begin(state, &shape, start, NULL, out, sizeof out);
    bbc_coefficients_code(state, planes, BLOCKS);
    const size_t size = bbc_coefficients_end(state);
    free(state);
    return self_test_hash(h + size, out, size < sizeof out ? size : 0);
}

static uint64_t self_test_coefficients(const bbc_kernels *kernels, uint64_t seed)
{
    (void)kernels;
    int16_t coefficients[64 * 6];
    for (int i = 0; i < 64 * 6; i++) {
        const int k = i % 64, size = 64 >> (k / 8 + k % 8);
        coefficients[i] = (int16_t)((int)(self_test_bits(&seed) % (uint32_t)(2 * size + 1)) - size);
    }
    bbc_coefficients_start *start = calloc(1, sizeof *start);
    if (!start) return 0;
    self_test_start(&seed, start);
    uint64_t h = SELF_TEST_HASH;
    for (int level = 1; level <= 9; level += 4) h = self_test_level(h, start, level, coefficients);
    free(start);
    return h;
}

/* A band's intervals, and a fit to samples of it, in aligned memory: the state first, then the fit */
static uint64_t self_test_fitted_in(char *memory, int64_t state_size, const float *weights, uint8_t *pixels)
{
    enum { WIDTH = 30, HEIGHT = 12, CHUNKS = 8 };
    static const float rates[2] = {0.01f, 0.005f};
    static const int32_t order[2 * FITTED_BATCH_CHUNKS] = {0, 1, 2, 3, 4, 5, 6, 7, 7, 6, 5, 4, 3, 2, 1, 0};
    fitted_sample samples[CHUNKS];
    float ones[FITTED_WEIGHTS], fitted[FITTED_WEIGHTS];
    uint32_t starts[3 * WIDTH * HEIGHT], freqs[3 * WIDTH * HEIGHT];
    char *fit = memory + state_size;
    for (int i = 0; i < FITTED_WEIGHTS; i++) ones[i] = 1.0f;
    bbc_fitted_begin(memory, state_size, WIDTH, HEIGHT, 3, weights, pixels);
    bbc_fitted_encode(memory, WIDTH * HEIGHT, starts, freqs);
    uint64_t h = self_test_hash(SELF_TEST_HASH, starts, sizeof starts);
    h = self_test_hash(h, freqs, sizeof freqs);
    bbc_fitted_begin(memory, state_size, WIDTH, HEIGHT, 3, weights, pixels);
    const int64_t interval = bbc_fitted_chunks(memory) / CHUNKS;
    if (bbc_fitted_chunks(memory) / interval != CHUNKS) return 0;
    bbc_fitted_collect(memory, WIDTH * HEIGHT, interval, samples);
    bbc_fitted_fit_begin(fit, bbc_fitted_fit_size(), 3, weights, ones, ones);
    bbc_fitted_fit(fit, 1, 2, rates, order, samples);
    bbc_fitted_fit_weights(fit, fitted);
    return self_test_hash(h, fitted, sizeof fitted);
}

static uint64_t self_test_fitted(const bbc_kernels *kernels, uint64_t seed)
{
    enum { WIDTH = 30, HEIGHT = 12, ALIGN = 64 };
    (void)kernels;
    uint8_t pixels[3 * WIDTH * HEIGHT];
    float weights[FITTED_WEIGHTS];
    const int64_t state_size = (bbc_fitted_size(WIDTH, HEIGHT, 3) + ALIGN - 1) / ALIGN * ALIGN;
    char *memory = malloc((size_t)(state_size + bbc_fitted_fit_size() + ALIGN));
    if (!memory) return 0;
    self_test_floats(&seed, FITTED_WEIGHTS, 0.1f, weights);
    for (int i = 0; i < 3 * WIDTH * HEIGHT; i++)
        pixels[i] = (uint8_t)(100 + i / 30 + (int)(self_test_bits(&seed) & 31));
    const uint64_t h = self_test_fitted_in(memory + (ALIGN - (uintptr_t)memory % ALIGN), state_size, weights, pixels);
    free(memory);
    return h;
}

/* A JPEG block to samples, samples upsampled, and colours: integers. */
static uint64_t self_test_jpeg(const bbc_kernels *kernels, uint64_t seed)
{
    (void)kernels;
    int16_t coefficients[64];
    uint16_t table[64];
    uint8_t samples[64], plane[256], rgb[64 * 3];
    int32_t work[8];
    for (int k = 0; k < 64; k++) {
        coefficients[k] = (int16_t)((int)(self_test_bits(&seed) & 31) - 16);
        table[k] = (uint16_t)(1 + k / 4);
    }
    bbc_jpeg_samples(coefficients, table, 1, 1, samples);
    bbc_jpeg_upsample(samples, 8, 16, 16, 1, work, plane);
    bbc_ycbcr_decode(64, plane, rgb);
    uint64_t h = self_test_hash(SELF_TEST_HASH, samples, sizeof samples);
    h = self_test_hash(h, plane, sizeof plane);
    return self_test_hash(h, rgb, sizeof rgb);
}

/* ---- the parts ---- */

/* The answers were found with the baseline kernels. Tests compare what the first six parts call with
 * bbans_cli/reference; the coders by context mixing have no reference yet, and are pinned as they are. */
static const struct {
    const char *name;
    uint64_t (*run)(const bbc_kernels *kernels, uint64_t seed);
    uint64_t known;
} SELF_TEST_PARTS[BBC_SELF_TEST_COUNT] = {
    {"fused multiply-add", self_test_fma, 0x8aa4139966c558a1u},
    {"elementary functions in binary32", self_test_map32, 0x0b31b3cc53b72e45u},
    {"elementary functions in binary64", self_test_map64, 0xd91fe8bd896e64cbu},
    {"matrix product", self_test_gemm, 0x933dcc9273528a96u},
    {"least squares, network and online learning", self_test_scan, 0x500a4642b8be09f3u},
    {"latents", self_test_latents, 0x3e84d0c586c0aaa5u},
    {"distributions", self_test_distributions, 0xbc21f1d838caa602u},
    {"JPEG transform and colours", self_test_jpeg, 0x7244e6473bbe7ec6u},
    [BBC_SELF_TEST_DEEP] = {"binary64 least squares and mixing of deep samples", self_test_deep, 0xfbf7b38ba406cc9cu},
    [BBC_SELF_TEST_FEW_COLOURS] = {"binary64 least squares and mixing of few colours", self_test_few_colours,
                                   0xa524507f130fa279u},
    [BBC_SELF_TEST_COEFFICIENTS] = {"binary64 least squares and mixing of JPEG coefficients", self_test_coefficients,
                                    0x717e24d5942c2e29u},
    [BBC_SELF_TEST_FITTED] = {"least squares, network and fit of the fitted coder", self_test_fitted,
                              0xfbc2a5addb850d19u},
};

const char *bbc_self_test_name(int part)
{
    return part >= 0 && part < BBC_SELF_TEST_COUNT ? SELF_TEST_PARTS[part].name : NULL;
}

uint64_t bbc_self_test_hash(int isa, int part, uint64_t seed)
{
    const bbc_kernels *kernels = bbc_kernels_of(isa);
    const int before = bbc_isa_now();
    if (!kernels || part < 0 || part >= BBC_SELF_TEST_COUNT) return 0;
    bbc_isa_select(isa);
    bbc_fp_state saved = bbc_fp_enter();
    uint64_t h = SELF_TEST_PARTS[part].run(kernels, seed + (uint64_t)part);
    bbc_fp_leave(saved);
    bbc_isa_select(before);
    return h;
}

int bbc_self_test(int isa, int from, int to)
{
    int part = from;
    while (part < to && bbc_self_test_hash(isa, part, 1) == SELF_TEST_PARTS[part].known) part++;
    return part;
}
