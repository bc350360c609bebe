/* core/neural/: a band scan of any shape decodes any message, with weights that may be anything. Where all of it was
 * decoded, its pixels are encoded and give the frequencies that were used. */
#include "ans.h"
#include "band_scan.cdef.h"
#include "fuzz.h"
#include "latents.cdef.h"

enum { FUZZ_SIDE = 12, FUZZ_PIXELS = FUZZ_SIDE * FUZZ_SIDE, FUZZ_WORDS = 512, FUZZ_WEIGHTS = 1 << 16 };

static float weights[FUZZ_WEIGHTS], modulation[FUZZ_PIXELS * 2 * 2 * 32];

/* Small numbers of one of four seeds, or what the input has: NaN, infinities, huge and subnormal ones */
static void fuzz_weights(fuzz_input *in, int64_t count)
{
    static float small[4][FUZZ_WEIGHTS];
    float *all = small[0];
    uint64_t seed = 4;
    if (modulation[0] == 0) {
        for (size_t i = 0; i < sizeof small / sizeof **small; i++)
            all[i] = ((float)(fuzz_random(&seed) % 2001) - 1000.0f) * 0.0003f;
        for (size_t i = 0; i < sizeof modulation / sizeof *modulation; i++)
            modulation[i] = (float)(1 + fuzz_random(&seed) % 1000) * 0.001f;
    }
    memcpy(weights, small[fuzz_take(in, 0, 3)], (size_t)count * sizeof *weights);
    const int32_t wild = fuzz_take(in, 0, 64);
    for (int32_t i = 0; i < wild; i++) {
        const int64_t at = (int64_t)fuzz_take(in, 0, 65535) * 65537 % count;
        fuzz_fill(in, weights + at, sizeof *weights);
    }
}

static void fuzz_shape(fuzz_input *in, bbc_scan_shape *p)
{
    p->width = fuzz_take(in, 1, FUZZ_SIDE);
    p->height = fuzz_take(in, 1, FUZZ_SIDE);
    p->last_row = fuzz_take(in, 0, p->height);
    p->first_row = fuzz_take(in, 0, p->last_row);
    p->channels = fuzz_take(in, 0, 1) ? 3 : 1;
    p->hidden = 16 * fuzz_take(in, 1, 2);
    p->layers = fuzz_take(in, 1, 2);
    p->head = 16;
    p->block = fuzz_take(in, 0, 8);
    p->batch = fuzz_take(in, 0, 40);
    p->update_interval = fuzz_take(in, 1, 4);
    p->trunk_after = 2 * p->batch;
    p->learning_rate = (float)fuzz_take(in, 0, 12) * 0.0001f;
    const int grid = fuzz_take(in, 0, 1);
    p->grid_x = grid ? fuzz_take(in, 0, 15) : -1;
    p->grid_y = grid ? fuzz_take(in, 0, 15) : -1;
    p->period = grid ? 1 << fuzz_take(in, 0, 4) : 1;
    p->low_bits = fuzz_take(in, 0, 8);
    p->fraction = fuzz_take(in, 0, p->low_bits);
    p->light = p->period == 2 ? fuzz_take(in, 0, 16) : 0;
    p->correction = fuzz_take(in, 0, 1);
}

static int64_t fuzz_all(void *state, int encode, uint32_t *starts, uint32_t *freqs, uint64_t *ans, bbc_ans_words *words,
                        int64_t symbols)
{
    int64_t pixels = 0, done;
    do {
        uint32_t *s = starts + pixels * symbols, *f = freqs + pixels * symbols;
        done = encode ? bbc_scan_encode(state, 1, 64, s, f) : bbc_scan_decode(state, 1, 64, ans, words, f);
        pixels += done > 0 ? done : 0;
    } while (done > 0);
    return done < 0 ? done : pixels;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint32_t starts[FUZZ_PIXELS * 12], freqs[FUZZ_PIXELS * 12], again[FUZZ_PIXELS * 12], message[FUZZ_WORDS];
    fuzz_input in = {data, size};
    bbc_scan_shape shape = {0};
    fuzz_shape(&in, &shape);
    const int64_t count = bbc_scan_weight_count(&shape), bytes = bbc_scan_size(&shape);
    if (count < 0 || bytes < 0) return 0;
    fuzz_check(count <= FUZZ_WEIGHTS);
    fuzz_weights(&in, count);
    const size_t sample = shape.low_bits ? 2 : 1, samples = (size_t)(shape.width * shape.height * shape.channels);
    uint8_t *pixels = fuzz_state(samples * sample);
    fuzz_fill(&in, pixels, samples * sample < 64 ? samples * sample : 64);
    if (shape.low_bits)
        for (size_t i = 0; i < samples; i++)
            ((uint16_t *)(void *)pixels)[i] &= (uint16_t)((256u << shape.low_bits) - 1);
    uint64_t ans = BBC_ANS_EMPTY | (uint64_t)fuzz_take(&in, 0, 65535) << 20;
    bbc_ans_words words = {message, in.size / 4 < FUZZ_WORDS ? in.size / 4 : FUZZ_WORDS, FUZZ_WORDS};
    fuzz_fill(&in, message, words.count * 4);
    void *state = fuzz_state((size_t)bytes);
    const float *given = shape.block ? modulation : NULL;
    const int64_t symbols = shape.channels * (shape.low_bits ? 2 : 1);
    const int64_t all = (int64_t)(shape.last_row - shape.first_row) * shape.width;
    if (bbc_scan_begin(state, bytes, &shape, weights, given, pixels) == 0) {
        const int64_t decoded = fuzz_all(state, 0, starts, freqs, &ans, &words, symbols);
        if (decoded == all) {
            fuzz_check(bbc_scan_begin(state, bytes, &shape, weights, given, pixels) == 0);
            fuzz_check(fuzz_all(state, 1, starts, again, NULL, NULL, symbols) == all);
            fuzz_check(memcmp(freqs, again, (size_t)(all * symbols) * sizeof *freqs) == 0);
        }
    }
    free(state);
    free(pixels);
    return 0;
}
