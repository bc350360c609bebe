#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "dct_decode.cdef.h"
#include "inversion.cdef.h"
#include "inversion.h"

/* PAIRS: outputs lie in twos between neighbours of a block's 8 samples and one more on each side. */
enum { SIDE = 10, PAIRS = 9, FREE = 16000, MOST = 181 };

/* Of the search. */
enum { WIDTH = 4, WIDER = 12, TRIES = 16, MORE_TRIES = 32, DEPTH = 12, PLANES_NODES = 400 };

/* The outputs between samples in 16ths: for each row of them, those nearer to the left sample, and to the right one. */
typedef struct {
    int16_t near[2 * PAIRS][2][16];
} outputs;

typedef struct {
    int16_t coefficients[64];
    int16_t samples[SIDE][16]; /* with those around the block */
    int32_t excess;
} state;

typedef struct {
    const transform *t;
    const uint16_t *table;
    int width, tries;             /* states kept, and steps tried from each */
    int vertical, rows;           /* rows of outputs */
    int left, top, right, bottom; /* the first and last of the samples around that are in the picture */
    outputs low, high;
    int64_t nodes;
} task;

/* What frequencies are multiplied by, squared, by doubling one way. */
static const float GAIN[8] = {
    2.0f, 1.942909649f, 1.780330086f, 1.537012574f, 1.25f, 0.962987426f, 0.719669914f, 0.557090351f,
};

static const int16_t *sums(const task *t, const state *s, int row, int16_t *sum)
{
    int pair = t->vertical ? row / 2 : row + 1;
    const int16_t *a = s->samples[pair], *b = s->samples[t->vertical ? pair + 1 : pair];
    int of_a = t->vertical && row % 2 ? 1 : 3;
    for (int i = 0; i < 16; i++) sum[i] = (int16_t)(of_a * a[i] + (4 - of_a) * b[i]);
    return sum;
}

/* How far one row of outputs is below (positive) or above its bounds. */
static void row_out(const task *t, const state *s, int row, int16_t out[2][16])
{
    int16_t sum[17];
    sums(t, s, row, sum);
    sum[16] = 0;
    for (int side = 0; side < 2; side++)
        for (int i = 0; i < 16; i++) {
            int16_t x = (int16_t)(side ? sum[i] + 3 * sum[i + 1] : 3 * sum[i] + sum[i + 1]);
            int16_t under = (int16_t)(t->low.near[row][side][i] - x), over = (int16_t)(x - t->high.near[row][side][i]);
            under = under > 0 ? under : 0;
            over = over > 0 ? over : 0;
            under = under > MOST ? MOST : under;
            over = over > MOST ? MOST : over;
            out[side][i] = (int16_t)(under - over);
        }
}

/* Beyond the picture samples are like those at its border. */
static void fill_up(const task *t, state *s)
{
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++) {
            int in_x = x < t->left ? t->left : x > t->right ? t->right : x;
            int in_y = y < t->top ? t->top : y > t->bottom ? t->bottom : y;
            s->samples[y][x] = s->samples[in_y][in_x];
        }
}

static void evaluate(const task *t, state *s)
{
    uint8_t block[64];
    int16_t out[2][16];
    bbc_jpeg_samples(s->coefficients, t->table, 1, 1, block);
    for (int y = 0; y < 8; y++)
        for (int x = 0; x < 8; x++) s->samples[y + 1][x + 1] = block[8 * y + x];
    if (t->left || t->top || t->right < SIDE - 1 || t->bottom < SIDE - 1) fill_up(t, s);
    s->excess = 0;
    for (int row = 0; row < t->rows; row++) {
        row_out(t, s, row, out);
        int32_t sum = 0;
        for (int i = 0; i < 16; i++) sum += out[0][i] * out[0][i] + out[1][i] * out[1][i];
        s->excess += sum;
    }
}

/* By how much the excess falls as each coefficient grows, and the share of outputs that are out of bounds. */
static float slopes(const task *t, const state *s, float *slope)
{
    int16_t out[2][16];
    int back[SIDE][SIDE] = {{0}}, count = 0;
    float inner[64];
    for (int row = 0; row < t->rows; row++) {
        int pair = t->vertical ? row / 2 : row + 1, of_a = t->vertical && row % 2 ? 1 : 3;
        row_out(t, s, row, out);
        for (int i = 0; i < PAIRS; i++) {
            int left = 3 * out[0][i] + out[1][i], right = out[0][i] + 3 * out[1][i];
            count += (out[0][i] != 0) + (out[1][i] != 0);
            back[pair][i] += of_a * left;
            back[pair][i + 1] += of_a * right;
            back[t->vertical ? pair + 1 : pair][i] += (4 - of_a) * left;
            back[t->vertical ? pair + 1 : pair][i + 1] += (4 - of_a) * right;
        }
    }
    for (int i = 0; i < 64; i++) inner[i] = (float)back[1 + i / 8][1 + i % 8];
    forward(&t->t->waves, inner, slope);
    return (float)count / (float)(2 * PAIRS * t->rows);
}

typedef struct {
    float promise;
    int k, way;
} step;

static int insert(step *best, int count, int room, step new)
{
    if (count == room && best[--count].promise <= new.promise) return room;
    int at = count;
    for (; at > 0 && best[at - 1].promise > new.promise; at--) best[at] = best[at - 1];
    best[at] = new;
    return count + 1;
}

static int promising(const task *t, const state *s, step *best)
{
    float slope[64], share = 0.05f + slopes(t, s, slope);
    int count = 0;
    for (int k = 0; k < 64; k++) {
        float size = t->table[k], gain = slope[k] < 0 ? -slope[k] : slope[k];
        float curve = 256 * GAIN[k % 8] * (t->vertical ? GAIN[k / 8] : 1) * share;
        int way = slope[k] < 0 ? -1 : 1, then = s->coefficients[k] + way;
        if (then < -2047 || then > 2047) continue;
        count = insert(best, count, t->tries, (step){size * size * curve - 2 * size * gain, k, way});
    }
    return count;
}

static int is_new(const state *states, int count, const state *s)
{
    for (int i = 0; i < count; i++)
        if (!memcmp(states[i].coefficients, s->coefficients, sizeof s->coefficients)) return 0;
    return 1;
}

static int keep(state *best, int count, int room, const state *s)
{
    if (count == room && best[room - 1].excess <= s->excess) return count;
    if (!is_new(best, count, s)) return count;
    count -= count == room;
    int at = count;
    for (; at > 0 && best[at - 1].excess > s->excess; at--) best[at] = best[at - 1];
    best[at] = *s;
    return count + 1;
}

/* The few best sets of coefficients of each number of steps from `start`, which becomes the best of all. */
static void search(task *t, state *start)
{
    state states[2][WIDER];
    int count = 1, now = 0;
    states[0][0] = *start;
    for (int depth = 0; depth < DEPTH && t->nodes > 0 && start->excess; depth++, now = !now) {
        int found = 0, before = count;
        for (int from = 0; from < before; from++) {
            step tries[MORE_TRIES];
            int n = promising(t, &states[now][from], tries);
            t->nodes -= n;
            for (int i = 0; i < n; i++) {
                state next = states[now][from];
                next.coefficients[tries[i].k] = (int16_t)(next.coefficients[tries[i].k] + tries[i].way);
                if (!is_new(states[now], before, &next)) continue;
                evaluate(t, &next);
                found = keep(states[!now], found, t->width, &next);
            }
        }
        if (!found) break;
        if (states[!now][0].excess < start->excess) *start = states[!now][0];
        count = found;
    }
}

static void set_bounds(const bbc_recover_plane *p, int64_t column, int64_t row, int alone, task *t)
{
    for (int r = 0; r < t->rows; r++)
        for (int side = 0; side < 2; side++)
            for (int i = 0; i < 16; i++) {
                int64_t x = 16 * column - 1 + 2 * i + side, y = t->vertical ? 16 * row - 1 + r : 8 * row + r;
                int bias = t->vertical ? 7 + side : side ? 4 : 8, inside = i < PAIRS;
                if (alone) inside = i > 0 && i < PAIRS - 1 && (!t->vertical || (r > 1 && r < t->rows - 2));
                inside = inside && x >= 0 && y >= 0 && x < p->width && y < p->height;
                int64_t at = inside ? y * p->width + x : 0;
                int low = inside && p->low[at] > 0, high = inside && p->high[at] < 255;
                t->low.near[r][side][i] = (int16_t)(low ? 16 * p->low[at] - bias : -FREE);
                t->high.near[r][side][i] = (int16_t)(high ? 16 * p->high[at] + 15 - bias : FREE);
            }
}

/* The block's samples and those around it. */
static void surround(const uint8_t *small, int64_t stride, int64_t columns, int64_t rows, int64_t column, int64_t row,
                     task *t, state *s)
{
    int64_t right = columns - 8 * column, bottom = rows - 8 * row;
    t->left = column == 0;
    t->top = row == 0;
    t->right = right < SIDE - 1 ? (int)right : SIDE - 1;
    t->bottom = bottom < SIDE - 1 ? (int)bottom : SIDE - 1;
    memset(s->samples, 0, sizeof s->samples);
    for (int y = t->top; y <= t->bottom; y++)
        for (int x = t->left; x <= t->right; x++)
            s->samples[y][x] = small[(8 * row - 1 + y) * stride + 8 * column - 1 + x];
}

/* From the nearest points of the lattice of coefficients to the halved plane, of which parts are beyond the border. */
static void from_planes(task *t, const float *estimate, int64_t columns, int64_t rows, int64_t column, int64_t row,
                        state *best)
{
    int8_t steps[RECOVER_PATHS][64];
    float weights[64], target[64], values[64], now[64], free = free_weight(t->table);
    state start = *best;
    for (int k = 0; k < 64; k++) values[k] = (float)start.coefficients[k] * t->table[k];
    inverse(&t->t->waves, values, now);
    for (int i = 0; i < 64; i++) {
        int64_t x = 8 * column + i % 8, y = 8 * row + i / 8;
        weights[i] = x < columns && y < rows ? 1 : free;
        target[i] = estimate[(y < rows ? y : rows - 1) * columns + (x < columns ? x : columns - 1)] - 128 - now[i];
    }
    int count = bbc_recover_planes(t->t->basis, t->table, weights, target, steps);
    for (int n = 0; n < count && best->excess; n++) {
        state next = start;
        for (int k = 0; k < 64; k++)
            next.coefficients[k] = (int16_t)limited((float)(start.coefficients[k] + steps[n][k]));
        evaluate(t, &next);
        if (!n || next.excess < best->excess) *best = next;
    }
    t->nodes -= PLANES_NODES;
    if (best->excess) search(t, best);
    if (best->excess > start.excess) *best = start;
}

static int solve(const bbc_recover_plane *p, const float *estimate, uint8_t *small, int64_t column, int64_t row,
                 int alone, task *t, int16_t *c)
{
    int64_t columns = (p->width + 1) / 2, rows = t->vertical ? (p->height + 1) / 2 : p->height;
    int64_t stride = (columns + 7) / 8 * 8;
    state best;
    set_bounds(p, column, row, alone, t);
    surround(small, stride, columns, rows, column, row, t, &best);
    memcpy(best.coefficients, c, sizeof best.coefficients);
    evaluate(t, &best);
    int32_t before = best.excess;
    int partial = estimate && (8 * column + 8 > columns || 8 * row + 8 > rows);
    if (before && (!partial || t->width == WIDER)) search(t, &best);
    if (best.excess && partial) from_planes(t, estimate, columns, rows, column, row, &best);
    if (best.excess < before) {
        memcpy(c, best.coefficients, sizeof best.coefficients);
        for (int y = 0; y < 8; y++)
            for (int x = 0; x < 8; x++)
                small[(8 * row + y) * stride + 8 * column + x] = (uint8_t)best.samples[y + 1][x + 1];
    }
    return best.excess == 0;
}

int64_t bbc_recover_chroma(const bbc_recover_plane *plane, int vertical, int alone, const uint16_t *table,
                           const float *estimate, int64_t from, int64_t to, int64_t nodes, int wide, uint8_t *small,
                           int16_t *coefficients, uint8_t *found)
{
    transform transform;
    task t = {.t = &transform, .table = table, .vertical = vertical, .rows = vertical ? 2 * PAIRS : 8};
    int64_t columns = ((plane->width + 1) / 2 + 7) / 8, spent = 0;
    make_transform(&transform);
    t.width = wide ? WIDER : WIDTH;
    t.tries = wide ? MORE_TRIES : TRIES;
    for (int64_t b = from; b < to; b++) {
        int16_t *c = coefficients + 64 * b;
        t.nodes = nodes;
        const float *near = wide || alone ? estimate : NULL;
        found[b] = (uint8_t)solve(plane, near, small, b % columns, b / columns, alone, &t, c);
        spent += nodes - t.nodes;
    }
    return spent;
}

void bbc_recover_round(const float *plane, int64_t width, int64_t height, const uint16_t *table, int64_t from,
                       int64_t to, int16_t *coefficients)
{
    float values[64];
    for (int64_t b = from; b < to; b++) {
        bbc_recover_transform(plane, width, height, 1, &b, values);
        for (int k = 0; k < 64; k++)
            coefficients[64 * b + k] = (int16_t)limited(nearest_integer(values[k] / (float)table[k]));
    }
}
