/* The coder of JPEG coefficients: what is known of a block before it is coded.
 *
 * Pixels continue from block to block. A row of pixels of the block on the left, extrapolated by half a pixel beyond
 * its end, should meet the extrapolated row of this block. For each vertical frequency v this is one linear equation
 * (an edge equation) between the coefficients (v, 0..7) of both blocks; the block above gives one for each column of
 * frequencies. With each coefficient that becomes known, its share is subtracted from both of its equations. */
#ifndef BBC_COEFFICIENT_NEIGHBOURHOOD_INL_H
#define BBC_COEFFICIENT_NEIGHBOURHOOD_INL_H

#include "coefficients_types.h"
#include "contexts.h"

/* What a coefficient of horizontal frequency u adds to the pixel half a step beyond the end of the row: like the basis
 * functions at the block's edge, less at high frequencies. Tuned by hand, not recorded. */
static const double COEFFICIENT_EDGE[8] = {0.7071, 1.0555, 1.1945, 1.3448, 1.4142, 1.3238, 1.0361, 0.5704};

static const int16_t COEFFICIENT_ZEROS[64];

typedef struct {
    int c;         /* component */
    int64_t index; /* of the block, among all */
    int has_w, has_n;
    int last[4]; /* place of the last nonzero AC coefficient: of W, N, NW, NE */
    const int16_t *here, *w, *n, *nw, *ne, *ww,
        *nn; /* coefficients of blocks: W is the one on the left, N above, ... */
    /* Of the first component, and of the one before if that is another: what lies at the place of the block */
    int16_t earlier[2][64];
    int earlier_dc_residual[2], earlier_last[2];
    int32_t earlier_magnitude[64]; /* four times the mean magnitudes of the first component there */
    double activity[64];           /* of AC, magnitudes to expect, judging by neighbours at frequencies nearby */
    double trend;                  /* magnitude of what was coded lately in this block, relative to the mean */
    double rest[2][8]; /* edge equations of rows and of columns: the neighbour's side, less what is known of this one */
    double spread[2][8]; /* variance of what is not known in them */
    double mean_dc;      /* of the neighbours */
    int32_t further[64]; /* sums of magnitudes in W and N at no lower frequencies, either way */
    int32_t all_ac;      /* the same for all AC coefficients */
    int32_t done;        /* sum of magnitudes of AC coefficients known in this block */
} coefficient_neighbourhood;

static int coefficient_magnitude(int x) { return x < 0 ? -x : x; }

static double coefficient_larger(double a, double b) { return a > b ? a : b; }

static int coefficient_limit(int x, int limit) { return x > limit ? limit : x < -limit ? -limit : x; }

/* x >= 0 in half octaves of sixteenths */
static int coefficient_step(double x) { return context_half_octaves(x < 1e6 ? (uint32_t)(x * 16) : 16000000); }

static int coefficient_signed_step(double x) { return x < 0 ? -coefficient_step(-x) : coefficient_step(x); }

/* Of `count` blocks of an earlier component, with sampling factor `earlier`, those at the place of block i of one with
 * factor `own`: from *first up to *end, one at least. */
static void coefficient_find_place(int64_t i, int own, int earlier, int count, int64_t *first, int64_t *end)
{
    *first = i * earlier / own;
    *first = *first < count ? *first : count - 1;
    *end = ((i + 1) * earlier + own - 1) / own;
    *end = *end > count ? count : *end > *first ? *end : *first + 1;
}

/* Earlier component e at the place of block i: the mean of its blocks there, into a->earlier[which] */
static void coefficient_find_earlier(const coefficients_state *p, int e, int64_t i, int which,
                                     coefficient_neighbourhood *a)
{
    const bbc_coefficients_shape *s = &p->shape;
    const int c = a->c;
    int64_t x0, x1, y0, y1;
    coefficient_find_place(i % s->columns[c], s->horizontal[c], s->horizontal[e], s->columns[e], &x0, &x1);
    coefficient_find_place(i / s->columns[c], s->vertical[c], s->vertical[e], s->rows[e], &y0, &y1);
    int sums[64] = {0}, magnitudes[64] = {0}, residuals = 0, lasts = 0;
    const int count = (int)((x1 - x0) * (y1 - y0));
    for (int64_t y = y0; y < y1; y++)
        for (int64_t x = x0; x < x1; x++) {
            const int64_t at = y * s->columns[e] + x;
            for (int k = 0; k < 64; k++) sums[k] += p->planes[e][at * 64 + k];
            for (int k = 0; k < 64; k++) magnitudes[k] += coefficient_magnitude(p->planes[e][at * 64 + k]);
            residuals += p->dc_residuals[p->start[e] + at];
            lasts += p->lasts[p->start[e] + at];
        }
    for (int k = 0; k < 64; k++) a->earlier[which][k] = (int16_t)(sums[k] / count);
    for (int k = 0; k < 64 && which == 0; k++) a->earlier_magnitude[k] = 4 * magnitudes[k] / count;
    a->earlier_dc_residual[which] = residuals / count;
    a->earlier_last[which] = lasts / count;
}

/* Mean magnitude of coefficient k in the blocks around */
static double coefficient_outside(const coefficient_neighbourhood *a, int k)
{
    const int near = coefficient_magnitude(a->w[k]) + coefficient_magnitude(a->n[k]);
    return (2 * near + coefficient_magnitude(a->nw[k]) + coefficient_magnitude(a->ne[k])) / 6.0;
}

/* How many AC coefficients are among nine: k and those around it */
static const uint8_t COEFFICIENT_AROUND[64] = {
    3, 5, 6, 6, 6, 6, 6, 4, 5, 8, 9, 9, 9, 9, 9, 6, 6, 9, 9, 9, 9, 9, 9, 6, 6, 9, 9, 9, 9, 9, 9, 6,
    6, 9, 9, 9, 9, 9, 9, 6, 6, 9, 9, 9, 9, 9, 9, 6, 6, 9, 9, 9, 9, 9, 9, 6, 4, 6, 6, 6, 6, 6, 6, 4,
};

static void coefficient_find_activity(const double *mean, coefficient_neighbourhood *a)
{
    double ratios[10][10] = {{0}}; /* with zeros around */
    for (int v = 0; v < 8; v++)
        for (int u = 0; u < 8; u++) {
            const int k = 8 * v + u;
            ratios[1 + v][1 + u] = (coefficient_outside(a, k) + 0.02) / (mean[k] + 0.02);
        }
    ratios[1][1] = 0;
    for (int v = 0; v < 8; v++) {
        double sums[8] = {0};
        for (int j = 0; j < 9; j++)
            for (int u = 0; u < 8; u++) sums[u] += ratios[v + j / 3][u + j % 3];
        for (int u = 0; u < 8; u++) a->activity[8 * v + u] = sums[u] / COEFFICIENT_AROUND[8 * v + u] * mean[8 * v + u];
    }
}

static void coefficient_find_further(coefficient_neighbourhood *a)
{
    for (int k = 0; k < 64; k++)
        a->further[k] = k ? coefficient_magnitude(a->w[k]) + coefficient_magnitude(a->n[k]) : 0;
    for (int k = 55; k >= 0; k--) a->further[k] += a->further[k + 8];
    a->all_ac = 0;
    for (int u = 0; u < 8; u++) a->all_ac += a->further[u];
    for (int u = 6; u >= 0; u--)
        for (int v = 0; v < 8; v++) a->further[v * 8 + u] += a->further[v * 8 + u + 1];
}

static void coefficient_find_edge_equations(const coefficients_state *p, coefficient_neighbourhood *a)
{
    const uint16_t *q = p->shape.tables[a->c];
    const double *variance = p->variance[a->c];
    for (int i = 0; i < 8; i++) {
        double row = 0, column = 0, row_spread = p->noise[a->c][0][i], column_spread = p->noise[a->c][1][i];
        for (int j = 0; j < 8; j++) {
            const int r = i * 8 + j, d = j * 8 + i;
            const double e = j & 1 ? -COEFFICIENT_EDGE[j] : COEFFICIENT_EDGE[j];
            row += e * a->w[r] * q[r];
            column += e * a->n[d] * q[d];
            row_spread += e * e * variance[r];
            column_spread += e * e * variance[d];
        }
        a->rest[0][i] = row;
        a->rest[1][i] = column;
        a->spread[0][i] = a->has_w ? row_spread : 1e30;
        a->spread[1][i] = a->has_n ? column_spread : 1e30;
    }
    if (a->has_w || a->has_n) a->mean_dc = ((double)a->w[0] + a->n[0]) / (a->has_w + a->has_n);
    for (int i = 0; i < 2; i++) a->rest[i][0] -= COEFFICIENT_EDGE[0] * a->mean_dc * q[0];
}

/* The neighbourhood of block i of component c */
static void coefficient_find_neighbourhood(const coefficients_state *p, int c, int64_t i, coefficient_neighbourhood *a)
{
    const int32_t columns = p->shape.columns[c];
    const int has_w = i % columns > 0, has_n = i >= columns, has_ne = has_n && (i + 1) % columns;
    *a = (coefficient_neighbourhood){.c = c, .index = p->start[c] + i, .has_w = has_w, .has_n = has_n, .trend = 1};
    const int16_t *here = a->here = p->planes[c] + i * 64;
    const uint8_t *last = p->lasts + a->index;
    a->w = has_w ? here - 64 : COEFFICIENT_ZEROS;
    a->n = has_n ? here - 64 * columns : COEFFICIENT_ZEROS;
    a->nw = has_w && has_n ? here - 64 * (columns + 1) : COEFFICIENT_ZEROS;
    a->ne = has_ne ? here - 64 * (columns - 1) : COEFFICIENT_ZEROS;
    a->ww = i % columns > 1 ? here - 128 : a->w;
    a->nn = i >= 2 * columns ? here - 128 * columns : a->n;
    a->last[0] = has_w ? last[-1] : 0;
    a->last[1] = has_n ? last[-columns] : 0;
    a->last[2] = has_w && has_n ? last[-columns - 1] : 0;
    a->last[3] = has_ne ? last[1 - columns] : 0;
    if (c) coefficient_find_earlier(p, 0, i, 0, a);
    if (c > 1) coefficient_find_earlier(p, c - 1, i, 1, a);
    coefficient_find_activity(p->mean[c], a);
    coefficient_find_further(a);
    coefficient_find_edge_equations(p, a);
}

/* Subtract coefficient k, now known, from its edge equations; of DC, `value` is the difference from the neighbours. */
static void coefficient_mark_known(const coefficients_state *p, coefficient_neighbourhood *a, int k, double value)
{
    const int v = k >> 3, u = k & 7;
    const double size = value * p->shape.tables[a->c][k], variance = p->variance[a->c][k];
    a->rest[0][v] -= COEFFICIENT_EDGE[u] * size;
    a->rest[1][u] -= COEFFICIENT_EDGE[v] * size;
    a->spread[0][v] -= COEFFICIENT_EDGE[u] * COEFFICIENT_EDGE[u] * variance;
    a->spread[1][u] -= COEFFICIENT_EDGE[v] * COEFFICIENT_EDGE[v] * variance;
}

/* Estimates of quantised coefficient k from its edge equations */
typedef struct {
    double row, column, both, row_noise, column_noise;
} coefficient_edge_estimates;

/* Posterior means, by the equation of its row, of its column, and by both, of a coefficient that is normal around 0 */
static coefficient_edge_estimates coefficient_solve_edge_equations(const coefficients_state *p,
                                                                   const coefficient_neighbourhood *a, int k)
{
    const int v = k >> 3, u = k & 7;
    const double *edge = COEFFICIENT_EDGE, variance = p->variance[a->c][k], q = p->shape.tables[a->c][k];
    const double row_noise = coefficient_larger(a->spread[0][v] / (edge[u] * edge[u]) - variance, 1);
    const double column_noise = coefficient_larger(a->spread[1][u] / (edge[v] * edge[v]) - variance, 1);
    const double by_row = a->rest[0][v] / edge[u] / q, by_column = a->rest[1][u] / edge[v] / q;
    return (coefficient_edge_estimates){
        by_row * variance / (variance + row_noise),
        by_column * variance / (variance + column_noise),
        (by_row / row_noise + by_column / column_noise) / (1 / variance + 1 / row_noise + 1 / column_noise),
        row_noise,
        column_noise,
    };
}

#endif
