/* stream_*.c: entropy-coded data of a scan of a JPEG stream (ITU-T T.81) to coefficients and back, byte for byte. */

/* A Huffman table (T.81, annex C), for decoding and for encoding. */
typedef struct {
    uint16_t lookup[1024]; /* by the next 10 bits: a code's entry, or 0 for longer codes and for none */
    int32_t values[1024]; /* by the next 10 bits: an AC code and the value after it, as value << 16 | run << 8 | bits of
                              both; 0 where they are longer, and for codes without a value */
    uint16_t entries[256]; /* of the codes in their order: symbol << 8, 32 if the symbol has an earlier code, length */
    int32_t limits[18];    /* of each length 1..16, left-aligned to 16 bits: the first longer code */
    int32_t offsets[18];   /* of each length: the index of its first entry, less its first code */
    uint32_t codes[256];   /* by symbol: code << 8 | length of its first code; 0: it has none */
    uint64_t *uses;        /* NULL, or 256 numbers: how often each symbol was written, which writing adds to */
} bbc_stream_table;

typedef struct {
    int16_t *blocks;                 /* (rows, columns, 64) coefficients, row by row within a block */
    int32_t columns, rows;           /* blocks of the array */
    int32_t across, down;            /* blocks of an MCU of the scan */
    const bbc_stream_table *dc, *ac; /* may be NULL where the scan uses none */
} bbc_stream_component;

typedef struct {
    int32_t progressive, count; /* 1 if the frame is progressive; components of the scan */
    bbc_stream_component components[4];
    int32_t mcu_columns, mcu_rows;
    int32_t first, last, high, low; /* Ss, Se, Ah, Al of T.81, B.2.3; 0, 63, 0, 0 in a sequential frame */
    int32_t interval;               /* MCUs between restarts; 0: all of them */
    int32_t padding;                /* 0 or 1: the usual padding bit */
    int32_t run_limit;              /* blocks of an end-of-band run after which it is usually ended */
    int32_t correction_limit;       /* correction bits of a run beyond which it is usually ended */
    int32_t probe;                  /* 1: bbc_stream_read leaves the blocks as they are */
} bbc_stream_scan;

enum {
    BBC_STREAM_INTERVALS, /* intervals that do not end as usual */
    BBC_STREAM_LITERALS,  /* their bytes that code no blocks */
    BBC_STREAM_ZERO_RUNS, /* zero runs after the last coefficient of a block */
    BBC_STREAM_SPLITS,    /* blocks before which an end-of-band run was ended */
    BBC_STREAM_RAW,       /* blocks whose bits the coefficients do not give */
    BBC_STREAM_KINDS
};

/* Where entropy-coded data differ from what the coefficients alone give: a byte string for each kind. Numbers are
 * LEB128; positions are the difference to the position before, in blocks (or intervals) in the order of the scan. */
typedef struct {
    uint8_t *bytes[5];
    size_t sizes[5];
    size_t capacity; /* of each */
} bbc_stream_notes;

typedef struct {
    int64_t blocks;       /* decoded */
    int64_t mcus;         /* from the first to the last decoded block, the MCU that it is in included */
    int64_t literal_bits; /* that are in notes as they are */
    int64_t padding[2];   /* intervals padded by zeros alone and by ones alone */
    int64_t splits;       /* notes of BBC_STREAM_SPLITS */
    int64_t longest_run;  /* blocks of the longest end-of-band run */
    int64_t late_runs;    /* end-of-band runs that exceed a limit: the data cannot be written under these limits */
    int64_t unexpected;   /* intervals whose end is in notes */
} bbc_stream_counts;

/* Lay out a table of count codes: lengths[16] of codes of each length, and their symbols. Returns 0, or -1 where no
 * such code can be. */
int bbc_stream_table_begin(bbc_stream_table *table, const uint8_t *lengths, const uint8_t *symbols, int32_t count);

/* MCUs of a sequential scan without restarts that are decoded before their place is known. */
typedef struct {
    size_t begin, end; /* byte of the data where the first MCU begins, and the one before which the last does */
    int64_t capacity;  /* MCUs */
    int16_t *blocks;   /* capacity MCUs, block by block. NULL: those of the scan, whose first MCU is at `begin` then */
    int64_t *begins;   /* capacity + 1: where each MCU begins and the last one ends, in bits of the data */
    int64_t count;     /* MCUs decoded */
} bbc_stream_ahead;

/* Decode a part of a scan: all but what `count` says is filled in, or has room. */
void bbc_stream_read_ahead(const bbc_stream_scan *scan, const uint8_t *data, size_t size, bbc_stream_ahead *ahead);

/* Decode entropy-coded data into the scan's blocks. Always succeeds; what makes no sense goes to notes. `aheads` parts
 * that are decoded already, in their order, save time and change nothing. Returns 0, or -1 if notes are full. */
int bbc_stream_read(const bbc_stream_scan *scan, const uint8_t *data, size_t size, const bbc_stream_ahead *ahead,
                    int32_t aheads, bbc_stream_notes *notes, bbc_stream_counts *counts);

/* The data again. Returns their size, or -1: notes or coefficients that no data give, or beyond capacity bytes. */
int64_t bbc_stream_write(const bbc_stream_scan *scan, const bbc_stream_notes *notes, uint8_t *out, size_t capacity);

/* The bits of MCUs `first` to `first` + `mcus` - 1 of a sequential scan without notes and restarts: neither stuffed nor
 * padded, the first one highest in the first byte. Returns their number, or -1 as bbc_stream_write. */
int64_t bbc_stream_write_part(const bbc_stream_scan *scan, int64_t first, int64_t mcus, uint8_t *out, size_t capacity);

/* The data of a scan from so many bits of each of its parts: what bbc_stream_write gives. */
int64_t bbc_stream_join_parts(const bbc_stream_scan *scan, const uint8_t *const *parts, const int64_t *bits,
                              int32_t count, uint8_t *out, size_t capacity);
