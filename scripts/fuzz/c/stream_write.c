/* core/jpeg/stream/stream_write.c: any coefficients and notes. */
#include "stream.h"

enum { FUZZ_DATA = 1 << 14 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static fuzz_scan s;
    static uint64_t uses[256];
    uint8_t *exact[BBC_STREAM_KINDS];
    fuzz_input in = {data, size};
    bbc_stream_notes notes = {0};
    if (!fuzz_scan_begin(&s, &in)) return 0;
    const size_t capacity = (size_t)fuzz_take(&in, 8, FUZZ_DATA);
    s.dc.uses = fuzz_take(&in, 0, 1) ? uses : NULL;
    for (int kind = 0; kind < BBC_STREAM_KINDS; kind++) {
        const size_t wanted = (size_t)fuzz_take(&in, 0, 255), there = wanted < in.size ? wanted : in.size;
        notes.bytes[kind] = exact[kind] = fuzz_exact(in.data, there);
        notes.sizes[kind] = there;
        in.data += there;
        in.size -= there;
    }
    for (int c = 0; c < s.scan.count; c++) {
        const size_t count = (size_t)s.scan.components[c].columns * (size_t)s.scan.components[c].rows * 64;
        fuzz_fill(&in, s.blocks[c], (count < 512 ? count : 512) * sizeof(int16_t));
    }
    uint8_t *out = malloc(capacity);
    if (!out) abort();
    const int64_t written = bbc_stream_write(&s.scan, &notes, out, capacity);
    fuzz_check(written <= (int64_t)capacity);
    free(out);
    for (int kind = 0; kind < BBC_STREAM_KINDS; kind++) free(exact[kind]);
    return 0;
}
