/* The fast coder of JPEG coefficients, level 1: as that of coefficient_blocks-inl.h in what it codes, but each binary
 * decision mixes only three counters, which are indexed directly, and there are no least squares and no networks. Signs
 * away from the first row and column, and the low bits of large values, are written as they are. Integers only. */
#ifndef BBC_COEFFICIENT_FAST_INL_H
#define BBC_COEFFICIENT_FAST_INL_H

#include "coefficients_types.h"
#include "contexts.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/* Edge equations (coefficient_neighbourhood-inl.h) in integers: what a coefficient adds at the edge, in 1/256 */
static const int32_t FAST_EDGE[8] = {181, 270, 306, 344, 362, 339, 265, 146};

/* Decisions of a value: nodes of the mixer, and counters of a context */
enum { FAST_ZERO, FAST_NEGATIVE, FAST_LONGER, FAST_MANTISSA = 10, FAST_SECOND = 14, FAST_LENGTH_MAX = 17 };

/* Neighbouring values lie in a border of zeros, two wide. */
enum { FAST_SIDE = 12, FAST_FIRST = 2 * FAST_SIDE + 2 };

typedef struct {
    coefficients_state *p;
    counter *contexts[COEFFICIENTS_FAST_CONTEXTS];
    int16_t *weights; /* of this value: a set for each node */
} fast_value;

static const int16_t FAST_ZEROS[64];

static inline int fast_magnitude(int x) { return x < 0 ? -x : x; }

/* Magnitude in half octaves, up to `most` */
static inline int fast_level(int magnitude, int most)
{
    const int level = context_half_octaves((uint32_t)magnitude);
    return level < most ? level : most;
}

/* The inputs of a decision: stretched probabilities of three counters, and a constant for a bias */
#if defined(__SSE2__)
typedef __m128i fast_inputs;
#else
typedef struct {
    int16_t x[COEFFICIENTS_FAST_INPUTS];
} fast_inputs;
#endif

static inline fast_inputs fast_gather(int16_t a, int16_t b, int16_t c)
{
#if defined(__SSE2__)
    /* By way of a register, since a vector cannot be loaded soon after its parts were stored. */
    const uint64_t all =
        (uint64_t)(uint16_t)a | (uint64_t)(uint16_t)b << 16 | (uint64_t)(uint16_t)c << 32 | (uint64_t)256 << 48;
    return _mm_cvtsi64_si128((int64_t)all);
#else
    return (fast_inputs){{a, b, c, 256, 0, 0, 0, 0}};
#endif
}

/* The sum of products of inputs and weights */
static inline int32_t fast_dot(fast_inputs inputs, const int16_t *weights)
{
#if defined(__SSE2__)
    __m128i sum = _mm_madd_epi16(inputs, _mm_loadu_si128((const __m128i *)weights));
    sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0x4E));
    return _mm_cvtsi128_si32(_mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0xB1)));
#else
    int32_t sum = 0;
    for (int i = 0; i < COEFFICIENTS_FAST_INPUTS; i++) sum += inputs.x[i] * weights[i];
    return sum;
#endif
}

/* weights += inputs * error / 2^16, rounded */
static inline void fast_learn(fast_inputs inputs, int16_t *weights, int16_t error)
{
#if defined(__SSE2__)
    const __m128i e = _mm_set1_epi16(error), rounded = _mm_srli_epi16(_mm_mullo_epi16(inputs, e), 15);
    const __m128i change = _mm_add_epi16(_mm_mulhi_epi16(inputs, e), rounded);
    const __m128i old = _mm_loadu_si128((const __m128i *)weights);
    _mm_storeu_si128((__m128i *)weights, _mm_adds_epi16(old, change));
#else
    for (int i = 0; i < COEFFICIENTS_FAST_INPUTS; i++) {
        const int32_t weight = weights[i] + ((inputs.x[i] * error + (1 << 15)) >> 16);
        weights[i] = (int16_t)(weight > INT16_MAX ? INT16_MAX : weight < INT16_MIN ? INT16_MIN : weight);
    }
#endif
}

/* One decision */
static inline int fast_code_bit(fast_value *s, int node, int bit)
{
    coefficients_state *p = s->p;
    const logistic_tables *t = &p->tables.logistic;
    int16_t *weights = s->weights + node * COEFFICIENTS_FAST_INPUTS;
    counter values[COEFFICIENTS_FAST_CONTEXTS];
    for (int i = 0; i < COEFFICIENTS_FAST_CONTEXTS; i++) values[i] = s->contexts[i][node];
    const int16_t *stretch = t->stretch;
    const fast_inputs inputs =
        fast_gather(stretch[values[0] >> 18], stretch[values[1] >> 18], stretch[values[2] >> 18]);
    const int32_t stretched = logistic_clamp(fast_dot(inputs, weights) >> COEFFICIENTS_FAST_WEIGHT_BITS);
    const uint32_t probability = logistic_squash(t, stretched);
    bit = binary_coder_code(&p->coder, bit, probability < 1 ? 1 : probability);
    const int32_t error = ((bit ? 65535 : 0) - (int32_t)probability) >> COEFFICIENTS_FAST_ERROR_SHIFT;
    fast_learn(inputs, weights, (int16_t)error);
    for (int i = 0; i < COEFFICIENTS_FAST_CONTEXTS; i++) {
        const int32_t rate = p->tables.rates.rate[values[i] & 1023];
        const int32_t now = (int32_t)(values[i] >> 10), count = (int32_t)(values[i] & 1023);
        const int32_t change = (int32_t)((int64_t)((bit ? (1 << 22) - 1 : 0) - now) * rate >> 16);
        s->contexts[i][node] = (uint32_t)(now + change) << 10 | (uint32_t)(count + (count < COUNTER_LIMIT));
    }
    return bit;
}

/* A bit of which nothing is known */
static inline int fast_code_plain(fast_value *s, int bit) { return binary_coder_code(&s->p->coder, bit, 1 << 15); }

/* The magnitude of a value that is not zero */
static int fast_code_magnitude(fast_value *s, uint32_t magnitude)
{
    const int target = magnitude ? 32 - __builtin_clz(magnitude) : 1;
    int length = 1;
    while (length < FAST_LENGTH_MAX) {
        const int node = FAST_LONGER + (length < 8 ? length - 1 : 7);
        if (!fast_code_bit(s, node, target > length)) break;
        length++;
    }
    uint32_t prefix = 1;
    for (int place = 0; place < length - 1; place++) {
        int bit = (int)(magnitude >> (length - 2 - place) & 1);
        if (place == 0) bit = fast_code_bit(s, FAST_MANTISSA + (length < 5 ? length - 2 : 3), bit);
        else if (place == 1) bit = fast_code_bit(s, FAST_SECOND + (length > 3), bit);
        else bit = fast_code_plain(s, bit);
        prefix = prefix << 1 | (uint32_t)bit;
    }
    return (int)prefix;
}

/* ---- a block ---- */

typedef struct {
    int c, has_w, has_n;
    int64_t index;
    const int16_t *w, *n, *nw, *ne;
    int16_t earlier[2][64];
    int earlier_last;
    int32_t rest[2][8];                   /* edge equations of rows and of columns */
    int16_t outside[64];                  /* magnitudes around: 2 W, 2 N, NW, NE */
    int16_t known[FAST_SIDE * FAST_SIDE]; /* magnitudes in this block */
} fast_block;

static inline int32_t fast_limit(int32_t x, int32_t limit) { return x > limit ? limit : x < -limit ? -limit : x; }

static inline int32_t fast_clamp(int32_t x) { return x > INT16_MAX ? INT16_MAX : x < INT16_MIN ? INT16_MIN : x; }

static void fast_find_edges(const coefficients_state *p, fast_block *b)
{
    const uint16_t *q = p->shape.tables[b->c];
    for (int i = 0; i < 8; i++) b->rest[0][i] = b->rest[1][i] = 0;
    for (int v = 0; v < 8; v++)
        for (int u = 0; u < 8; u++) {
            const int32_t size = q[v * 8 + u];
            const int32_t w = fast_limit(b->w[v * 8 + u] * size, 1 << 15),
                          n = fast_limit(b->n[v * 8 + u] * size, 1 << 15);
            b->rest[0][v] += u & 1 ? -FAST_EDGE[u] * w : FAST_EDGE[u] * w;
            b->rest[1][u] += v & 1 ? -FAST_EDGE[v] * n : FAST_EDGE[v] * n;
        }
}

/* Subtract coefficient k, now known, from its edge equations. */
static inline void fast_mark_known(const coefficients_state *p, fast_block *b, int k, int value)
{
    const int32_t size = fast_limit(value * p->shape.tables[b->c][k], 1 << 15);
    b->rest[0][k >> 3] -= FAST_EDGE[k & 7] * size;
    b->rest[1][k & 7] -= FAST_EDGE[k >> 3] * size;
    const int magnitude = fast_magnitude(value);
    b->known[FAST_FIRST + (k >> 3) * FAST_SIDE + (k & 7)] = (int16_t)(magnitude < 2048 ? magnitude : 2048);
}

/* Coefficient k by its edge equations, in quarters of the quantiser */
static inline int fast_by_edges(const coefficients_state *p, const fast_block *b, int k)
{
    const int v = k >> 3, u = k & 7;
    const int64_t sum =
        (int64_t)(v ? b->rest[0][v] : 0) * FAST_EDGE[u] + (int64_t)(u ? b->rest[1][u] : 0) * FAST_EDGE[v];
    return (int)(sum * p->fast_scale[b->c][k] >> 40);
}

static void fast_find_block(const coefficients_state *p, int c, int64_t i, fast_block *b)
{
    const int32_t columns = p->shape.columns[c];
    b->c = c;
    b->has_w = i % columns > 0;
    b->has_n = i >= columns;
    b->index = p->start[c] + i;
    const int16_t *here = p->planes[c] + i * 64;
    b->w = b->has_w ? here - 64 : FAST_ZEROS;
    b->n = b->has_n ? here - 64 * columns : FAST_ZEROS;
    b->nw = b->has_w && b->has_n ? here - 64 * (columns + 1) : b->has_w ? b->w : b->n;
    b->ne = b->has_n && (i + 1) % columns ? here - 64 * (columns - 1) : b->has_n ? b->n : b->w;
    const int16_t *w = b->has_w ? b->w : b->n, *n = b->has_n ? b->n : b->w;
    for (int k = 0; k < 64; k++) {
        const int sum =
            2 * fast_magnitude(w[k]) + 2 * fast_magnitude(n[k]) + fast_magnitude(b->nw[k]) + fast_magnitude(b->ne[k]);
        b->outside[k] = (int16_t)(sum < 8192 ? sum : 8192);
    }
    memset(b->known, 0, sizeof b->known);
    fast_find_edges(p, b);
}

/* Begin a value with so many contexts; kind, level: they select the mixer's weights */
static inline void fast_begin(fast_value *s, coefficients_state *p, int c, int kind, int level)
{
    s->p = p;
    s->weights = p->fast_weights + (size_t)(((c > 0) * COEFFICIENTS_KINDS + kind) * COEFFICIENTS_FAST_LEVELS + level) *
                                       (COEFFICIENTS_FAST_NODES * COEFFICIENTS_FAST_INPUTS);
}

static inline counter *fast_context(coefficients_state *p, int which, int index)
{
    return p->fast_counters[which] + (size_t)index * COEFFICIENTS_FAST_NODES;
}

static int32_t fast_code_ac(coefficients_state *p, fast_block *b, int k, int left, int32_t value)
{
    const int c = b->c > 0, at = c * 64 + k, outside = b->outside[k];
    const int16_t *m = b->known + FAST_FIRST + (k >> 3) * FAST_SIDE + (k & 7);
    const int inside = 2 * (m[-1] + m[-FAST_SIDE]) + m[-FAST_SIDE - 1] + m[-2] + m[-2 * FAST_SIDE] + m[FAST_SIDE - 1] +
                       m[1 - FAST_SIDE];
    const int edge = fast_by_edges(p, b, k), sure = fast_level(fast_magnitude(edge), 9);
    const int y = fast_level(fast_magnitude(b->earlier[0][k]) * 2 + fast_magnitude(b->earlier[1][k]), 7);
    const int both = fast_level(3 * outside + 2 * inside, 19);
    fast_value s;
    fast_begin(&s, p, b->c, COEFFICIENTS_AC, both);
    s.contexts[0] = fast_context(p, 0, at * 16 + fast_level(outside, 15));
    s.contexts[1] = fast_context(p, 1, at * 16 + fast_level(inside, 15));
    s.contexts[2] = fast_context(p, 2, (at * 8 + y) * 10 + sure);
    for (int i = 0; i < COEFFICIENTS_FAST_CONTEXTS; i++) __builtin_prefetch(s.contexts[i], 1);
    if (left > 1 && fast_code_bit(&s, FAST_ZERO, value == 0)) return 0;
    int negative = value < 0;
    if (sure) negative = fast_code_bit(&s, FAST_NEGATIVE, negative != (edge < 0)) != (edge < 0);
    else negative = fast_code_plain(&s, negative);
    const int magnitude = fast_code_magnitude(&s, (uint32_t)fast_magnitude(value));
    return negative ? -magnitude : magnitude;
}

/* The DC coefficient, when all others of its block are known: its residual is coded. */
static int32_t fast_code_dc(coefficients_state *p, fast_block *b, int32_t value)
{
    const int c = b->c > 0, w = b->has_w ? p->dc_residuals[b->index - 1] : 0;
    const int n = b->has_n ? p->dc_residuals[b->index - p->shape.columns[b->c]] : 0;
    const int32_t q = p->shape.tables[b->c][0] * FAST_EDGE[0];
    const int by_row = b->rest[0][0] / q, by_column = b->rest[1][0] / q;
    const int guess = fast_clamp(b->has_w ? b->has_n ? (by_row + by_column) / 2 : by_row : by_column);
    const int gap = b->has_w && b->has_n ? fast_level(fast_magnitude(by_row - by_column), 15) : 15;
    const int near = fast_level(fast_magnitude(w) + fast_magnitude(n), 15);
    fast_value s;
    fast_begin(&s, p, b->c, COEFFICIENTS_DC, gap);
    s.contexts[0] = fast_context(p, 3, c * 16 + gap);
    s.contexts[1] = fast_context(p, 4, c * 16 + near);
    s.contexts[2] = fast_context(p, 5, (c * 16 + gap) * 16 + near);
    int32_t residual = fast_limit(value - guess, 65535);
    if (fast_code_bit(&s, FAST_ZERO, residual == 0)) residual = 0;
    else {
        const int negative = fast_code_bit(&s, FAST_NEGATIVE, residual < 0);
        const int magnitude = fast_code_magnitude(&s, (uint32_t)fast_magnitude(residual));
        residual = negative ? -magnitude : magnitude;
    }
    p->dc_residuals[b->index] = (int16_t)fast_limit(residual, INT16_MAX);
    return fast_clamp(guess + residual);
}

/* The place of the last nonzero AC coefficient, 0 to 63 in zigzag order: six bits in two groups */
static int fast_code_last(coefficients_state *p, const fast_block *b, int last)
{
    const int c = b->c > 0;
    const uint8_t *lasts = p->lasts + b->index;
    const int w = b->has_w ? lasts[-1] : b->has_n ? lasts[-p->shape.columns[b->c]] : 0;
    const int n = b->has_n ? lasts[-p->shape.columns[b->c]] : w, near = (w + n + 1) / 2;
    int value = 0, prefix = 1;
    fast_value s;
    fast_begin(&s, p, b->c, COEFFICIENTS_LAST, near / 4);
    for (int half = 0; half < 2; half++) {
        const int group = half ? 1 + value : 0;
        s.contexts[0] = fast_context(p, 6, (c * 64 + near) * 9 + group);
        s.contexts[1] = fast_context(p, 7, ((c * 16 + w / 4) * 16 + n / 4) * 9 + group);
        s.contexts[2] = fast_context(p, 8, ((c * 64 + b->earlier_last) * 4 + near / 16) * 9 + group);
        prefix = 1;
        for (int i = half ? 2 : 5; i >= (half ? 0 : 3); i--)
            prefix = prefix << 1 | fast_code_bit(&s, prefix + 8 * half, last >> i & 1);
        value = value << 3 | (prefix & 7);
    }
    return value;
}

static void fast_find_earlier(const coefficients_state *p, int64_t i, fast_block *b)
{
    const bbc_coefficients_shape *s = &p->shape;
    const int others = b->c > 1 ? 2 : b->c;
    b->earlier_last = 0;
    memset(b->earlier[others ? others - 1 : 0], 0, sizeof b->earlier[0]);
    if (others < 2) memset(b->earlier, 0, sizeof b->earlier);
    for (int j = 0; j < others; j++) {
        const int e = j ? b->c - 1 : 0;
        int64_t x = i % s->columns[b->c] * s->horizontal[e] / s->horizontal[b->c];
        int64_t y = i / s->columns[b->c] * s->vertical[e] / s->vertical[b->c];
        x = x < s->columns[e] ? x : s->columns[e] - 1;
        y = y < s->rows[e] ? y : s->rows[e] - 1;
        const int64_t at = y * s->columns[e] + x;
        memcpy(b->earlier[j], p->planes[e] + at * 64, sizeof b->earlier[j]);
        b->earlier_last = p->lasts[p->start[e] + at];
    }
}

/* Block i of component c */
static void fast_code_block(coefficients_state *p, int c, int64_t i)
{
    fast_block b;
    fast_find_block(p, c, i, &b);
    fast_find_earlier(p, i, &b);
    int16_t *here = p->planes[c] + i * 64;
    int last = 0;
    for (int n = 1; n < 64 && !p->coder.in; n++) last = here[p->order[n]] ? n : last;
    last = fast_code_last(p, &b, last);
    p->lasts[b.index] = (uint8_t)last;
    for (int n = 1; n <= last; n++) {
        const int k = p->order[n];
        here[k] = (int16_t)fast_clamp(fast_code_ac(p, &b, k, last - n + 1, here[k]));
        if (here[k]) fast_mark_known(p, &b, k, here[k]);
    }
    here[0] = (int16_t)fast_code_dc(p, &b, here[0]);
}

#endif
