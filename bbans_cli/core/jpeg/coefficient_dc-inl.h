/* The coder of JPEG coefficients: DC, when all others of its block are known. Each row of pixels along the border to W, and
 * each column along the border to N, estimates DC by itself; the middle half of the 16 estimates is averaged, as Lepton
 * (Horn et al. 2017) does.
 *
 * All numbers below were tuned by hand, not recorded. */
#ifndef BBC_COEFFICIENT_DC_INL_H
#define BBC_COEFFICIENT_DC_INL_H

#include "coefficient_values-inl.h"

enum { COEFFICIENT_DC_ESTIMATES = 16 };

/* The inverse cosine transform, by frequency and pixel: of amplitude 1 at frequency 0, at others the square root of 2 */
static const double COEFFICIENT_COSINES[8][8] = {
    {1.000000, 1.000000, 1.000000, 1.000000, 1.000000, 1.000000, 1.000000, 1.000000},
    {1.387040, 1.175876, 0.785695, 0.275899, -0.275899, -0.785695, -1.175876, -1.387040},
    {1.306563, 0.541196, -0.541196, -1.306563, -1.306563, -0.541196, 0.541196, 1.306563},
    {1.175876, -0.275899, -1.387040, -0.785695, 0.785695, 1.387040, 0.275899, -1.175876},
    {1.000000, -1.000000, -1.000000, 1.000000, 1.000000, -1.000000, -1.000000, 1.000000},
    {0.785695, -1.387040, 0.275899, 1.175876, -1.175876, -0.275899, 1.387040, -0.785695},
    {0.541196, -1.306563, 1.306563, -0.541196, -0.541196, 1.306563, -1.306563, 0.541196},
    {0.275899, -0.785695, 1.175876, -1.387040, 1.387040, -1.175876, 0.785695, -0.275899},
};

/* What is known of the DC coefficient, when all others of its block are */
typedef struct {
    int w, n, y, cb;                            /* residuals of DC in other blocks */
    double missing;                             /* mean magnitude of those of W and N */
    double gap;                                 /* between the estimates by row and by column */
    double estimates[COEFFICIENT_DC_ESTIMATES]; /* 8 by rows of pixels, 8 by columns; less the mean of the neighbours */
    double middle, spread, range;               /* mean and range of the middle half of them, range of all */
    double energy;                              /* of the AC coefficients, in quantisers of DC */
    double target;                              /* the predicted coefficient */
    int32_t base;                               /* the same, rounded: the residual is relative to it */
    coefficient_edge_estimates edge;
    coefficient_prediction prediction; /* relative to the mean of the neighbours */
} coefficient_dc;

/* Where one neighbour is missing, the other one's estimates stand in. */
static void coefficient_find_dc_estimates(const coefficients_state *p, const coefficient_neighbourhood *a,
                                          double *estimates)
{
    const double scale = a->has_w || a->has_n ? 1 / (COEFFICIENT_EDGE[0] * p->shape.tables[a->c][0]) : 0;
    for (int side = 0; side < 2; side++) {
        const double *rest = a->rest[side ? a->has_n : !a->has_w];
        double sums[8] = {0};
        for (int v = 0; v < 8; v++)
            for (int y = 0; y < 8; y++) sums[y] += COEFFICIENT_COSINES[v][y] * rest[v];
        for (int y = 0; y < 8; y++) estimates[8 * side + y] = sums[y] * scale;
    }
}

/* Sort the estimates, without branches, and find the middle. */
static void coefficient_find_dc_middle(coefficient_dc *t)
{
    enum { N = COEFFICIENT_DC_ESTIMATES };
    const double *x = t->estimates;
    double sorted[N], sum = 0;
    for (int i = 0; i < N; i++) {
        int rank = 0;
        for (int j = 0; j < N; j++) rank += (x[j] < x[i]) | ((x[j] == x[i]) & (j < i));
        sorted[rank] = x[i];
    }
    for (int i = N / 4; i < N - N / 4; i++) sum += sorted[i];
    t->middle = sum / (N / 2);
    t->spread = sorted[N - N / 4 - 1] - sorted[N / 4];
    t->range = sorted[N - 1] - sorted[0];
}

static void coefficient_predict_dc(const coefficients_state *p, const coefficient_neighbourhood *a, coefficient_dc *t)
{
    const int c = a->c, w = t->w = a->has_w ? p->dc_residuals[a->index - 1] : 0;
    const int n = t->n = a->has_n ? p->dc_residuals[a->index - p->shape.columns[c]] : 0;
    const int y = t->y = a->earlier_dc_residual[0], cb = t->cb = a->earlier_dc_residual[1];
    t->edge = coefficient_solve_edge_equations(p, a, 0);
    const double row = t->edge.row, column = t->edge.column, both = t->edge.both;
    const double gap = t->gap = row > column ? row - column : column - row;
    coefficient_find_dc_estimates(p, a, t->estimates);
    coefficient_find_dc_middle(t);
    t->missing = (coefficient_magnitude(w) + coefficient_magnitude(n)) / 2.0;
    double energy = 1;
    for (int k = 1; k < 64; k++) energy += coefficient_magnitude(a->here[k]) * p->shape.tables[c][k];
    t->energy = energy /= p->shape.tables[c][0];
    const double rough = gap + energy / 64 + 2 * t->missing + 20;
    t->prediction = (coefficient_prediction){
        {(float)row, (float)column, (float)(0.5 * (both + t->middle)), (float)y, (float)cb, (float)w, (float)n,
         (float)(a->w[0] - a->mean_dc)},
        {1, (float)(2 * t->missing), (float)gap, (float)energy, (float)coefficient_magnitude(y),
         (float)coefficient_magnitude(cb), (float)rough, (float)t->spread},
        .rough = rough,
    };
    coefficient_predict(p, c, 0, &t->prediction);
    t->target = a->mean_dc + t->prediction.value;
    t->base = coefficient_clamp((int32_t)(t->target + 131072.5) - 131072);
}

/* Contexts and priors */
static void coefficient_begin_dc(coefficients_state *p, const coefficient_neighbourhood *a, const coefficient_dc *t,
                                 magnitude_context *s)
{
    const int c = a->c, e = coefficient_step(t->prediction.magnitude), m = coefficient_step(t->missing);
    const int differ = coefficient_signed_step(t->edge.row - t->edge.column), gap = coefficient_magnitude(differ);
    const int y = coefficient_signed_step(t->y), cb = coefficient_signed_step(t->cb);
    const double by_middle = a->mean_dc + t->middle, by_row = a->mean_dc + t->edge.row;
    magnitude_begin(s, p, c, COEFFICIENTS_DC, (const int[]){0, m, gap});
    const uint64_t contexts[MAGNITUDE_CONTEXTS] = {
        CONTEXT_PACK(c, coefficient_signed_step(by_middle - t->base), m, 11),
        CONTEXT_PACK(c, coefficient_signed_step(by_row - t->base), m / 2, 12),
        CONTEXT_PACK(c, m / 2, e / 2, 3),
        CONTEXT_PACK(c, coefficient_signed_step(t->w), coefficient_signed_step(t->n), 5),
        CONTEXT_PACK(c, cb, y, 8),
        CONTEXT_PACK(c, e, gap, 9),
    };
    memcpy(s->contexts, contexts, sizeof contexts);
    const double e_scale = t->prediction.magnitude + 0.05, at = t->target - t->base;
    const double means[MAGNITUDE_PRIORS] = {at, at, at, by_middle - t->base};
    const double scales[MAGNITUDE_PRIORS] = {e_scale, t->missing + 0.5, t->gap + 0.3, e_scale};
    coefficient_set_priors(s, means, scales);
}

/* What the network sees. Numbers that have a sign are relative to the base. */
static void coefficient_find_dc_features(const coefficients_state *p, const coefficient_neighbourhood *a,
                                         const coefficient_dc *t, int16_t *f)
{
    const int c = a->c, has_nw = a->has_w && a->has_n, has_ne = a->ne != COEFFICIENT_ZEROS;
    const int16_t *residuals = p->dc_residuals + a->index, *above = residuals - p->shape.columns[c];
    const double offset = t->base - a->mean_dc, size = 1.0 / p->shape.tables[c][0];
    const double places[] = {4 * (t->middle - offset),
                             4 * (t->edge.row - offset),
                             4 * (t->edge.column - offset),
                             4 * (t->edge.both - offset),
                             t->w,
                             t->n,
                             t->y,
                             t->cb};
    const double neighbours[] = {16 * (t->target - t->base), a->has_w ? a->w[0] - t->base : 0,
                                 a->has_n ? a->n[0] - t->base : 0, has_nw ? a->nw[0] - t->base : 0,
                                 has_ne ? a->ne[0] - t->base : 0};
    const double sizes[] = {4 * t->spread,
                            4 * t->range,
                            4 * t->gap,
                            16 * t->prediction.magnitude,
                            t->energy,
                            2 * t->missing,
                            t->prediction.rough,
                            4 * sqrt(t->edge.row_noise) * size,
                            4 * sqrt(t->edge.column_noise) * size,
                            4 * sqrt(p->variance[c][0]) * size,
                            p->shape.tables[c][0],
                            has_nw ? coefficient_magnitude(above[-1]) : 0,
                            has_ne ? coefficient_magnitude(above[1]) : 0};
    for (int i = 0; i < COEFFICIENT_DC_ESTIMATES; i++)
        *f++ = (int16_t)coefficient_signed_log(4 * (t->estimates[i] - offset));
    for (int i = 0; i < 8; i++) {
        *f++ = (int16_t)coefficient_signed_log(places[i]);
        *f = (int16_t)coefficient_magnitude(f[-1]);
        f++;
    }
    for (int i = 0; i < 5; i++) *f++ = (int16_t)coefficient_signed_log(neighbours[i]);
    for (int i = 0; i < 13; i++) *f++ = (int16_t)coefficient_log_of(1 + sizes[i]);
    *f++ = (int16_t)(2 * p->lasts[a->index]);
    *f = 64;
}

/* The DC coefficient, when all others are known: its residual is coded. */
static int32_t coefficient_code_dc(coefficients_state *p, const coefficient_neighbourhood *a, int32_t value)
{
    const int c = a->c;
    coefficient_dc t;
    magnitude_context s;
    coefficient_predict_dc(p, a, &t);
    coefficient_begin_dc(p, a, &t, &s);
    magnitude_prefetch(&s, COEFFICIENTS_DC);
    int16_t features[COEFFICIENTS_FEATURES];
    coefficient_find_dc_features(p, a, &t, features);
    if (p->examples) coefficient_keep_example(p, (c > 0) * 64, &s, coefficient_clamp(value - t.base), features);
    magnitude_run_network(&s, c > 0, 0, features);
    coefficient_accumulate(p, c, 0, &t.prediction);
    value = coefficient_clamp(t.base + magnitude_code_value(&s, value - t.base));
    if (p->shape.level == 9) coefficient_learning_end(&s.learning);
    const double error = value - t.target;
    coefficient_update_and_solve(p, c, 0, &t.prediction, value - a->mean_dc, error < 0 ? -error : error);
    p->dc_residuals[a->index] = (int16_t)coefficient_clamp(value - t.base);
    return value;
}

#endif
