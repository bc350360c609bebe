/* core/jpeg/stream/stream_read.c: any data of a scan. Those of a sequential one come back from what was read, and the
 * same is read if parts are decoded ahead. */
#include "stream.h"

enum { FUZZ_NOTES = 1 << 16, FUZZ_DATA = 1 << 16, FUZZ_PARTS = 3 };

typedef struct {
    uint8_t bytes[BBC_STREAM_KINDS][FUZZ_NOTES];
    bbc_stream_notes notes;
    bbc_stream_counts counts;
    int full;
} fuzz_result;

static void fuzz_read(const fuzz_scan *s, const uint8_t *data, size_t size, const bbc_stream_ahead *ahead, int aheads,
                      fuzz_result *to)
{
    to->notes = (bbc_stream_notes){.capacity = FUZZ_NOTES};
    for (int kind = 0; kind < BBC_STREAM_KINDS; kind++) to->notes.bytes[kind] = to->bytes[kind];
    to->full = bbc_stream_read(&s->scan, data, size, ahead, aheads, &to->notes, &to->counts);
}

/* After fuzz_read of a sequential scan without restarts */
static void fuzz_check_ahead(fuzz_scan *s, const uint8_t *data, size_t size, const fuzz_result *whole)
{
    static fuzz_result again;
    static int16_t before[4][FUZZ_PLANE], room[FUZZ_PARTS][4 * FUZZ_PLANE];
    int64_t begins[FUZZ_PARTS][FUZZ_MCUS * FUZZ_MCUS + 1];
    bbc_stream_ahead ahead[FUZZ_PARTS];
    memcpy(before, s->blocks, sizeof before);
    memset(s->blocks, 0, sizeof s->blocks);
    for (int part = 0; part < FUZZ_PARTS; part++) {
        ahead[part] = (bbc_stream_ahead){.begin = size * (size_t)part / FUZZ_PARTS,
                                         .end = size * ((size_t)part + 1) / FUZZ_PARTS,
                                         .capacity = (int64_t)s->scan.mcu_columns * s->scan.mcu_rows,
                                         .blocks = part ? room[part] : NULL,
                                         .begins = begins[part]};
        bbc_stream_read_ahead(&s->scan, data, size, ahead + part);
    }
    fuzz_read(s, data, size, ahead, FUZZ_PARTS, &again);
    fuzz_check(again.full == whole->full);
    fuzz_check(memcmp(before, s->blocks, sizeof before) == 0 || whole->full);
    fuzz_check(memcmp(&again.counts, &whole->counts, sizeof again.counts) == 0 || whole->full);
    for (int kind = 0; kind < BBC_STREAM_KINDS; kind++) {
        fuzz_check(again.notes.sizes[kind] == whole->notes.sizes[kind]);
        fuzz_check(memcmp(again.bytes[kind], whole->bytes[kind], again.notes.sizes[kind]) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static fuzz_scan s;
    static fuzz_result read;
    static uint8_t out[FUZZ_DATA + 8];
    fuzz_input in = {data, size};
    if (!fuzz_scan_begin(&s, &in) || in.size > FUZZ_DATA) return 0;
    /* What may stand in the blocks from scans before */
    if (s.scan.high)
        for (int c = 0; c < s.scan.count; c++) fuzz_fill(&in, s.blocks[c], 128);
    s.scan.probe = fuzz_take(&in, 0, 7) == 7;
    uint8_t *exact = fuzz_exact(in.data, in.size);
    fuzz_read(&s, exact, in.size, NULL, 0, &read);
    if (!read.full && !s.scan.probe) {
        const int64_t written = bbc_stream_write(&s.scan, &read.notes, out, sizeof out);
        /* What a stream writes must be regular: an FF is followed by 00 or a restart marker. */
        int regular = 1;
        for (size_t i = 0; i < in.size; i++)
            if (exact[i] == 0xff) regular &= i + 1 < in.size && (exact[i + 1] == 0 || (exact[i + 1] & 0xf8) == 0xd0);
        if (regular && !s.scan.progressive)
            fuzz_check(written == (int64_t)in.size && (in.size == 0 || memcmp(out, exact, in.size) == 0));
    }
    if (!s.scan.probe && !s.scan.progressive && !s.scan.interval) fuzz_check_ahead(&s, exact, in.size, &read);
    free(exact);
    return 0;
}
