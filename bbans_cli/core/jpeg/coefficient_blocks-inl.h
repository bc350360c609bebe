/* The coder of quantised DCT coefficients of JPEG pictures. A block is coded as the place of its last nonzero AC
 * coefficient in zigzag order, the AC coefficients up to there, and the DC coefficient, whose prediction profits from
 * the others. Behind a run of equal blocks comes a decision whether it goes on. What is known beforehand of a coefficient is gathered in three ways: predictions by least squares, which
 * give priors; networks, trained beforehand; and contexts, which select counters (coefficient_values-inl.h,
 * coefficient_dc-inl.h, coefficient_last-inl.h, coefficient_network-inl.h, magnitudes-inl.h). That pixels continue from block to block is used
 * (coefficient_neighbourhood-inl.h), as Lepton (Horn et al. 2017) does for DC, and PAQ8 in its model of JPEG files.
 * Level 1 has a coder of its own (coefficient_fast-inl.h).
 *
 * Floating-point numbers are computed in the order of this source, without fused or reordered operations: the same on
 * every machine. The coder is compiled once per instruction set: vectors go across weights, features and priors.
 */
#ifndef BBC_COEFFICIENT_BLOCKS_INL_H
#define BBC_COEFFICIENT_BLOCKS_INL_H

#include "coefficient_dc-inl.h"
#include "coefficient_fast-inl.h"
#include "coefficient_last-inl.h"

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

/* Is block i, behind a run of blocks that are equal, equal too? Only long runs have this decision. */
static int coefficient_code_equal(coefficients_state *p, int c, int64_t i)
{
    int16_t *here = p->planes[c] + i * 64;
    if (i == 0) p->run = 0;
    if (p->run < COEFFICIENTS_RUN_LEAST) return 0;
    int octave = 0;
    while (octave < COEFFICIENTS_RUN_OCTAVES - 1 && p->run >> (octave + 1) >= COEFFICIENTS_RUN_LEAST) octave++;
    counter *counts = &p->runs[c > 0][octave];
    const uint32_t probability = counter_probability(*counts) >> 6;
    const int equal = !p->coder.in && memcmp(here, here - 64, 64 * sizeof *here) == 0;
    const int bit = binary_coder_code(&p->coder, equal, probability < 1 ? 1 : probability);
    *counts = counter_updated(*counts, p->tables.rates.rate[*counts & 1023], bit);
    if (!bit) return 0;
    memcpy(here, here - 64, 64 * sizeof *here);
    p->lasts[p->start[c] + i] = p->lasts[p->start[c] + i - 1];
    return 1;
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

static void coefficient_code_or_repeat(coefficients_state *p, int c, int64_t i)
{
    const int16_t *here = p->planes[c] + i * 64;
    if (!coefficient_code_equal(p, c, i)) {
        coefficient_code_block(p, c, i);
        if (i && memcmp(here, here - 64, 64 * sizeof *here)) p->run = -1;
    }
    if (i) p->run++;
}

/* The next `blocks` blocks, or as many as are left. */
static void coefficients_code_blocks(struct bbc_coefficients_state *p, int64_t blocks)
{
    for (; blocks > 0 && p->done < p->start[COEFFICIENTS_MAX] && !coefficients_spent(p); blocks--, p->done++) {
        int c = 0;
        while (p->done >= p->start[c + 1]) c++;
        if (p->shape.level == 1) fast_code_block(p, c, p->done - p->start[c]);
        else coefficient_code_or_repeat(p, c, p->done - p->start[c]);
        if (p->lengths && p->shape.level == 1) *p->lengths++ = range_coder_advance(&p->fast_coder, &p->position);
        else if (p->lengths) *p->lengths++ = binary_coder_advance(&p->coder, &p->position);
    }
}

#endif
