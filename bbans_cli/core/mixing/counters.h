/* What contexts learn, of mixer.h: slots, which are chances that are learned, and lines of them. */
#ifndef BBC_SLOTS_H
#define BBC_SLOTS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* ---- chances <-> log-odds ---- */

/* Log-odds are in units of 1/256, up to ln(65535): beyond that a chance of 16 bits cannot follow. */
#define BBC_ODDS_LIMIT 2839

typedef struct {
    uint16_t chance[2 * BBC_ODDS_LIMIT + 1]; /* by log-odds + limit */
    int16_t odds[65536 / 4];                 /* by chance / 4 */
    uint16_t share[1024];                    /* 2^16 / (n + 1.5), by n */
} bbc_blend_tables;

/* Built with integers only. exp(1/256) is taken in 2^-62; powers of it in 2^-40. */
static inline void bbc_blend_tables_fill(bbc_blend_tables *t)
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

#define BBC_SLOTS_MAX 32 /* in one decision */

static inline uint32_t bbc_slot_chance(bbc_slot slot) { return slot ? slot >> 10 : 1u << 21; }

/* What a slot has seen counts up to here: beyond, it forgets slowly. */
#define BBC_COUNT_MAX 255

/* Move towards the bit by 1 / (n + 1.5), so that the chance is the share of ones, and n up to BBC_COUNT_MAX. */
static inline bbc_slot bbc_slot_moved(bbc_slot slot, int32_t share, int bit)
{
    const int32_t chance = (int32_t)bbc_slot_chance(slot), count = (int32_t)(slot & 1023);
    const int32_t change = (int32_t)((int64_t)((bit ? (1 << 22) - 1 : 0) - chance) * share >> 16);
    return (uint32_t)(chance + change) << 10 | (uint32_t)(count < BBC_COUNT_MAX ? count + 1 : BBC_COUNT_MAX);
}

static inline void bbc_slots_learn(const bbc_blend_tables *t, bbc_slot **slots, int count, int bit)
{
    for (int i = 0; i < count; i++) *slots[i] = bbc_slot_moved(*slots[i], t->share[*slots[i] & 1023], bit);
}

/* The same of slots that all differ: step by step, as compilers can make vectors only of loops that do not go through
 * pointers. */
static inline void bbc_slots_learn_apart(const bbc_blend_tables *t, bbc_slot **slots, int count, int bit)
{
    bbc_slot values[BBC_SLOTS_MAX];
    int32_t shares[BBC_SLOTS_MAX];
    for (int i = 0; i < count; i++) {
        values[i] = *slots[i];
        shares[i] = t->share[values[i] & 1023];
    }
    for (int i = 0; i < count; i++) values[i] = bbc_slot_moved(values[i], shares[i], bit);
    for (int i = 0; i < count; i++) *slots[i] = values[i];
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

/* The lines of contexts. lines: 2^bits of them; hashes: one for each context. They lie all over the memory, so all are
 * asked for before the first is needed, and taken over, each from whoever had it, only then. */
static inline void bbc_seek_lines(bbc_slot *lines, int bits, const uint32_t *hashes, bbc_slot **found, int count)
{
    for (int i = 0; i < count; i++) {
        found[i] = lines + (size_t)(hashes[i] >> (32 - bits)) * BBC_LINE;
        __builtin_prefetch(found[i], 1);
    }
}

static inline void bbc_take_lines(const uint32_t *hashes, bbc_slot **found, int count)
{
    for (int i = 0; i < count; i++) {
        uint32_t check = (hashes[i] & 0xFFFFF) | 1;
        if (found[i][0] == check) continue;
        memset(found[i], 0, BBC_LINE * sizeof(bbc_slot));
        found[i][0] = check;
    }
}

/* Has each of these contexts a line to itself? count: up to half of BBC_SLOTS_MAX */
static inline int bbc_lines_apart(int bits, const uint32_t *hashes, int count)
{
    uint32_t round[BBC_SLOTS_MAX]; /* all places, twice */
    for (int i = 0; i < count; i++) round[i] = round[i + count] = hashes[i] >> (32 - bits);
    int equal = 0;
    for (int ahead = 1; 2 * ahead <= count; ahead++)
        for (int i = 0; i < count; i++) equal |= round[i] == round[i + ahead];
    return !equal;
}

static inline void bbc_find_lines(bbc_slot *lines, int bits, const uint32_t *hashes, bbc_slot **found, int count)
{
    bbc_seek_lines(lines, bits, hashes, found, count);
    bbc_take_lines(hashes, found, count);
}

#endif
