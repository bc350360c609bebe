/* core/entropy/: any message, popped under every distribution; what was popped is pushed, and gives the message again. */
#include "ans.h"
#include "beta_binomial.cdef.h"
#include "bins.cdef.h"
#include "categorical.cdef.h"
#include "fuzz.h"
#include "location_scale.cdef.h"
#include "uniform.cdef.h"
#include "weights.cdef.h"

enum { FUZZ_LANES = 3, FUZZ_WORDS = 512, FUZZ_SYMBOLS = 64, FUZZ_SIZE = 64, FUZZ_BITS = 6 };

typedef struct {
    uint64_t states[FUZZ_LANES];
    uint32_t data[FUZZ_WORDS];
    bbc_ans_words words;
    size_t lanes;
} fuzz_message;

static void fuzz_message_begin(fuzz_message *m, fuzz_input *in, size_t lanes)
{
    memset(m, 0, sizeof *m);
    m->lanes = lanes;
    fuzz_fill(in, m->states, lanes * sizeof *m->states);
    m->words = (bbc_ans_words){m->data, in->size / 4 < FUZZ_WORDS ? in->size / 4 : FUZZ_WORDS, FUZZ_WORDS};
    fuzz_fill(in, m->data, m->words.count * 4);
}

/* `n` numbers as doubles, NaN, infinities and subnormals among them. */
static void fuzz_doubles(fuzz_input *in, double *out, size_t n, double usual)
{
    const int any = fuzz_take(in, 0, 1);
    if (any) fuzz_fill(in, out, n * sizeof *out);
    else
        for (size_t i = 0; i < n; i++) out[i] = usual * fuzz_take(in, 1, 1000);
}

static uint32_t symbols[FUZZ_SYMBOLS], starts[FUZZ_SYMBOLS], freqs[FUZZ_SYMBOLS];
static double first[FUZZ_SYMBOLS * FUZZ_SIZE], second[FUZZ_SYMBOLS * FUZZ_SIZE], third[FUZZ_SYMBOLS],
    fourth[FUZZ_SYMBOLS];

/* After a pop of `done` symbols whose intervals are known, pushing them restores the message. */
static void fuzz_message_check(fuzz_message *m, const fuzz_message *before, size_t done, unsigned precision)
{
    const uint8_t width = (uint8_t)precision;
    size_t pushed = 0;
    m->words.data = m->data;
    const int status = bbc_ans_push(m->states, m->lanes, &m->words, starts, freqs, &width, 0, done, &pushed);
    fuzz_check(status == BBC_ANS_OK && pushed == done);
    fuzz_check(memcmp(m->states, before->states, sizeof m->states) == 0 && m->words.count == before->words.count);
    fuzz_check(memcmp(m->data, before->data, before->words.count * 4) == 0);
}

static void fuzz_categorical(fuzz_message *m, fuzz_input *in, unsigned precision, size_t n)
{
    static uint32_t cum[FUZZ_SIZE + 1], lookup[1 << 4];
    static bbc_categorical_entry entries[FUZZ_SIZE];
    const uint32_t size = (uint32_t)fuzz_take(in, 1, FUZZ_SIZE);
    const fuzz_message before = *m;
    size_t done = 0;
    if (bbc_categorical_build(first, size, precision, cum, entries, precision < 4 ? precision : 4, lookup)) return;
    bbc_categorical_pop(m->states, m->lanes, &m->words, symbols, cum, size, precision, lookup,
                        precision < 4 ? precision : 4, n, &done);
    for (size_t i = 0; i < done; i++) {
        fuzz_check(symbols[i] < size);
        starts[i] = cum[symbols[i]];
        freqs[i] = cum[symbols[i] + 1] - cum[symbols[i]];
    }
    fuzz_message_check(m, &before, done, precision);
}

static void fuzz_location_scale(fuzz_message *m, fuzz_input *in, unsigned precision, size_t n)
{
    static double quantiles[2][BBC_LOCATION_SCALE_QUANTILES + 1];
    static int filled;
    for (int family = 0; family < 2 && !filled; family++) bbc_location_scale_quantiles(family, quantiles[family]);
    filled = 1;
    const int family = fuzz_take(in, 0, 1);
    const size_t components = (size_t)fuzz_take(in, 1, 4);
    const uint32_t size = (uint32_t)fuzz_take(in, 1, 300);
    const int32_t low = fuzz_take(in, -150, 150);
    const fuzz_message before = *m;
    size_t done = 0, again = 0;
    bbc_location_scale_pop(m->states, m->lanes, &m->words, first, second, first + FUZZ_SYMBOLS * 8, symbols, components,
                           family, low, size, precision, quantiles[family], n, &done);
    if (done == 0) return; /* also where the parameters are refused */
    if (bbc_location_scale_intervals(first, second, first + FUZZ_SYMBOLS * 8, symbols, starts, freqs, components,
                                     family, low, size, precision, done, &again))
        abort();
    fuzz_message_check(m, &before, done, precision);
}

static void fuzz_weights(fuzz_message *m, fuzz_input *in, unsigned precision, size_t n)
{
    static double scratch[BBC_WEIGHTS_ROWS * (FUZZ_SIZE + 1)];
    const uint32_t size = (uint32_t)fuzz_take(in, 1, FUZZ_SIZE);
    const fuzz_message before = *m;
    size_t done = 0, again = 0;
    if (fuzz_take(in, 0, 1)) {
        bbc_weights_pop(m->states, m->lanes, &m->words, first, symbols, size, precision, scratch, n, &done);
        if (done == 0) return;
        fuzz_check(bbc_weights_intervals(first, symbols, starts, freqs, size, precision, scratch, done, &again) == 0);
    } else {
        bbc_beta_binomial_pop(m->states, m->lanes, &m->words, first, second, symbols, size, precision, scratch, n,
                              &done);
        if (done == 0) return;
        fuzz_check(bbc_beta_binomial_intervals(first, second, symbols, starts, freqs, size, precision, scratch, done,
                                               &again) == 0);
    }
    fuzz_message_check(m, &before, done, precision);
}

static void fuzz_bins(fuzz_message *m, unsigned precision, size_t n)
{
    static double edges[(1 << FUZZ_BITS) + 1], centres[1 << FUZZ_BITS];
    const fuzz_message before = *m;
    size_t done = 0, again = 0;
    if (edges[0] == 0) bbc_bins_tables(FUZZ_BITS, edges, centres);
    bbc_bins_pop(m->states, m->lanes, &m->words, third, first, fourth, second, symbols, edges, FUZZ_BITS, precision, n,
                 &done);
    if (done == 0) return;
    fuzz_check(bbc_bins_intervals(third, first, fourth, second, symbols, starts, freqs, edges, FUZZ_BITS, precision,
                                  done, &again) == 0);
    fuzz_message_check(m, &before, done, precision);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static fuzz_message m;
    fuzz_input in = {data, size};
    const int kind = fuzz_take(&in, 0, 5);
    const size_t lanes = (size_t)fuzz_take(&in, 1, FUZZ_LANES), n = (size_t)fuzz_take(&in, 0, FUZZ_SYMBOLS);
    const unsigned precision = (unsigned)fuzz_take(&in, 0, 33);
    memset(first, 0, sizeof first);
    memset(second, 0, sizeof second);
    memset(third, 0, sizeof third);
    memset(fourth, 0, sizeof fourth);
    fuzz_doubles(&in, first, 64, 0.01);
    fuzz_doubles(&in, first + FUZZ_SYMBOLS * 8, 64, 0.1);
    fuzz_doubles(&in, second, 64, 0.1);
    fuzz_doubles(&in, third, 16, 0.05);
    fuzz_doubles(&in, fourth, 16, 0.05);
    fuzz_input options = in;
    fuzz_message_begin(&m, &in, lanes);
    const fuzz_message before = m;
    size_t done = 0;
    if (kind == 0) {
        const int status = bbc_ans_pop_bits(m.states, lanes, &m.words, symbols, precision, n, &done);
        if (status == BBC_ANS_BAD_STATE || status == BBC_ANS_BAD_INTERVAL) return 0;
        for (size_t i = 0; i < done; i++) starts[i] = symbols[i], freqs[i] = 1;
        fuzz_message_check(&m, &before, done, precision);
    }
    if (bbc_ans_check(m.states, lanes, &m.words) || precision < 1 || precision > 31) return 0;
    if (kind == 1) fuzz_categorical(&m, &options, precision, n);
    if (kind == 2) fuzz_location_scale(&m, &options, precision, n);
    if (kind == 3) fuzz_weights(&m, &options, precision, n);
    if (kind == 4) fuzz_bins(&m, precision, n);
    if (kind == 5) {
        uint32_t sizes[FUZZ_SYMBOLS];
        for (size_t i = 0; i < FUZZ_SYMBOLS; i++) sizes[i] = (uint32_t)fuzz_take(&options, 0, 65535);
        bbc_uniform_pop(m.states, lanes, &m.words, sizes, symbols, precision, n, &done);
        for (size_t i = 0; i < done; i++) fuzz_check(symbols[i] < sizes[i]);
    }
    return 0;
}
