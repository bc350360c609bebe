/* A hash table of counters. A bucket is a cache line: the check tag of the context that owns it, and counters for up to
 * four bits in a row in that context, as a binary tree. A context takes the bucket of another whose hash leads to the
 * same place: there is no chain, and what the other had learned is lost. */
#ifndef BBC_BUCKETS_H
#define BBC_BUCKETS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "counters.h"

#define BUCKET_SIZE 16 /* the tag and 15 counters */

static inline uint32_t bucket_hash(uint64_t a, uint64_t b)
{
    uint64_t h = (a + 0x9E3779B97F4A7C15u) * 0xD6E8FEB86659FD93u ^ (b + 0x632BE59BD9B4E019u) * 0xCA5A826395121157u;
    h ^= h >> 32;
    h *= 0xD6E8FEB86659FD93u;
    return (uint32_t)(h >> 32);
}

/* Find the places of contexts in a table of 2^bits buckets, and prefetch them: they are scattered over memory. hashes:
 * one for each context. Before its first use each must be claimed. */
static inline void bucket_prefetch(counter *table, int bits, const uint32_t *hashes, counter **found, int count)
{
    for (int i = 0; i < count; i++) {
        found[i] = table + (size_t)(hashes[i] >> (32 - bits)) * BUCKET_SIZE;
        __builtin_prefetch(found[i], 1);
    }
}

/* Claim each bucket for its context: clear it if its check tag belongs to another one. */
static inline void bucket_claim(const uint32_t *hashes, counter **found, int count)
{
    for (int i = 0; i < count; i++) {
        uint32_t tag = (hashes[i] & 0xFFFFF) | 1;
        if (found[i][0] == tag) continue;
        memset(found[i], 0, BUCKET_SIZE * sizeof(counter));
        found[i][0] = tag;
    }
}

static inline void bucket_find(counter *table, int bits, const uint32_t *hashes, counter **found, int count)
{
    bucket_prefetch(table, bits, hashes, found, count);
    bucket_claim(hashes, found, count);
}

/* Has each of these contexts a bucket to itself? count: up to half of COUNTERS_MAX */
static inline int bucket_all_distinct(int bits, const uint32_t *hashes, int count)
{
    uint32_t places[COUNTERS_MAX]; /* all places twice, so that those ahead need no remainder */
    for (int i = 0; i < count; i++) places[i] = places[i + count] = hashes[i] >> (32 - bits);
    int equal = 0;
    for (int ahead = 1; 2 * ahead <= count; ahead++)
        for (int i = 0; i < count; i++) equal |= places[i] == places[i + ahead];
    return !equal;
}

#endif
