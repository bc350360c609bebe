/* Quantised DCT coefficients of JPEG pictures. A block is coded as the place of its last nonzero AC coefficient in
 * zigzag order, the AC coefficients up to there, and the DC coefficient, whose prediction profits from the others. What
 * is known beforehand of a coefficient's sign and size is gathered in two ways: predictions by least squares over
 * neighbouring blocks, this block and earlier components, from which chances are computed; and contexts, in which
 * chances are learned. Pixels continue from block to block, which gives an equation for each row of frequencies (with
 * the block on the left) and each column (with the one above). The predictions are binary64 arithmetic in the order of
 * this source, without fused or reordered operations: the same on every machine.
 */
#ifndef BBC_COEFFICIENTS_BLOCKS_H
#define BBC_COEFFICIENTS_BLOCKS_H

#include "magnitudes-inl.h"

enum { LOWEST = -2048, HIGHEST = 2047 };
/* Of the least squares: features of the signed value and of its size, forgetting, samples between two solutions */
enum { SIGNED = 10, SIZES = 14, EVERY = 16 };
static const double KEEP = 0.998, RIDGE = 0.01;

/* ---- coefficients ---- */

#define PACK(a, b, d, e) \
    ((uint64_t)(uint16_t)(a) << 48 | (uint64_t)(uint16_t)(b) << 32 | (uint64_t)(uint16_t)(d) << 16 | (uint16_t)(e))

/* Features of the least squares, divided by `rough`, and what comes of them */
typedef struct {
    double signs[SIGNED], sizes[SIZES], rough, predicted, expected;
} outlook;

/* Scale the features, and predict. A damaged file may lead to predictions that are not finite. */
static void look_ahead(const picture *p, int c, int k, outlook *o)
{
    for (int i = 0; i < SIGNED; i++) o->signs[i] /= o->rough;
    for (int i = 0; i < SIZES; i++) o->sizes[i] /= o->rough;
    const double predicted = bbc_squares_predict(&p->signs[c][k], o->signs, SIGNED) * o->rough;
    const double expected = bbc_squares_predict(&p->sizes[c][k], o->sizes, SIZES) * o->rough;
    o->predicted = predicted > -4096 ? predicted < 4096 ? predicted : 4096 : -4096;
    o->expected = expected > 0.01 ? expected < 4096 ? expected : 4096 : 0.01;
}

/* What of learning needs no value, done while the lines of the contexts are on their way from memory */
static void meet(picture *p, int c, int k, const outlook *o)
{
    bbc_squares_meet(&p->signs[c][k], o->signs, SIGNED, KEEP);
    bbc_squares_meet(&p->sizes[c][k], o->sizes, SIZES, KEEP);
}

static void learn(picture *p, int c, int k, const outlook *o, double value, double size)
{
    bbc_squares_learn(&p->signs[c][k], o->signs, value / o->rough, SIGNED, KEEP, RIDGE, EVERY);
    bbc_squares_learn(&p->sizes[c][k], o->sizes, size / o->rough, SIZES, KEEP, RIDGE, EVERY);
}

static int32_t clamp(int32_t value) { return value < LOWEST ? LOWEST : value > HIGHEST ? HIGHEST : value; }

/* Known coefficients beside k in its block: the size they let expect; the nearest are kept in `near`. */
static double find_inside(const double *mean, const int16_t *here, int k, int *near)
{
    static const int8_t down[] = {0, -1, -1, 0, -2}, right[] = {-1, 0, -1, -2, 0};
    const int side = ((k >> 3) + k) & 1 ? -1 : 1;
    double sum = 0.1, usual = 0.1;
    for (int i = 0; i < 6; i++) {
        int v = (k >> 3) + (i < 5 ? down[i] : side), u = (k & 7) + (i < 5 ? right[i] : -side);
        near[i] = 0;
        if (v < 0 || u < 0 || v > 7 || u > 7 || v + u == 0) continue;
        near[i] = here[v * 8 + u];
        sum += (i < 2 ? 2 : 1) * size_of(near[i]);
        usual += (i < 2 ? 2 : 1) * mean[v * 8 + u];
    }
    return mean[k] * sum / usual;
}

/* An AC coefficient, nth in zigzag order of `last`. */
static int32_t code_ac(picture *p, around *a, int k, int nth, int last, int32_t value)
{
    const int c = a->c, left = last - nth + 1;
    const double *mean = p->mean[c];
    int near[6];
    const double inside = find_inside(mean, a->here, k, near), outside = beside(a, k);
    double row, column, both;
    solve(p, a, k, &row, &column, &both);
    const int w = a->w[k], n = a->n[k], y = a->partner[0][k], cb = a->partner[1][k];
    const double flowing = a->flow * mean[k];
    outlook o = {
        {row, column, both, w, n, near[3], near[4], near[2], y, cb},
        {size_of(w), size_of(n), size_of(a->nw[k]), size_of(a->ne[k]), size_of(near[0]), size_of(near[1]), inside,
         both < 0 ? -both : both, size_of(y), size_of(cb), mean[k], mean[k] * left / (64 - nth), a->activity[k],
         flowing},
        .rough = 0.5 * (inside + outside) + 1,
    };
    look_ahead(p, c, k, &o);

    /* Signs count in the direction of the predicted one. */
    const int flip = o.predicted < 0, turn = flip ? -1 : 1;
    const int e = step_of(o.expected), sure = step_of(o.predicted * turn), in = step_of(inside), out = step_of(outside);
    const int share = left * 16 / (64 - nth), place = c << 8 | k;
    const int row_step = signed_step(row * turn), column_step = signed_step(column * turn);
    scene s;
    scene_begin(&s, p, c, AC, (k >> 3) + (k & 7), e, sure < 4 ? share / 4 : sure + (share > 12) * 12);
    const uint64_t contexts[CONTEXTS] = {
        PACK(place, out, in, 0),
        PACK(place, left, 0, 1),
        PACK(place, in, left / 3, 4),
        PACK(c, sure, e, 5),
        PACK(place, row_step, e / 2, 7),
        PACK(place, column_step, e / 2, 8),
        PACK(place, within(near[0] * turn, 8), within(near[1] * turn, 8), 9),
        PACK(place, within(near[3] * turn, 8), within(near[4] * turn, 8), 10),
        PACK(place, within(y * turn, 12), within(cb * turn, 12), 11),
        PACK(place, step_of(size_of(y)), e, 12),
        PACK(c, e, share, 13),
        PACK(c, row_step, column_step, e / 3),
    };
    memcpy(s.contexts, contexts, sizeof contexts);
    const double means[GUESSES] = {o.predicted, both, both, o.predicted};
    const double scales[GUESSES] = {o.expected * 1.2 + 0.02, a->activity[k] + 0.02, flowing + 0.1, o.rough - 0.7};
    for (int i = 0; i < GUESSES; i++) s.means[i] = means[i] * turn;
    memcpy(s.scales, scales, sizeof scales);
    turn_to(&s, AC);
    meet(p, c, k, &o);
    value = clamp(code_value(&s, value, flip, left == 1));
    learn(p, c, k, &o, value, size_of(value));
    a->flow += (size_of(value) / (mean[k] + 0.02) - a->flow) * 0.15;
    return value;
}

/* The DC coefficient, when all others are known: the difference from its prediction. */
static int32_t code_dc(picture *p, const around *a, int32_t value)
{
    const int c = a->c, w_miss = a->has_w ? p->misses[a->index - 1] : 0;
    const int n_miss = a->has_n ? p->misses[a->index - p->shape.columns[c]] : 0;
    const int y_miss = a->partner_miss[0], cb_miss = a->partner_miss[1];
    double row, column, both, energy = 1;
    solve(p, a, 0, &row, &column, &both);
    const double gap = row > column ? row - column : column - row, missing = (size_of(w_miss) + size_of(n_miss)) / 2.0;
    for (int k = 1; k < 64; k++) energy += size_of(a->here[k]) * p->shape.tables[c][k];
    energy /= p->shape.tables[c][0];
    outlook o = {
        {row, column, both, y_miss, cb_miss, w_miss, n_miss, a->w[0] - a->mean_dc, a->here[1], a->here[8]},
        {1, size_of(w_miss), size_of(n_miss), gap, energy, size_of(y_miss), size_of(cb_miss), 0,
         both < 0 ? -both : both},
        .rough = gap + energy / 64 + 2 * missing + 20,
    };
    o.sizes[7] = o.rough;
    look_ahead(p, c, 0, &o);

    const double target = a->mean_dc + o.predicted;
    const int base = clamp((int32_t)(target + 4096.5) - 4096);
    const int e = step_of(o.expected), m = step_of(missing), differ = signed_step(row - column);
    const int y_step = signed_step(y_miss), cb_step = signed_step(cb_miss);
    scene s;
    scene_begin(&s, p, c, DC, 0, m, size_of(differ));
    const uint64_t contexts[CONTEXTS] = {
        PACK(c, e, 0, 0),
        PACK(c, size_of(differ), 0, 1),
        PACK(c, m, 0, 2),
        PACK(c, m / 2, e / 2, 3),
        PACK(c, signed_step(w_miss), signed_step(n_miss), 5),
        PACK(c, y_step, 0, 6),
        PACK(c, cb_step, 0, 7),
        PACK(c, cb_step, y_step, 8),
        PACK(c, e, size_of(differ), 9),
        PACK(c, m, c > 1 ? cb_step : y_step, 10),
        PACK(c, signed_step(a->mean_dc + both - base), m, 11),
        PACK(c, signed_step(a->mean_dc + row - base), m / 2, 12),
    };
    memcpy(s.contexts, contexts, sizeof contexts);
    const double means[GUESSES] = {target, target, target, a->mean_dc + both};
    const double scales[GUESSES] = {o.expected + 0.05, missing + 0.5, gap + 0.3, o.expected + 0.05};
    for (int i = 0; i < GUESSES; i++) s.means[i] = means[i] - base;
    memcpy(s.scales, scales, sizeof scales);
    turn_to(&s, DC);
    meet(p, c, 0, &o);
    value = clamp(base + code_value(&s, value - base, 0, 0));
    const double miss = value - target;
    learn(p, c, 0, &o, value - a->mean_dc, miss < 0 ? -miss : miss);
    p->misses[a->index] = (int16_t)(value - base);
    return value;
}

/* Where the last nonzero AC coefficient lies, 0..63 in zigzag order: six bits */
static int code_last(picture *p, const around *a, int last)
{
    const int c = a->c, w = a->last[0], n = a->last[1], y = a->partner_last[0], cb = a->partner_last[1];
    const int near = a->has_w + a->has_n ? (w + n) / (a->has_w + a->has_n) : 0;
    const int wide = (2 * near + a->last[2] + a->last[3]) / 4;
    scene s;
    scene_begin(&s, p, c, LAST, 0, near / 2, a->partner_last[c > 1] / 2);
    const uint64_t contexts[CONTEXTS] = {
        PACK(c, near, 0, 0),
        PACK(c, w, n, 1),
        PACK(c, wide, 0, 2),
        PACK(c, near / 2, a->last[2] / 2, 3),
        PACK(c, near / 2, a->last[3] / 2, 4),
        PACK(c, y, 0, 5),
        PACK(c, y, near, 6),
        PACK(c, cb, near, 7),
        PACK(c, cb, y, 8),
        PACK(c, wide / 4, a->partner_last[c > 1] / 2, 9),
        PACK(c, w, 0, 10),
        PACK(c, n, 0, 11),
    };
    memcpy(s.contexts, contexts, sizeof contexts);
    int value = 0;
    for (int half = 0; half < 2; half++) {
        int found = 1;
        turn_to(&s, LAST + (half ? 1 + value : 0));
        arrive(&s);
        for (int i = half ? 2 : 5; i >= (half ? 0 : 3); i--)
            found = found << 1 | ask(&s, found, found + 8 * half, last >> i & 1);
        value = value << 3 | (found & 7);
    }
    return value;
}

/* ---- blocks ---- */

static void update(picture *p, const around *a, int64_t i)
{
    const int c = a->c;
    const uint16_t *q = p->shape.tables[c];
    const double rate = 1.0 / (i < 500 ? (double)i + 4 : 504);
    for (int k = 0; k < 64; k++) {
        const double size = (a->here[k] - (k ? 0 : a->mean_dc)) * q[k];
        p->variance[c][k] += (size * size + 0.1 - p->variance[c][k]) * rate;
        p->mean[c][k] += (size_of(a->here[k]) + 0.01 - p->mean[c][k]) * rate;
    }
    for (int v = 0; v < 8; v++) {
        if (a->has_w) p->noise[c][0][v] += (a->rest[0][v] * a->rest[0][v] - p->noise[c][0][v]) * rate;
        if (a->has_n) p->noise[c][1][v] += (a->rest[1][v] * a->rest[1][v] - p->noise[c][1][v]) * rate;
    }
}

/* Block i of component c. */
static void code_block(picture *p, int16_t *all, int c, int64_t i)
{
    around a;
    look_around(p, all, c, i, &a);
    int16_t *here = all + a.index * 64;
    int last = 0;
    for (int n = 1; n < 64 && !p->coder.in; n++) last = here[p->order[n]] ? n : last;
    last = code_last(p, &a, last);
    p->lasts[a.index] = (uint8_t)last;
    for (int n = 1; n < 64; n++) {
        const int k = p->order[n];
        here[k] = (int16_t)(n <= last ? code_ac(p, &a, k, n, last, here[k]) : 0);
        settle(p, &a, k, here[k]);
    }
    here[0] = (int16_t)code_dc(p, &a, here[0]);
    settle(p, &a, 0, here[0] - a.mean_dc);
    update(p, &a, i);
}

/* The next `blocks` blocks, or as many as are left. */
static void coefficients_blocks(struct bbc_coefficients_state *p, int16_t *all, int64_t blocks)
{
    for (; blocks > 0 && p->done < p->start[3]; blocks--, p->done++) {
        const int c = (p->done >= p->start[1]) + (p->done >= p->start[2]);
        code_block(p, all, c, p->done - p->start[c]);
    }
}

#endif
