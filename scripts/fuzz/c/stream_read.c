/* core/jpeg/stream/stream_read.c: any data of a scan. Those of a sequential one come back from what was read. */
#include "stream.h"

enum { FUZZ_NOTES = 1 << 16, FUZZ_DATA = 1 << 16 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static fuzz_scan s;
    static uint8_t bytes[BBC_STREAM_KINDS][FUZZ_NOTES], out[FUZZ_DATA + 8];
    fuzz_input in = {data, size};
    bbc_stream_notes notes = {.capacity = FUZZ_NOTES};
    bbc_stream_counts counts;
    for (int kind = 0; kind < BBC_STREAM_KINDS; kind++) notes.bytes[kind] = bytes[kind];
    if (!fuzz_scan_begin(&s, &in) || in.size > FUZZ_DATA) return 0;
    /* What may stand in the blocks from scans before */
    if (s.scan.high)
        for (int c = 0; c < s.scan.count; c++) fuzz_fill(&in, s.blocks[c], 128);
    s.scan.probe = fuzz_take(&in, 0, 7) == 7;
    uint8_t *exact = fuzz_exact(in.data, in.size);
    const int full = bbc_stream_read(&s.scan, exact, in.size, &notes, &counts);
    if (!full && !s.scan.probe) {
        const int64_t written = bbc_stream_write(&s.scan, &notes, out, sizeof out);
        /* What a stream writes must be regular: an FF is followed by 00 or a restart marker. */
        int regular = 1;
        for (size_t i = 0; i < in.size; i++)
            if (exact[i] == 0xff) regular &= i + 1 < in.size && (exact[i + 1] == 0 || (exact[i + 1] & 0xf8) == 0xd0);
        if (regular && !s.scan.progressive)
            fuzz_check(written == (int64_t)in.size && (in.size == 0 || memcmp(out, exact, in.size) == 0));
    }
    free(exact);
    return 0;
}
