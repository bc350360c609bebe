/* The fast coder of JPEG coefficients, level 1: as that of coefficient_blocks-inl.h in what it codes, but each binary
 * decision knows only four contexts, whose tables are indexed directly (coefficient_fast_bits-inl.h), and there are no
 * least squares and no networks. The low bits of large values are written as they are. Integers only. */
#ifndef BBC_COEFFICIENT_FAST_INL_H
#define BBC_COEFFICIENT_FAST_INL_H

#include "coefficient_fast_bits-inl.h"
#include "contexts.h"

/* Edge equations (coefficient_neighbourhood-inl.h) in integers: what a coefficient adds at the edge, in 1/256 */
static const int32_t FAST_EDGE[8] = {181, 270, 306, 344, 362, 339, 265, 146};

/* Neighbouring values lie in a border of zeros, two wide. */
enum { FAST_SIDE = 12, FAST_FIRST = 2 * FAST_SIDE + 2 };

static const int16_t FAST_ZEROS[64];
static const int32_t FAST_NO_EDGE[8];

static inline int fast_magnitude(int x) { return x < 0 ? -x : x; }

static inline int32_t fast_limit(int32_t x, int32_t limit) { return x > limit ? limit : x < -limit ? -limit : x; }

static inline int32_t fast_clamp(int32_t x) { return x > INT16_MAX ? INT16_MAX : x < INT16_MIN ? INT16_MIN : x; }

/* ---- a block ---- */

typedef struct {
    int c, has_w, has_n;
    int64_t index;
    const int16_t *earlier[2]; /* what lies at the place of the block in the first component, and in the one before */
    int earlier_last;
    int32_t rows[8], columns[8];          /* edge equations: the neighbour's side, less what is known of this block */
    int32_t *right, *bottom;              /* this block's side of the equations of those on the right and below */
    uint16_t outside[64];                 /* magnitudes around: 2 W, 2 N, NW, NE */
    int16_t known[FAST_SIDE * FAST_SIDE]; /* magnitudes in this block */
} fast_block;

/* Coefficient k is known: its shares of edge equations. */
FAST_INLINE void fast_mark_known(const coefficients_state *p, fast_block *b, int k, int value)
{
    const int v = k >> 3, u = k & 7;
    const int32_t size = fast_limit(value * p->shape.tables[b->c][k], 1 << 15);
    const int32_t along = FAST_EDGE[u] * size, down = FAST_EDGE[v] * size;
    b->rows[v] -= along;
    b->columns[u] -= down;
    b->right[v] += u & 1 ? -along : along;
    b->bottom[u] += v & 1 ? -down : down;
    const int magnitude = fast_magnitude(value);
    b->known[FAST_FIRST + v * FAST_SIDE + u] = (int16_t)(magnitude < 2048 ? magnitude : 2048);
}

static void fast_find_outside(const int16_t *w, const int16_t *n, const int16_t *nw, const int16_t *ne, uint16_t *out)
{
    for (int k = 0; k < 64; k++) {
        const uint16_t a = (uint16_t)fast_magnitude(w[k]), b = (uint16_t)fast_magnitude(n[k]),
                       c = (uint16_t)fast_magnitude(nw[k]), d = (uint16_t)fast_magnitude(ne[k]);
        out[k] = (uint16_t)(2 * (uint16_t)(a + b) + (uint16_t)(c + d));
    }
}

static void fast_find_block(coefficients_state *p, int c, int64_t i, fast_block *b)
{
    const int32_t columns = p->shape.columns[c], x = (int32_t)(i % columns);
    b->c = c;
    b->has_w = x > 0;
    b->has_n = i >= columns;
    b->index = p->start[c] + i;
    const int16_t *here = p->planes[c] + i * 64;
    const int16_t *w = b->has_w ? here - 64 : FAST_ZEROS, *n = b->has_n ? here - 64 * columns : FAST_ZEROS;
    const int16_t *nw = b->has_w && b->has_n ? n - 64 : b->has_w ? w : n;
    const int16_t *ne = b->has_n ? x + 1 < columns ? n + 64 : n : w;
    fast_find_outside(b->has_w ? w : n, b->has_n ? n : w, nw, ne, b->outside);
    memset(b->known, 0, sizeof b->known);
    b->right = p->fast_right;
    b->bottom = p->fast_bottoms + 8 * x;
    memcpy(b->rows, b->has_w ? b->right : FAST_NO_EDGE, sizeof b->rows);
    memcpy(b->columns, b->has_n ? b->bottom : FAST_NO_EDGE, sizeof b->columns);
    memset(b->right, 0, sizeof b->rows);
    memset(b->bottom, 0, sizeof b->columns);
}

static void fast_find_earlier(const coefficients_state *p, int64_t i, fast_block *b)
{
    const bbc_coefficients_shape *s = &p->shape;
    const int others = b->c > 1 ? 2 : b->c;
    b->earlier_last = 0;
    b->earlier[0] = b->earlier[1] = FAST_ZEROS;
    for (int j = 0; j < others; j++) {
        const int e = j ? b->c - 1 : 0;
        int64_t x = i % s->columns[b->c] * s->horizontal[e] / s->horizontal[b->c];
        int64_t y = i / s->columns[b->c] * s->vertical[e] / s->vertical[b->c];
        x = x < s->columns[e] ? x : s->columns[e] - 1;
        y = y < s->rows[e] ? y : s->rows[e] - 1;
        const int64_t at = y * s->columns[e] + x;
        b->earlier[j] = p->planes[e] + at * 64;
        b->earlier_last = p->lasts[p->start[e] + at];
    }
}

FAST_INLINE int fast_level(const coefficients_state *p, int magnitude, int most)
{
    const int level =
        p->fast_levels[magnitude < COEFFICIENTS_FAST_MAGNITUDES ? magnitude : COEFFICIENTS_FAST_MAGNITUDES - 1];
    return level < most ? level : most;
}

FAST_INLINE coefficients_cell *fast_context(coefficients_state *p, int which, int index)
{
    return p->fast_cells[which] + (size_t)index * COEFFICIENTS_FAST_NODES;
}

FAST_INLINE int32_t fast_code_ac(coefficients_state *p, fast_value *s, const fast_block *b, int k, int left,
                                 int32_t value)
{
    const int c = b->c > 0, at = c * 64 + k, v = k >> 3, u = k & 7, outside = b->outside[k];
    const int16_t *m = b->known + FAST_FIRST + v * FAST_SIDE + u;
    const int inside = 2 * (m[-1] + m[-FAST_SIDE]) + m[-FAST_SIDE - 1] + m[-2] + m[-2 * FAST_SIDE] + m[FAST_SIDE - 1] +
                       m[1 - FAST_SIDE];
    /* By the edge equations, in quarters of the quantiser */
    const int32_t edge = (int32_t)(((int64_t)b->rows[v] * p->fast_scales[b->c][k][0] +
                                    (int64_t)b->columns[u] * p->fast_scales[b->c][k][1]) >>
                                   32);
    const int sure = fast_level(p, fast_magnitude(edge), 9);
    const int y = fast_level(p, fast_magnitude(b->earlier[0][k]) * 2 + fast_magnitude(b->earlier[1][k]), 7);
    s->contexts[0] = fast_context(p, 0, at * 16 + fast_level(p, inside, 15));
    s->contexts[1] = fast_context(p, 1, (at * 8 + y) * 10 + sure);
    s->contexts[2] = fast_context(p, 2, at * 32 + (left < 31 ? left : 31));
    s->contexts[3] = fast_context(p, 3, c * 32 + fast_level(p, 3 * (outside + inside), 31));
    if (left > 1 && fast_code_bit(s, FAST_ZERO, value == 0)) return 0;
    const int flip = edge < 0;
    const int negative = fast_code_alone(s, p->fast_signs + at * 10 + sure, (value < 0) != flip) != flip;
    const int magnitude = fast_code_magnitude(s, (uint32_t)fast_magnitude(value));
    return negative ? -magnitude : magnitude;
}

/* The DC coefficient, when all others of its block are known: its residual is coded. */
FAST_INLINE int32_t fast_code_dc(coefficients_state *p, fast_value *s, const fast_block *b, int32_t value)
{
    const int c = b->c > 0, w = b->has_w ? p->dc_residuals[b->index - 1] : 0;
    const int n = b->has_n ? p->dc_residuals[b->index - p->shape.columns[b->c]] : 0;
    const int32_t q = p->shape.tables[b->c][0] * FAST_EDGE[0];
    const int by_row = b->rows[0] / q, by_column = b->columns[0] / q;
    const int guess = fast_clamp(b->has_w ? b->has_n ? (by_row + by_column) / 2 : by_row : by_column);
    const int gap = b->has_w && b->has_n ? fast_level(p, fast_magnitude(by_row - by_column), 15) : 15;
    const int near = fast_level(p, fast_magnitude(w) + fast_magnitude(n), 15);
    s->contexts[0] = fast_context(p, 4, c * 16 + near);
    s->contexts[1] = fast_context(p, 5, (c * 16 + gap) * 16 + near);
    s->contexts[2] = fast_context(p, 6, c * 16 + gap);
    s->contexts[3] = fast_context(p, 7, c);
    int32_t residual = fast_limit(value - guess, 65535);
    if (fast_code_bit(s, FAST_ZERO, residual == 0)) residual = 0;
    else {
        const int negative = fast_code_bit(s, FAST_NEGATIVE, residual < 0);
        const int magnitude = fast_code_magnitude(s, (uint32_t)fast_magnitude(residual));
        residual = negative ? -magnitude : magnitude;
    }
    p->dc_residuals[b->index] = (int16_t)fast_limit(residual, INT16_MAX);
    return fast_clamp(guess + residual);
}

/* The place of the last nonzero AC coefficient, 0 to 63 in zigzag order: six bits in two groups */
FAST_INLINE int fast_code_last(coefficients_state *p, fast_value *s, const fast_block *b, int last)
{
    const int c = b->c > 0;
    const uint8_t *lasts = p->lasts + b->index;
    const int w = b->has_w ? lasts[-1] : b->has_n ? lasts[-p->shape.columns[b->c]] : 0;
    const int n = b->has_n ? lasts[-p->shape.columns[b->c]] : w, near = (w + n + 1) / 2;
    int value = 0;
    for (int half = 0; half < 2; half++) {
        const int group = half ? 1 + value : 0;
        s->contexts[0] = fast_context(p, 8, (c * 64 + near) * 9 + group);
        s->contexts[1] = fast_context(p, 9, ((c * 64 + b->earlier_last) * 4 + near / 16) * 9 + group);
        s->contexts[2] = fast_context(p, 10, ((c * 16 + w / 4) * 16 + n / 4) * 9 + group);
        s->contexts[3] = fast_context(p, 11, c * 9 + group);
        int prefix = 1;
        for (int i = half ? 2 : 5; i >= (half ? 0 : 3); i--)
            prefix = prefix << 1 | fast_code_bit(s, prefix, last >> i & 1);
        value = value << 3 | (prefix & 7);
    }
    return value;
}

/* Block i of component c; `decoding` is constant, for each a function of its own */
FAST_INLINE void fast_code_block_either_way(coefficients_state *p, int c, int64_t i, const int decoding)
{
    fast_block b;
    fast_find_block(p, c, i, &b);
    fast_find_earlier(p, i, &b);
    fast_value s = {.coder = p->fast_coder, .squash = p->fast_squash, .decoding = decoding};
    s.step = fast_step(c ? b.index - p->start[1] : i);
    int16_t *here = p->planes[c] + i * 64;
    int last = 63;
    while (!decoding && last && !here[p->order[last]]) last--;
    last = fast_code_last(p, &s, &b, last);
    p->lasts[b.index] = (uint8_t)last;
    for (int n = 1; n <= last; n++) {
        const int k = p->order[n];
        const int32_t value = fast_code_ac(p, &s, &b, k, last - n + 1, here[k]);
        if (decoding) here[k] = (int16_t)fast_clamp(value);
        if (here[k]) fast_mark_known(p, &b, k, here[k]);
    }
    here[0] = (int16_t)fast_code_dc(p, &s, &b, here[0]);
    fast_mark_known(p, &b, 0, here[0]);
    p->fast_coder = s.coder;
}

static void fast_encode_block(coefficients_state *p, int c, int64_t i) { fast_code_block_either_way(p, c, i, 0); }

static void fast_decode_block(coefficients_state *p, int c, int64_t i) { fast_code_block_either_way(p, c, i, 1); }

static void fast_code_block(coefficients_state *p, int c, int64_t i)
{
    if (p->fast_coder.in) fast_decode_block(p, c, i);
    else fast_encode_block(p, c, i);
}

#endif
