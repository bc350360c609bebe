/* Pieces of an adaptive binary coder: chances that are learned in contexts, blended, and handed to an arithmetic coder.
 *
 * A decision (one bit) is seen in several contexts at once. Each has a slot that counts how often the bit was 1 there;
 * the slots' opinions, as log-odds, are summed with weights that follow the gradient of the coding cost (logistic
 * mixing, M. Mahoney, "Adaptive weighing of context models for lossless data compression", 2005). Everything is
 * integer arithmetic: encoder and decoder agree on every machine. A chance is that of a 1, in 2^-16.
 */
#ifndef BBC_BLEND_H
#define BBC_BLEND_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "context_mixing.cdef.h"
#include "counters.h"

/* ---- arithmetic coder: [low, high] narrows with each bit; equal top bytes are moved out ---- */

typedef struct {
    uint64_t low, high, value;
    const uint8_t *in; /* NULL when encoding; beyond its end it reads as zeros */
    uint8_t *out;
    size_t size, at; /* of `in` or `out` */
    int full;        /* the output did not fit; the rest is lost */
} bbc_bit_coder;

static inline uint8_t bbc_next_byte(bbc_bit_coder *c)
{
    size_t at = c->at++;
    return at < c->size ? c->in[at] : 0;
}

static inline void bbc_put_byte(bbc_bit_coder *c, uint8_t byte)
{
    if (c->at < c->size) c->out[c->at++] = byte;
    else c->full = 1;
}

static inline void bbc_coder_begin(bbc_bit_coder *c, const uint8_t *in, uint8_t *out, size_t size)
{
    *c = (bbc_bit_coder){.high = UINT64_MAX, .in = in, .out = out, .size = size};
    if (in)
        for (int i = 0; i < 8; i++) c->value = c->value << 8 | bbc_next_byte(c);
}

/* Code `bit`, or find it when decoding; the bit is returned. chance: 1..65535. */
static inline int bbc_code_bit(bbc_bit_coder *c, int bit, uint32_t chance)
{
    uint64_t middle = c->low + ((c->high - c->low) >> 16) * chance;
    if (c->in) bit = c->value <= middle;
    if (bit) c->high = middle;
    else c->low = middle + 1;
    while ((c->low ^ c->high) >> 56 == 0) {
        if (c->in) c->value = c->value << 8 | bbc_next_byte(c);
        else bbc_put_byte(c, (uint8_t)(c->high >> 56));
        c->low <<= 8;
        c->high = c->high << 8 | 255;
    }
    return bit;
}

/* Write the fewest bytes that, with zeros behind them, lie in [low, high]; returns the size of the output, or SIZE_MAX
 * if it did not fit. */
static inline size_t bbc_coder_end(bbc_bit_coder *c)
{
    for (int count = 0; count <= 8; count++) {
        uint64_t kept = count == 8 ? c->high : c->high & ~(UINT64_MAX >> (8 * count));
        if (kept < c->low) continue;
        for (int i = 0; i < count; i++) bbc_put_byte(c, (uint8_t)(kept >> (56 - 8 * i)));
        break;
    }
    while (c->at && !c->full && c->out[c->at - 1] == 0) c->at--;
    return c->full ? SIZE_MAX : c->at;
}

/* ---- blending ---- */

#define BBC_INPUTS_MAX 64
#define BBC_SETS_MAX 3
/* Weights are in 2^-16 and stay within 8, so that sums of 64 products with 10 of those bits fit 32 bits. */
#define BBC_WEIGHT_LIMIT ((8 << 16) - 1)
/* Sets of weights have room for a multiple of this, so that the loops over them need no remainder. */
#define BBC_LANES 8
#define BBC_ROOM(inputs) (((inputs) + BBC_LANES - 1) / BBC_LANES * BBC_LANES)

typedef struct {
    int16_t inputs[BBC_INPUTS_MAX]; /* log-odds */
    bbc_slot *slots[BBC_SLOTS_MAX];
    int count, slot_count, sets;
    int apart;                      /* are the slots known to differ? */
    int32_t *weights[BBC_SETS_MAX]; /* the sets in use */
    int32_t odds[BBC_SETS_MAX];     /* what each set made of the inputs */
} bbc_blend;

/* Each slot gives two inputs: its log-odds, and the same more timid; both 0 while it knows nothing. */
static inline void bbc_blend_add(const bbc_blend_tables *t, bbc_blend *b, bbc_slot *slot)
{
    const bbc_slot value = *slot;
    b->inputs[b->count++] = value ? t->odds[value >> 18] : 0;
    b->inputs[b->count++] = (int16_t)(value ? (int32_t)(value >> 21) - 1024 : 0);
    b->slots[b->slot_count++] = slot;
}

/* The first inputs: the same slot of several lines, step by step as in bbc_slots_learn_apart. */
static inline void bbc_blend_add_lines(const bbc_blend_tables *t, bbc_blend *b, bbc_slot *const *lines, int slot,
                                       int count)
{
    bbc_slot values[BBC_SLOTS_MAX];
    int32_t odds[BBC_SLOTS_MAX];
    uint32_t pairs[BBC_SLOTS_MAX];
    for (int i = 0; i < count; i++) {
        b->slots[i] = lines[i] + slot;
        values[i] = *b->slots[i];
        odds[i] = t->odds[values[i] >> 18];
    }
    for (int i = 0; i < count; i++) pairs[i] = values[i] ? ((values[i] >> 21) - 1024) << 16 | (uint16_t)odds[i] : 0;
    memcpy(b->inputs, pairs, (size_t)count * sizeof *pairs);
    b->slot_count = count;
    b->count = 2 * count;
}

/* The log-odds of each set in use, and their mean, which is returned. room: a multiple of BBC_LANES. */
static inline int32_t bbc_blend_odds(bbc_blend *b, int room)
{
    int32_t total = 0;
    for (int s = 0; s < b->sets; s++) {
        const int32_t *weights = b->weights[s];
        int32_t sum = 0;
        for (int i = 0; i < room; i++) sum += b->inputs[i] * (int16_t)(weights[i] >> 6);
        sum >>= 10;
        b->odds[s] = sum > BBC_ODDS_LIMIT ? BBC_ODDS_LIMIT : sum < -BBC_ODDS_LIMIT ? -BBC_ODDS_LIMIT : sum;
        total += b->odds[s];
    }
    return total / b->sets;
}

/* Each set learns from its own error, each slot its share. rate: weight change in 2^-20 of error times input, to
 * 32, so that errors fit 16 bits as inputs do: compilers multiply such in pairs. */
static inline void bbc_blend_learn(const bbc_blend_tables *t, bbc_blend *b, int bit, int32_t rate, int room)
{
    for (int s = 0; s < b->sets; s++) {
        const int16_t error = (int16_t)(((bit ? 65536 : 0) - (int32_t)bbc_chance_of(t, b->odds[s])) * rate >> 6);
        int32_t *weights = b->weights[s];
        for (int i = 0; i < room; i++) {
            int32_t weight = weights[i] + ((b->inputs[i] * error + (1 << 13)) >> 14);
            weight = weight > BBC_WEIGHT_LIMIT ? BBC_WEIGHT_LIMIT : weight;
            weights[i] = weight < -BBC_WEIGHT_LIMIT ? -BBC_WEIGHT_LIMIT : weight;
        }
    }
    if (b->apart) bbc_slots_learn_apart(t, b->slots, b->slot_count, bit);
    else bbc_slots_learn(t, b->slots, b->slot_count, bit);
}

/* ---- correction: what such a chance has really meant in a context, between supporting points ---- */

#define BBC_POINTS 24
#define BBC_POINT_STEP (2 * BBC_ODDS_LIMIT / (BBC_POINTS - 1) + 1)

static inline void bbc_correction_begin(const bbc_blend_tables *t, uint16_t *points)
{
    for (int i = 0; i < BBC_POINTS; i++) points[i] = (uint16_t)bbc_chance_of(t, i * BBC_POINT_STEP - BBC_ODDS_LIMIT);
}

/* The corrected chance; *near_point is the point that should learn. */
static inline uint32_t bbc_correct(uint16_t *points, int32_t odds, uint16_t **near_point)
{
    int32_t place = odds + BBC_ODDS_LIMIT, low = place / BBC_POINT_STEP, part = place % BBC_POINT_STEP;
    *near_point = points + low + (2 * part >= BBC_POINT_STEP);
    return (uint32_t)((points[low] * (BBC_POINT_STEP - part) + points[low + 1] * part) / BBC_POINT_STEP);
}

static inline void bbc_correction_learn(uint16_t *point, int bit)
{
    *point = (uint16_t)(*point + ((bit ? 65535 - *point : -*point) >> 6));
}

/* Blend what the slots of `b` say, correct it, code the bit (found when decoding, and returned), and let all learn.
 * room: that of the sets of weights, more than the inputs so far. */
static inline __attribute__((always_inline)) int bbc_decide(bbc_bit_coder *c, const bbc_blend_tables *t, bbc_blend *b,
                                                            int bit, uint16_t *points, int32_t rate, int room)
{
    uint16_t *point;
    b->inputs[b->count++] = 256; /* a constant, so that a set can lean to one side */
    for (int i = b->count; i < room; i++) b->inputs[i] = 0;
    int32_t odds = bbc_blend_odds(b, room);
    uint32_t chance = (bbc_chance_of(t, odds) + bbc_correct(points, odds, &point)) / 2;
    bit = bbc_code_bit(c, bit, chance < 1 ? 1 : chance);
    bbc_blend_learn(t, b, bit, rate, room);
    bbc_correction_learn(point, bit);
    return bit;
}

/* ---- rows ---- */

/* The oldest row's memory becomes the newest's. */
static inline void bbc_turn(void **rows, int count)
{
    void *oldest = rows[count - 1];
    for (int i = count - 1; i > 0; i--) rows[i] = rows[i - 1];
    rows[0] = oldest;
}

/* W + N - NW, kept between W and N (Martucci's median edge detector). */
static inline int32_t bbc_median_edge(int32_t w, int32_t n, int32_t nw)
{
    int32_t low = w < n ? w : n, high = w < n ? n : w;
    return nw >= high ? low : nw <= low ? high : w + n - nw;
}

#endif
