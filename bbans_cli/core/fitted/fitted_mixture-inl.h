/* Mixtures of three discretised logistics of a chunk: from outputs of a head to integer intervals, and the search for
 * the symbols of all lanes at once.
 *
 * cum(v) = 16 v + min(T, floor(T F(v - 1/2))), T = 2^24 - 16 * 256, cum(0) = 0, cum(256) = 2^24, as in
 * neural/mixture-inl.h: it increases strictly whatever the network says (docs/exactness.md). */
#ifndef BBC_FITTED_MIXTURE_H
#define BBC_FITTED_MIXTURE_H

#include "fitted_types.h"
#include "gemm-inl.h"
#include "vector_math-inl.h"

#define FITTED_FLOOR 16
#define FITTED_TOTAL (1 << FITTED_PRECISION)
#define FITTED_SPREAD ((float)(FITTED_TOTAL - 256 * FITTED_FLOOR))

typedef struct {
    _Alignas(FITTED_ALIGN) float weight[3][FITTED_LANES], mean[3][FITTED_LANES], inverse[3][FITTED_LANES];
} fitted_mixture;

/* What a head's outputs are applied to. */
typedef struct {
    _Alignas(FITTED_ALIGN) float base[FITTED_LANES], activity[FITTED_LANES],
        scale[FITTED_LANES];     /* scale: 1 / activity */
    float term[3][FITTED_LANES]; /* residuals of G and R, 0 while not known; the conditional prediction */
} fitted_terms;

/* output (FITTED_OUTPUTS, 16). */
static void fitted_prepare(const fitted_terms *restrict in, float output[][FITTED_LANES], fitted_mixture *restrict mix)
{
    for (int l = 0; l < FITTED_LANES; l += VF_LANES) {
        const vf activity = vf_load(in->activity + l), scale = vf_load(in->scale + l);
        vf centre = vf_load(in->base + l), o[3], sum;
        for (int k = 0; k < 3; k++)
            centre = vf_fma(vf_load(output[FITTED_COEFFICIENTS + k] + l), vf_load(in->term[k] + l), centre);
        for (int k = 0; k < 3; k++) o[k] = vf_clip(vf_load(output[FITTED_LOGITS + k] + l), -30.0f, 30.0f);
        const vf top = vf_max(vf_max(o[0], o[1]), o[2]);
        for (int k = 0; k < 3; k++) o[k] = vf_exp(vf_sub(o[k], top));
        sum = vf_div(vf_all(1.0f), vf_add(vf_add(o[0], o[1]), o[2]));
        for (int k = 0; k < 3; k++) {
            const vf mean = vf_fma(activity, vf_load(output[FITTED_MEANS + k] + l), centre);
            const vf log_scale = vf_clip(vf_load(output[FITTED_LOG_SCALES + k] + l), -6.0f, 4.0f);
            vf_store(mix->weight[k] + l, vf_mul(o[k], sum));
            vf_store(mix->mean[k] + l, vf_clip(mean, -1024.0f, 1280.0f));
            vf_store(mix->inverse[k] + l, vf_mul(vf_exp(vf_sub(vf_all(0.0f), log_scale)), scale));
        }
    }
}

/* cum(symbol) of a vector of lanes from l on. All numbers are integers, below 2^24 and so exact. */
EX vf fitted_cum(const fitted_mixture *mix, int l, vf symbol)
{
    const vf edge = vf_sub(symbol, vf_all(0.5f));
    vf f = vf_all(0.0f);
    GEMM_UNROLL for (int k = 0; k < 3; k++) {
        const vf below = vf_mul(vf_sub(vf_load(mix->mean[k] + l), edge), vf_load(mix->inverse[k] + l));
        f = vf_fma(vf_load(mix->weight[k] + l), vf_sigmoid_minus(below), f);
    }
    f = vf_trunc(vf_min(vf_mul(f, vf_all(FITTED_SPREAD)), vf_all(FITTED_SPREAD)));
    f = vf_fma(symbol, vf_all((float)FITTED_FLOOR), f);
    f = vf_select(symbol, vf_all(0.0f), vf_all(0.0f), f);
    return vf_select(vf_all(256.0f), symbol, vf_all((float)FITTED_TOTAL), f);
}

/* Lower and upper ends of the intervals of given values. */
static void fitted_intervals(const fitted_mixture *restrict mix, const float *restrict value, float *restrict low,
                             float *restrict high)
{
    for (int l = 0; l < FITTED_LANES; l += VF_LANES) {
        vf_store(low + l, fitted_cum(mix, l, vf_load(value + l)));
        vf_store(high + l, fitted_cum(mix, l, vf_add(vf_load(value + l), vf_all(1.0f))));
    }
}

/* The values whose intervals hold the targets, and these intervals: eight halvings, all lanes at once. */
static void fitted_find(const fitted_mixture *restrict mix, const float *restrict target, float *restrict value,
                        float *restrict low, float *restrict high)
{
    for (int l = 0; l < FITTED_LANES; l += VF_LANES) {
        const vf sought = vf_load(target + l);
        vf at = vf_all(0.0f), from = vf_all(0.0f), to = vf_all((float)FITTED_TOTAL);
        for (float step = 128.0f; step >= 1.0f; step = step * 0.5f) {
            const vf middle = vf_add(at, vf_all(step)), cum = fitted_cum(mix, l, middle);
            at = vf_select(cum, sought, middle, at);
            to = vf_select(cum, sought, to, cum);
            from = vf_select(cum, sought, cum, from);
        }
        vf_store(value + l, at);
        vf_store(low + l, from);
        vf_store(high + l, to);
    }
}

#endif
