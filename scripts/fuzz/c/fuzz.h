/* What the fuzz targets share. An input begins with numbers of two bytes each, and ends with a payload; inputs.py reads
 * and makes the same. A target that finds something wrong aborts. */
#ifndef BBC_FUZZ_H
#define BBC_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct {
    const uint8_t *data;
    size_t size;
} fuzz_input;

/* The next number, from `least` to `most`; `least` where the input has ended. */
static inline int32_t fuzz_take(fuzz_input *in, int32_t least, int32_t most)
{
    if (in->size < 2) {
        in->size = 0;
        return least;
    }
    const uint32_t value = (uint32_t)in->data[0] | (uint32_t)in->data[1] << 8;
    in->data += 2;
    in->size -= 2;
    return least + (int32_t)(value % (uint32_t)(most - least + 1));
}

/* The next `size` bytes into `out`, zeros where the input has ended. */
static inline void fuzz_fill(fuzz_input *in, void *out, size_t size)
{
    const size_t there = in->size < size ? in->size : size;
    memset(out, 0, size);
    if (there) memcpy(out, in->data, there);
    in->data += there;
    in->size -= there;
}

/* Numbers that look random, the same from the same seed. */
static inline uint32_t fuzz_random(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*seed >> 33);
}

static inline void *fuzz_state(size_t size)
{
    void *state = aligned_alloc(64, (size + 63) / 64 * 64);
    if (!state) abort();
    return memset(state, 0, (size + 63) / 64 * 64);
}

/* A copy of bytes in memory of exactly their size, so that a read behind them is seen. */
static inline uint8_t *fuzz_exact(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    if (!copy) abort();
    if (size) memcpy(copy, data, size);
    return copy;
}

static inline void fuzz_check(int holds)
{
    if (!holds) abort();
}

#endif
