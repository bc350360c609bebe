/* The coefficients of blocks that are not subsampled: rounding, then a search. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "dct_decode.cdef.h"
#include "inversion.cdef.h"
#include "inversion_dct.h"
#include "inversion_search.h"
#include "kernels.h"

/* Points of a generation, moves tried from each (narrow and wide search), generations, rounds of projection, and moves
 * that the lattice counts as. Tuned by hand, not recorded. */
enum {
    INVERSION_BLOCK_WIDTH = 6,
    INVERSION_BLOCK_WIDTH_WIDE = 32,
    INVERSION_BLOCK_TRIES = 24,
    INVERSION_BLOCK_TRIES_WIDE = 64,
    INVERSION_BLOCK_DEPTH = 24,
    INVERSION_BLOCK_PROJECTIONS = 16,
    INVERSION_BLOCK_LATTICE_COST = 4000
};

/* NONE: the bound of a sample that has none. CLOSE: the excess below which the integer transform, which rounds
 * otherwise than the exact one, may give samples within bounds; tuned by hand, not recorded. */
static const float INVERSION_BLOCK_NONE = 1e6f, INVERSION_BLOCK_CLOSE = 0.06f;

/* A block. The problem comes first: the functions that it names get a pointer to it. */
typedef struct {
    inversion_problem problem;
    const inversion_dct *dct;
    uint8_t low[64], high[64];     /* bounds of the samples */
    float lowest[64], highest[64]; /* of the samples of the transform without rounding, less 128 */
    float guess[64];
    int open; /* samples whose value is not known */
} inversion_block;

static const inversion_block *inversion_block_of(const inversion_problem *p) { return (const inversion_block *)p; }

static int inversion_block_is_solved(const inversion_problem *p, const inversion_point *point)
{
    const inversion_block *b = inversion_block_of(p);
    uint8_t samples[64];
    int bad = 0;
    if (point->excess >= INVERSION_BLOCK_CLOSE) return 0;
    bbc_jpeg_samples(point->coefficients, p->table, 1, 1, samples);
    for (int i = 0; i < 64; i++) bad |= (samples[i] < b->low[i]) | (samples[i] > b->high[i]);
    return !bad;
}

/* The sum of squares of the samples' distances from their bounds, after a step along a basis function. */
static float inversion_block_excess(const inversion_block *b, const float *samples, const float *basis, float step)
{
    float out[64];
    for (int i = 0; i < 64; i++) {
        float x = samples[i] + step * basis[i], under = b->lowest[i] - x, over = x - b->highest[i];
        under = under > over ? under : over;
        out[i] = under > 0 ? under : 0;
    }
    return inversion_dot(out, out);
}

static void inversion_block_try_moves(const inversion_problem *p, const inversion_point *from, inversion_move *moves,
                                      int count)
{
    const inversion_block *b = inversion_block_of(p);
    for (int i = 0; i < count; i++) {
        float size = (float)(moves[i].sign * p->table[moves[i].k]);
        moves[i].cost = inversion_block_excess(b, from->samples, b->dct->basis[moves[i].k], size);
    }
}

static void inversion_block_follow(const inversion_problem *p, const inversion_point *from, const inversion_move *move,
                                   inversion_point *to)
{
    const float *basis = inversion_block_of(p)->dct->basis[move->k];
    float size = (float)(move->sign * p->table[move->k]);
    *to = *from;
    to->coefficients[move->k] = (int16_t)(to->coefficients[move->k] + move->sign);
    for (int i = 0; i < 64; i++) to->samples[i] += size * basis[i];
    to->excess = move->cost;
}

static void inversion_block_evaluate(const inversion_problem *p, inversion_point *point)
{
    const inversion_block *b = inversion_block_of(p);
    float values[64];
    for (int k = 0; k < 64; k++) values[k] = (float)point->coefficients[k] * p->table[k];
    inversion_inverse_dct(&b->dct->waves, values, point->samples);
    point->excess = inversion_block_excess(b, point->samples, point->samples, 0);
}

/* The excess is quadratic in the samples that are out of bounds: its curvature is about their share. 0.05 for those
 * that a move drives out of bounds is tuned by hand, not recorded. */
static void inversion_block_slopes(const inversion_problem *p, const inversion_point *point, float *slope,
                                   float *curvature)
{
    const inversion_block *b = inversion_block_of(p);
    float out[64], share = 0.05f;
    for (int i = 0; i < 64; i++) {
        float under = b->lowest[i] - point->samples[i], over = point->samples[i] - b->highest[i];
        out[i] = under > 0 ? under : over > 0 ? -over : 0;
        share += ((under > 0) | (over > 0)) ? 1.0f / 64 : 0;
    }
    inversion_forward_dct(&b->dct->waves, out, slope);
    for (int k = 0; k < 64; k++) curvature[k] = share;
}

/* Alternating projections: quantise; clamp the samples that result to their bounds; and again. Returns whether
 * solved. */
static int inversion_block_project(const inversion_block *b, inversion_point *best)
{
    const inversion_problem *p = &b->problem;
    float target[64], values[64];
    inversion_point now;
    memcpy(target, b->guess, sizeof target);
    best->excess = 1e30;
    for (int round = 0; round < (b->open ? INVERSION_BLOCK_PROJECTIONS : 1); round++) {
        inversion_forward_dct(&b->dct->waves, target, values);
        for (int k = 0; k < 64; k++)
            now.coefficients[k] = inversion_limited(inversion_nearest(values[k] / p->table[k]));
        inversion_block_evaluate(p, &now);
        int same = round && !memcmp(now.coefficients, best->coefficients, sizeof now.coefficients);
        int solved = inversion_block_is_solved(p, &now);
        if (solved || now.excess < best->excess) *best = now;
        if (solved || same) return solved;
        for (int i = 0; i < 64; i++) {
            float lowest = b->lowest[i] + 0.5f, highest = b->highest[i] - 0.5f, x = now.samples[i];
            target[i] = x < lowest ? lowest : x > highest ? highest : x;
        }
    }
    return 0;
}

/* From the lattice points near to the guess, for blocks of which some samples are not known: these weigh less. 0.3 is
 * tuned by hand, not recorded. */
static int inversion_block_lattice(inversion_block *b, inversion_point *best)
{
    float weights[64], target[64], border = inversion_border_weight(b->problem.table);
    for (int i = 0; i < 64; i++) {
        int width = b->high[i] - b->low[i];
        int bounded = b->lowest[i] > -INVERSION_BLOCK_NONE && b->highest[i] < INVERSION_BLOCK_NONE;
        weights[i] = 1 / (1 + (float)width);
        if (!bounded && weights[i] < border) weights[i] = border;
        if (!bounded && weights[i] > 0.3f) weights[i] = 0.3f;
        target[i] = b->guess[i] - best->samples[i];
    }
    return inversion_lattice_search(&b->problem, b->dct->basis, weights, target, INVERSION_BLOCK_LATTICE_COST, best);
}

/* The bounds of one block of a plane. Samples beyond the border are free; the guess repeats the nearest ones. A sample
 * that was clipped has a bound on one side. */
static void inversion_block_bounds(const bbc_inversion_plane *plane, int64_t column, int64_t row, inversion_block *b)
{
    b->open = 0;
    for (int i = 0; i < 64; i++) {
        int64_t x = column * 8 + i % 8, y = row * 8 + i / 8;
        int inside = x < plane->width && y < plane->height;
        y = y < plane->height ? y : plane->height - 1;
        x = x < plane->width ? x : plane->width - 1;
        int64_t at = y * plane->width + x;
        uint8_t low = inside ? plane->low[at] : 0, high = inside ? plane->high[at] : 255;
        b->low[i] = low;
        b->high[i] = high;
        b->guess[i] = (float)plane->guess[at] - 128;
        b->lowest[i] = low ? (float)low - 128.5f : -INVERSION_BLOCK_NONE;
        b->highest[i] = high < 255 ? (float)high - 127.5f : INVERSION_BLOCK_NONE;
        b->open += low < high || low == 0 || high == 255;
    }
}

int64_t bbc_inversion_blocks(const bbc_inversion_plane *plane, const uint16_t *table, int64_t from, int64_t to,
                             int64_t effort, int wide, int16_t *coefficients, uint8_t *found)
{
    inversion_dct dct;
    inversion_block b = {
        .problem = {.table = table,
                    .width = wide ? INVERSION_BLOCK_WIDTH_WIDE : INVERSION_BLOCK_WIDTH,
                    .tries = wide ? INVERSION_BLOCK_TRIES_WIDE : INVERSION_BLOCK_TRIES,
                    .depth = INVERSION_BLOCK_DEPTH,
                    .slopes = inversion_block_slopes,
                    .try_moves = inversion_block_try_moves,
                    .follow = inversion_block_follow,
                    .evaluate = inversion_block_evaluate,
                    .is_solved = inversion_block_is_solved},
        .dct = &dct,
    };
    int64_t columns = (plane->width + 7) / 8, spent = 0;
    bbc_fp_state saved = bbc_fp_enter();
    inversion_dct_fill(&dct);
    for (int64_t block = from; block < to; block++) {
        if (found[block]) continue;
        inversion_point best;
        b.problem.effort = effort;
        inversion_block_bounds(plane, block % columns, block / columns, &b);
        found[block] = inversion_block_project(&b, &best) ||
                       (wide && b.open ? inversion_block_lattice(&b, &best) : inversion_beam_search(&b.problem, &best));
        memcpy(coefficients + 64 * block, best.coefficients, sizeof best.coefficients);
        spent += effort - b.problem.effort;
    }
    bbc_fp_leave(saved);
    return spent;
}

/* The coefficients, not quantised, of one block of a plane; samples beyond the border repeat the nearest ones. */
static void inversion_transform_block(const inversion_waves *w, const float *plane, int64_t width, int64_t height,
                                      int64_t block, float *coefficients)
{
    int64_t columns = (width + 7) / 8;
    float samples[64];
    for (int i = 0; i < 64; i++) {
        int64_t x = block % columns * 8 + i % 8, y = block / columns * 8 + i / 8;
        samples[i] = plane[(y < height ? y : height - 1) * width + (x < width ? x : width - 1)] - 128;
    }
    inversion_forward_dct(w, samples, coefficients);
}

void bbc_inversion_transform(const float *plane, int64_t width, int64_t height, int64_t count, const int64_t *blocks,
                             float *coefficients)
{
    inversion_waves w;
    bbc_fp_state saved = bbc_fp_enter();
    inversion_waves_fill(&w);
    for (int64_t n = 0; n < count; n++)
        inversion_transform_block(&w, plane, width, height, blocks[n], coefficients + 64 * n);
    bbc_fp_leave(saved);
}

void bbc_inversion_quantise(const float *plane, int64_t width, int64_t height, const uint16_t *table, int64_t from,
                            int64_t to, int16_t *coefficients)
{
    inversion_waves w;
    float values[64];
    bbc_fp_state saved = bbc_fp_enter();
    inversion_waves_fill(&w);
    for (int64_t block = from; block < to; block++) {
        inversion_transform_block(&w, plane, width, height, block, values);
        for (int k = 0; k < 64; k++)
            coefficients[64 * block + k] = inversion_limited(inversion_nearest(values[k] / (float)table[k]));
    }
    bbc_fp_leave(saved);
}
