/* Parts of the self test: networks with their least squares, latents, distributions; the fitted coder. */
#include <stdlib.h>

#include "self_test.h"

#include "ans.h"
#include "band_scan.cdef.h"
#include "beta_binomial.cdef.h"
#include "bins.cdef.h"
#include "fitted_types.h"
#include "latents.cdef.h"
#include "location_scale.cdef.h"
#include "weights.cdef.h"

/* A band scan with a small network: the intervals of all samples, the last of them by a network that has learned from
 * the first; and what it has learned, in which every bit of both least squares' predictions had a part. */
uint64_t self_test_scan(const bbc_kernels *kernels, uint64_t seed)
{
    enum { WIDTH = 12, HEIGHT = 7, PIXELS = WIDTH * HEIGHT, SAMPLES = 3 * PIXELS };
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
                                  .trunk_after = 2 * WIDTH,
                                  .learning_rate = 0x1p-9f,
                                  .grid_x = 3,
                                  .grid_y = 5,
                                  .period = 2,
                                  .light = 4,
                                  .correction = 1};
    const int64_t size = bbc_scan_size(&shape), count = bbc_scan_weight_count(&shape);
    uint8_t pixels[SAMPLES];
    uint32_t intervals[2][SAMPLES + 3 * HEIGHT] = {{0}};
    uint64_t h = SELF_TEST_HASH;
    for (int i = 0; i < SAMPLES; i++) pixels[i] = (uint8_t)self_test_sample(&seed, i % (3 * WIDTH), i / WIDTH, 2, 16);
    char *memory = malloc((size_t)size + 63); /* aligned_alloc is not in Windows' library */
    void *state = memory ? memory + (-(uintptr_t)memory & 63) : NULL;
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
    free(memory);
    return h;
}

uint64_t self_test_latents(const bbc_kernels *kernels, uint64_t seed)
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

uint64_t self_test_distributions(const bbc_kernels *kernels, uint64_t seed)
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

/* A band's intervals, and a fit to samples of it, in aligned memory: the state first, then the fit */
static uint64_t self_test_fitted_in(char *memory, int64_t state_size, const float *weights, uint8_t *pixels)
{
    enum { WIDTH = 30, HEIGHT = 12, CHUNKS = 8 };
    static const float rates[2] = {0.01f, 0.005f};
    static const int32_t order[2 * FITTED_BATCH_CHUNKS] = {0, 1, 2, 3, 4, 5, 6, 7, 7, 6, 5, 4, 3, 2, 1, 0};
    fitted_sample samples[CHUNKS];
    float ones[FITTED_WEIGHTS], fitted[FITTED_WEIGHTS], basis[FITTED_INPUTS * FITTED_INPUTS];
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
    bbc_fitted_basis(CHUNKS, samples, basis);
    bbc_fitted_fit_begin(fit, bbc_fitted_fit_size(), 3, weights, basis, ones, ones);
    bbc_fitted_fit(fit, 1, 2, rates, order, samples);
    bbc_fitted_fit_weights(fit, fitted);
    return self_test_hash(h, fitted, sizeof fitted);
}

uint64_t self_test_fitted(const bbc_kernels *kernels, uint64_t seed)
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
