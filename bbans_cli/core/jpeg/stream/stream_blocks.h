/* Blocks of a scan in the order in which they are coded (T.81, A.2). */
#ifndef BBC_STREAM_BLOCKS_H
#define BBC_STREAM_BLOCKS_H

#include <string.h>

#include "stream_bits.h"

/* Whether a block has AC coefficients. */
STREAM_INLINE int stream_block_has_ac(const int16_t *block)
{
    uint64_t words[16], any = (uint64_t)(block[1] | block[2] | block[3]);
    memcpy(words, block, sizeof words);
    for (int i = 1; i < 16; i++) any |= words[i];
    return any != 0;
}

typedef struct {
    const bbc_stream_scan *scan;
    int64_t left;        /* blocks of the interval */
    int64_t number;      /* of the block, from the first of the scan on */
    int32_t row, column; /* of the MCU */
    int32_t part, x, y;  /* component of the scan, block within the MCU */
} stream_cursor;

static inline int64_t stream_mcu_blocks(const bbc_stream_scan *scan)
{
    int64_t blocks = 0;
    for (int i = 0; i < scan->count; i++) blocks += scan->components[i].across * scan->components[i].down;
    return blocks;
}

static inline stream_cursor stream_cursor_at(const bbc_stream_scan *scan, int64_t mcu, int64_t mcus)
{
    const int64_t blocks = stream_mcu_blocks(scan);
    return (stream_cursor){
        scan, mcus * blocks, mcu * blocks, (int32_t)(mcu / scan->mcu_columns), (int32_t)(mcu % scan->mcu_columns), 0, 0,
        0};
}

static inline int16_t *stream_cursor_block(const stream_cursor *c)
{
    const bbc_stream_component *part = &c->scan->components[c->part];
    const int64_t row = (int64_t)c->row * part->down + c->y, column = (int64_t)c->column * part->across + c->x;
    return part->blocks + (row * part->columns + column) * 64;
}

static inline void stream_cursor_next(stream_cursor *c)
{
    const bbc_stream_component *part = &c->scan->components[c->part];
    c->left--;
    c->number++;
    if (++c->x < part->across) return;
    c->x = 0;
    if (++c->y < part->down) return;
    c->y = 0;
    if (++c->part < c->scan->count) return;
    c->part = 0;
    if (++c->column < c->scan->mcu_columns) return;
    c->column = 0;
    c->row++;
}

/* Go on by some blocks, at most those that are left, in a scan of one component. */
static inline void stream_cursor_skip(stream_cursor *c, int64_t blocks)
{
    const int64_t column = c->column + blocks;
    c->left -= blocks;
    c->number += blocks;
    c->row += (int32_t)(column / c->scan->mcu_columns);
    c->column = (int32_t)(column % c->scan->mcu_columns);
}

#endif
