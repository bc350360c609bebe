/* Of coefficients.c: how a value is coded by decisions, each of which blends what contexts have learned with chances
 * that follow from guesses at the value's distribution. */
#ifndef BBC_MAGNITUDES_H
#define BBC_MAGNITUDES_H

#include "coefficients.h"

enum { CONTEXTS = 12, GUESSES = 4, ROOM = BBC_ROOM(2 * CONTEXTS + GUESSES + 1), RATE = 10 };
/* Sets of weights: of luma and chroma, of each kind of decision, and of 32 levels in three respects */
enum { AC, DC, LAST, KINDS, NODES = 32, LEVELS = 32, SETS = 2 * KINDS * LEVELS * NODES };
enum { LENGTH_MAX = 13 };

typedef struct {
    picture *p;
    uint64_t contexts[CONTEXTS];
    bbc_slot *lines[CONTEXTS];
    size_t sets[VIEWS];
    double means[GUESSES], scales[GUESSES]; /* Laplace distributions of the value */
    double lower[GUESSES], upper[GUESSES], middle[GUESSES]; /* what lies above the ends of an interval */
    int32_t opinions[GUESSES]; /* log-odds */
} scene;

static scene scene_of(picture *p, int c, int kind, int level0, int level1, int level2)
{
    scene s = {.p = p};
    const int levels[VIEWS] = {level0, level1, level2};
    for (int i = 0; i < VIEWS; i++) {
        int level = levels[i] < LEVELS ? levels[i] : LEVELS - 1;
        s.sets[i] = (size_t)((((c > 0) * KINDS + kind) * LEVELS + level) * NODES);
    }
    return s;
}

/* Find the lines of all contexts for a group of up to 15 decisions. */
static void turn_to(scene *s, int group)
{
    uint32_t hashes[CONTEXTS];
    for (int k = 0; k < CONTEXTS; k++) hashes[k] = bbc_hash((uint64_t)(group << 8 | k), s->contexts[k]);
    bbc_find_lines(s->p->lines, s->p->shape.line_bits, hashes, s->lines, CONTEXTS);
}

/* One decision: `slot` (1..15) within the group, `node` as the weights know it. */
static int ask(scene *s, int slot, int node, int bit)
{
    picture *p = s->p;
    bbc_blend b = {.sets = VIEWS};
    for (int k = 0; k < CONTEXTS; k++) bbc_blend_add(&p->tables, &b, s->lines[k] + slot);
    for (int k = 0; k < GUESSES; k++) b.inputs[b.count++] = (int16_t)s->opinions[k];
    for (int i = 0; i < VIEWS; i++) b.weights[i] = p->weights[i] + (s->sets[i] + (size_t)node) * ROOM;
    uint16_t *points = p->points + (s->sets[1] + (size_t)node) * BBC_POINTS;
    return bbc_decide(&p->coder, &p->tables, &b, bit, points, RATE, ROOM);
}

/* e^-x for x >= 0, roughly */
static double decay(double x)
{
    const double part = (x < 500 ? x : 500) / 256;
    double power = 1 + part * (1 + part / 2 * (1 + part / 3 * (1 + part / 4)));
    for (int i = 0; i < 8; i++) power *= power;
    return 1 / power;
}

/* The share of Laplace's distribution above x */
static double above(double x, double mean, double scale)
{
    return x > mean ? 0.5 * decay((x - mean) / scale) : 1 - 0.5 * decay((mean - x) / scale);
}

static int32_t odds_of(const picture *p, double yes, double all)
{
    if (!(all > 1e-200)) return 0;
    const double chance = yes / all * 65536;
    return p->tables.odds[(chance > 0 ? chance < 65535 ? (int)chance : 65535 : 0) >> 2];
}

/* Is the value, known to lie in an interval, above `split`? Bits of magnitudes are coded so. */
static int ask_above(scene *s, double split, int slot, int node, int bit)
{
    for (int k = 0; k < GUESSES; k++) {
        s->middle[k] = above(split, s->means[k], s->scales[k]);
        s->opinions[k] = odds_of(s->p, s->middle[k] - s->upper[k], s->lower[k] - s->upper[k]);
    }
    bit = ask(s, slot, node, bit);
    memcpy(bit ? s->lower : s->upper, s->middle, sizeof s->middle);
    return bit;
}

/* Number of bits in unary, then the bits below the first. Up to 15 all have a line's slots to themselves. */
static int32_t code_magnitude(scene *s, uint32_t size, int against)
{
    const int target = size ? 32 - __builtin_clz(size) : 1;
    int length = 1;
    while (length < LENGTH_MAX) {
        int node = length < 3 ? 2 * length + against : 3 + length;
        if (!ask_above(s, (1 << length) - 0.5, node < 8 ? 1 + node : 9, node, target > length)) break;
        length++;
    }
    uint32_t found = 1;
    for (int i = length - 2; i >= 0; i--) {
        int place = length - 2 - i;
        int node = (length > 5 ? 25 : 22) + (place < 2 ? place : 2);
        if (length < 5) node = 16 + (length - 2) * (length - 1) / 2 + place;
        int slot = node < 20 ? node - 6 : node == 20 ? 14 : 15;
        int bit = ask_above(s, (double)((2 * found + 1) << i) - 0.5, slot, node, size >> i & 1);
        found = found << 1 | (uint32_t)bit;
    }
    return (int32_t)found;
}

/* Code a value: zero? (unless `certain` that it is not), against the expected sign (negative if `flip`)?, size. The
 * guesses count in the direction of that sign. */
static int32_t code_value(scene *s, int32_t value, int flip, int certain)
{
    for (int k = 0; k < GUESSES; k++) {
        s->lower[k] = above(0.5, s->means[k], s->scales[k]);
        s->upper[k] = above(0.5, -s->means[k], s->scales[k]);
        s->opinions[k] = odds_of(s->p, 1 - s->lower[k] - s->upper[k], 1);
    }
    if (!certain && ask(s, 1, 0, value == 0)) return 0;
    for (int k = 0; k < GUESSES; k++) s->opinions[k] = odds_of(s->p, s->upper[k], s->lower[k] + s->upper[k]);
    const int against = ask(s, 2, 1, (value < 0) != flip);
    for (int k = 0; k < GUESSES; k++) {
        if (against) s->means[k] = -s->means[k];
        if (against) s->lower[k] = s->upper[k];
        s->upper[k] = 0;
    }
    int32_t size = code_magnitude(s, (uint32_t)(value < 0 ? -value : value), against);
    return against != flip ? -size : size;
}

#endif
