/* core/mixing/bytes.c: bytes of which some are known, decoded; they must come back. */
#include "bytes.cdef.h"
#include "fuzz.h"

enum { FUZZ_BYTES = 2048, FUZZ_CODED = 96, FUZZ_FRONTS = 4, FUZZ_BITS = 3 };
static const size_t FRONTS[FUZZ_FRONTS] = {0, 3, 50, 1792}; /* bytes that are known */

/* A state that has learned so many bytes, which are written to `plain`. Made once. */
static const void *fuzz_learned(uint8_t *plain, int front, int bits)
{
    static void *learned[FUZZ_FRONTS][FUZZ_BITS];
    uint64_t seed = 2;
    for (size_t i = 0; i < FRONTS[front]; i++) plain[i] = (uint8_t)(fuzz_random(&seed) % 5 + 'a');
    void **state = &learned[front][bits];
    if (!*state) {
        const bbc_bytes_shape shape = {8 + bits};
        *state = fuzz_state(bbc_bytes_size(&shape));
        bbc_bytes_begin(*state, &shape, NULL, NULL, NULL, 0);
        bbc_bytes_learn(*state, plain, FRONTS[front]);
    }
    return *state;
}

/* What `learned` goes on with, in memory that is used again: it has half a megabyte, all of which is written. */
static void *fuzz_begin(const void *learned, int bits, const uint8_t *in, uint8_t *out, size_t size)
{
    static void *states[FUZZ_BITS];
    const bbc_bytes_shape shape = {8 + bits};
    if (!states[bits]) states[bits] = fuzz_state(bbc_bytes_size(&shape));
    bbc_bytes_begin_learned(states[bits], learned, in, out, size);
    return states[bits];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t plain[FUZZ_BYTES], again[FUZZ_BYTES], coded[4 * FUZZ_CODED];
    fuzz_input in = {data, size};
    const int front = fuzz_take(&in, 0, FUZZ_FRONTS - 1);
    const size_t from = FRONTS[front], to = from + (size_t)fuzz_take(&in, 0, FUZZ_CODED);
    const int bits = fuzz_take(&in, 0, FUZZ_BITS - 1);
    memset(plain, 0, sizeof plain);
    const void *learned = fuzz_learned(plain, front, bits);
    memcpy(again, plain, sizeof again);
    uint8_t *payload = fuzz_exact(in.data, in.size);
    const int failed = bbc_bytes_code(fuzz_begin(learned, bits, payload, NULL, in.size), plain, from, to);
    free(payload);
    if (failed) return 0;
    void *state = fuzz_begin(learned, bits, NULL, coded, sizeof coded);
    fuzz_check(bbc_bytes_code(state, plain, from, to) == 0);
    const size_t written = bbc_bytes_end(state);
    fuzz_check(written <= sizeof coded);
    payload = fuzz_exact(coded, written);
    fuzz_check(bbc_bytes_code(fuzz_begin(learned, bits, payload, NULL, written), again, from, to) == 0);
    free(payload);
    fuzz_check(memcmp(plain, again, to) == 0);
    return 0;
}
