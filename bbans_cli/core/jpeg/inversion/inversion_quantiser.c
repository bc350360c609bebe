/* How well coefficients are explained as multiples of a quantiser. */
#include <stddef.h>
#include <stdint.h>

#include "inversion.cdef.h"
#include "inversion_dct.h"
#include "kernels.h"

/* LEAST: a smaller coefficient may be rounding noise alone, and says nothing. COST_MAX: an outlier costs no more, in
 * nats. ZERO_COST: that of a quantiser of which the coefficient is nearest to 0 times, in nats. Tuned by hand, not
 * recorded. */
static const float INVERSION_LEAST = 1.5f, INVERSION_COST_MAX = 5;
enum { INVERSION_ZERO_COST = 6 };

/* Log-likelihood, in 256ths of a nat, of a coefficient as a multiple of a quantiser: Gaussian noise around the nearest
 * multiple, and `bonus`, the log of the quantiser, since chance hits multiples of a coarse one less often. */
static int32_t inversion_score(float coefficient, int quantiser, float weight, int32_t bonus)
{
    float multiple = inversion_nearest(coefficient / (float)quantiser);
    if (multiple == 0) return -256 * INVERSION_ZERO_COST;
    float off = coefficient - multiple * (float)quantiser, cost = off * off * weight;
    return bonus - (int32_t)(256 * (cost < INVERSION_COST_MAX ? cost : INVERSION_COST_MAX));
}

void bbc_inversion_scores(int64_t count, const float *coefficients, const float *weights, const int32_t *bonus,
                          int32_t *scores)
{
    bbc_fp_state saved = bbc_fp_enter();
    for (int64_t i = 0; i < 64 * count; i++) {
        float size = coefficients[i] < 0 ? -coefficients[i] : coefficients[i];
        if (size < INVERSION_LEAST) continue;
        int32_t *row = scores + i % 64 * 256;
        for (int q = 1; q < 256; q++) row[q] += inversion_score(size, q, weights[i % 64], bonus[q]);
    }
    bbc_fp_leave(saved);
}
