/* Of coefficient_blocks-inl.h: how a value is coded by decisions, each of which blends what contexts have learned with
 * chances that follow from guesses at the value's distribution. */
#ifndef BBC_MAGNITUDES_H
#define BBC_MAGNITUDES_H

#include "coefficients.h"

enum { LENGTH_MAX = 13 };

typedef struct {
    picture *p;
    uint64_t contexts[CONTEXTS];
    uint32_t hashes[CONTEXTS];
    bbc_slot *lines[CONTEXTS];
    int apart; /* are the lines all different? */
    size_t sets[VIEWS];
    double means[GUESSES], scales[GUESSES]; /* Laplace distributions of the value */
    double lower[GUESSES], upper[GUESSES];  /* what lies above the ends of an interval */
    int32_t opinions[GUESSES];              /* log-odds */
} scene;

static inline void scene_begin(scene *s, picture *p, int c, int kind, int level0, int level1, int level2)
{
    const int levels[VIEWS] = {level0, level1, level2};
    s->p = p;
    for (int i = 0; i < VIEWS; i++) {
        int level = levels[i] < LEVELS ? levels[i] : LEVELS - 1;
        s->sets[i] = (size_t)((((c > 0) * KINDS + kind) * LEVELS + level) * NODES);
    }
    for (int k = 0; k < GUESSES; k++) s->opinions[k] = 0;
}

/* Ask memory for the lines of all contexts, for a group of up to 15 decisions. It takes long: there is other work to do
 * before `arrive`, which must come before the first decision. */
static inline void turn_to(scene *s, int group)
{
    for (int k = 0; k < CONTEXTS; k++) s->hashes[k] = bbc_hash((uint64_t)(group << 8 | k), s->contexts[k]);
    bbc_seek_lines(s->p->lines, s->p->shape.bucket_bits, s->hashes, s->lines, CONTEXTS);
}

static inline void arrive(scene *s)
{
    bbc_take_lines(s->hashes, s->lines, CONTEXTS);
    s->apart = bbc_lines_apart(s->p->shape.bucket_bits, s->hashes, CONTEXTS);
}

/* One decision: `slot` (1..15) within the group, `node` as the weights know it. */
static int ask(scene *s, int slot, int node, int bit)
{
    picture *p = s->p;
    bbc_blend b;
    b.sets = VIEWS;
    b.apart = s->apart;
    bbc_blend_add_lines(&p->tables, &b, s->lines, slot, CONTEXTS);
    for (int k = 0; k < GUESSES; k++) b.inputs[b.count++] = (int16_t)s->opinions[k];
    for (int i = 0; i < VIEWS; i++) b.weights[i] = p->weights[i] + (s->sets[i] + (size_t)node) * ROOM;
    uint16_t *points = p->points + (s->sets[1] + (size_t)node) * BBC_POINTS;
    return bbc_decide(&p->coder, &p->tables, &b, bit, points, RATE, ROOM);
}

/* e^-x for x >= 0, roughly */
static inline double decay(double x)
{
    const double part = (x < 500 ? x : 500) / 256;
    double power = 1 + part * (1 + part / 2 * (1 + part / 3 * (1 + part / 4)));
    for (int i = 0; i < 8; i++) power *= power;
    return 1 / power;
}

/* Loops over the guesses become vectors, as their four doubles fill one of AVX2's: hence arrays, and no branch. */

/* The shares of the guesses' distributions above x, or, mirrored, below -x */
static inline void above(const scene *s, double x, int mirrored, double *out)
{
    for (int k = 0; k < GUESSES; k++) {
        const double away = x - (mirrored ? -s->means[k] : s->means[k]), half = 0.5 * decay(fabs(away) / s->scales[k]);
        out[k] = away > 0 ? half : 1 - half;
    }
}

/* What the guesses say of a chance `yes` among `all` */
static inline void form_opinions(scene *s, const double *yes, const double *all)
{
    int32_t places[GUESSES];
    for (int k = 0; k < GUESSES; k++) {
        double chance = yes[k] / all[k] * 65536;
        chance = chance > 0 ? chance : 0;
        places[k] = (int32_t)(chance < 65535 ? chance : 65535) >> 2;
    }
    for (int k = 0; k < GUESSES; k++) s->opinions[k] = all[k] > 1e-200 ? s->p->tables.odds[places[k]] : 0;
}

/* Is the value, known to lie in an interval, above `split`? Bits of magnitudes are coded so. */
static int ask_above(scene *s, double split, int slot, int node, int bit)
{
    double middle[GUESSES], yes[GUESSES], all[GUESSES];
    above(s, split, 0, middle);
    for (int k = 0; k < GUESSES; k++) {
        yes[k] = middle[k] - s->upper[k];
        all[k] = s->lower[k] - s->upper[k];
    }
    form_opinions(s, yes, all);
    bit = ask(s, slot, node, bit);
    memcpy(bit ? s->lower : s->upper, middle, sizeof middle);
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
    double zero[GUESSES], all[GUESSES];
    /* The lines are on their way from memory meanwhile. */
    above(s, 0.5, 0, s->lower);
    above(s, 0.5, 1, s->upper);
    for (int k = 0; k < GUESSES; k++) {
        zero[k] = 1 - s->lower[k] - s->upper[k];
        all[k] = 1;
    }
    form_opinions(s, zero, all);
    arrive(s);
    if (!certain && ask(s, 1, 0, value == 0)) return 0;
    for (int k = 0; k < GUESSES; k++) all[k] = s->lower[k] + s->upper[k];
    form_opinions(s, s->upper, all);
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
