/* A scan of a JPEG stream: its parameters, Huffman tables and component arrays, from an input. */
#include "fuzz.h"
#include "stream.cdef.h"

enum { FUZZ_MCUS = 4, FUZZ_FACTOR = 2, FUZZ_SIDE = FUZZ_MCUS * FUZZ_FACTOR, FUZZ_PLANE = FUZZ_SIDE * FUZZ_SIDE * 64 };

typedef struct {
    bbc_stream_scan scan;
    bbc_stream_table dc, ac;
    int16_t blocks[4][FUZZ_PLANE];
} fuzz_scan;

/* Codes for every category of DC and for every symbol of AC, or those of the input. Returns 0 where these are no code. */
static int fuzz_table(fuzz_input *in, bbc_stream_table *table, int ac)
{
    uint8_t lengths[16] = {0}, symbols[256];
    int count = 0;
    for (int i = 0; i < 256; i++) symbols[i] = (uint8_t)i;
    if (fuzz_take(in, 0, 1)) {
        fuzz_fill(in, lengths, sizeof lengths);
        for (int i = 0; i < 16; i++) count += lengths[i];
        if (count > 256) return 0;
        fuzz_fill(in, symbols, (size_t)count);
    } else if (ac) {
        lengths[7] = 254;
        lengths[8] = 2;
        count = 256;
    } else {
        lengths[4] = 16;
        count = 16;
    }
    return bbc_stream_table_begin(table, lengths, symbols, count) == 0;
}

static int fuzz_scan_begin(fuzz_scan *s, fuzz_input *in)
{
    memset(s, 0, sizeof *s);
    bbc_stream_scan *scan = &s->scan;
    scan->progressive = fuzz_take(in, 0, 1);
    scan->mcu_columns = fuzz_take(in, 1, FUZZ_MCUS);
    scan->mcu_rows = fuzz_take(in, 1, FUZZ_MCUS);
    scan->first = scan->progressive ? fuzz_take(in, 0, 63) : 0;
    scan->last = scan->progressive ? scan->first ? fuzz_take(in, scan->first, 63) : 0 : 63;
    scan->high = scan->progressive ? fuzz_take(in, 0, 14) : 0;
    scan->low = scan->progressive ? fuzz_take(in, 0, 13) : 0;
    scan->count = scan->first ? 1 : fuzz_take(in, 1, 4);
    scan->interval = fuzz_take(in, 0, 5);
    scan->padding = fuzz_take(in, 0, 1);
    scan->run_limit = fuzz_take(in, 1, 0x7fff);
    scan->correction_limit = fuzz_take(in, 0, 1000);
    if (!fuzz_table(in, &s->dc, 0) || !fuzz_table(in, &s->ac, 1)) return 0;
    const int uses_dc = !scan->progressive || (scan->first == 0 && scan->high == 0);
    const int uses_ac = !scan->progressive || scan->first > 0;
    for (int c = 0; c < scan->count; c++) {
        bbc_stream_component *part = scan->components + c;
        part->across = scan->count == 1 ? 1 : fuzz_take(in, 1, FUZZ_FACTOR);
        part->down = scan->count == 1 ? 1 : fuzz_take(in, 1, FUZZ_FACTOR);
        part->columns = scan->mcu_columns * part->across;
        part->rows = scan->mcu_rows * part->down;
        part->blocks = s->blocks[c];
        part->dc = uses_dc ? &s->dc : NULL;
        part->ac = uses_ac ? &s->ac : NULL;
    }
    return 1;
}
