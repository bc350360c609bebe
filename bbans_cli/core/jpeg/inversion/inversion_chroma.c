/* The coefficients of blocks of subsampled chroma, by what their samples become when they are upsampled. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "dct_decode.cdef.h"
#include "inversion.cdef.h"
#include "inversion_dct.h"
#include "inversion_search.h"
#include "kernels.h"

/* SIDE: a block's 8 samples and one more on each side; outputs of the filter lie in twos between neighbours: PAIRS of
 * them. NONE: the bound of an output that has none. OUT_MAX: no output counts as further out of its bounds, so that
 * squares fit 16 bits. */
enum {
    INVERSION_CHROMA_SIDE = 10,
    INVERSION_CHROMA_PAIRS = 9,
    INVERSION_CHROMA_NONE = 16000,
    INVERSION_CHROMA_OUT_MAX = 181
};

/* Points of a generation, moves tried from each (narrow and wide search), generations, and moves that the lattice
 * counts as. Tuned by hand, not recorded. */
enum {
    INVERSION_CHROMA_WIDTH = 4,
    INVERSION_CHROMA_WIDTH_WIDE = 12,
    INVERSION_CHROMA_TRIES = 16,
    INVERSION_CHROMA_TRIES_WIDE = 32,
    INVERSION_CHROMA_DEPTH = 12,
    INVERSION_CHROMA_LATTICE_COST = 400
};

/* A number for each output of the filter, in 16ths of a sample: by row, those nearer to the left sample and those
 * nearer to the right one. */
typedef struct {
    int16_t near[2 * INVERSION_CHROMA_PAIRS][2][16];
} inversion_outputs;

/* A block. The problem comes first: the functions that it names get a pointer to it. */
typedef struct {
    inversion_problem problem;
    const inversion_dct *dct;
    int vertical, rows;           /* rows of outputs */
    int left, top, right, bottom; /* the first and last of the samples with those around that are in the picture */
    inversion_outputs low, high;
} inversion_chroma;

/* Squared gain of the 2x triangle upsampler at each DCT frequency, one axis. */
static const float INVERSION_CHROMA_GAIN[8] = {
    2.0f, 1.942909649f, 1.780330086f, 1.537012574f, 1.25f, 0.962987426f, 0.719669914f, 0.557090351f,
};

static const inversion_chroma *inversion_chroma_of(const inversion_problem *p) { return (const inversion_chroma *)p; }

/* One row of outputs before the filter along the row: 4 times a sample. */
static void inversion_chroma_vertical(const inversion_chroma *b, const inversion_point *point, int row, int16_t *sum)
{
    int pair = b->vertical ? row / 2 : row + 1;
    const int16_t *above = point->padded[pair], *below = point->padded[b->vertical ? pair + 1 : pair];
    int of_above = b->vertical && row % 2 ? 1 : 3;
    for (int i = 0; i < 16; i++) sum[i] = (int16_t)(of_above * above[i] + (4 - of_above) * below[i]);
}

/* How far the outputs of one row are below (positive) or above (negative) their bounds. */
static void inversion_chroma_out(const inversion_chroma *b, const inversion_point *point, int row, int16_t out[2][16])
{
    int16_t sum[17];
    inversion_chroma_vertical(b, point, row, sum);
    sum[16] = 0;
    for (int side = 0; side < 2; side++)
        for (int i = 0; i < 16; i++) {
            int16_t x = (int16_t)(side ? sum[i] + 3 * sum[i + 1] : 3 * sum[i] + sum[i + 1]);
            int16_t under = (int16_t)(b->low.near[row][side][i] - x), over = (int16_t)(x - b->high.near[row][side][i]);
            under = under > 0 ? under : 0;
            over = over > 0 ? over : 0;
            under = under > INVERSION_CHROMA_OUT_MAX ? INVERSION_CHROMA_OUT_MAX : under;
            over = over > INVERSION_CHROMA_OUT_MAX ? INVERSION_CHROMA_OUT_MAX : over;
            out[side][i] = (int16_t)(under - over);
        }
}

/* Repeats the samples at the border of the picture beyond it. */
static void inversion_chroma_extend(const inversion_chroma *b, inversion_point *point)
{
    for (int y = 0; y < INVERSION_CHROMA_SIDE; y++)
        for (int x = 0; x < INVERSION_CHROMA_SIDE; x++) {
            int in_x = x < b->left ? b->left : x > b->right ? b->right : x;
            int in_y = y < b->top ? b->top : y > b->bottom ? b->bottom : y;
            point->padded[y][x] = point->padded[in_y][in_x];
        }
}

static void inversion_chroma_evaluate(const inversion_problem *p, inversion_point *point)
{
    const inversion_chroma *b = inversion_chroma_of(p);
    const int last = INVERSION_CHROMA_SIDE - 1;
    uint8_t block[64];
    int16_t out[2][16];
    int32_t excess = 0;
    bbc_jpeg_samples(point->coefficients, p->table, 1, 1, block);
    for (int y = 0; y < 8; y++)
        for (int x = 0; x < 8; x++) point->padded[y + 1][x + 1] = block[8 * y + x];
    if (b->left || b->top || b->right < last || b->bottom < last) inversion_chroma_extend(b, point);
    for (int row = 0; row < b->rows; row++) {
        inversion_chroma_out(b, point, row, out);
        int32_t sum = 0;
        for (int i = 0; i < 16; i++) sum += out[0][i] * out[0][i] + out[1][i] * out[1][i];
        excess += sum;
    }
    point->excess = excess;
}

static int inversion_chroma_is_solved(const inversion_problem *p, const inversion_point *point)
{
    (void)p;
    return point->excess == 0;
}

static void inversion_chroma_follow(const inversion_problem *p, const inversion_point *from, const inversion_move *move,
                                    inversion_point *to)
{
    *to = *from;
    to->coefficients[move->k] = (int16_t)(to->coefficients[move->k] + move->sign);
    inversion_chroma_evaluate(p, to);
}

static void inversion_chroma_try_moves(const inversion_problem *p, const inversion_point *from, inversion_move *moves,
                                       int count)
{
    inversion_point to;
    for (int i = 0; i < count; i++) {
        inversion_chroma_follow(p, from, moves + i, &to);
        moves[i].cost = to.excess;
    }
}

/* The outputs' distances from their bounds go back through the filter and the transform. The curvature is the gain of
 * the filter, 16 times that of samples either way, times the share of outputs that are out of bounds. 0.05 for those
 * that a move drives out of bounds is tuned by hand, not recorded. */
static void inversion_chroma_slopes(const inversion_problem *p, const inversion_point *point, float *slope,
                                    float *curvature)
{
    const inversion_chroma *b = inversion_chroma_of(p);
    int16_t out[2][16];
    int back[INVERSION_CHROMA_SIDE][INVERSION_CHROMA_SIDE] = {{0}}, count = 0;
    float inner[64];
    for (int row = 0; row < b->rows; row++) {
        int above = b->vertical ? row / 2 : row + 1, of_above = b->vertical && row % 2 ? 1 : 3;
        int below = b->vertical ? above + 1 : above;
        inversion_chroma_out(b, point, row, out);
        for (int i = 0; i < INVERSION_CHROMA_PAIRS; i++) {
            int left = 3 * out[0][i] + out[1][i], right = out[0][i] + 3 * out[1][i];
            count += (out[0][i] != 0) + (out[1][i] != 0);
            back[above][i] += of_above * left;
            back[above][i + 1] += of_above * right;
            back[below][i] += (4 - of_above) * left;
            back[below][i + 1] += (4 - of_above) * right;
        }
    }
    for (int i = 0; i < 64; i++) inner[i] = (float)back[1 + i / 8][1 + i % 8];
    inversion_forward_dct(&b->dct->waves, inner, slope);
    const float share = 0.05f + (float)count / (float)(2 * INVERSION_CHROMA_PAIRS * b->rows);
    const float *gain = INVERSION_CHROMA_GAIN;
    for (int k = 0; k < 64; k++) curvature[k] = 256 * gain[k % 8] * (b->vertical ? gain[k / 8] : 1) * share;
}

/* Bounds of the filter's outputs around a block, before the rounding that bbc_jpeg_upsample does: it adds `bias`. */
static void inversion_chroma_bounds(const bbc_inversion_plane *plane, int64_t column, int64_t row, int alone,
                                    inversion_chroma *b)
{
    for (int r = 0; r < b->rows; r++)
        for (int side = 0; side < 2; side++)
            for (int i = 0; i < 16; i++) {
                int64_t x = 16 * column - 1 + 2 * i + side, y = b->vertical ? 16 * row - 1 + r : 8 * row + r;
                int bias = b->vertical ? 7 + side : side ? 4 : 8, inside = i < INVERSION_CHROMA_PAIRS;
                if (alone) {
                    inside = i > 0 && i < INVERSION_CHROMA_PAIRS - 1;
                    inside = inside && (!b->vertical || (r > 1 && r < b->rows - 2));
                }
                inside = inside && x >= 0 && y >= 0 && x < plane->width && y < plane->height;
                int64_t at = inside ? y * plane->width + x : 0;
                int low = inside && plane->low[at] > 0, high = inside && plane->high[at] < 255;
                b->low.near[r][side][i] = (int16_t)(low ? 16 * plane->low[at] - bias : -INVERSION_CHROMA_NONE);
                b->high.near[r][side][i] = (int16_t)(high ? 16 * plane->high[at] + 15 - bias : INVERSION_CHROMA_NONE);
            }
}

/* The subsampled component: its samples, rounded up to whole blocks, and its sides in the picture. */
typedef struct {
    uint8_t *samples;
    int64_t stride, columns, rows;
} inversion_component;

/* The samples around a block, and which of them are in the picture. */
static void inversion_chroma_surround(const inversion_component *c, int64_t column, int64_t row, inversion_chroma *b,
                                      inversion_point *point)
{
    const int last = INVERSION_CHROMA_SIDE - 1;
    int64_t right = c->columns - 8 * column, bottom = c->rows - 8 * row;
    b->left = column == 0;
    b->top = row == 0;
    b->right = right < last ? (int)right : last;
    b->bottom = bottom < last ? (int)bottom : last;
    memset(point->padded, 0, sizeof point->padded);
    for (int y = b->top; y <= b->bottom; y++)
        for (int x = b->left; x <= b->right; x++)
            point->padded[y][x] = c->samples[(8 * row - 1 + y) * c->stride + 8 * column - 1 + x];
}

/* From the lattice points near to the estimate of the subsampled plane, for a block partly beyond the border. */
static void inversion_chroma_lattice(inversion_chroma *b, const inversion_component *c, const float *estimate,
                                     int64_t column, int64_t row, inversion_point *best)
{
    const uint16_t *table = b->problem.table;
    float weights[64], target[64], values[64], now[64], border = inversion_border_weight(table);
    for (int k = 0; k < 64; k++) values[k] = (float)best->coefficients[k] * table[k];
    inversion_inverse_dct(&b->dct->waves, values, now);
    for (int i = 0; i < 64; i++) {
        int64_t x = 8 * column + i % 8, y = 8 * row + i / 8;
        weights[i] = x < c->columns && y < c->rows ? 1 : border;
        x = x < c->columns ? x : c->columns - 1;
        y = y < c->rows ? y : c->rows - 1;
        target[i] = estimate[y * c->columns + x] - 128 - now[i];
    }
    inversion_lattice_search(&b->problem, b->dct->basis, weights, target, INVERSION_CHROMA_LATTICE_COST, best);
}

/* One block: its coefficients and its samples change where that lessens the excess. Returns whether all outputs that
 * count are within their bounds. */
static int inversion_chroma_solve(inversion_chroma *b, const inversion_component *c, const float *estimate,
                                  int64_t column, int64_t row, int16_t *coefficients)
{
    inversion_point best;
    inversion_chroma_surround(c, column, row, b, &best);
    memcpy(best.coefficients, coefficients, sizeof best.coefficients);
    inversion_chroma_evaluate(&b->problem, &best);
    const double before = best.excess;
    int partial = estimate && (8 * column + 8 > c->columns || 8 * row + 8 > c->rows);
    int wide = b->problem.width == INVERSION_CHROMA_WIDTH_WIDE;
    if (before > 0 && (!partial || wide)) inversion_beam_search(&b->problem, &best);
    if (best.excess > 0 && partial) inversion_chroma_lattice(b, c, estimate, column, row, &best);
    if (best.excess < before) {
        memcpy(coefficients, best.coefficients, sizeof best.coefficients);
        uint8_t *to = c->samples + 8 * row * c->stride + 8 * column;
        for (int y = 0; y < 8; y++)
            for (int x = 0; x < 8; x++) to[y * c->stride + x] = (uint8_t)best.padded[y + 1][x + 1];
    }
    return best.excess == 0;
}

int64_t bbc_inversion_chroma(const bbc_inversion_plane *plane, int vertical, int alone, const uint16_t *table,
                             const float *estimate, int64_t from, int64_t to, int64_t effort, int wide, uint8_t *small,
                             int16_t *coefficients, uint8_t *found)
{
    inversion_dct dct;
    inversion_chroma b = {
        .problem = {.table = table,
                    .width = wide ? INVERSION_CHROMA_WIDTH_WIDE : INVERSION_CHROMA_WIDTH,
                    .tries = wide ? INVERSION_CHROMA_TRIES_WIDE : INVERSION_CHROMA_TRIES,
                    .depth = INVERSION_CHROMA_DEPTH,
                    .may_return = 1,
                    .slopes = inversion_chroma_slopes,
                    .try_moves = inversion_chroma_try_moves,
                    .follow = inversion_chroma_follow,
                    .evaluate = inversion_chroma_evaluate,
                    .is_solved = inversion_chroma_is_solved},
        .dct = &dct,
        .vertical = vertical,
        .rows = vertical ? 2 * INVERSION_CHROMA_PAIRS : 8,
    };
    const int64_t width = (plane->width + 1) / 2, columns = (width + 7) / 8;
    const inversion_component component = {
        .samples = small,
        .stride = columns * 8,
        .columns = width,
        .rows = vertical ? (plane->height + 1) / 2 : plane->height,
    };
    int64_t spent = 0;
    bbc_fp_state saved = bbc_fp_enter();
    inversion_dct_fill(&dct);
    for (int64_t block = from; block < to; block++) {
        const int64_t column = block % columns, row = block / columns;
        b.problem.effort = effort;
        inversion_chroma_bounds(plane, column, row, alone, &b);
        found[block] = (uint8_t)inversion_chroma_solve(&b, &component, wide || alone ? estimate : NULL, column, row,
                                                       coefficients + 64 * block);
        spent += effort - b.problem.effort;
    }
    bbc_fp_leave(saved);
    return spent;
}
