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

#include "blend.cdef.h"

/* Log-odds are in units of 1/256, up to ln(65535): beyond that a chance of 16 bits cannot follow. */
#define BBC_ODDS_LIMIT 2839

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

static void bbc_coder_begin(bbc_bit_coder *c, const uint8_t *in, uint8_t *out, size_t size)
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
static size_t bbc_coder_end(bbc_bit_coder *c)
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

/* ---- chances <-> log-odds ---- */

typedef struct {
    uint16_t chance[2 * BBC_ODDS_LIMIT + 1]; /* by log-odds + limit */
    int16_t odds[65536 / 4];                 /* by chance / 4 */
    uint16_t share[1024];                    /* 2^16 / (n + 1.5), by n */
} bbc_blend_tables;

/* Built with integers only. exp(1/256) is taken in 2^-62; powers of it in 2^-40. */
static void bbc_blend_tables_fill(bbc_blend_tables *t)
{
    const uint64_t step = 4629735647166717429u;
    uint64_t power = (uint64_t)1 << 40;
    for (int x = 0; x <= BBC_ODDS_LIMIT; x++) {
        /* 1 / (1 + e^-x) = e^x / (1 + e^x) */
        uint64_t high = (power >> 12) * 65536 / ((power + ((uint64_t)1 << 40)) >> 12);
        t->chance[BBC_ODDS_LIMIT + x] = (uint16_t)(high > 65535 ? 65535 : high);
        t->chance[BBC_ODDS_LIMIT - x] = (uint16_t)(65536 - (high > 65535 ? 65535 : high));
        power = (uint64_t)(((unsigned __int128)power * step) >> 62);
    }
    int x = -BBC_ODDS_LIMIT;
    for (int i = 0; i < 65536 / 4; i++) {
        while (x < BBC_ODDS_LIMIT && t->chance[BBC_ODDS_LIMIT + x] < 4 * i + 2) x++;
        t->odds[i] = (int16_t)x;
    }
    for (int n = 0; n < 1024; n++) t->share[n] = (uint16_t)(131072 / (2 * n + 3));
}

static inline uint32_t bbc_chance_of(const bbc_blend_tables *t, int32_t odds)
{
    odds = odds > BBC_ODDS_LIMIT ? BBC_ODDS_LIMIT : odds < -BBC_ODDS_LIMIT ? -BBC_ODDS_LIMIT : odds;
    return t->chance[BBC_ODDS_LIMIT + odds];
}

/* ---- slots: a chance in 22 bits above a count of 10; a slot that was never used has both 0 ---- */

typedef uint32_t bbc_slot;

static inline uint32_t bbc_slot_chance(bbc_slot slot)
{
    return slot ? slot >> 10 : 1u << 21;
}

/* What a slot has seen counts up to here: beyond, it forgets slowly. */
#define BBC_COUNT_MAX 255

/* Move towards the bit by 1 / (n + 1.5), so that the chance is the share of ones, and n up to BBC_COUNT_MAX. */
static inline void bbc_slot_learn(const bbc_blend_tables *t, bbc_slot *slot, int bit)
{
    uint32_t count = *slot & 1023;
    int64_t chance = bbc_slot_chance(*slot);
    chance += (((int64_t)bit << 22) - bit - chance) * t->share[count] >> 16;
    *slot = (uint32_t)chance << 10 | (count < BBC_COUNT_MAX ? count + 1 : BBC_COUNT_MAX);
}

/* A line holds what one context knows of up to four bits in a row: slot 0 is the context's check, then a tree. */
#define BBC_LINE 16

static inline uint32_t bbc_hash(uint64_t a, uint64_t b)
{
    uint64_t h = (a + 0x9E3779B97F4A7C15u) * 0xD6E8FEB86659FD93u ^ (b + 0x632BE59BD9B4E019u) * 0xCA5A826395121157u;
    h ^= h >> 32;
    h *= 0xD6E8FEB86659FD93u;
    return (uint32_t)(h >> 32);
}

/* The lines of contexts, each taken over from whoever had it. lines: 2^bits of them; hashes: one for each context. They
 * lie all over the memory, so all are asked for before the first is needed. */
static inline void bbc_find_lines(bbc_slot *lines, int bits, const uint32_t *hashes, bbc_slot **found, int count)
{
    for (int i = 0; i < count; i++) {
        found[i] = lines + (size_t)(hashes[i] >> (32 - bits)) * BBC_LINE;
        __builtin_prefetch(found[i], 1);
    }
    for (int i = 0; i < count; i++) {
        uint32_t check = (hashes[i] & 0xFFFFF) | 1;
        if (found[i][0] == check) continue;
        memset(found[i], 0, BBC_LINE * sizeof(bbc_slot));
        found[i][0] = check;
    }
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
    int16_t inputs[BBC_INPUTS_MAX]; /* log-odds; zeros up to the room of a set */
    bbc_slot *slots[BBC_INPUTS_MAX / 2];
    int count, slot_count, sets;
    int32_t *weights[BBC_SETS_MAX]; /* the sets in use */
    int32_t odds[BBC_SETS_MAX];     /* what each set made of the inputs */
} bbc_blend;

/* Each slot gives two inputs: its log-odds, and the same more timid; both 0 while it knows nothing. */
static inline void bbc_blend_add(const bbc_blend_tables *t, bbc_blend *b, bbc_slot *slot)
{
    uint32_t chance = bbc_slot_chance(*slot);
    b->inputs[b->count++] = *slot ? t->odds[chance >> 8] : 0;
    b->inputs[b->count++] = (int16_t)(*slot ? ((int32_t)(chance >> 6) - 32768) >> 5 : 0);
    b->slots[b->slot_count++] = slot;
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
    for (int i = 0; i < b->slot_count; i++) bbc_slot_learn(t, b->slots[i], bit);
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
static inline int bbc_decide(bbc_bit_coder *c, const bbc_blend_tables *t, bbc_blend *b, int bit, uint16_t *points,
                             int32_t rate, int room)
{
    uint16_t *point;
    b->inputs[b->count++] = 256; /* a constant, so that a set can lean to one side */
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
