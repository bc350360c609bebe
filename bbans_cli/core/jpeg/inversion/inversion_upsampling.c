/* The 2x triangle filter that upsamples a line, and its inverse by least squares.
 *
 * Every output is 3/4 of the nearer input and 1/4 of the next one (at the ends, the nearer input again). The normal
 * equations of the inputs have three terms each; elimination without pivoting solves them in one sweep each way. */
#include <stddef.h>
#include <stdint.h>

#include "inversion.cdef.h"
#include "kernels.h"

/* BESIDE: what the normal equations have beside the diagonal. */
static const float INVERSION_NEAR = 0.75f, INVERSION_FAR = 0.25f, INVERSION_BESIDE = 2 * 0.75f * 0.25f;

/* The inputs, of n, that output x is made of: the nearer one and the other. */
static int64_t inversion_near_input(int64_t x) { return x / 2; }

static int64_t inversion_far_input(int64_t x, int64_t n)
{
    int64_t far = x % 2 ? x / 2 + 1 : x / 2 - 1;
    return far < 0 ? 0 : far >= n ? n - 1 : far;
}

/* The reciprocals of the pivots of elimination, (outputs + 1) / 2. */
static void inversion_pivots(int64_t outputs, float *pivots)
{
    int64_t n = (outputs + 1) / 2;
    for (int64_t i = 0; i < n; i++) pivots[i] = 0;
    for (int64_t x = 0; x < outputs; x++) {
        int64_t near = inversion_near_input(x), far = inversion_far_input(x, n);
        if (near == far) pivots[near] += 1;
        else {
            pivots[near] += INVERSION_NEAR * INVERSION_NEAR;
            pivots[far] += INVERSION_FAR * INVERSION_FAR;
        }
    }
    for (int64_t i = 0; i < n; i++) {
        if (i) pivots[i] -= INVERSION_BESIDE * INVERSION_BESIDE * pivots[i - 1];
        pivots[i] = 1 / pivots[i];
    }
}

/* The inputs of a line of outputs. */
static void inversion_downsample_line(const float *in, int64_t outputs, const float *pivots, float *out)
{
    int64_t n = (outputs + 1) / 2;
    for (int64_t i = 0; i < n; i++) out[i] = 0;
    for (int64_t x = 0; x < outputs; x++) {
        out[inversion_near_input(x)] += INVERSION_NEAR * in[x];
        out[inversion_far_input(x, n)] += INVERSION_FAR * in[x];
    }
    for (int64_t i = 1; i < n; i++) out[i] -= INVERSION_BESIDE * pivots[i - 1] * out[i - 1];
    for (int64_t i = n - 1; i >= 0; i--) {
        float after = i + 1 < n ? INVERSION_BESIDE * out[i + 1] : 0;
        out[i] = (out[i] - after) * pivots[i];
    }
}

/* Offset that undoes the mean bias of libjpeg's alternating rounding: +-1/8 for h2v1, +-1/32 for h2v2. */
static float inversion_rounding_offset(int64_t x, int vertical)
{
    return vertical ? (x % 2 ? 1 / 32.0f : -1 / 32.0f) : x % 2 ? -1 / 8.0f : 1 / 8.0f;
}

/* An estimated sample, within its bounds; without bounds it may lie 64 beyond the range, since it was clipped. */
static float inversion_within(float x, const bbc_inversion_plane *plane, int64_t at)
{
    float low = plane->low[at] ? plane->low[at] - 0.5f : -64,
          high = plane->high[at] < 255 ? plane->high[at] + 0.5f : 320;
    return x < low ? low : x > high ? high : x;
}

static float inversion_upsampled(const float *line, int64_t x, int64_t n)
{
    return INVERSION_NEAR * line[inversion_near_input(x)] + INVERSION_FAR * line[inversion_far_input(x, n)];
}

/* Row y of the plane before its rounding, to `row`. line: room for a row of `before`. */
static void inversion_unrounded_row(const bbc_inversion_plane *plane, int vertical, int64_t y, const float *before,
                                    float *line, float *row)
{
    const int64_t columns = (plane->width + 1) / 2, rows = vertical ? (plane->height + 1) / 2 : plane->height;
    if (before) {
        const float *near = before + (vertical ? inversion_near_input(y) : y) * columns;
        const float *far = before + (vertical ? inversion_far_input(y, rows) : y) * columns;
        for (int64_t i = 0; i < columns; i++) line[i] = INVERSION_NEAR * near[i] + INVERSION_FAR * far[i];
    }
    for (int64_t x = 0, at = y * plane->width; x < plane->width; x++, at++) {
        if (before && plane->low[at] < plane->high[at])
            row[x] = inversion_within(inversion_upsampled(line, x, columns), plane, at);
        else row[x] = (float)plane->guess[at] + inversion_rounding_offset(x, vertical);
    }
}

void bbc_inversion_downsample_rows(const bbc_inversion_plane *plane, int vertical, int64_t from, int64_t to,
                                   const float *before, float *work, float *out)
{
    const int64_t columns = (plane->width + 1) / 2;
    float *pivots = work, *line = pivots + columns, *row = line + columns;
    bbc_fp_state saved = bbc_fp_enter();
    inversion_pivots(plane->width, pivots);
    for (int64_t y = from; y < to; y++) {
        inversion_unrounded_row(plane, vertical, y, before, line, row);
        inversion_downsample_line(row, plane->width, pivots, out + y * columns);
    }
    bbc_fp_leave(saved);
}

/* As inversion_downsample_line, for the columns `from` to `to` at once. */
static void inversion_downsample_stripe(int64_t columns, int64_t height, int64_t from, int64_t to, const float *pivots,
                                        const float *in, float *out)
{
    const int64_t rows = (height + 1) / 2;
    for (int64_t i = 0; i < rows; i++)
        for (int64_t x = from; x < to; x++) out[i * columns + x] = 0;
    for (int64_t y = 0; y < height; y++) {
        float *near = out + inversion_near_input(y) * columns, *far = out + inversion_far_input(y, rows) * columns;
        for (int64_t x = from; x < to; x++) {
            near[x] += INVERSION_NEAR * in[y * columns + x];
            far[x] += INVERSION_FAR * in[y * columns + x];
        }
    }
    for (int64_t i = 1; i < rows; i++)
        for (int64_t x = from; x < to; x++)
            out[i * columns + x] -= INVERSION_BESIDE * pivots[i - 1] * out[(i - 1) * columns + x];
    for (int64_t i = rows - 1; i >= 0; i--)
        for (int64_t x = from; x < to; x++) {
            float below = i + 1 < rows ? INVERSION_BESIDE * out[(i + 1) * columns + x] : 0;
            out[i * columns + x] = (out[i * columns + x] - below) * pivots[i];
        }
}

void bbc_inversion_downsample_columns(int64_t columns, int64_t height, int64_t from, int64_t to, float *work,
                                      const float *in, float *out)
{
    bbc_fp_state saved = bbc_fp_enter();
    inversion_pivots(height, work);
    inversion_downsample_stripe(columns, height, from, to, work, in, out);
    bbc_fp_leave(saved);
}
