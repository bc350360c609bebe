/* Parts of a sequential scan that threads decode before their place in it is known: a Huffman code falls into step soon
 * after a wrong beginning, so where a decoder of all that precedes comes to where an MCU of a part begins, the part
 * holds what it would decode, but for DC's predictors. S. T. Klein and Y. Wiseman, Parallel Huffman decoding with
 * applications to JPEG files (2003). */
#ifndef BBC_STREAM_AHEAD_H
#define BBC_STREAM_AHEAD_H

#include "stream_read_types.h"

/* Where the bytes begin that are loaded and not consumed, but for bits of a byte that is consumed in part. */
static inline size_t stream_read_boundary(const stream_reader *r)
{
    size_t at = r->at;
    int left = stream_reader_left(r);
    uint64_t bits = r->bits << (left & 7);
    for (; left >= 8; left -= 8, bits <<= 8) at -= bits >> 56 == 0xff ? 2 : 1;
    return at;
}

/* The same in bits, of which a stuffed 00 has eight. */
static inline int64_t stream_ahead_position(const stream_reader *r)
{
    return 8 * (int64_t)stream_read_boundary(r) - (stream_reader_left(r) & 7);
}

static inline stream_reader stream_ahead_reader(const uint8_t *data, size_t size, int64_t position)
{
    const int consumed = (int)(position & 7);
    size_t at = (size_t)(position >> 3);
    if (consumed && at && data[at] == 0 && data[at - 1] == 0xff) at--;
    stream_reader reader = stream_reader_at(data, size, at);
    stream_need(&reader, 8);
    stream_skip(&reader, consumed);
    return reader;
}

/* The MCU of d->ahead that begins where d stands, -1 if none does. What begins earlier is passed by. */
static inline int64_t stream_ahead_find(stream_decoder *d)
{
    const int64_t position = stream_ahead_position(&d->bits);
    for (; d->aheads; d->aheads--, d->ahead++, d->ahead_mcu = 0) {
        const bbc_stream_ahead *a = d->ahead;
        while (d->ahead_mcu < a->count && a->begins[d->ahead_mcu] < position) d->ahead_mcu++;
        if (d->ahead_mcu < a->count) return a->begins[d->ahead_mcu] == position ? d->ahead_mcu : -1;
    }
    return -1;
}

/* Copy MCUs from number `mcu` of a part on to where `at` is, with DC as it follows from d. */
static inline void stream_ahead_copy(const stream_decoder *d, stream_cursor at, const bbc_stream_ahead *a, int64_t mcu,
                                     int64_t blocks)
{
    int32_t change[4];
    const int16_t *from = a->blocks + mcu * blocks * 64;
    memcpy(change, d->dc, sizeof change);
    if (mcu > 0) {
        const int16_t *before = from - blocks * 64;
        for (stream_cursor c = stream_cursor_at(d->scan, 0, 1); c.left; stream_cursor_next(&c), before += 64)
            change[c.part] = d->dc[c.part] - before[0];
    }
    for (; at.left; stream_cursor_next(&at), from += 64) {
        int16_t *block = stream_cursor_block(&at);
        memcpy(block, from, 64 * sizeof *from);
        block[0] = (int16_t)(from[0] + change[at.part]);
    }
}

/* At the beginning of an MCU: go on behind those that are decoded already. */
static inline void stream_ahead_take(stream_decoder *d, stream_cursor *at)
{
    const int64_t mcu = stream_ahead_find(d), blocks = stream_mcu_blocks(d->scan);
    const int64_t here = at->number / blocks, left = at->left / blocks;
    const bbc_stream_ahead *a = d->ahead;
    if (mcu < 0 || (!a->blocks && here != mcu)) return;
    const int64_t mcus = a->count - mcu < left ? a->count - mcu : left;
    if (a->blocks) stream_ahead_copy(d, stream_cursor_at(d->scan, here, mcus), a, mcu, blocks);
    for (stream_cursor c = stream_cursor_at(d->scan, here + mcus - 1, 1); c.left; stream_cursor_next(&c))
        d->dc[c.part] = stream_cursor_block(&c)[0];
    d->bits = stream_ahead_reader(d->bits.data, d->bits.size, a->begins[mcu + mcus]);
    *at = stream_cursor_at(d->scan, here + mcus, left - mcus);
}

#endif
