/* Parts of the self test: coders by context mixing, and JPEG coefficients to samples. */
#include <stdlib.h>

#include "self_test.h"

#include "bytes.cdef.h"
#include "coefficients.cdef.h"
#include "context_mixing.cdef.h"
#include "dct_decode.cdef.h"
#include "ycbcr.cdef.h"

enum { SELF_TEST_BYTES = 4096 };

/* Context mixing with binary64 least squares. In the last bits of a sum a fused or reordered operation shows, but in
 * the bytes that are coded only where the normal equations are nearly singular, and a sample then leaves the
 * directions that they know: a ramp that wraps around, and channels that are equal and then no more. Seen to fail
 * with -ffp-contract=fast on x86-64, and with other rounding modes. */
uint64_t self_test_deep(const bbc_kernels *kernels, uint64_t seed)
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

uint64_t self_test_few_colours(const bbc_kernels *kernels, uint64_t seed)
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

/* Bytes that are learned, then coded: a few letters in lines of a table, so that there are matches as well. */
uint64_t self_test_bytes(const bbc_kernels *kernels, uint64_t seed)
{
    enum { LEARNED = 96, BYTES = 192 };
    (void)kernels;
    const bbc_bytes_shape shape = {.bucket_bits = 8};
    uint8_t data[BYTES], out[SELF_TEST_BYTES] = {0};
    for (int i = 0; i < BYTES; i++)
        data[i] = (uint8_t)(i % 12 == 0 ? 10 : i % 12 < 8 && i > 12 ? data[i - 12] : 96 + (self_test_bits(&seed) & 7));
    void *state = calloc(1, bbc_bytes_size(&shape));
    if (!state) return 0;
    bbc_bytes_begin(state, &shape, NULL, NULL, out, sizeof out);
    bbc_bytes_learn(state, data, LEARNED);
    bbc_bytes_code(state, data, LEARNED, BYTES);
    const size_t size = bbc_bytes_end(state);
    free(state);
    return self_test_hash(SELF_TEST_HASH + size, out, size < sizeof out ? size : 0);
}

/* Networks and weights that mean nothing */
static void self_test_start(uint64_t *seed, bbc_coefficients_start *start)
{
    int16_t *networks = start->networks[0][0], *lasts = start->last_networks[0], *weights = start->weights[0][0];
    const size_t count = sizeof start->networks / sizeof *networks, sets = sizeof start->weights / sizeof *weights;
    const size_t places = sizeof start->last_networks / sizeof *lasts;
    for (size_t i = 0; i < count; i++) networks[i] = (int16_t)((int)(self_test_bits(seed) & 255) - 128);
    for (size_t i = 0; i < places; i++) lasts[i] = (int16_t)((int)(self_test_bits(seed) & 255) - 128);
    for (size_t i = 0; i < sets; i++) weights[i] = (int16_t)(i % BBC_COEFFICIENTS_INPUTS < 18 ? 200 : 0);
    weights = start->weights_5[0][0];
    for (size_t i = 0; i < sizeof start->weights_5 / sizeof *weights; i++)
        weights[i] = (int16_t)(i % BBC_COEFFICIENTS_INPUTS_5 < 10 ? 200 : 0);
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

uint64_t self_test_coefficients(const bbc_kernels *kernels, uint64_t seed)
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

/* A JPEG block to samples, samples upsampled, and colours: integers. */
uint64_t self_test_jpeg(const bbc_kernels *kernels, uint64_t seed)
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
