/* Deep samples that change by degrees. Each is predicted by linear combinations of its neighbours whose weights solve
 * least squares over what was coded lately, at several speeds of forgetting; predictions are averaged by how well they
 * did nearby. The distance from the average is coded as zero or not, sign, number of bits, bits, each with chances
 * learned in contexts (mixer.h). The predictions are binary64 arithmetic in the order of this source, without fused
 * or reordered operations: the same on every machine.
 */
#include "kernels.h"
#include "mixer.h"
#include "windowed_ls.h"

enum { FEATURES = BBC_FEATURES, SOLVERS = 3, PREDICTORS = SOLVERS + 2, MARGIN = 4, CHANNELS = 4, CONTEXTS = 12 };
enum { ROOM = BBC_ROOM(2 * CONTEXTS + 1), NODES = 256, ENERGIES = 16 };

/* Exponentially forgetting least squares. Forgetting per sample, samples between two solutions, features used. */
static const double FORGET[SOLVERS] = {0.998, 0.9996, 0.98};
static const int EVERY[SOLVERS] = {4, 8, 4}, USED[SOLVERS] = {FEATURES, FEATURES, 6};
static const double RIDGE = 0.02;
/* Of learning how to blend */
enum { RATE = 4 };

typedef struct {
    int32_t *values[4];           /* samples of this row and the three above, with margins */
    int32_t *errors[2];           /* distances from the average, this row and the one above, with margins */
    float *misses[PREDICTORS][2]; /* sizes of each prediction's error */
    bbc_squares solvers[SOLVERS];
} plane;

typedef struct {
    bbc_bit_coder coder;
    bbc_blend_tables tables;
    bbc_mixing_shape shape;
    size_t row;
    plane planes[CHANNELS];
    bbc_slot *lines;
    int32_t *weights[2];
    uint16_t *points;
} graded;

static size_t row_of(const bbc_mixing_shape *s) { return (size_t)s->width + 2 * MARGIN; }

size_t bbc_deep_size(const bbc_mixing_shape *s)
{
    if (s->width < 1 || s->channels < 1 || s->channels > CHANNELS || s->known < 0 || s->known >= s->channels ||
        s->depth < 1 || s->depth > 16 || s->low < 0 || s->low > 8 || s->low > s->depth || s->bucket_bits < 8 ||
        s->bucket_bits > 20)
        return 0;
    size_t rows = (size_t)s->channels * row_of(s) * (6 * sizeof(int32_t) + 2 * PREDICTORS * sizeof(float));
    size_t words = (size_t)CHANNELS * NODES * (1 + ENERGIES) * ROOM * sizeof(int32_t);
    size_t points = (size_t)CHANNELS * NODES * BBC_POINTS * sizeof(uint16_t);
    return sizeof(graded) + 64 + ((size_t)1 << s->bucket_bits) * BBC_LINE * sizeof(bbc_slot) + rows + words + points;
}

void bbc_deep_begin(void *state, const bbc_mixing_shape *shape, const uint8_t *in, uint8_t *out, size_t size)
{
    graded *g = state;
    g->shape = *shape;
    bbc_coder_begin(&g->coder, in, out, size);
    bbc_blend_tables_fill(&g->tables);
    char *at = (char *)(g + 1);
    at += -(uintptr_t)at & 63;
    g->lines = (bbc_slot *)at;
    at += ((size_t)1 << shape->bucket_bits) * BBC_LINE * sizeof(bbc_slot);
    for (int c = 0; c < shape->channels; c++) {
        plane *p = g->planes + c;
        for (int i = 0; i < 4; i++, at += row_of(shape) * sizeof(int32_t)) p->values[i] = (int32_t *)at;
        for (int i = 0; i < 2; i++, at += row_of(shape) * sizeof(int32_t)) p->errors[i] = (int32_t *)at;
        for (int i = 0; i < 2; i++)
            for (int k = 0; k < PREDICTORS; k++, at += row_of(shape) * sizeof(float)) p->misses[k][i] = (float *)at;
    }
    const size_t sets[2] = {CHANNELS * NODES, (size_t)CHANNELS * NODES * ENERGIES};
    for (int i = 0; i < 2; i++) {
        g->weights[i] = (int32_t *)at;
        at += sets[i] * ROOM * sizeof(int32_t);
        for (size_t j = 0; j < sets[i] * ROOM; j++) g->weights[i][j] = 65536 * 2 / ROOM;
    }
    g->points = (uint16_t *)at;
    for (int i = 0; i < CHANNELS * NODES; i++) bbc_correction_begin(&g->tables, g->points + i * BBC_POINTS);
}

/* ---- a sample ---- */

/* Sign and size in steps that widen: 0, 1, 2, 3-4, 5-8, ... */
static int step_of(int32_t x)
{
    uint32_t size = (uint32_t)(x < 0 ? -x : x);
    int steps = size < 3 ? (int)size : 34 - __builtin_clz(size - 1);
    return x < 0 ? -steps : steps;
}

/* The same in about 1.4-fold steps */
static int fine_step_of(uint32_t size)
{
    if (size < 4) return (int)size;
    int top = 31 - __builtin_clz(size);
    return 2 * top + (int)(size >> (top - 1) & 1);
}

typedef struct {
    graded *g;
    uint64_t contexts[CONTEXTS];
    bbc_slot *lines[CONTEXTS];
    int channel, energy;
} scene;

/* Find the lines of all contexts for a group of up to 15 decisions. */
static void turn_to(scene *s, uint64_t group)
{
    uint32_t hashes[CONTEXTS];
    for (int k = 0; k < CONTEXTS; k++) hashes[k] = bbc_hash(group << 8 | (uint64_t)k, s->contexts[k]);
    bbc_find_lines(s->g->lines, s->g->shape.bucket_bits, hashes, s->lines, CONTEXTS);
}

/* One decision: `slot` (1..15) within the group, `node` (0..255) as the weights know it. */
static int ask(scene *s, int slot, int node, int bit)
{
    graded *g = s->g;
    bbc_blend b = {.sets = 2};
    for (int k = 0; k < CONTEXTS; k++) bbc_blend_add(&g->tables, &b, s->lines[k] + slot);
    size_t set = (size_t)(s->channel * NODES + node);
    b.weights[0] = g->weights[0] + set * ROOM;
    b.weights[1] = g->weights[1] + (set * ENERGIES + (size_t)s->energy) * ROOM;
    return bbc_decide(&g->coder, &g->tables, &b, bit, g->points + set * BBC_POINTS, RATE, ROOM);
}

/* Code a distance: zero?, sign, number of bits in unary, then the bits below the first. */
static int32_t code_distance(scene *s, int32_t distance)
{
    turn_to(s, 0);
    if (ask(s, 1, 1, distance == 0)) return 0;
    int negative = ask(s, 2, 2, distance < 0);
    uint32_t size = (uint32_t)(distance < 0 ? -distance : distance);
    int bits = 0, target = size ? 31 - __builtin_clz(size) : 0;
    if (negative) turn_to(s, 1);
    while (bits < 16 && !ask(s, bits < 12 ? 3 + bits : 15, 4 + bits + 20 * negative, target == bits)) bits++;
    uint32_t value = 1;
    if (bits) turn_to(s, (uint64_t)(2 + bits + 20 * negative));
    for (int i = bits - 1; i >= 0; i--) {
        int place = bits - 1 - i;
        int slot = place < 3 ? (int)value & 7 : 8 + (place < 10 ? place - 3 : 7);
        if (place < 3) slot = (int)(value - (1u << place)) + (1 << place);
        int node = 48 + bits * 11 + (place < 10 ? place : 10);
        value = value << 1 | (uint32_t)ask(s, slot, node, size >> i & 1);
    }
    return negative ? -(int32_t)value : (int32_t)value;
}

/* Where the high bits of a sample are given, it lies in an interval: the prediction is moved into it, and contexts learn
 * how much room there is on either side. Returns the prediction to use. */
static int32_t confine(scene *s, int32_t value, int32_t predicted)
{
    const int low = s->g->shape.low;
    const int32_t least = value >> low << low, most = least + (1 << low) - 1;
    predicted = predicted < least ? least : predicted > most ? most : predicted;
    uint64_t room = (uint64_t)fine_step_of((uint32_t)(predicted - least)) << 8 |
                    (uint64_t)fine_step_of((uint32_t)(most - predicted));
    for (int k = 0; k < CONTEXTS; k++) s->contexts[k] = bbc_hash(room, s->contexts[k]);
    return predicted;
}

static int32_t code_sample(graded *g, int c, size_t x, int32_t value)
{
    plane *p = g->planes + c;
    const int32_t *r0 = p->values[0] + MARGIN + x, *r1 = p->values[1] + MARGIN + x, *r2 = p->values[2] + MARGIN + x;
    const int32_t *r3 = p->values[3] + MARGIN + x;
    const int32_t w = r0[-1], n = r1[0], nw = r1[-1], ne = r1[1];
    const int32_t base = bbc_median_edge(w, n, nw), top = (1 << g->shape.depth) - 1;

    double features[FEATURES];
    int count = 0;
    const int32_t own[] = {w, n, nw, ne, r0[-2], r2[0], r1[-2], r1[2], r2[1], r2[-1], r0[-3], r3[0]};
    const int take = c == 0 ? 12 : 6;
    for (int i = 0; i < take; i++) features[count++] = own[i] - base;
    if (c == 0) {
        const int32_t more[] = {r2[-2], r2[2], r3[1], r3[-1], r1[-3], r1[3]};
        for (int i = 0; i < 6; i++) features[count++] = more[i] - base;
    } else {
        /* What earlier channels did here, against what they did around. */
        for (int k = 0; k < c && count + 4 <= FEATURES; k++) {
            const int32_t *o0 = g->planes[k].values[0] + MARGIN + x, *o1 = g->planes[k].values[1] + MARGIN + x;
            int32_t other = bbc_median_edge(o0[-1], o1[0], o1[-1]);
            const int32_t here[] = {o0[0], o0[-1], o1[0], o1[-1]};
            for (int i = 0; i < 4; i++) features[count++] = here[i] - other;
        }
        while (count < FEATURES) features[count++] = 0;
    }

    double predictions[PREDICTORS], total = 0, weight = 0;
    for (int i = 0; i < SOLVERS; i++) {
        double sum = base + bbc_squares_predict(p->solvers + i, features, USED[i]);
        predictions[i] = sum > 0 ? sum < top ? sum : top : 0;
    }
    predictions[SOLVERS] = base;
    predictions[SOLVERS + 1] = (w + n) * 0.5 + (ne - nw) * 0.25;
    for (int i = 0; i < PREDICTORS; i++) {
        const float *m0 = p->misses[i][0] + MARGIN + x, *m1 = p->misses[i][1] + MARGIN + x;
        double miss = (double)m0[-1] + m1[0] + m1[1] + m1[-1] + 0.5 * (m0[-2] + (double)m1[2]) + 0.3;
        double share = 1 / (miss * miss);
        total += share * predictions[i];
        weight += share;
    }
    double average = total / weight;
    average = average > 0 ? average < top ? average : top : 0;
    const int32_t fine = (int32_t)(average * 16 + 0.5), predicted = (fine + 8) >> 4, rest = (fine + 8) & 15;

    const int32_t *e0 = p->errors[0] + MARGIN + x, *e1 = p->errors[1] + MARGIN + x;
#define SIZE(v) (uint32_t)((v) < 0 ? -(v) : (v))
    uint32_t near = 2 * SIZE(e0[-1]) + 2 * SIZE(e1[0]) + SIZE(e1[1]) + SIZE(e1[-1]);
    uint32_t wide = near + SIZE(e0[-2]) + SIZE(e1[2]) + SIZE(e1[-2]) + SIZE(e0[-3]);
    uint32_t rough = SIZE(w - nw) + SIZE(n - nw) + SIZE(n - ne);
    const int32_t spread = (int32_t)(near / 6) + 1;
    int differ[PREDICTORS];
    for (int i = 0; i < PREDICTORS; i++) {
        double d = (predictions[i] - average) * 8 / spread;
        differ[i] = (int)(d > 8 ? 8 : d < -8 ? -8 : d);
    }
    int before = c ? step_of(g->planes[c - 1].errors[0][MARGIN + x]) : 0;
    int energy = fine_step_of(near), broad = fine_step_of(wide);
#define PACK(a, b, d, e) \
    ((uint64_t)(uint16_t)(a) << 48 | (uint64_t)(uint16_t)(b) << 32 | (uint64_t)(uint16_t)(d) << 16 | (uint16_t)(e))
    scene s = {.g = g, .channel = c, .energy = energy / 2 < ENERGIES ? energy / 2 : ENERGIES - 1};
    const uint64_t contexts[CONTEXTS] = {
        PACK(energy, before, 0, c),
        PACK(broad, rest, before, c),
        PACK(fine_step_of(rough), energy / 2, before, c),
        PACK(differ[0], differ[1], energy / 2, c),
        PACK(differ[2], differ[3], energy / 2, c),
        PACK(differ[4], rest >> 2, energy, c),
        PACK(step_of(e0[-1]), step_of(e1[0]), broad / 2, c),
        PACK(step_of(e1[1]), step_of(e1[-1]), step_of(e0[-2]), c),
        PACK(step_of(w - predicted), step_of(n - predicted), before, c),
        PACK(predicted, 0, energy / 4, c),
        PACK(predicted >> 4, differ[3], energy / 2, c),
        PACK(w, n, 0, c),
    };
    memcpy(s.contexts, contexts, sizeof contexts);
    int32_t start = g->shape.low ? confine(&s, value, predicted) : predicted;
    value = start + code_distance(&s, value - start);
    /* Only a damaged file gets here with more than the depth holds. */
    value = value < 0 ? 0 : value > top ? top : value;

    for (int i = 0; i < SOLVERS; i++) {
        bbc_squares_meet(p->solvers + i, features, USED[i], FORGET[i]);
        bbc_squares_learn(p->solvers + i, features, value - base, USED[i], FORGET[i], RIDGE, EVERY[i]);
    }
    for (int i = 0; i < PREDICTORS; i++) {
        double miss = predictions[i] - value;
        p->misses[i][0][MARGIN + x] = (float)(miss < 0 ? -miss : miss);
    }
    p->errors[0][MARGIN + x] = value - predicted;
    return value;
}

int bbc_deep_rows(void *state, uint16_t *samples, size_t rows)
{
    graded *g = state;
    const size_t width = (size_t)g->shape.width;
    const int channels = g->shape.channels;
    bbc_fp_state saved = bbc_fp_enter();
    for (size_t r = 0; r < rows; r++, g->row++) {
        for (int c = 0; c < channels; c++) {
            plane *p = g->planes + c;
            for (int i = 0; i < MARGIN; i++) p->values[0][i] = p->values[1][MARGIN];
        }
        for (size_t x = 0; x < width; x++)
            for (int c = 0; c < channels; c++, samples++) {
                if (c >= g->shape.known) {
                    /* When decoding only the given bits count, and what else lies there must not matter. */
                    int32_t given = !g->coder.in   ? *samples
                                    : g->shape.low ? *samples >> g->shape.low << g->shape.low
                                                   : 0;
                    *samples = (uint16_t)code_sample(g, c, x, given);
                }
                g->planes[c].values[0][MARGIN + x] = *samples;
            }
        for (int c = 0; c < channels; c++) {
            plane *p = g->planes + c;
            for (size_t i = 0; i < MARGIN; i++) p->values[0][MARGIN + width + i] = p->values[0][MARGIN + width - 1];
            bbc_turn((void **)p->values, 4);
            bbc_turn((void **)p->errors, 2);
            for (int i = 0; i < PREDICTORS; i++) bbc_turn((void **)p->misses[i], 2);
        }
    }
    bbc_fp_leave(saved);
    return g->coder.full ? -1 : 0;
}

size_t bbc_deep_end(void *state) { return bbc_coder_end(&((graded *)state)->coder); }
