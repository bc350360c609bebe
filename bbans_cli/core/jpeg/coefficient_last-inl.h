/* The coder of JPEG coefficients: where in a block the last nonzero AC coefficient lies. */
#ifndef BBC_COEFFICIENT_LAST_INL_H
#define BBC_COEFFICIENT_LAST_INL_H

#include "coefficient_values-inl.h"

/* From these places on magnitudes are summed. Chosen by hand */
enum { COEFFICIENT_TAILS = 9 };
static const uint8_t COEFFICIENT_TAIL_STARTS[COEFFICIENT_TAILS] = {1, 3, 6, 10, 15, 21, 28, 36, 45};

/* What the network sees: sums of magnitudes in W and N, in the first component, and on average; places in other blocks;
 * the edge equations */
static void coefficient_find_last_features(const coefficients_state *p, const coefficient_neighbourhood *a, int16_t *f)
{
    const uint16_t *q = p->shape.tables[a->c];
    const int lone = a->has_w != a->has_n;
    int32_t near = 0, earlier = 0;
    double usual = 0;
    for (int n = 63, t = COEFFICIENT_TAILS - 1; n > 0; n--) {
        const int k = p->order[n];
        near += coefficient_magnitude(a->w[k]) + coefficient_magnitude(a->n[k]);
        earlier += a->earlier_magnitude[k];
        usual += p->mean[a->c][k];
        if (n != COEFFICIENT_TAIL_STARTS[t]) continue;
        f[t] = (int16_t)coefficient_log(near << lone);
        f[COEFFICIENT_TAILS + t] = (int16_t)coefficient_log(earlier);
        f[2 * COEFFICIENT_TAILS + t] = (int16_t)coefficient_log_of(1 + 16 * usual);
        t--;
    }
    f += 3 * COEFFICIENT_TAILS;
    for (int i = 1; i < 8; i++) {
        *f++ = (int16_t)coefficient_log_of(1 + 4 * fabs(a->rest[0][i]) / (COEFFICIENT_EDGE[0] * q[8 * i]));
        *f++ = (int16_t)coefficient_log_of(1 + 4 * fabs(a->rest[1][i]) / (COEFFICIENT_EDGE[0] * q[i]));
    }
    const uint8_t *lasts = p->lasts + a->index;
    const int64_t columns = p->shape.columns[a->c];
    const int places[] = {a->last[0],
                          a->last[1],
                          a->last[2],
                          a->last[3],
                          a->earlier_last[0],
                          a->earlier_last[1],
                          a->ww == a->w ? a->last[0] : lasts[-2],
                          a->nn == a->n ? a->last[1] : lasts[-2 * columns]};
    for (int i = 0; i < 8; i++) *f++ = (int16_t)(2 * places[i]);
    *f++ = (int16_t)coefficient_log(q[1]);
    *f++ = (int16_t)coefficient_log(q[63]);
    *f = 64;
}

/* The place of the last nonzero AC coefficient, 0 to 63 in zigzag order: six bits, three in each of two groups */
static int coefficient_code_last(coefficients_state *p, const coefficient_neighbourhood *a, int last)
{
    const int c = a->c, w = a->last[0], n = a->last[1], nw = a->last[2], ne = a->last[3];
    const int y = a->earlier_last[0], cb = a->earlier_last[1], nearest = a->earlier_last[c > 1];
    const int near = a->has_w + a->has_n ? (w + n) / (a->has_w + a->has_n) : 0;
    const int wide = (2 * near + nw + ne) / 4;
    magnitude_context s;
    magnitude_begin(&s, p, c, COEFFICIENTS_LAST, (const int[]){0, near / 2, nearest / 2});
    const uint64_t contexts[MAGNITUDE_CONTEXTS] = {
        CONTEXT_PACK(c, wide, 0, 2), CONTEXT_PACK(c, cb, y, 8),    CONTEXT_PACK(c, w, n, 1),
        CONTEXT_PACK(c, y, near, 6), CONTEXT_PACK(c, cb, near, 7), CONTEXT_PACK(c, wide / 4, nearest / 2, 9),
    };
    memcpy(s.contexts, contexts, sizeof contexts);
    int16_t features[COEFFICIENTS_FEATURES];
    coefficient_find_last_features(p, a, features);
    if (p->examples) coefficient_keep_example(p, 128 + (c > 0), &s, last, features);
    magnitude_run_network(&s, c > 0, 64, features);
    int value = 0;
    for (int half = 0; half < 2; half++) {
        int prefix = 1, output = half ? 8 + value : 1;
        magnitude_prefetch(&s, COEFFICIENTS_LAST + (half ? 1 + value : 0));
        magnitude_claim_buckets(&s);
        for (int i = half ? 2 : 5; i >= (half ? 0 : 3); i--) {
            const int bit = magnitude_code_bit(&s, prefix, prefix + 8 * half, output, last >> i & 1);
            prefix = prefix << 1 | bit;
            output = output << 1 | bit;
        }
        value = value << 3 | (prefix & 7);
    }
    if (p->shape.level == 9) coefficient_learning_end(&s.learning);
    return value;
}

#endif
