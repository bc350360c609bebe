/* Writing of a block of a progressive scan from the final coefficients (T.81, G.1.2). */
#ifndef BBC_STREAM_WRITE_PROGRESSIVE_H
#define BBC_STREAM_WRITE_PROGRESSIVE_H

#include "stream_write_sequential.h"

static inline void stream_write_dc_first(stream_encoder *e, int part, const int16_t *block)
{
    const int32_t value = block[0] >> e->scan->low;
    stream_write_dc(&e->bits, e->scan->components[part].dc, (int16_t)(value - e->dc[part]));
    e->dc[part] = value;
}

static inline void stream_write_dc_refined(stream_encoder *e, const int16_t *block)
{
    stream_put(&e->bits, (uint32_t)(block[0] >> e->scan->low) & 1, 1);
}

/* Coefficients of the band that are not 0 from bit Al on: bit k stands for coefficient k in zigzag order. */
static inline uint64_t stream_write_nonzero(const stream_encoder *e, const int16_t *block)
{
    const bbc_stream_scan *scan = e->scan;
    const int16_t high = (int16_t)((1 << scan->low) - 1), low = (int16_t)-high;
    if (!stream_block_has_ac(block)) return 0;
    uint64_t found = 0;
    uint8_t nonzero[64];
    for (int i = 0; i < 64; i++) nonzero[i] = (block[i] > high) | (block[i] < low);
    for (int row = 0; row < 8; row++) {
        /* Eight bytes of 0 or 1 to eight bits, the first one highest. */
        const uint64_t bits = stream_load8(nonzero + 8 * row) * 0x0102040810204080 >> 56;
        found |= e->spread[2 * row][bits >> 4] | e->spread[2 * row + 1][bits & 15];
    }
    return found & ((2ull << scan->last) - 1) & ~((1ull << scan->first) - 1);
}

/* Bits of coefficients that were nonzero before this scan. At most 64. */
typedef struct {
    uint64_t bits;
    int count;
} stream_write_bits;

STREAM_INLINE void stream_write_put_bits(stream_writer *bits, stream_write_bits *buffer)
{
    const int low = buffer->count > 32 ? 32 : buffer->count;
    if (buffer->count > 32) stream_put(bits, (uint32_t)(buffer->bits >> 32), buffer->count - 32);
    stream_put(bits, (uint32_t)(buffer->bits & ((1ull << low) - 1)), low);
    *buffer = (stream_write_bits){0, 0};
}

/* Correction bits of the coefficients in `which`. */
static inline void stream_write_corrections(stream_encoder *e, const int16_t *block, uint64_t which)
{
    stream_write_bits buffer = {0, __builtin_popcountll(which)};
    for (; which; which &= which - 1) {
        const int32_t magnitude = stream_write_magnitude(block[stream_zigzag[__builtin_ctzll(which)]]);
        buffer.bits = buffer.bits << 1 | (magnitude >> e->scan->low & 1);
    }
    stream_write_put_bits(&e->bits, &buffer);
}

/* Write the run that is pending, `more` blocks longer than it is. */
static inline void stream_write_run(stream_encoder *e, int64_t more)
{
    const bbc_stream_scan *scan = e->scan;
    const int64_t length = e->run + more;
    if (!e->run || length > 0x7fff) {
        e->bits.failed |= length != 0;
        return;
    }
    const int category = stream_category((uint32_t)length) - 1;
    stream_put_code(&e->bits, scan->components[0].ac, category << 4, (uint32_t)length, category);
    if (scan->high && e->corrections) {
        stream_cursor at = stream_cursor_at(scan, e->run_block, e->run);
        for (int k = e->run_from; at.left; stream_cursor_next(&at), k = 0) {
            const int16_t *block = stream_cursor_block(&at);
            stream_write_corrections(e, block, stream_write_nonzero(e, block) >> k << k);
            if (e->bits.size >= STREAM_WRITER_FULL) stream_drain(&e->bits);
        }
    }
    e->run = e->corrections = 0;
}

/* The coefficients from k on belong to an end-of-band run; those in `nonzero` had been nonzero before this scan. */
static inline void stream_write_run_block(stream_encoder *e, int64_t number, int k, uint64_t nonzero)
{
    const bbc_stream_scan *scan = e->scan;
    if (!e->run++) {
        e->run_block = number;
        e->run_from = k;
    }
    e->corrections += __builtin_popcountll(nonzero >> k);
    if (e->run >= scan->run_limit || e->corrections > scan->correction_limit) stream_write_run(e, 0);
}

static inline void stream_write_ac_first(stream_encoder *e, int64_t number, const int16_t *block)
{
    const bbc_stream_scan *scan = e->scan;
    const bbc_stream_table *table = scan->components[0].ac;
    uint64_t nonzero = stream_write_nonzero(e, block);
    int coded = scan->first - 1;
    if (nonzero || e->zero_runs || e->split) stream_write_run(e, 0);
    stream_writer bits = e->bits;
    for (; nonzero; nonzero &= nonzero - 1) {
        const int k = __builtin_ctzll(nonzero);
        const int32_t value = block[stream_zigzag[k]], magnitude = stream_write_magnitude(value) >> scan->low;
        int run = k - coded - 1;
        for (; run > 15; run -= 16) stream_put_code(&bits, table, 0xf0, 0, 0);
        const int category = stream_category((uint32_t)magnitude);
        const uint32_t low = stream_write_value(value < 0 ? -magnitude : magnitude);
        bits.failed |= category > 15;
        stream_put_code(&bits, table, run << 4 | (category & 15), low, category & 15);
        coded = k;
    }
    for (int i = 0; i < e->zero_runs && coded < scan->last; i++, coded += 16) stream_put_code(&bits, table, 0xf0, 0, 0);
    e->bits = bits;
    if (coded < scan->last) stream_write_run_block(e, number, coded + 1, 0);
}

/* Coefficients up to the last that becomes nonzero (T.81, figure G.7). */
static inline void stream_write_refinements(stream_encoder *e, const int16_t *block, uint64_t nonzero, int last)
{
    const bbc_stream_table *table = e->scan->components[0].ac;
    stream_write_bits buffer = {0, 0};
    stream_writer bits = e->bits;
    int run = 0, next = e->scan->first;
    for (; nonzero && next <= last; nonzero &= nonzero - 1) {
        const int k = __builtin_ctzll(nonzero);
        const int32_t value = block[stream_zigzag[k]], magnitude = stream_write_magnitude(value) >> e->scan->low;
        for (run += k - next, next = k + 1; run > 15; run -= 16) {
            stream_put_code(&bits, table, 0xf0, 0, 0);
            stream_write_put_bits(&bits, &buffer);
        }
        if (magnitude > 1) {
            buffer.bits = buffer.bits << 1 | (magnitude & 1);
            buffer.count++;
        } else {
            stream_put_code(&bits, table, run << 4 | 1, value > 0, 1);
            stream_write_put_bits(&bits, &buffer);
            run = 0;
        }
    }
    e->bits = bits;
}

/* Zero runs from coefficient k on, each with the correction bits up to its last zero. Returns where they end. */
static inline int stream_write_zero_runs(stream_encoder *e, const int16_t *block, uint64_t nonzero, int k)
{
    for (int i = 0; i < e->zero_runs && k <= e->scan->last; i++) {
        const int from = k;
        for (int zeros = 0; k <= e->scan->last && zeros < 16; k++) zeros += !(nonzero >> k & 1);
        stream_put_code(&e->bits, e->scan->components[0].ac, 0xf0, 0, 0);
        stream_write_corrections(e, block, nonzero & ((2ull << (k - 1)) - 1) & ~((1ull << from) - 1));
    }
    return k;
}

static inline void stream_write_ac_refined(stream_encoder *e, int64_t number, const int16_t *block)
{
    const bbc_stream_scan *scan = e->scan;
    const uint64_t nonzero = stream_write_nonzero(e, block);
    uint64_t coded = 0;
    for (uint64_t left = nonzero; left; left &= left - 1) {
        const int k = __builtin_ctzll(left);
        const int32_t magnitude = stream_write_magnitude(block[stream_zigzag[k]]) >> scan->low;
        coded |= (uint64_t)(magnitude == 1) << k;
    }
    const int last = coded ? 63 - __builtin_clzll(coded) : scan->first - 1;
    if (coded || e->zero_runs || e->split) stream_write_run(e, 0);
    stream_write_refinements(e, block, nonzero, last);
    const int k = stream_write_zero_runs(e, block, nonzero, last + 1);
    if (k <= scan->last) stream_write_run_block(e, number, k, nonzero);
}

#endif
