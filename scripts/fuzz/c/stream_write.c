/* core/jpeg/stream/stream_write.c: any coefficients and notes. A sequential scan without notes has the same bytes if it
 * is written in parts. */
#include "stream.h"

enum { FUZZ_DATA = 1 << 14, FUZZ_ROOM = 8, FUZZ_PARTS = 4, FUZZ_SYMBOLS = 256 };

typedef struct {
    int64_t written; /* bytes; negative or beyond what is allowed: none */
    uint64_t uses[2 * FUZZ_SYMBOLS];
    uint8_t out[FUZZ_DATA + FUZZ_ROOM];
} fuzz_result;

static void fuzz_count_into(fuzz_scan *s, fuzz_result *to)
{
    memset(to->uses, 0, sizeof to->uses);
    s->dc.uses = to->uses;
    s->ac.uses = to->uses + FUZZ_SYMBOLS;
}

static void fuzz_write_whole(fuzz_scan *s, size_t capacity, fuzz_result *to)
{
    const bbc_stream_notes none = {0};
    fuzz_count_into(s, to);
    to->written = bbc_stream_write(&s->scan, &none, to->out, capacity + FUZZ_ROOM);
}

/* In up to FUZZ_PARTS parts, cut at random MCUs. */
static void fuzz_write_parts(fuzz_scan *s, size_t capacity, uint64_t seed, fuzz_result *to)
{
    uint8_t *parts[FUZZ_PARTS] = {0};
    int64_t bits[FUZZ_PARTS], at = 0, mcus = (int64_t)s->scan.mcu_columns * s->scan.mcu_rows;
    int count = 0, failed = 0;
    fuzz_count_into(s, to);
    for (; at < mcus; count++) {
        const int64_t left = mcus - at;
        const int64_t own = count == FUZZ_PARTS - 1 ? left : 1 + fuzz_random(&seed) % left;
        parts[count] = malloc(capacity + FUZZ_ROOM);
        if (!parts[count]) abort();
        bits[count] = bbc_stream_write_part(&s->scan, at, own, parts[count], capacity + FUZZ_ROOM);
        fuzz_check(bits[count] <= 8 * (int64_t)(capacity + FUZZ_ROOM));
        failed |= bits[count] < 0;
        at += own;
    }
    const uint8_t *const from[FUZZ_PARTS] = {parts[0], parts[1], parts[2], parts[3]};
    to->written = failed ? -1 : bbc_stream_join_parts(&s->scan, from, bits, count, to->out, capacity + FUZZ_ROOM);
    for (int part = 0; part < count; part++) free(parts[part]);
}

/* At most `capacity` bytes; as in scan.py, the writer has some room beyond. */
static void fuzz_check_parts(fuzz_scan *s, size_t capacity)
{
    static fuzz_result whole, parts;
    s->scan.interval = 0;
    fuzz_write_whole(s, capacity, &whole);
    fuzz_write_parts(s, capacity, capacity, &parts);
    const int fits = whole.written >= 0 && whole.written <= (int64_t)capacity;
    fuzz_check(fits == (parts.written >= 0 && parts.written <= (int64_t)capacity));
    if (!fits) return;
    fuzz_check(whole.written == parts.written);
    fuzz_check(memcmp(whole.out, parts.out, (size_t)whole.written) == 0);
    fuzz_check(memcmp(whole.uses, parts.uses, sizeof whole.uses) == 0);
}

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
    if (!s.scan.progressive) fuzz_check_parts(&s, capacity);
    for (int kind = 0; kind < BBC_STREAM_KINDS; kind++) free(exact[kind]);
    return 0;
}
