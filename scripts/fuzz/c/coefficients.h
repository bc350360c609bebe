/* core/jpeg/coefficients.c at FUZZ_LEVEL: a payload is decoded; what came out is encoded, and must come back. */
#include "coefficients.cdef.h"
#include "fuzz.h"

enum { FUZZ_BLOCKS = 6, FUZZ_PLANE = FUZZ_BLOCKS * FUZZ_BLOCKS * 64, FUZZ_CODED = 1 << 17 };

/* A start of small numbers, as trained ones are */
static const bbc_coefficients_start *fuzz_start(void)
{
    static bbc_coefficients_start *start;
    if (start) return start;
    start = fuzz_state(sizeof *start);
    uint64_t seed = 3;
    int16_t *networks = start->networks[0][0], *weights = start->weights[0][0];
    float *moments = start->moments[0][0][0];
    for (size_t i = 0; i < sizeof start->networks / 2; i++) networks[i] = (int16_t)(fuzz_random(&seed) % 255) - 127;
    for (size_t i = 0; i < sizeof start->weights / 2; i++) weights[i] = (int16_t)(fuzz_random(&seed) % 2000) - 500;
    for (size_t i = 0; i < sizeof start->moments / 4; i++) moments[i] = (float)(fuzz_random(&seed) % 100) / 16.0f;
    return start;
}

/* Quantisers: those of a usual table, all 1, all 65535, or the input's */
static void fuzz_quantisers(fuzz_input *in, uint16_t *table)
{
    const int kind = fuzz_take(in, 0, 3);
    for (int k = 0; k < 64; k++)
        table[k] = (uint16_t)(kind == 0   ? 3 + k / 8 + k % 8
                              : kind == 1 ? 1
                              : kind == 2 ? 65535
                                          : fuzz_take(in, 1, 65535));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int16_t plane[4][FUZZ_PLANE], again[4][FUZZ_PLANE];
    static uint8_t coded[FUZZ_CODED];
    int16_t *const planes[4] = {plane[0], plane[1], plane[2], plane[3]};
    int16_t *const others[4] = {again[0], again[1], again[2], again[3]};
    fuzz_input in = {data, size};
    bbc_coefficients_shape shape = {.level = FUZZ_LEVEL, .bucket_bits = 8};
    shape.components = fuzz_take(&in, 1, 4);
    int64_t blocks = 0;
    for (int c = 0; c < shape.components; c++) {
        shape.columns[c] = fuzz_take(&in, 1, FUZZ_BLOCKS);
        shape.rows[c] = fuzz_take(&in, 1, FUZZ_BLOCKS);
        shape.horizontal[c] = fuzz_take(&in, 1, 4);
        shape.vertical[c] = fuzz_take(&in, 1, 4);
        fuzz_quantisers(&in, shape.tables[c]);
        blocks += shape.columns[c] * shape.rows[c];
    }
    memset(plane, 0, sizeof plane);
    memset(again, 0, sizeof again);
    const size_t state_size = bbc_coefficients_size(&shape);
    uint8_t *payload = fuzz_exact(in.data, in.size);
    void *state = fuzz_state(state_size);
    bbc_coefficients_begin(state, &shape, fuzz_start(), payload, NULL, in.size);
    const int failed = bbc_coefficients_code(state, planes, blocks);
    free(payload);
    if (!failed) {
        memset(state, 0, state_size);
        bbc_coefficients_begin(state, &shape, fuzz_start(), NULL, coded, sizeof coded);
        fuzz_check(bbc_coefficients_code(state, planes, blocks) == 0);
        const size_t written = bbc_coefficients_end(state);
        fuzz_check(written <= sizeof coded);
        memset(state, 0, state_size);
        payload = fuzz_exact(coded, written);
        bbc_coefficients_begin(state, &shape, fuzz_start(), payload, NULL, written);
        fuzz_check(bbc_coefficients_code(state, others, blocks) == 0);
        free(payload);
        fuzz_check(memcmp(plane, again, sizeof plane) == 0);
    }
    free(state);
    return 0;
}
