/* The coder of JPEG coefficients: AC coefficients, and what they share with DC. The value of a coefficient and its
 * magnitude are predicted by windowed least squares over neighbouring blocks, this block and earlier components. The
 * predictions give the priors, and with what lies around the contexts, by which the value is coded (magnitudes-inl.h).
 *
 * All numbers below were tuned by hand, not recorded, unless they follow from the format of JPEG files. */
#ifndef BBC_COEFFICIENT_VALUES_INL_H
#define BBC_COEFFICIENT_VALUES_INL_H

#include "coefficient_neighbourhood-inl.h"
#include "coefficient_ls-inl.h"
#include "magnitudes-inl.h"

enum { COEFFICIENT_LOWEST = INT16_MIN, COEFFICIENT_HIGHEST = INT16_MAX };
/* ---- predictions ---- */

/* Features, divided by `rough`, a magnitude to expect, and the predictions by them */
typedef struct {
    float value_features[COEFFICIENT_LS_SIZE], magnitude_features[COEFFICIENT_LS_SIZE];
    double rough, value, magnitude;
} coefficient_prediction;

/* Scale the features, and predict. A damaged file may lead to predictions that are not finite. */
static void coefficient_predict(const coefficients_state *p, int c, int k, coefficient_prediction *o)
{
    const float scale = (float)(1 / o->rough);
    for (int i = 0; i < COEFFICIENT_LS_SIZE; i++) o->value_features[i] *= scale;
    for (int i = 0; i < COEFFICIENT_LS_SIZE; i++) o->magnitude_features[i] *= scale;
    const double value = coefficient_ls_predict(&p->value_solvers[c][k], o->value_features) * o->rough;
    const double magnitude = coefficient_ls_predict(&p->magnitude_solvers[c][k], o->magnitude_features) * o->rough;
    o->value = value > -32768 ? value < 32768 ? value : 32768 : -32768;
    o->magnitude = magnitude > 0.01 ? magnitude < 32768 ? magnitude : 32768 : 0.01;
}

/* The part of learning that needs no value, done while the buckets are on their way from memory */
static void coefficient_accumulate(coefficients_state *p, int c, int k, const coefficient_prediction *o)
{
    coefficient_ls_accumulate(&p->value_solvers[c][k], o->value_features);
    coefficient_ls_accumulate(&p->magnitude_solvers[c][k], o->magnitude_features);
}

static void coefficient_update_and_solve(coefficients_state *p, int c, int k, const coefficient_prediction *o,
                                         double value, double magnitude)
{
    coefficient_ls_update(&p->value_solvers[c][k], o->value_features, (float)(value / o->rough));
    coefficient_ls_update(&p->magnitude_solvers[c][k], o->magnitude_features, (float)(magnitude / o->rough));
}

static int32_t coefficient_clamp(int32_t value)
{
    return value < COEFFICIENT_LOWEST ? COEFFICIENT_LOWEST : value > COEFFICIENT_HIGHEST ? COEFFICIENT_HIGHEST : value;
}

static void coefficient_set_priors(magnitude_context *s, const double *means, const double *scales)
{
    for (int k = 0; k < MAGNITUDE_PRIORS; k++) s->means[k] = (float)means[k];
    for (int k = 0; k < MAGNITUDE_PRIORS; k++) s->inverse_scales[k] = COEFFICIENTS_DECAY_STEPS / (float)scales[k];
}

/* ---- AC coefficients ---- */

/* What is known of AC coefficient k, nth in zigzag order of those up to the last one */
typedef struct {
    int k, left;     /* left: coefficients up to the last one, this included */
    int share;       /* left, in sixteenths of those up to the end of the block */
    int near[6];     /* known coefficients beside it in its block */
    double inside;   /* the magnitude that these let expect */
    double outside;  /* mean magnitude in the blocks around */
    double trend;    /* the magnitude that what was coded lately lets expect */
    int w, n, y, cb; /* the same coefficient in other blocks */
    coefficient_edge_estimates edge;
    coefficient_prediction prediction;
} coefficient_ac;

/* Known coefficients beside k in its block: the magnitude they let expect; the nearest are kept in `near`. */
static double coefficient_find_inside(const double *mean, const int16_t *here, int k, int *near)
{
    static const int8_t down[] = {0, -1, -1, 0, -2}, right[] = {-1, 0, -1, -2, 0};
    const int side = ((k >> 3) + k) & 1 ? -1 : 1;
    double sum = 0.1, usual = 0.1;
    for (int i = 0; i < 6; i++) {
        int v = (k >> 3) + (i < 5 ? down[i] : side), u = (k & 7) + (i < 5 ? right[i] : -side);
        near[i] = 0;
        if (v < 0 || u < 0 || v > 7 || u > 7 || v + u == 0) continue;
        near[i] = here[v * 8 + u];
        sum += (i < 2 ? 2 : 1) * coefficient_magnitude(near[i]);
        usual += (i < 2 ? 2 : 1) * mean[v * 8 + u];
    }
    return mean[k] * sum / usual;
}

static void coefficient_predict_ac(const coefficients_state *p, const coefficient_neighbourhood *a, int k, int nth,
                                   int last, coefficient_ac *t)
{
    const double *mean = p->mean[a->c];
    t->k = k;
    t->left = last - nth + 1;
    t->share = t->left * 16 / (64 - nth);
    t->inside = coefficient_find_inside(mean, a->here, k, t->near);
    t->outside = coefficient_outside(a, k);
    t->trend = a->trend * mean[k];
    t->edge = coefficient_solve_edge_equations(p, a, k);
    const int w = t->w = a->w[k], n = t->n = a->n[k], y = t->y = a->earlier[0][k], cb = t->cb = a->earlier[1][k];
    const int *near = t->near;
    const double row = t->edge.row, column = t->edge.column, both = t->edge.both;
    t->prediction = (coefficient_prediction){
        {(float)row, (float)column, (float)both, (float)w, (float)n, (float)(near[3] + near[4]), (float)y, (float)cb},
        {(float)t->outside, (float)t->inside, (float)fabs(both), (float)coefficient_magnitude(y),
         (float)coefficient_magnitude(cb), (float)(mean[k] * t->left / (64 - nth)), (float)a->activity[k],
         (float)t->trend},
        .rough = 0.5 * (t->inside + t->outside) + 1,
    };
    coefficient_predict(p, a->c, k, &t->prediction);
}

/* Contexts and priors. Signs count in the direction of the predicted one. */
static void coefficient_begin_ac(coefficients_state *p, const coefficient_neighbourhood *a, const coefficient_ac *t,
                                 magnitude_context *s)
{
    const coefficient_prediction *o = &t->prediction;
    const int c = a->c, k = t->k, left = t->left, share = t->share, place = c << 8 | k;
    const int flip = o->value < 0, sign = flip ? -1 : 1;
    const int e = coefficient_step(o->magnitude), sure = coefficient_step(o->value * sign);
    const int in = coefficient_step(t->inside);
    const int row = coefficient_signed_step(t->edge.row * sign);
    const int column = coefficient_signed_step(t->edge.column * sign);
    const int levels[COEFFICIENTS_MIXED] = {(k >> 3) + (k & 7), e, sure < 4 ? share / 4 : sure + (share > 12) * 12};
    magnitude_begin(s, p, c, COEFFICIENTS_AC, levels);
    s->flip = flip;
    s->nonzero = left == 1;
    const uint64_t contexts[MAGNITUDE_CONTEXTS] = {
        CONTEXT_PACK(place, left, 0, 1),
        CONTEXT_PACK(place, coefficient_limit(t->y * sign, 12), coefficient_limit(t->cb * sign, 12), 11),
        CONTEXT_PACK(c, e, share, 13),
        CONTEXT_PACK(c, row, column, e / 3),
        CONTEXT_PACK(place, in, left / 3, 4),
        CONTEXT_PACK(place, column, e / 2, 8),
    };
    memcpy(s->contexts, contexts, sizeof contexts);
    const double value = o->value * sign, both = t->edge.both * sign;
    const double means[MAGNITUDE_PRIORS] = {value, both, both, value};
    const double scales[MAGNITUDE_PRIORS] = {o->magnitude * 1.2 + 0.02, a->activity[k] + 0.02, t->trend + 0.1,
                                             o->rough - 0.7};
    coefficient_set_priors(s, means, scales);
}

/* What the network of the coefficient sees. Signs count in the direction of the predicted one. */
static void coefficient_find_features(const coefficients_state *p, const coefficient_neighbourhood *a,
                                      const coefficient_ac *t, int flip, int16_t *f)
{
    const int c = a->c, k = t->k, *near = t->near;
    const double size = 1.0 / p->shape.tables[c][k];
    const int signs[] = {t->w, t->n, t->y, t->cb, near[0], near[1], near[2], near[3], near[4]};
    const int magnitudes[] = {a->nw[k], a->ne[k], near[5]};
    const double edges[] = {t->edge.row * 4, t->edge.column * 4, t->edge.both * 4};
    const double others[] = {t->inside * 8,      t->outside * 8,    t->trend * 8,
                             a->activity[k] * 8, p->mean[c][k] * 8, sqrt(p->variance[c][k]) * size * 8};
    const double more[] = {sqrt(t->edge.row_noise) * size * 4, sqrt(t->edge.column_noise) * size * 4,
                           fabs((double)a->w[0] - a->n[0]) * p->shape.tables[c][0] * size, a->trend * 8};
    const int sums[] = {t->left,
                        p->shape.tables[c][k],
                        a->further[k],
                        a->all_ac,
                        a->done,
                        a->last[0],
                        a->last[1],
                        a->earlier_last[0],
                        coefficient_magnitude(a->ww[k]),
                        coefficient_magnitude(a->nn[k]),
                        a->earlier_magnitude[k],
                        a->last[2] + a->last[3]};
    for (int i = 0; i < 9; i++) {
        const int log = coefficient_log(coefficient_magnitude(signs[i]));
        *f++ = (int16_t)log;
        *f++ = (int16_t)((signs[i] < 0) != flip ? -log : log);
    }
    for (int i = 0; i < 3; i++) *f++ = (int16_t)coefficient_log(coefficient_magnitude(magnitudes[i]));
    for (int i = 0; i < 3; i++) {
        const int log = coefficient_signed_log(edges[i]);
        *f++ = (int16_t)coefficient_magnitude(log);
        *f++ = (int16_t)(flip ? -log : log);
    }
    for (int i = 0; i < 6; i++) *f++ = (int16_t)coefficient_log_of(1 + others[i]);
    for (int i = 0; i < 12; i++) *f++ = (int16_t)coefficient_log(sums[i]);
    for (int i = 0; i < 4; i++) *f++ = (int16_t)coefficient_log_of(1 + more[i]);
    *f++ = (int16_t)(t->share * 4);
    *f++ = t->left == 1 ? 64 : 0;
    *f = 64;
}

/* An example for training: the declaration of bbc_coefficients_keep_examples tells what it holds. */
static void coefficient_keep_example(coefficients_state *p, int network, const magnitude_context *s, int value,
                                     const int16_t *features)
{
    if (p->examples_left < 4 + COEFFICIENTS_FEATURES) return;
    *p->examples++ = (uint8_t)network;
    *p->examples++ = (uint8_t)(s->flip | s->nonzero << 1);
    *p->examples++ = (uint8_t)value;
    *p->examples++ = (uint8_t)((unsigned)value >> 8);
    for (int i = 0; i < COEFFICIENTS_FEATURES; i++) *p->examples++ = (uint8_t)features[i];
    p->examples_left -= 4 + COEFFICIENTS_FEATURES;
}

/* AC coefficient k, nth in zigzag order of `last` */
static int32_t coefficient_code_ac(coefficients_state *p, coefficient_neighbourhood *a, int k, int nth, int last,
                                   int32_t value)
{
    const int c = a->c;
    coefficient_ac t;
    magnitude_context s;
    coefficient_predict_ac(p, a, k, nth, last, &t);
    coefficient_begin_ac(p, a, &t, &s);
    magnitude_prefetch(&s, COEFFICIENTS_AC);
    int16_t features[COEFFICIENTS_FEATURES];
    coefficient_find_features(p, a, &t, s.flip, features);
    if (p->examples) coefficient_keep_example(p, (c > 0) * 64 + k, &s, value, features);
    magnitude_run_network(&s, c > 0, k, features);
    coefficient_accumulate(p, c, k, &t.prediction);
    value = coefficient_clamp(magnitude_code_value(&s, value));
    if (p->shape.level == 9) coefficient_learning_end(&s.learning);
    coefficient_update_and_solve(p, c, k, &t.prediction, value, coefficient_magnitude(value));
    a->done += coefficient_magnitude(value);
    a->trend += (coefficient_magnitude(value) / (p->mean[c][k] + 0.02) - a->trend) * 0.15;
    return value;
}

#endif
