/* The blocks of deflate.c: zlib's _tr_flush_block and what it calls. */
#ifndef BBC_DEFLATE_BLOCKS_H
#define BBC_DEFLATE_BLOCKS_H

#include <string.h>

#include "deflate_codes.h"

/* ---- bits ---- */

static void deflate_put(deflate_state *d, uint32_t bits, int count)
{
    d->bits |= (uint64_t)bits << d->bit_count;
    for (d->bit_count += count; d->bit_count >= 8; d->bit_count -= 8, d->bits >>= 8) {
        if (d->at < d->room) d->out[d->at++] = (uint8_t)d->bits;
        else d->failed = 1;
    }
}

static void deflate_put_symbol(deflate_state *d, const deflate_code *c, int symbol)
{
    deflate_put(d, c->code[symbol], c->length[symbol]);
}

static void deflate_pad(deflate_state *d)
{
    if (d->bit_count) deflate_put(d, 0, 8 - d->bit_count);
}

/* ---- the two codes of a block, as code lengths with runs ---- */

/* Symbols of that alphabet: up to 15 a length; the length before 3 to 6 times; zero 3 to 10, and 11 to 138 times */
enum { DEFLATE_REPEAT = 16, DEFLATE_ZEROS, DEFLATE_MORE_ZEROS };

/* Count the symbols for the lengths of a code, or write them. */
static void deflate_code_lengths(deflate_state *d, const deflate_code *c, int write)
{
    int before = -1;
    for (int n = 0; n <= c->highest;) {
        const int length = c->length[n], most = length == 0 ? 138 : length == before ? 6 : 7;
        int run = 1;
        while (run < most && n + run <= c->highest && c->length[n + run] == length) run++;
        n += run;
        int symbol = length, count = run, extra = 0, bits = 0;
        if (run >= (length && length != before ? 4 : 3)) {
            if (length && length != before) {
                if (write) deflate_put_symbol(d, &d->lengths, length);
                else d->lengths.frequency[length]++;
                run--;
            }
            symbol = length ? DEFLATE_REPEAT : run <= 10 ? DEFLATE_ZEROS : DEFLATE_MORE_ZEROS;
            extra = run - (symbol == DEFLATE_MORE_ZEROS ? 11 : 3), bits = deflate_extra_of_length(symbol), count = 1;
        }
        for (int i = 0; i < count; i++) {
            if (!write) d->lengths.frequency[symbol]++;
            else deflate_put_symbol(d, &d->lengths, symbol), deflate_put(d, (uint32_t)extra, bits);
        }
        before = length;
    }
}

static const uint8_t DEFLATE_LENGTH_ORDER[DEFLATE_LENGTHS] = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                                              11, 4,  12, 3, 13, 2, 14, 1, 15};

/* How many lengths of that alphabet's code are written */
static int deflate_length_count(const deflate_state *d)
{
    int count = DEFLATE_LENGTHS;
    while (count > 4 && d->lengths.length[DEFLATE_LENGTH_ORDER[count - 1]] == 0) count--;
    return count;
}

static void deflate_put_codes(deflate_state *d)
{
    const int count = deflate_length_count(d);
    deflate_put(d, (uint32_t)d->literals.highest + 1 - 257, 5);
    deflate_put(d, (uint32_t)d->distances.highest, 5);
    deflate_put(d, (uint32_t)count - 4, 4);
    for (int i = 0; i < count; i++) deflate_put(d, d->lengths.length[DEFLATE_LENGTH_ORDER[i]], 3);
    deflate_code_lengths(d, &d->literals, 1);
    deflate_code_lengths(d, &d->distances, 1);
}

/* ---- blocks ---- */

static void deflate_begin_block(deflate_state *d)
{
    memset(d->literals.frequency, 0, sizeof d->literals.frequency);
    memset(d->distances.frequency, 0, sizeof d->distances.frequency);
    memset(d->lengths.frequency, 0, sizeof d->lengths.frequency);
    d->literals.frequency[DEFLATE_END] = 1;
    d->block = 0;
}

static void deflate_put_symbols(deflate_state *d, const deflate_code *literals, const deflate_code *distances)
{
    for (int i = 0; i < d->block; i++) {
        const int literal = d->block_literals[i], distance = d->block_distances[i];
        if (distance == 0) {
            deflate_put_symbol(d, literals, literal);
            continue;
        }
        const int symbol = deflate_length_symbol(literal), extra = deflate_extra_of_literal(symbol);
        const int far = deflate_distance_symbol(distance), more = deflate_extra_of_distance(far);
        deflate_put_symbol(d, literals, symbol);
        deflate_put(d, extra ? (uint32_t)literal & ((1u << extra) - 1) : 0, extra);
        deflate_put_symbol(d, distances, far);
        deflate_put(d, more ? (uint32_t)(distance - 1) & ((1u << more) - 1) : 0, more);
    }
    deflate_put_symbol(d, literals, DEFLATE_END);
}

static void deflate_put_stored(deflate_state *d, size_t end)
{
    const uint32_t size = (uint32_t)(end - d->start);
    deflate_pad(d);
    deflate_put(d, size, 16);
    deflate_put(d, ~size & 0xFFFF, 16);
    for (size_t i = d->start; i < end; i++) deflate_put(d, d->in[i], 8);
}

/* Write the block of the input up to `end` in the way that takes the fewest bytes. */
static void deflate_end_block(deflate_state *d, size_t end, int last)
{
    enum { STORED, FIXED, DYNAMIC };
    const size_t fixed_bits = deflate_fixed_cost(d);
    size_t bits = deflate_build(&d->heap, &d->literals, DEFLATE_LITERALS, DEFLATE_CODE_MAX, deflate_extra_of_literal);
    bits += deflate_build(&d->heap, &d->distances, DEFLATE_DISTANCES, DEFLATE_CODE_MAX, deflate_extra_of_distance);
    deflate_code_lengths(d, &d->literals, 0);
    deflate_code_lengths(d, &d->distances, 0);
    bits += deflate_build(&d->heap, &d->lengths, DEFLATE_LENGTHS, DEFLATE_LENGTHS_CODE_MAX, deflate_extra_of_length);
    bits += 3 * (size_t)deflate_length_count(d) + 14;
    const size_t dynamic = (bits + 3 + 7) >> 3, fixed = (fixed_bits + 3 + 7) >> 3, size = end - d->start;
    const int kind = size + 4 <= (fixed <= dynamic ? fixed : dynamic) && size <= UINT16_MAX ? STORED
                     : fixed <= dynamic                                                     ? FIXED
                                                                                            : DYNAMIC;
    deflate_put(d, (uint32_t)(kind << 1 | last), 3);
    if (kind == STORED) deflate_put_stored(d, end);
    else if (kind == FIXED) {
        deflate_fill_fixed(&d->literals, &d->distances);
        deflate_put_symbols(d, &d->literals, &d->distances);
    } else {
        deflate_put_codes(d);
        deflate_put_symbols(d, &d->literals, &d->distances);
    }
    if (last) deflate_pad(d);
    if (d->wanted && memcmp(d->out + d->compared, d->wanted + d->compared, d->at - d->compared) != 0) d->failed = 1;
    d->compared = d->at;
    d->start = end;
    deflate_begin_block(d);
}

#endif
