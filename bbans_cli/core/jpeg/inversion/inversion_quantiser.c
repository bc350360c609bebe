#include <stddef.h>
#include <stdint.h>

#include "inversion.cdef.h"
#include "inversion.h"

/* A coefficient below SMALL may be nothing but the rounding of samples: it says nothing. */
static const float SMALL = 1.5f, WORST = 5;

/* How well a coefficient is a multiple of a quantiser: coarser ones are hit by chance less often, which `bonus`
 * says. */
static int32_t score(float coefficient, int quantiser, float weight, int32_t bonus)
{
    float times = nearest_integer(coefficient / (float)quantiser);
    if (times == 0) return -256 * 6;
    float off = coefficient - times * (float)quantiser, cost = off * off * weight;
    return bonus - (int32_t)(256 * (cost < WORST ? cost : WORST));
}

void bbc_recover_scores(int64_t count, const float *coefficients, const float *weights, const int32_t *bonus,
                        int32_t *scores)
{
    for (int64_t i = 0; i < 64 * count; i++) {
        float c = coefficients[i], size = c < 0 ? -c : c;
        if (size < SMALL) continue;
        int32_t *of = scores + i % 64 * 256;
        for (int q = 1; q < 256; q++) of[q] += score(size, q, weights[i % 64], bonus[q]);
    }
}
