/* Of the coder of coefficients: what is known of a block before it is coded. */
#ifndef BBC_COEFFICIENTS_H
#define BBC_COEFFICIENTS_H

#include "coefficients_types.h"

/* How much each frequency adds to what a row of pixels, continued by half a pixel beyond its end, comes to there */
static const double EDGE[8] = {0.7071, 1.0555, 1.1945, 1.3448, 1.4142, 1.3238, 1.0361, 0.5704};

static const int16_t NOTHING[64];

typedef struct {
    int c;
    int64_t index; /* of the block, among all */
    int has_w, has_n, last[4], partner_last[2];
    const int16_t *here, *w, *n, *nw, *ne; /* W is the block on the left, N above, ... */
    int16_t partner[2][64];                /* Y at the place of a block of Cb or Cr, Cb at that of Cr */
    int partner_miss[2];
    double activity[64]; /* sizes to expect, judging by the neighbours at frequencies nearby */
    double flow;         /* size of what was coded lately, in usual ones */
    double rest[2][8];   /* left sides of the equations of rows and columns, less what is known */
    double spread[2][8]; /* variance of what is not known */
    double mean_dc;      /* of the neighbours */
} around;

static int size_of(int x) { return x < 0 ? -x : x; }

static double larger(double a, double b) { return a > b ? a : b; }

/* x >= 0 in sixteenths: 0, 1, 2, 3, then steps of about 1.4 */
static int step_of(double x)
{
    const uint32_t size = x < 1e6 ? (uint32_t)(x * 16) : 16000000;
    if (size < 4) return (int)size;
    const int top = 31 - __builtin_clz(size);
    return 2 * top + (int)(size >> (top - 1) & 1);
}

static int signed_step(double x) { return x < 0 ? -step_of(-x) : step_of(x); }

static int within(int x, int limit) { return x > limit ? limit : x < -limit ? -limit : x; }

static void find_partners(const picture *p, const int16_t *all, int64_t i, around *a)
{
    const bbc_coefficients_shape *s = &p->shape;
    const int32_t columns = s->columns[a->c];
    const int wide = s->columns[0] > columns ? 2 : 1, high = s->rows[0] > s->rows[a->c] ? 2 : 1;
    int sums[64] = {0}, misses = 0, lasts = 0, count = 0;
    for (int j = 0; j < wide * high; j++) {
        int64_t x = i % columns * wide + j % wide, y = i / columns * high + j / wide;
        if (x >= s->columns[0] || y >= s->rows[0]) continue;
        int64_t at = y * s->columns[0] + x;
        for (int k = 0; k < 64; k++) sums[k] += all[at * 64 + k];
        misses += p->misses[at];
        lasts += p->lasts[at];
        count++;
    }
    for (int k = 0; k < 64; k++) a->partner[0][k] = (int16_t)(sums[k] / count);
    a->partner_miss[0] = misses / count;
    a->partner_last[0] = lasts / count;
    if (a->c == 1) return;
    memcpy(a->partner[1], all + (p->start[1] + i) * 64, sizeof a->partner[1]);
    a->partner_miss[1] = p->misses[p->start[1] + i];
    a->partner_last[1] = p->lasts[p->start[1] + i];
}

static double beside(const around *a, int k)
{
    return (2 * (size_of(a->w[k]) + size_of(a->n[k])) + size_of(a->nw[k]) + size_of(a->ne[k])) / 6.0;
}

static void find_activity(const double *mean, around *a)
{
    double ratios[64];
    for (int k = 0; k < 64; k++) ratios[k] = (beside(a, k) + 0.02) / (mean[k] + 0.02);
    for (int k = 1; k < 64; k++) {
        double sum = 0;
        int count = 0;
        for (int j = 0; j < 9; j++) {
            int v = (k >> 3) + j / 3 - 1, u = (k & 7) + j % 3 - 1;
            if (v < 0 || u < 0 || v > 7 || u > 7 || v + u == 0) continue;
            sum += ratios[v * 8 + u];
            count++;
        }
        a->activity[k] = sum / count * mean[k];
    }
}

static void find_equations(const picture *p, around *a)
{
    const uint16_t *q = p->shape.tables[a->c];
    const double *variance = p->variance[a->c];
    for (int i = 0; i < 8; i++) {
        double row = 0, column = 0, row_spread = p->noise[a->c][0][i], column_spread = p->noise[a->c][1][i];
        for (int j = 0; j < 8; j++) {
            const int r = i * 8 + j, d = j * 8 + i;
            const double e = j & 1 ? -EDGE[j] : EDGE[j];
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
    for (int i = 0; i < 2; i++) a->rest[i][0] -= EDGE[0] * a->mean_dc * q[0];
}

static void look_around(const picture *p, const int16_t *all, int c, int64_t i, around *a)
{
    const int32_t columns = p->shape.columns[c];
    const int has_w = i % columns > 0, has_n = i >= columns, has_ne = has_n && (i + 1) % columns;
    *a = (around){.c = c, .index = p->start[c] + i, .has_w = has_w, .has_n = has_n, .flow = 1};
    const int16_t *here = a->here = all + a->index * 64;
    const uint8_t *last = p->lasts + a->index;
    a->w = has_w ? here - 64 : NOTHING;
    a->n = has_n ? here - 64 * columns : NOTHING;
    a->nw = has_w && has_n ? here - 64 * (columns + 1) : NOTHING;
    a->ne = has_ne ? here - 64 * (columns - 1) : NOTHING;
    a->last[0] = has_w ? last[-1] : 0;
    a->last[1] = has_n ? last[-columns] : 0;
    a->last[2] = has_w && has_n ? last[-columns - 1] : 0;
    a->last[3] = has_ne ? last[1 - columns] : 0;
    if (c) find_partners(p, all, i, a);
    find_activity(p->mean[c], a);
    find_equations(p, a);
}

/* Coefficient k is known; of DC, `value` is the difference from the neighbours. */
static void settle(const picture *p, around *a, int k, double value)
{
    const int v = k >> 3, u = k & 7;
    const double size = value * p->shape.tables[a->c][k], variance = p->variance[a->c][k];
    a->rest[0][v] -= EDGE[u] * size;
    a->rest[1][u] -= EDGE[v] * size;
    a->spread[0][v] -= EDGE[u] * EDGE[u] * variance;
    a->spread[1][u] -= EDGE[v] * EDGE[v] * variance;
}

/* What the equations of its row, its column, and both say of coefficient k, quantised, if it is normal around 0 */
static void solve(const picture *p, const around *a, int k, double *row, double *column, double *both)
{
    const int v = k >> 3, u = k & 7;
    const double variance = p->variance[a->c][k], q = p->shape.tables[a->c][k];
    const double row_noise = larger(a->spread[0][v] / (EDGE[u] * EDGE[u]) - variance, 1);
    const double column_noise = larger(a->spread[1][u] / (EDGE[v] * EDGE[v]) - variance, 1);
    const double by_row = a->rest[0][v] / EDGE[u] / q, by_column = a->rest[1][u] / EDGE[v] / q;
    *row = by_row * variance / (variance + row_noise);
    *column = by_column * variance / (variance + column_noise);
    *both = (by_row / row_noise + by_column / column_noise) / (1 / variance + 1 / row_noise + 1 / column_noise);
}

#endif
