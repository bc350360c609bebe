/* core/jpeg/coefficients.c at FUZZ_LEVEL: a payload is decoded; what came out is encoded, and must come back. */
#include "snapshot.h"

#include "coefficients_types.h"

enum { FUZZ_BLOCKS = 3, FUZZ_PLANE = FUZZ_BLOCKS * FUZZ_BLOCKS * 64, FUZZ_CODED = 1 << 16, FUZZ_SHAPES = 64 };

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

/* Quantisers: those of a usual table, all 1, all 65535, or any */
static void fuzz_quantisers(uint64_t *seed, uint16_t *table)
{
    const int kind = (int)(fuzz_random(seed) % 4);
    for (int k = 0; k < 64; k++)
        table[k] = (uint16_t)(kind == 0   ? 3 + k / 8 + k % 8
                              : kind == 1 ? 1
                              : kind == 2 ? 65535
                                          : 1 + (int)(fuzz_random(seed) % 65535));
}

static bbc_coefficients_shape fuzz_shape(int index)
{
    uint64_t seed = (uint64_t)index;
    bbc_coefficients_shape shape = {.level = FUZZ_LEVEL, .bucket_bits = 8};
    shape.components = 1 + (int32_t)(fuzz_random(&seed) % 4);
    for (int c = 0; c < shape.components; c++) {
        shape.columns[c] = 1 + (int32_t)(fuzz_random(&seed) % FUZZ_BLOCKS);
        shape.rows[c] = 1 + (int32_t)(fuzz_random(&seed) % FUZZ_BLOCKS);
        shape.horizontal[c] = 1 + (int32_t)(fuzz_random(&seed) % 4);
        shape.vertical[c] = 1 + (int32_t)(fuzz_random(&seed) % 4);
        fuzz_quantisers(&seed, shape.tables[c]);
    }
    return shape;
}

/* A state of shape `index` at its beginning */
static coefficients_state *fuzz_begin(int index, const uint8_t *in, uint8_t *out, size_t size)
{
    static fuzz_snapshot snapshots[FUZZ_SHAPES];
    fuzz_snapshot *s = snapshots + index;
    if (!s->state) {
        const bbc_coefficients_shape shape = fuzz_shape(index);
        void *state = fuzz_snapshot_open(s, bbc_coefficients_size(&shape));
        bbc_coefficients_begin(state, &shape, fuzz_start(), NULL, NULL, 0);
        fuzz_snapshot_keep(s);
    }
    coefficients_state *state = fuzz_snapshot_restore(s);
    binary_coder_begin(&state->coder, in, out, size);
    range_coder_begin(&state->fast_coder, in, out, size);
    return state;
}

static int fuzz_decode(int index, const uint8_t *data, size_t size, int16_t *const *planes, int64_t blocks)
{
    uint8_t *payload = fuzz_exact(data, size);
    const int failed = bbc_coefficients_code(fuzz_begin(index, payload, NULL, size), planes, blocks);
    free(payload);
    return failed;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int16_t plane[4][FUZZ_PLANE], again[4][FUZZ_PLANE];
    static uint8_t coded[FUZZ_CODED];
    int16_t *const planes[4] = {plane[0], plane[1], plane[2], plane[3]};
    int16_t *const others[4] = {again[0], again[1], again[2], again[3]};
    fuzz_input in = {data, size};
    const int index = fuzz_take(&in, 0, FUZZ_SHAPES - 1);
    const bbc_coefficients_shape shape = fuzz_shape(index);
    int64_t blocks = 0;
    for (int c = 0; c < shape.components; c++) blocks += shape.columns[c] * shape.rows[c];
    memset(plane, 0, sizeof plane);
    memset(again, 0, sizeof again);
    if (fuzz_decode(index, in.data, in.size, planes, blocks)) return 0;
    coefficients_state *state = fuzz_begin(index, NULL, coded, sizeof coded);
    fuzz_check(bbc_coefficients_code(state, planes, blocks) == 0);
    const size_t written = bbc_coefficients_end(state);
    fuzz_check(written <= sizeof coded);
    fuzz_check(fuzz_decode(index, coded, written, others, blocks) == 0);
    fuzz_check(memcmp(plane, again, sizeof plane) == 0);
    return 0;
}
