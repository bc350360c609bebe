#include <stddef.h>
#include <stdint.h>

#include "inversion.cdef.h"

/* The triangle filter that doubles a line, and its inverse by least squares. With a clear middle every output is 3/4
 * of the nearer number and 1/4 of the other, and the numbers' equations have three terms, which are solved in one
 * pass each way. */
static const float NEAR = 0.75f, FAR = 0.25f, BESIDE = 2 * 0.75f * 0.25f;

/* The place of the nearer number of output x, and of the other, on a line of n. */
static int64_t near_of(int64_t x) { return x / 2; }

static int64_t far_of(int64_t x, int64_t n)
{
    int64_t far = x % 2 ? x / 2 + 1 : x / 2 - 1;
    return far < 0 ? 0 : far >= n ? n - 1 : far;
}

/* What elimination divides by for a line of `outputs`: pivots[(outputs + 1) / 2], as factors. */
static void make_pivots(int64_t outputs, float *pivots)
{
    int64_t n = (outputs + 1) / 2;
    for (int64_t i = 0; i < n; i++) pivots[i] = 0;
    for (int64_t x = 0; x < outputs; x++) {
        int64_t near = near_of(x), far = far_of(x, n);
        if (near == far) pivots[near] += 1;
        else {
            pivots[near] += NEAR * NEAR;
            pivots[far] += FAR * FAR;
        }
    }
    for (int64_t i = 0; i < n; i++) {
        if (i) pivots[i] -= BESIDE * BESIDE * pivots[i - 1];
        pivots[i] = 1 / pivots[i];
    }
}

/* Halves a line of outputs. */
static void halve(const float *in, int64_t outputs, const float *pivots, float *out)
{
    int64_t n = (outputs + 1) / 2;
    for (int64_t i = 0; i < n; i++) out[i] = 0;
    for (int64_t x = 0; x < outputs; x++) {
        out[near_of(x)] += NEAR * in[x];
        out[far_of(x, n)] += FAR * in[x];
    }
    for (int64_t i = 1; i < n; i++) out[i] -= BESIDE * pivots[i - 1] * out[i - 1];
    for (int64_t i = n - 1; i >= 0; i--) out[i] = (out[i] - (i + 1 < n ? BESIDE * out[i + 1] : 0)) * pivots[i];
}

/* A sample as what it was before rounding: half is rounded up, and the filter's own halves up and down in turn. */
static float middle(int64_t x, int vertical)
{
    return vertical ? (x % 2 ? 1 / 32.0f : -1 / 32.0f) : x % 2 ? -1 / 8.0f : 1 / 8.0f;
}

/* An unknown sample as the filter makes it of the numbers found before, but within its bounds. */
static float within(float x, const bbc_recover_plane *p, int64_t at)
{
    float low = p->low[at] ? p->low[at] - 0.5f : -64, high = p->high[at] < 255 ? p->high[at] + 0.5f : 320;
    return x < low ? low : x > high ? high : x;
}

static float doubled(const float *line, int64_t x, int64_t n)
{
    return NEAR * line[near_of(x)] + FAR * line[far_of(x, n)];
}

void bbc_recover_halve_rows(const bbc_recover_plane *p, int vertical, int64_t from, int64_t to, const float *before,
                            float *work, float *out)
{
    int64_t columns = (p->width + 1) / 2, rows = vertical ? (p->height + 1) / 2 : p->height;
    float *pivots = work, *line = pivots + columns, *row = line + columns;
    make_pivots(p->width, pivots);
    for (int64_t y = from; y < to; y++) {
        int64_t at = y * p->width;
        if (before) {
            const float *near = before + (vertical ? near_of(y) : y) * columns;
            const float *far = before + (vertical ? far_of(y, rows) : y) * columns;
            for (int64_t i = 0; i < columns; i++) line[i] = NEAR * near[i] + FAR * far[i];
        }
        for (int64_t x = 0; x < p->width; x++, at++) {
            if (before && p->low[at] < p->high[at]) row[x] = within(doubled(line, x, columns), p, at);
            else row[x] = (float)p->guess[at] + middle(x, vertical);
        }
        halve(row, p->width, pivots, out + y * columns);
    }
}

void bbc_recover_halve_columns(int64_t columns, int64_t height, int64_t from, int64_t to, float *work, const float *in,
                               float *out)
{
    int64_t rows = (height + 1) / 2;
    float *pivots = work;
    make_pivots(height, pivots);
    for (int64_t i = 0; i < rows; i++)
        for (int64_t x = from; x < to; x++) out[i * columns + x] = 0;
    for (int64_t y = 0; y < height; y++) {
        float *near = out + near_of(y) * columns, *far = out + far_of(y, rows) * columns;
        for (int64_t x = from; x < to; x++) {
            near[x] += NEAR * in[y * columns + x];
            far[x] += FAR * in[y * columns + x];
        }
    }
    for (int64_t i = 1; i < rows; i++)
        for (int64_t x = from; x < to; x++) out[i * columns + x] -= BESIDE * pivots[i - 1] * out[(i - 1) * columns + x];
    for (int64_t i = rows - 1; i >= 0; i--)
        for (int64_t x = from; x < to; x++) {
            float below = i + 1 < rows ? BESIDE * out[(i + 1) * columns + x] : 0;
            out[i * columns + x] = (out[i * columns + x] - below) * pivots[i];
        }
}
