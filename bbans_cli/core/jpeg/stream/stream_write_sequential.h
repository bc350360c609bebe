/* Writing of a block of a sequential scan (T.81, F.1.2). */
#ifndef BBC_STREAM_WRITE_SEQUENTIAL_H
#define BBC_STREAM_WRITE_SEQUENTIAL_H

#include "stream_write_types.h"

STREAM_INLINE void stream_write_dc(stream_writer *bits, const bbc_stream_table *table, int32_t difference)
{
    const int category = stream_category((uint32_t)stream_write_magnitude(difference));
    if (category > 15) bits->failed = 1;
    else stream_put_code(bits, table, category, stream_write_value(difference), category);
}

static inline void stream_write_sequential(stream_encoder *e, int part, const int16_t *block)
{
    const bbc_stream_table *table = e->scan->components[part].ac;
    stream_writer bits = e->bits;
    stream_write_dc(&bits, e->scan->components[part].dc, (int16_t)(block[0] - e->dc[part]));
    e->dc[part] = block[0];
    uint64_t nonzero = 0;
#pragma GCC unroll 63
    for (int k = 1; k < 64; k++) nonzero |= (uint64_t)(block[stream_zigzag[k]] != 0) << k;
    int coded = 0;
    for (; nonzero; nonzero &= nonzero - 1) {
        const int k = __builtin_ctzll(nonzero);
        const int32_t value = block[stream_zigzag[k]];
        int run = k - coded - 1;
        for (; run > 15; run -= 16) stream_put_code(&bits, table, 0xf0, 0, 0);
        const int category = stream_category((uint32_t)stream_write_magnitude(value));
        bits.failed |= category > 15;
        stream_put_code(&bits, table, run << 4 | (category & 15), stream_write_value(value), category & 15);
        coded = k;
    }
    for (int i = 0; i < e->zero_runs && coded < 63; i++, coded += 16) stream_put_code(&bits, table, 0xf0, 0, 0);
    if (coded < 63) stream_put_code(&bits, table, 0, 0, 0);
    e->bits = bits;
}

#endif
