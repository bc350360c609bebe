/* The search of deflate.c for matches: zlib's INSERT_STRING and longest_match. */
#ifndef BBC_DEFLATE_SEARCH_H
#define BBC_DEFLATE_SEARCH_H

#include "deflate_types.h"

typedef struct {
    int length, distance;
} deflate_match;

/* Enter the three bytes at a place into the hash table; returns where they were seen before, or -1. */
static int32_t deflate_insert(deflate_state *d, size_t at)
{
    const uint8_t *b = d->in + at;
    const uint32_t hash = ((uint32_t)b[0] << 10 ^ (uint32_t)b[1] << 5 ^ b[2]) & (DEFLATE_HASHES - 1);
    const int32_t before = d->head[hash];
    d->before[at % DEFLATE_WINDOW] = before;
    d->head[hash] = (int32_t)at;
    return before;
}

/* How many bytes at two places are equal, at most `most` */
static int deflate_equal(const uint8_t *a, const uint8_t *b, int most)
{
    int length = 0;
    while (length < most && a[length] == b[length]) length++;
    return length;
}

/* The longest match that begins at `at` and is longer than `best`, if there is one, else of length 2 or `best`. Place 0
 * stands for nothing in zlib, so that no match begins there. */
static deflate_match deflate_find(deflate_state *d, size_t at, int best)
{
    deflate_match found = {DEFLATE_MATCH_MIN - 1, 0};
    const size_t left = d->size - at;
    if (left < DEFLATE_MATCH_MIN) return found;
    int64_t place = deflate_insert(d, at);
    const int64_t nearest = (int64_t)at - DEFLATE_FARTHEST;
    if (place <= 0 || place < nearest || (d->slow && best >= d->lazy)) return found;
    int chain = best >= d->good ? d->chain >> 2 : d->chain;
    const int most = left < DEFLATE_MATCH_MAX ? (int)left : DEFLATE_MATCH_MAX;
    const int nice = d->nice < most ? d->nice : most;
    found.length = best;
    const int64_t limit = nearest > 0 ? nearest : 0;
    do {
        const int length = deflate_equal(d->in + place, d->in + at, most);
        if (length <= found.length) continue;
        found = (deflate_match){length, (int)((int64_t)at - place)};
        if (length >= nice) break;
    } while ((place = d->before[place % DEFLATE_WINDOW]) > limit && --chain);
    return found;
}

#endif
