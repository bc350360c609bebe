/* Few colours and deep samples: a payload is decoded; what came out is encoded, and must come back. */
#include "snapshot.h"

#include "binary_coder.h"
#include "context_mixing.cdef.h"

typedef struct {
    size_t (*size)(const bbc_mixing_shape *);
    void (*begin)(void *, const bbc_mixing_shape *, const uint8_t *, uint8_t *, size_t);
    int (*rows)(void *, uint16_t *, size_t);
    size_t (*end)(void *);
} fuzz_mixing;

enum { FUZZ_SIDE = 12, FUZZ_SAMPLES = 4 * FUZZ_SIDE * FUZZ_SIDE, FUZZ_CODED = 4 * FUZZ_SAMPLES + 64 };
enum { FUZZ_SHAPES = 64 };

static bbc_mixing_shape fuzz_mixing_shape(int index)
{
    uint64_t seed = (uint64_t)index;
    bbc_mixing_shape shape;
    shape.width = 1 + (int32_t)(fuzz_random(&seed) % FUZZ_SIDE);
    shape.channels = 1 + (int32_t)(fuzz_random(&seed) % 4);
    shape.known = (int32_t)(fuzz_random(&seed) % (uint32_t)shape.channels);
    shape.depth = 1 + (int32_t)(fuzz_random(&seed) % 16);
    shape.bucket_bits = 8 + (int32_t)(fuzz_random(&seed) % 2);
    return shape;
}

/* A state of shape `index` at its beginning; both coders have their binary coder first. */
static void *fuzz_mixing_begin(const fuzz_mixing *coder, int index, const uint8_t *in, uint8_t *out, size_t size)
{
    static fuzz_snapshot snapshots[FUZZ_SHAPES];
    fuzz_snapshot *s = snapshots + index;
    if (!s->state) {
        const bbc_mixing_shape shape = fuzz_mixing_shape(index);
        coder->begin(fuzz_snapshot_open(s, coder->size(&shape)), &shape, NULL, NULL, 0);
        fuzz_snapshot_keep(s);
    }
    void *state = fuzz_snapshot_restore(s);
    binary_coder_begin(state, in, out, size);
    return state;
}

static int fuzz_mixing_decode(const fuzz_mixing *coder, int index, const uint8_t *data, size_t size, uint16_t *samples,
                              size_t rows)
{
    uint8_t *payload = fuzz_exact(data, size);
    const int failed = coder->rows(fuzz_mixing_begin(coder, index, payload, NULL, size), samples, rows);
    free(payload);
    return failed;
}

static int fuzz_mixing_run(const fuzz_mixing *coder, const uint8_t *data, size_t size)
{
    static uint16_t samples[FUZZ_SAMPLES], again[FUZZ_SAMPLES];
    static uint8_t coded[FUZZ_CODED];
    fuzz_input in = {data, size};
    const int index = fuzz_take(&in, 0, FUZZ_SHAPES - 1);
    const size_t rows = (size_t)fuzz_take(&in, 1, FUZZ_SIDE);
    const bbc_mixing_shape shape = fuzz_mixing_shape(index);
    const size_t count = (size_t)shape.width * rows * (size_t)shape.channels;
    uint64_t seed = 1;
    for (size_t i = 0; i < count; i++) samples[i] = (uint16_t)(fuzz_random(&seed) & ((1u << shape.depth) - 1));
    memcpy(again, samples, count * sizeof *samples);
    const int failed = fuzz_mixing_decode(coder, index, in.data, in.size, samples, rows);
    for (size_t i = 0; i < count; i++) fuzz_check(samples[i] >> shape.depth == 0);
    if (failed) return 0;
    void *state = fuzz_mixing_begin(coder, index, NULL, coded, sizeof coded);
    fuzz_check(coder->rows(state, samples, rows) == 0);
    const size_t written = coder->end(state);
    fuzz_check(written <= sizeof coded);
    fuzz_check(fuzz_mixing_decode(coder, index, coded, written, again, rows) == 0);
    fuzz_check(memcmp(samples, again, count * sizeof *samples) == 0);
    return 0;
}
