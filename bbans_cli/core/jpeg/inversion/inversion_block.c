#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "dct_decode.cdef.h"
#include "inversion.cdef.h"
#include "inversion.h"

/* FREE: the bound of a sample that has none. CLOSE: the excess below which the integer transform may be within the
 * bounds. */
static const float FREE = 1e6f, CLOSE = 0.06f;

enum { WIDTH = 6, WIDER = 32, TRIES = 24, MORE_TRIES = 64, DEPTH = 24, PROJECTIONS = 16, PLANES_NODES = 4000 };

/* A set of coefficients, its true samples, and by how much these leave their bounds. */
typedef struct {
    float samples[64], excess;
    int16_t coefficients[64];
} state;

typedef struct {
    float excess;
    uint64_t mark;
    int from, k, way;
} step;

typedef struct {
    const transform *t;
    const uint16_t *table;
    uint8_t low[64], high[64]; /* samples as they are */
    float least[64], most[64]; /* those of the true transform, less 128 */
    float guess[64];
    int open;         /* samples that are not known */
    int width, tries; /* states kept, and steps tried from each */
    int64_t nodes;
} task;

static int is_exact(const task *t, const int16_t *coefficients)
{
    uint8_t samples[64];
    int bad = 0;
    bbc_jpeg_samples(coefficients, t->table, 1, 1, samples);
    for (int i = 0; i < 64; i++) bad |= (samples[i] < t->low[i]) | (samples[i] > t->high[i]);
    return !bad;
}

/* The samples' excess over their bounds, squared, after a step of one coefficient. */
static float excess_after(const task *t, const float *samples, const float *basis, float step)
{
    float out[64];
    for (int i = 0; i < 64; i++) {
        float x = samples[i] + step * basis[i], under = t->least[i] - x, over = x - t->most[i];
        under = under > over ? under : over;
        out[i] = under > 0 ? under : 0;
    }
    return sum_of_products(out, out);
}

static void evaluate(const task *t, state *s)
{
    float values[64];
    for (int k = 0; k < 64; k++) values[k] = (float)s->coefficients[k] * t->table[k];
    inverse(&t->t->waves, values, s->samples);
    s->excess = excess_after(t, s->samples, s->samples, 0);
}

static void round_all(const task *t, const float *values, state *s)
{
    for (int k = 0; k < 64; k++) s->coefficients[k] = (int16_t)limited(nearest_integer(values[k] / t->table[k]));
    evaluate(t, s);
}

/* Rounds; takes what the free samples then are for known, and again. */
static int project(const task *t, state *best)
{
    float aim[64], values[64];
    state now;
    memcpy(aim, t->guess, sizeof aim);
    best->excess = 1e30f;
    for (int round = 0; round < (t->open ? PROJECTIONS : 1); round++) {
        forward(&t->t->waves, aim, values);
        round_all(t, values, &now);
        int same = round && !memcmp(now.coefficients, best->coefficients, sizeof now.coefficients);
        if (now.excess < best->excess) *best = now;
        if (now.excess < CLOSE && is_exact(t, now.coefficients)) return *best = now, 1;
        if (same) break;
        for (int i = 0; i < 64; i++) {
            float least = t->least[i] + 0.5f, most = t->most[i] - 0.5f, x = now.samples[i];
            aim[i] = x < least ? least : x > most ? most : x;
        }
    }
    return 0;
}

/* Puts a step in its place among the best ones, of which there are `count`, at most `room`; returns how many then. */
static int insert(step *best, int count, int room, step new)
{
    if (count == room && best[--count].excess <= new.excess) return room;
    int at = count;
    for (; at > 0 && best[at - 1].excess > new.excess; at--) best[at] = best[at - 1];
    best[at] = new;
    return count + 1;
}

/* The steps that promise to lessen the excess of a state most; returns how many. */
static int promising(const task *t, const state *s, step *best)
{
    float out[64], slope[64], share = 0.05f;
    int count = 0;
    for (int i = 0; i < 64; i++) {
        float under = t->least[i] - s->samples[i], over = s->samples[i] - t->most[i];
        out[i] = under > 0 ? under : over > 0 ? -over : 0;
        share += (under > 0) | (over > 0) ? 1.0f / 64 : 0;
    }
    forward(&t->t->waves, out, slope);
    for (int k = 0; k < 64; k++) {
        float size = t->table[k], gain = slope[k] < 0 ? -slope[k] : slope[k];
        int way = slope[k] < 0 ? -1 : 1, then = s->coefficients[k] + way;
        if (then < -2047 || then > 2047) continue;
        step new = {size * size * share - 2 * size * gain, 0, 0, k, way};
        if (t->tries < 64) count = insert(best, count, t->tries, new);
        else best[count++] = new;
    }
    return count;
}

/* A number that tells sets of coefficients apart, by their steps from the first. */
static uint64_t mark(int k, int way)
{
    uint64_t x = (uint64_t)(k + 1) * 0x9e3779b97f4a7c15u;
    return (uint64_t)(int64_t)way * ((x ^ x >> 29) * 0xbf58476d1ce4e5b9u | 1);
}

/* Two generations of states; marks[] of those before the last are those that one step back leads to. */
typedef struct {
    state states[2][WIDER];
    uint64_t marks[2][WIDER];
    int count[2];
} beam;

static int is_among(const uint64_t *marks, int count, uint64_t mark)
{
    int found = 0;
    for (int i = 0; i < count; i++) found |= marks[i] == mark;
    return found;
}

static void follow(const task *t, const state *from, const step *s, state *to)
{
    float size = (float)(s->way * t->table[s->k]);
    *to = *from;
    to->coefficients[s->k] = (int16_t)(to->coefficients[s->k] + s->way);
    for (int i = 0; i < 64; i++) to->samples[i] += size * t->t->basis[s->k][i];
    to->excess = s->excess;
}

/* The next generation: the best new states one step away. */
static void expand(task *t, beam *b, int now)
{
    step tries[MORE_TRIES], best[WIDER];
    uint64_t marks[WIDER];
    int found = 0;
    for (int from = 0; from < b->count[now]; from++) {
        const state *s = &b->states[now][from];
        int n = promising(t, s, tries);
        t->nodes -= n;
        for (int i = 0; i < n; i++) {
            step *try = tries + i;
            try->excess = excess_after(t, s->samples, t->t->basis[try->k], (float)(try->way * t->table[try->k]));
            if (found == t->width && try->excess >= best[t->width - 1].excess) continue;
            try->from = from;
            try->mark = b->marks[now][from] + mark(try->k, try->way);
            if (is_among(b->marks[!now], b->count[!now], try->mark)) continue;
            for (int j = 0; j < found; j++) marks[j] = best[j].mark;
            if (!is_among(marks, found, try->mark)) found = insert(best, found, t->width, *try);
        }
    }
    for (int i = 0; i < found; i++) {
        follow(t, &b->states[now][best[i].from], best + i, &b->states[!now][i]);
        b->marks[!now][i] = best[i].mark;
    }
    b->count[!now] = found;
}

/* From `start`, the few best sets of coefficients of each number of steps; the exact one, if found, to `start`. */
static int search(task *t, state *start)
{
    beam b;
    int now = 0;
    b.states[0][0] = *start;
    b.marks[0][0] = 0;
    b.count[0] = 1;
    b.count[1] = 0;
    for (int depth = 0; depth < DEPTH && t->nodes > 0 && b.count[now]; depth++) {
        expand(t, &b, now);
        now = !now;
        for (int i = 0; i < b.count[now] && b.states[now][i].excess < CLOSE; i++)
            if (is_exact(t, b.states[now][i].coefficients)) return *start = b.states[now][i], 1;
        if (b.count[now] && b.states[now][0].excess < start->excess) *start = b.states[now][0];
    }
    return 0;
}

/* How much samples count. */
static void weigh(const task *t, float *weights)
{
    float free = free_weight(t->table);
    for (int i = 0; i < 64; i++) {
        int width = t->high[i] - t->low[i], bounded = t->least[i] > -FREE && t->most[i] < FREE;
        weights[i] = 1 / (1 + (float)width);
        if (!bounded && weights[i] < free) weights[i] = free;
        if (!bounded && weights[i] > 0.3f) weights[i] = 0.3f;
    }
}

/* From the nearest points of the lattice of coefficients, if some samples are not known. */
static int from_planes(task *t, state *best)
{
    int8_t steps[RECOVER_PATHS][64];
    float weights[64], target[64];
    state start = *best, now;
    weigh(t, weights);
    t->nodes -= PLANES_NODES;
    for (int i = 0; i < 64; i++) target[i] = t->guess[i] - start.samples[i];
    int count = bbc_recover_planes(t->t->basis, t->table, weights, target, steps);
    for (int n = 0; n < count; n++) {
        for (int k = 0; k < 64; k++)
            now.coefficients[k] = (int16_t)limited((float)(start.coefficients[k] + steps[n][k]));
        evaluate(t, &now);
        if (now.excess < CLOSE && is_exact(t, now.coefficients)) return *best = now, 1;
        if (!n || now.excess < best->excess) *best = now;
    }
    if (search(t, best)) return 1;
    if (start.excess < best->excess) *best = start;
    return 0;
}

static void set_bounds(task *t)
{
    t->open = 0;
    for (int i = 0; i < 64; i++) {
        t->least[i] = t->low[i] ? t->low[i] - 128.5f : -FREE;
        t->most[i] = t->high[i] < 255 ? t->high[i] - 127.5f : FREE;
        t->open += t->low[i] < t->high[i] || t->low[i] == 0 || t->high[i] == 255;
    }
}

/* One block's bounds from planes; samples beyond the border are free, and thought to be like the nearest ones. */
static void cut(const bbc_recover_plane *p, int64_t column, int64_t row, task *t)
{
    for (int i = 0; i < 64; i++) {
        int64_t x = column * 8 + i % 8, y = row * 8 + i / 8;
        int inside = x < p->width && y < p->height;
        int64_t at = (y < p->height ? y : p->height - 1) * p->width + (x < p->width ? x : p->width - 1);
        t->low[i] = inside ? p->low[at] : 0;
        t->high[i] = inside ? p->high[at] : 255;
        t->guess[i] = (float)p->guess[at] - 128;
    }
    set_bounds(t);
}

int64_t bbc_recover_blocks(const bbc_recover_plane *plane, const uint16_t *table, int64_t from, int64_t to,
                           int64_t nodes, int wide, int16_t *coefficients, uint8_t *found)
{
    transform t;
    int64_t columns = (plane->width + 7) / 8, spent = 0;
    make_transform(&t);
    for (int64_t b = from; b < to; b++) {
        if (found[b]) continue;
        task task = {.t = &t, .table = table, .nodes = nodes};
        task.width = wide ? WIDER : WIDTH;
        task.tries = wide ? MORE_TRIES : TRIES;
        state best;
        cut(plane, b % columns, b / columns, &task);
        found[b] = project(&task, &best) || (wide && task.open ? from_planes(&task, &best) : search(&task, &best));
        memcpy(coefficients + 64 * b, best.coefficients, sizeof best.coefficients);
        spent += nodes - task.nodes;
    }
    return spent;
}

void bbc_recover_transform(const float *plane, int64_t width, int64_t height, int64_t count, const int64_t *blocks,
                           float *coefficients)
{
    waves w;
    int64_t columns = (width + 7) / 8;
    float samples[64];
    make_waves(&w);
    for (int64_t n = 0; n < count; n++) {
        for (int i = 0; i < 64; i++) {
            int64_t x = blocks[n] % columns * 8 + i % 8, y = blocks[n] / columns * 8 + i / 8;
            samples[i] = plane[(y < height ? y : height - 1) * width + (x < width ? x : width - 1)] - 128;
        }
        forward(&w, samples, coefficients + 64 * n);
    }
}
