/* core/fitted/: a band of any size decodes any message, with weights that may be anything; its pixels come back, and by
 * forecasts that were kept as by those that are computed. */
#include "ans.h"
#include "fitted_scan.cdef.h"
#include "fuzz.h"

enum {
    FUZZ_SIDE = 12,
    FUZZ_SAMPLES = 3 * FUZZ_SIDE * FUZZ_SIDE,
    FUZZ_WORDS = 1024,
    FUZZ_WEIGHTS = BBC_FITTED_INPUTS * BBC_FITTED_UNITS + 3 * BBC_FITTED_SEEN * BBC_FITTED_OUTPUT_STRIDE
};

/* A band that was decoded: its intervals, from the first pixel to the last. */
static void fuzz_encode(void *state, int64_t pixels, int32_t channels, uint32_t *starts, uint32_t *freqs)
{
    int64_t done, coded = 0;
    while ((done = bbc_fitted_encode(state, 32, starts + coded * channels, freqs + coded * channels)) > 0) coded += done;
    fuzz_check(done == 0 && coded == pixels);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static float small[4][FUZZ_WEIGHTS], weights[FUZZ_WEIGHTS];
    static uint32_t message[FUZZ_WORDS], starts[2][FUZZ_SAMPLES + 64], freqs[2][FUZZ_SAMPLES + 64];
    fuzz_input in = {data, size};
    const int32_t width = fuzz_take(&in, 1, FUZZ_SIDE), height = fuzz_take(&in, 1, FUZZ_SIDE);
    const int32_t channels = fuzz_take(&in, 0, 1) ? 3 : 1, wild = fuzz_take(&in, 0, 64);
    const int drawn = fuzz_take(&in, 0, 3);
    uint64_t seed = (uint64_t)drawn, states[BBC_FITTED_LANES];
    if (small[drawn][0] == 0)
        for (int i = 0; i < FUZZ_WEIGHTS; i++)
            small[drawn][i] = ((float)(fuzz_random(&seed) % 2001) - 1000.0f) * 0.0002f;
    memcpy(weights, small[drawn], sizeof weights);
    for (int32_t i = 0; i < wild; i++) {
        const int at = fuzz_take(&in, 0, FUZZ_WEIGHTS - 1);
        fuzz_fill(&in, weights + at, sizeof *weights);
    }
    const size_t samples = (size_t)(width * height * channels);
    for (int i = 0; i < BBC_FITTED_LANES; i++) states[i] = BBC_ANS_EMPTY | (uint64_t)fuzz_take(&in, 0, 65535) << 20;
    bbc_ans_words words = {message, in.size / 4 < FUZZ_WORDS ? in.size / 4 : FUZZ_WORDS, FUZZ_WORDS};
    fuzz_fill(&in, message, words.count * 4);
    const int64_t bytes = bbc_fitted_size(width, height, channels);
    fuzz_check(bytes > 0);
    void *state = fuzz_state((size_t)bytes);
    uint8_t *pixels = fuzz_state(samples);
    fuzz_check(bbc_fitted_begin(state, bytes, width, height, channels, weights, pixels) == 0);
    int64_t done, all = 0;
    while ((done = bbc_fitted_decode(state, 64, states, &words)) > 0) all += done;
    if (done == 0) {
        fuzz_check(all == (int64_t)width * height);
        fuzz_check(bbc_fitted_begin(state, bytes, width, height, channels, weights, pixels) == 0);
        fuzz_encode(state, all, channels, starts[0], freqs[0]);
        for (size_t i = 0; i < samples; i++)
            fuzz_check(freqs[0][i] > 0 && (uint64_t)starts[0][i] + freqs[0][i] <= 1u << 24);
        const int64_t kept = bbc_fitted_forecasts_size(state);
        void *forecasts = fuzz_state((size_t)kept);
        for (int pass = 0; pass < 2; pass++) {
            fuzz_check(bbc_fitted_begin(state, bytes, width, height, channels, weights, pixels) == 0);
            fuzz_check(bbc_fitted_keep_forecasts(state, kept, forecasts) == 0);
            if (pass) fuzz_encode(state, all, channels, starts[1], freqs[1]);
            else
                while (bbc_fitted_collect(state, 32, 1 << 20, NULL) > 0) continue;
        }
        fuzz_check(!memcmp(starts[0], starts[1], samples * sizeof **starts));
        fuzz_check(!memcmp(freqs[0], freqs[1], samples * sizeof **freqs));
        free(forecasts);
    }
    free(state);
    free(pixels);
    return 0;
}
