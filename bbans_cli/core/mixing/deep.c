/* The coder of deep samples that change by degrees (16-bit photographs, medical pictures), of the family of TMW and
 * Vanilc: a sample is predicted (deep_prediction.h), and the residual is binarised (binarisation.h). Each bit is coded
 * by logistic mixing of counters in twelve contexts (mixer.h).
 *
 * This file is compiled once, for the base instruction set: with AVX2 it takes 2 to 10 % less time (one picture,
 * measured by hand). The coder of JPEG coefficients, which gains a quarter, is compiled once per instruction set.
 *
 * All numbers in the enums below were tuned by hand, not recorded.
 */
#include "binarisation.h"
#include "buckets.h"
#include "contexts.h"
#include "deep_prediction.h"
#include "context_mixing.cdef.h"
#include "kernels.h"
#include "mixer.h"
#include "rows.h"

enum { DEEP_CHANNELS = 4, DEEP_CONTEXTS = 12, DEEP_PADDED = MIXER_PADDED(2 * DEEP_CONTEXTS + 1) };
/* Weight sets are selected by the decision (node) alone, and by the decision and the size of residuals nearby
 * (energy). */
enum { DEEP_NODES = 256, DEEP_ENERGIES = 16, DEEP_SETS = DEEP_CHANNELS * DEEP_NODES, DEEP_LEARNING_RATE = 4 };

typedef struct {
    binary_coder coder;
    mixer_tables tables;
    bbc_mixing_shape shape;
    deep_channel channels[DEEP_CHANNELS];
    counter *buckets;
    int32_t *weights[2];
    uint16_t *apms;
    int32_t *lengths; /* for the next samples' code lengths, or NULL */
    int64_t position; /* up to which they were written */
} deep_state;

static size_t deep_row_size(const bbc_mixing_shape *s) { return (size_t)s->width + 2 * DEEP_MARGIN; }

size_t bbc_deep_size(const bbc_mixing_shape *s)
{
    if (s->width < 1 || s->channels < 1 || s->channels > DEEP_CHANNELS || s->known < 0 || s->known >= s->channels ||
        s->depth < 1 || s->depth > 16 || s->bucket_bits < 8 || s->bucket_bits > 20)
        return 0;
    size_t buckets = ((size_t)1 << s->bucket_bits) * BUCKET_SIZE * sizeof(counter);
    size_t rows = (size_t)s->channels * deep_row_size(s) * (6 * sizeof(int32_t) + 2 * DEEP_PREDICTORS * sizeof(float));
    size_t weights = (size_t)DEEP_SETS * (1 + DEEP_ENERGIES) * DEEP_PADDED * sizeof(int32_t);
    size_t apms = (size_t)DEEP_SETS * APM_POINTS * sizeof(uint16_t);
    return sizeof(deep_state) + 64 + buckets + rows + weights + apms;
}

/* The arrays of a channel, from `at` on; returns their end. */
static char *deep_channel_begin(deep_channel *p, const bbc_mixing_shape *shape, char *at)
{
    const size_t row = deep_row_size(shape);
    for (int i = 0; i < 4; i++, at += row * sizeof(int32_t)) p->values[i] = (int32_t *)at;
    for (int i = 0; i < 2; i++, at += row * sizeof(int32_t)) p->residuals[i] = (int32_t *)at;
    for (int i = 0; i < 2; i++)
        for (int k = 0; k < DEEP_PREDICTORS; k++, at += row * sizeof(float)) p->errors[k][i] = (float *)at;
    return at;
}

void bbc_deep_begin(void *state, const bbc_mixing_shape *shape, const uint8_t *in, uint8_t *out, size_t size)
{
    deep_state *d = state;
    d->shape = *shape;
    binary_coder_begin(&d->coder, in, out, size);
    mixer_tables_fill(&d->tables);
    /* The arrays follow the struct; buckets begin at a multiple of their size. */
    char *at = (char *)(d + 1);
    at += -(uintptr_t)at & 63;
    d->buckets = (counter *)at;
    at += ((size_t)1 << shape->bucket_bits) * BUCKET_SIZE * sizeof(counter);
    for (int c = 0; c < shape->channels; c++) at = deep_channel_begin(d->channels + c, shape, at);
    for (int i = 0; i < 2; i++) {
        const size_t count = (size_t)DEEP_SETS * (i ? DEEP_ENERGIES : 1) * DEEP_PADDED;
        d->weights[i] = (int32_t *)at;
        at += count * sizeof(int32_t);
        for (size_t j = 0; j < count; j++) d->weights[i][j] = 65536 * 2 / DEEP_PADDED;
    }
    d->apms = (uint16_t *)at;
    for (int i = 0; i < DEEP_SETS; i++) apm_begin(&d->tables.logistic, d->apms + i * APM_POINTS);
}

/* ---- contexts ---- */

/* What selects the counters and weight sets of a sample's decisions */
typedef struct {
    deep_state *d;
    uint64_t contexts[DEEP_CONTEXTS];
    counter *buckets[DEEP_CONTEXTS];
    int channel, energy, negative; /* negative: is the residual? */
} deep_context;

static uint32_t deep_magnitude(int32_t x) { return (uint32_t)(x < 0 ? -x : x); }

static void deep_find_contexts(const deep_state *d, int c, size_t x, const deep_prediction *p, deep_context *s)
{
    const deep_channel *own = d->channels + c;
    const int32_t *r0 = own->values[0] + DEEP_MARGIN + x, *r1 = own->values[1] + DEEP_MARGIN + x;
    const int32_t *e0 = own->residuals[0] + DEEP_MARGIN + x, *e1 = own->residuals[1] + DEEP_MARGIN + x;
    const int32_t w = r0[-1], n = r1[0], nw = r1[-1], ne = r1[1];
    const uint32_t near =
        2 * deep_magnitude(e0[-1]) + 2 * deep_magnitude(e1[0]) + deep_magnitude(e1[1]) + deep_magnitude(e1[-1]);
    const uint32_t wide =
        near + deep_magnitude(e0[-2]) + deep_magnitude(e1[2]) + deep_magnitude(e1[-2]) + deep_magnitude(e0[-3]);
    const uint32_t gradient = deep_magnitude(w - nw) + deep_magnitude(n - nw) + deep_magnitude(n - ne);
    /* How far each prediction is from the blended one, in eighths of the usual residual */
    const int32_t usual = (int32_t)(near / 6) + 1;
    int apart[DEEP_PREDICTORS];
    for (int i = 0; i < DEEP_PREDICTORS; i++) {
        double eighths = (p->each[i] - p->blended) * 8 / usual;
        apart[i] = (int)(eighths > 8 ? 8 : eighths < -8 ? -8 : eighths);
    }
    const int before = c ? context_octaves(d->channels[c - 1].residuals[0][DEEP_MARGIN + x]) : 0;
    const int energy = context_half_octaves(near), broad = context_half_octaves(wide);
    const uint64_t contexts[DEEP_CONTEXTS] = {
        CONTEXT_PACK(energy, before, 0, c),
        CONTEXT_PACK(broad, p->fraction, before, c),
        CONTEXT_PACK(context_half_octaves(gradient), energy / 2, before, c),
        CONTEXT_PACK(apart[0], apart[1], energy / 2, c),
        CONTEXT_PACK(apart[2], apart[3], energy / 2, c),
        CONTEXT_PACK(apart[4], p->fraction >> 2, energy, c),
        CONTEXT_PACK(context_octaves(e0[-1]), context_octaves(e1[0]), broad / 2, c),
        CONTEXT_PACK(context_octaves(e1[1]), context_octaves(e1[-1]), context_octaves(e0[-2]), c),
        CONTEXT_PACK(context_octaves(w - p->rounded), context_octaves(n - p->rounded), before, c),
        CONTEXT_PACK(p->rounded, 0, energy / 4, c),
        CONTEXT_PACK(p->rounded >> 4, apart[3], energy / 2, c),
        CONTEXT_PACK(w, n, 0, c),
    };
    memcpy(s->contexts, contexts, sizeof contexts);
    s->channel = c;
    s->energy = energy / 2 < DEEP_ENERGIES ? energy / 2 : DEEP_ENERGIES - 1;
}

/* ---- coding of a residual: the functions of its binarisation ---- */

/* Find the buckets of all contexts for a group of up to 15 decisions: 0 for zero, sign and the lengths of positive
 * residuals, 1 for those of negative ones, others for the mantissas of each sign and length. */
static void deep_find_buckets(deep_context *s, int group)
{
    uint32_t hashes[DEEP_CONTEXTS];
    for (int k = 0; k < DEEP_CONTEXTS; k++) hashes[k] = bucket_hash((uint64_t)group << 8 | (uint64_t)k, s->contexts[k]);
    bucket_find(s->d->buckets, s->d->shape.bucket_bits, hashes, s->buckets, DEEP_CONTEXTS);
}

/* One decision: `index` (1 to 15) of the counter within the bucket, `node` (0 to 255) of the weight sets. */
static int deep_code_bit(deep_context *s, int index, int node, int bit)
{
    deep_state *d = s->d;
    mixer m;
    mixer_begin(&m, 2);
    for (int k = 0; k < DEEP_CONTEXTS; k++) mixer_add(&d->tables, &m, s->buckets[k] + index);
    const size_t set = (size_t)(s->channel * DEEP_NODES + node);
    m.weights[0] = d->weights[0] + set * DEEP_PADDED;
    m.weights[1] = d->weights[1] + (set * DEEP_ENERGIES + (size_t)s->energy) * DEEP_PADDED;
    return mixer_code(&d->coder, &d->tables, &m, bit, d->apms + set * APM_POINTS, DEEP_LEARNING_RATE, DEEP_PADDED);
}

static int deep_code_zero(void *context, int is_zero)
{
    deep_find_buckets(context, 0);
    return deep_code_bit(context, 1, 1, is_zero);
}

static int deep_code_negative(void *context, int is_negative)
{
    deep_context *s = context;
    s->negative = deep_code_bit(s, 2, 2, is_negative);
    if (s->negative) deep_find_buckets(s, 1);
    return s->negative;
}

static int deep_code_longer(void *context, int length, int is_longer)
{
    deep_context *s = context;
    /* A 1 is coded where the length ends. */
    return !deep_code_bit(s, length < 13 ? 2 + length : 15, 3 + length + 20 * s->negative, !is_longer);
}

static int deep_code_mantissa(void *context, int length, int place, uint32_t prefix, int bit)
{
    deep_context *s = context;
    if (place == 0) deep_find_buckets(s, 1 + length + 20 * s->negative);
    /* The first three bits have a tree of counters, the others a counter each. */
    const int index = place < 3 ? (int)prefix : 8 + (place < 10 ? place - 3 : 7);
    return deep_code_bit(s, index, 48 + (length - 1) * 11 + (place < 10 ? place : 10), bit);
}

static const binarisation DEEP_BINARISATION = {
    .zero = deep_code_zero,
    .negative = deep_code_negative,
    .longer = deep_code_longer,
    .mantissa = deep_code_mantissa,
    .length_max = 17,
};

/* Sample x of this row of channel c; when decoding, `value` does not matter. */
static int32_t deep_code_sample(deep_state *d, int c, size_t x, int32_t value)
{
    const int top = (1 << d->shape.depth) - 1;
    deep_channel *own = d->channels + c;
    deep_prediction p;
    deep_context s = {.d = d};
    deep_find_features(d->channels, c, x, &p);
    deep_predict(own, x, top, &p);
    deep_find_contexts(d, c, x, &p, &s);
    value = p.rounded + binarisation_code(&DEEP_BINARISATION, &s, value - p.rounded);
    /* Only a damaged file leads to a value that the depth cannot hold. */
    value = value < 0 ? 0 : value > top ? top : value;
    deep_update(own, x, &p, value);
    return value;
}

/* ---- rows ---- */

/* What lies on the left of a row counts as the sample above the first one; above the picture all is 0. */
static void deep_row_begin(deep_channel *p)
{
    for (int i = 0; i < DEEP_MARGIN; i++) p->values[0][i] = p->values[1][DEEP_MARGIN];
}

/* What lies on the right counts as the last sample. */
static void deep_row_end(deep_channel *p, size_t width)
{
    int32_t *end = p->values[0] + DEEP_MARGIN + width;
    for (int i = 0; i < DEEP_MARGIN; i++) end[i] = end[-1];
    rows_rotate((void **)p->values, 4);
    rows_rotate((void **)p->residuals, 2);
    for (int i = 0; i < DEEP_PREDICTORS; i++) rows_rotate((void **)p->errors[i], 2);
}

void bbc_deep_measure(void *state, int32_t *lengths) { ((deep_state *)state)->lengths = lengths; }

int bbc_deep_rows(void *state, uint16_t *samples, size_t rows)
{
    deep_state *d = state;
    const size_t width = (size_t)d->shape.width;
    const int channels = d->shape.channels;
    const bbc_fp_state saved = bbc_fp_enter();
    for (size_t r = 0; r < rows && !binary_coder_spent(&d->coder); r++) {
        for (int c = 0; c < channels; c++) deep_row_begin(d->channels + c);
        for (size_t x = 0; x < width && !binary_coder_spent(&d->coder); x++)
            for (int c = 0; c < channels; c++, samples++) {
                if (c >= d->shape.known) {
                    *samples = (uint16_t)deep_code_sample(d, c, x, d->coder.in ? 0 : *samples);
                    if (d->lengths) *d->lengths++ = binary_coder_advance(&d->coder, &d->position);
                }
                d->channels[c].values[0][DEEP_MARGIN + x] = *samples;
            }
        for (int c = 0; c < channels; c++) deep_row_end(d->channels + c, width);
    }
    bbc_fp_leave(saved);
    return d->coder.full || binary_coder_spent(&d->coder) ? -1 : 0;
}

size_t bbc_deep_end(void *state) { return binary_coder_end(&((deep_state *)state)->coder); }
