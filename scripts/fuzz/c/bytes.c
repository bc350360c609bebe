/* core/mixing/bytes.c: bytes of which some are known, decoded; they must come back. */
#include "bytes.cdef.h"
#include "fuzz.h"

enum { FUZZ_BYTES = 2048 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t plain[FUZZ_BYTES], again[FUZZ_BYTES], coded[2 * FUZZ_BYTES];
    fuzz_input in = {data, size};
    const size_t known = (size_t)fuzz_take(&in, 0, FUZZ_BYTES / 2), count = (size_t)fuzz_take(&in, 0, FUZZ_BYTES / 2);
    const bbc_bytes_shape shape = {fuzz_take(&in, 8, 10)};
    uint64_t seed = 2;
    memset(plain, 0, sizeof plain);
    for (size_t i = 0; i < known; i++) plain[i] = (uint8_t)(fuzz_random(&seed) % 5 + 'a');
    memcpy(again, plain, sizeof again);
    void *learned = fuzz_state(bbc_bytes_size(&shape)), *state = fuzz_state(bbc_bytes_size(&shape));
    bbc_bytes_begin(learned, &shape, NULL, NULL, NULL, 0);
    bbc_bytes_learn(learned, plain, known);
    uint8_t *payload = fuzz_exact(in.data, in.size);
    bbc_bytes_begin_learned(state, learned, payload, NULL, in.size);
    const int failed = bbc_bytes_code(state, plain, known, known + count);
    free(payload);
    if (!failed) {
        bbc_bytes_begin_learned(state, learned, NULL, coded, sizeof coded);
        fuzz_check(bbc_bytes_code(state, plain, known, known + count) == 0);
        const size_t written = bbc_bytes_end(state);
        fuzz_check(written <= sizeof coded);
        payload = fuzz_exact(coded, written);
        bbc_bytes_begin_learned(state, learned, payload, NULL, written);
        fuzz_check(bbc_bytes_code(state, again, known, known + count) == 0);
        free(payload);
        fuzz_check(memcmp(plain, again, known + count) == 0);
    }
    free(learned);
    free(state);
    return 0;
}
