/* core/mixing/few_colours.c; with one channel of one bit also the map of corrections of a JPEG's part. */
#include "mixing.h"

#include "few_colours_start.cdef.h"

/* Of odd depths a start of any numbers follows. */
static void fuzz_begin(void *state, const bbc_mixing_shape *shape, const uint8_t *in, uint8_t *out, size_t size)
{
    static uint8_t numbers[BBC_FEW_COLOURS_START_BYTES];
    bbc_few_colours_begin(state, shape, in, out, size);
    if (shape->depth % 2 == 0) return;
    uint64_t seed = 5;
    for (size_t i = 0; i < sizeof numbers; i++) numbers[i] = (uint8_t)fuzz_random(&seed);
    bbc_few_colours_start(state, numbers);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const fuzz_mixing coder = {bbc_few_colours_size, fuzz_begin, bbc_few_colours_rows, bbc_few_colours_end};
    return fuzz_mixing_run(&coder, data, size);
}
