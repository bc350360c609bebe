/* Few colours and deep samples: a payload is decoded; what came out is encoded, and must come back. */
#include "context_mixing.cdef.h"
#include "fuzz.h"

typedef struct {
    size_t (*size)(const bbc_mixing_shape *);
    void (*begin)(void *, const bbc_mixing_shape *, const uint8_t *, uint8_t *, size_t);
    int (*rows)(void *, uint16_t *, size_t);
    size_t (*end)(void *);
} fuzz_mixing;

enum { FUZZ_SIDE = 48, FUZZ_SAMPLES = 4 * FUZZ_SIDE * FUZZ_SIDE, FUZZ_CODED = 4 * FUZZ_SAMPLES + 64 };

static int fuzz_mixing_run(const fuzz_mixing *coder, const uint8_t *data, size_t size)
{
    static uint16_t samples[FUZZ_SAMPLES], again[FUZZ_SAMPLES];
    static uint8_t coded[FUZZ_CODED];
    fuzz_input in = {data, size};
    bbc_mixing_shape shape;
    shape.width = fuzz_take(&in, 1, FUZZ_SIDE);
    const size_t rows = (size_t)fuzz_take(&in, 1, FUZZ_SIDE);
    shape.channels = fuzz_take(&in, 1, 4);
    shape.known = fuzz_take(&in, 0, shape.channels - 1);
    shape.depth = fuzz_take(&in, 1, 16);
    shape.bucket_bits = fuzz_take(&in, 8, 10);
    const size_t count = (size_t)shape.width * rows * (size_t)shape.channels;
    uint64_t seed = 1;
    for (size_t i = 0; i < count; i++) samples[i] = (uint16_t)(fuzz_random(&seed) & ((1u << shape.depth) - 1));
    memcpy(again, samples, sizeof again);
    const size_t state_size = coder->size(&shape);
    uint8_t *payload = fuzz_exact(in.data, in.size);
    void *state = fuzz_state(state_size);
    coder->begin(state, &shape, payload, NULL, in.size);
    const int failed = coder->rows(state, samples, rows);
    free(payload);
    for (size_t i = 0; i < count; i++) fuzz_check(samples[i] >> shape.depth == 0);
    if (!failed) {
        memset(state, 0, state_size);
        coder->begin(state, &shape, NULL, coded, sizeof coded);
        fuzz_check(coder->rows(state, samples, rows) == 0);
        const size_t written = coder->end(state);
        fuzz_check(written <= sizeof coded);
        memset(state, 0, state_size);
        payload = fuzz_exact(coded, written);
        coder->begin(state, &shape, payload, NULL, written);
        fuzz_check(coder->rows(state, again, rows) == 0);
        free(payload);
        fuzz_check(memcmp(samples, again, count * sizeof *samples) == 0);
    }
    free(state);
    return 0;
}
