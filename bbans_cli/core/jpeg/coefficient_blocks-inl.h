/* The coder of quantised DCT coefficients of JPEG pictures. A block is coded as the place of its last nonzero AC
 * coefficient in zigzag order, the AC coefficients up to there, and the DC coefficient, whose prediction profits from
 * the others. What is known beforehand of a coefficient is gathered in three ways: predictions by least squares, which
 * give priors; networks, trained beforehand; and contexts, which select counters (coefficient_values-inl.h,
 * coefficient_network-inl.h, magnitudes-inl.h). That pixels continue from block to block is used
 * (coefficient_neighbourhood-inl.h), as Lepton (Horn et al. 2017) does for DC, and PAQ8 in its model of JPEG files.
 * Level 1 has a coder of its own (coefficient_fast-inl.h).
 *
 * Floating-point numbers are computed in the order of this source, without fused or reordered operations: the same on
 * every machine. The coder is compiled once per instruction set: vectors go across weights, features and priors.
 */
#ifndef BBC_COEFFICIENT_BLOCKS_INL_H
#define BBC_COEFFICIENT_BLOCKS_INL_H

#include "coefficient_fast-inl.h"
#include "coefficient_values-inl.h"

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
        CONTEXT_PACK(c, w, n, 1),     CONTEXT_PACK(c, y, near, 6),
        CONTEXT_PACK(c, cb, near, 7), CONTEXT_PACK(c, wide / 4, nearest / 2, 9),
        CONTEXT_PACK(c, wide, 0, 2),  CONTEXT_PACK(c, cb, y, 8),
    };
    memcpy(s.contexts, contexts, sizeof contexts);
    int value = 0;
    for (int half = 0; half < 2; half++) {
        int prefix = 1;
        magnitude_prefetch(&s, COEFFICIENTS_LAST + (half ? 1 + value : 0));
        magnitude_claim_buckets(&s);
        for (int i = half ? 2 : 5; i >= (half ? 0 : 3); i--)
            prefix = prefix << 1 | magnitude_code_bit(&s, prefix, prefix + 8 * half, last >> i & 1);
        value = value << 3 | (prefix & 7);
    }
    return value;
}

/* Update the statistics of component a->c by its block i. The rate was tuned by hand, not recorded. */
static void coefficient_update_statistics(coefficients_state *p, const coefficient_neighbourhood *a, int64_t i)
{
    const int c = a->c;
    const uint16_t *q = p->shape.tables[c];
    const double rate = 1.0 / (i < 500 ? (double)i + 4 : 504);
    for (int k = 0; k < 64; k++) {
        const double size = (a->here[k] - (k ? 0 : a->mean_dc)) * q[k];
        p->variance[c][k] += (size * size + 0.1 - p->variance[c][k]) * rate;
        p->mean[c][k] += (coefficient_magnitude(a->here[k]) + 0.01 - p->mean[c][k]) * rate;
    }
    for (int v = 0; v < 8; v++) {
        if (a->has_w) p->noise[c][0][v] += (a->rest[0][v] * a->rest[0][v] - p->noise[c][0][v]) * rate;
        if (a->has_n) p->noise[c][1][v] += (a->rest[1][v] * a->rest[1][v] - p->noise[c][1][v]) * rate;
    }
}

/* Block i of component c */
static void coefficient_code_block(coefficients_state *p, int c, int64_t i)
{
    coefficient_neighbourhood a;
    coefficient_find_neighbourhood(p, c, i, &a);
    int16_t *here = p->planes[c] + i * 64;
    int last = 0;
    for (int n = 1; n < 64 && !p->coder.in; n++) last = here[p->order[n]] ? n : last;
    last = coefficient_code_last(p, &a, last);
    p->lasts[a.index] = (uint8_t)last;
    for (int n = 1; n < 64; n++) {
        const int k = p->order[n];
        here[k] = (int16_t)(n <= last ? coefficient_code_ac(p, &a, k, n, last, here[k]) : 0);
        coefficient_mark_known(p, &a, k, here[k]);
    }
    here[0] = (int16_t)coefficient_code_dc(p, &a, here[0]);
    coefficient_mark_known(p, &a, 0, here[0] - a.mean_dc);
    coefficient_update_statistics(p, &a, i);
}

/* The next `blocks` blocks, or as many as are left. */
static void coefficients_code_blocks(struct bbc_coefficients_state *p, int64_t blocks)
{
    for (; blocks > 0 && p->done < p->start[COEFFICIENTS_MAX] && !coefficients_spent(p); blocks--, p->done++) {
        int c = 0;
        while (p->done >= p->start[c + 1]) c++;
        if (p->shape.level == 1) fast_code_block(p, c, p->done - p->start[c]);
        else coefficient_code_block(p, c, p->done - p->start[c]);
        if (p->lengths && p->shape.level == 1) *p->lengths++ = range_coder_advance(&p->fast_coder, &p->position);
        else if (p->lengths) *p->lengths++ = binary_coder_advance(&p->coder, &p->position);
    }
}

#endif
