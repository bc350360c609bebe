/* Deflate as zlib does it: matches by chains of hashes (its deflate_fast and deflate_slow), the codes of each block (its
 * build_tree, gen_bitlen, scan_tree). RFC 1951 has the format; everything that it leaves to the encoder is zlib's choice. The
 * input is one buffer, so that the window need not move: deflate_search.h passes over what zlib's has lost by then. */
#include <string.h>

#include "deflate_blocks.h"
#include "deflate_search.h"

/* By level: how long a match is good (then chains are searched less), lazy (no better one is looked for behind it; up to
 * level 3: its bytes are all entered into the hash table up to this length), nice (it is taken at once); length of a chain */
static const int16_t DEFLATE_LEVELS[10][4] = {
    {0},
    {4, 4, 8, 4},
    {4, 5, 16, 8},
    {4, 6, 32, 32},
    {4, 4, 16, 16},
    {8, 16, 32, 32},
    {8, 16, 128, 128},
    {8, 32, 128, 256},
    {32, 128, 258, 1024},
    {32, 258, 258, 4096},
};
enum { DEFLATE_FASTEST_LAZY = 4 }; /* the first level that looks for a better match behind one */

/* Add a symbol to the block. */
static void deflate_count(deflate_state *d, int distance, int literal)
{
    d->block_distances[d->block] = (uint16_t)distance;
    d->block_literals[d->block++] = (uint8_t)literal;
    if (distance == 0) d->literals.frequency[literal]++;
    else {
        d->literals.frequency[deflate_length_symbol(literal)]++;
        d->distances.frequency[deflate_distance_symbol(distance)]++;
    }
}

/* The same, and end the block if it is full. `end`: of the input that the block has then. */
static void deflate_add(deflate_state *d, int distance, int literal, size_t end)
{
    deflate_count(d, distance, literal);
    if (d->block == DEFLATE_BLOCK) deflate_end_block(d, end, 0);
}

/* Each match is taken where it is found. */
static void deflate_fast(deflate_state *d)
{
    for (size_t at = 0; at < d->size && !d->failed;) {
        const deflate_match match = deflate_find(d, at, DEFLATE_MATCH_MIN - 1);
        if (match.length < DEFLATE_MATCH_MIN) {
            deflate_add(d, 0, d->in[at], at + 1);
            at++;
            continue;
        }
        const size_t end = at + (size_t)match.length;
        if (match.length <= d->lazy && d->size - end >= DEFLATE_MATCH_MIN)
            for (size_t place = at + 1; place < end; place++) deflate_insert(d, place);
        deflate_add(d, match.distance, match.length - DEFLATE_MATCH_MIN, end);
        at = end;
    }
}

/* A match is taken if none that begins a byte later is longer. */
static void deflate_slow(deflate_state *d)
{
    deflate_match before = {0}; /* of the byte before */
    int available = 0;          /* is that byte still to be coded? */
    before.length = DEFLATE_MATCH_MIN - 1;
    for (size_t at = 0; at < d->size && !d->failed;) {
        deflate_match match = deflate_find(d, at, before.length);
        const int too_far = match.length == DEFLATE_MATCH_MIN && match.distance > DEFLATE_TOO_FAR;
        if (match.length <= 5 && (d->filtered || too_far)) match.length = DEFLATE_MATCH_MIN - 1;
        if (before.length >= DEFLATE_MATCH_MIN && match.length <= before.length) {
            const size_t end = at - 1 + (size_t)before.length;
            for (size_t place = at + 1; place < end && place + DEFLATE_MATCH_MIN <= d->size; place++)
                deflate_insert(d, place);
            deflate_add(d, before.distance, before.length - DEFLATE_MATCH_MIN, end);
            available = 0;
            before.length = DEFLATE_MATCH_MIN - 1;
            at = end;
            continue;
        }
        if (available) deflate_add(d, 0, d->in[at - 1], at);
        available = 1;
        before = match;
        at++;
    }
    if (available && !d->failed) deflate_count(d, 0, d->in[d->size - 1]);
}

size_t bbc_deflate_size(void) { return sizeof(deflate_state); }

size_t bbc_deflate(void *state, const uint8_t *in, size_t size, int level, int filtered, const uint8_t *wanted,
                   uint8_t *out, size_t room)
{
    deflate_state *d = state;
    if (level < 1 || level > 9 || size > (size_t)1 << 30) return SIZE_MAX;
    memset(d, 0, sizeof *d);
    d->in = in, d->size = size, d->wanted = wanted, d->out = out, d->room = room, d->filtered = filtered;
    const int16_t *settings = DEFLATE_LEVELS[level];
    d->good = settings[0], d->lazy = settings[1], d->nice = settings[2], d->chain = settings[3];
    memset(d->head, 0xFF, sizeof d->head);
    deflate_begin_block(d);
    d->slow = level >= DEFLATE_FASTEST_LAZY;
    if (d->slow) deflate_slow(d);
    else deflate_fast(d);
    deflate_end_block(d, size, 1);
    return d->failed ? SIZE_MAX : d->at;
}
