/* Writing of a block of a sequential scan (T.81, F.1.2). */
#ifndef BBC_STREAM_WRITE_SEQUENTIAL_H
#define BBC_STREAM_WRITE_SEQUENTIAL_H

#include "stream_write_types.h"

static inline void stream_write_dc(stream_encoder *e, int part, int32_t difference)
{
    const int category = stream_category((uint32_t)stream_write_magnitude(difference));
    if (category > 15) e->bits.failed = 1;
    else stream_put_code(&e->bits, e->scan->components[part].dc, category, stream_write_value(difference), category);
}

static inline void stream_write_sequential(stream_encoder *e, int part, const int16_t *block)
{
    const bbc_stream_table *table = e->scan->components[part].ac;
    stream_write_dc(e, part, (int16_t)(block[0] - e->dc[part]));
    e->dc[part] = block[0];
    int coded = 0;
    for (int k = 1; k < 64; k++) {
        const int32_t value = block[stream_zigzag[k]];
        if (!value) continue;
        int run = k - coded - 1;
        for (; run > 15; run -= 16) stream_put_code(&e->bits, table, 0xf0, 0, 0);
        const int category = stream_category((uint32_t)stream_write_magnitude(value));
        stream_put_code(&e->bits, table, run << 4 | category, stream_write_value(value), category & 15);
        coded = k;
    }
    for (int i = 0; i < e->zero_runs && coded < 63; i++, coded += 16) stream_put_code(&e->bits, table, 0xf0, 0, 0);
    if (coded < 63) stream_put_code(&e->bits, table, 0, 0, 0);
}

#endif
