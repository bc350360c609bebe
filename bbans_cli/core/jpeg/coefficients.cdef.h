/* coefficients.c: a context-mixing coder of the quantised 8x8 DCT coefficients of a JPEG picture, component by
 * component, blocks in raster order. */

typedef struct {
    int32_t components;                 /* 1 to 4 */
    int32_t columns[4], rows[4];        /* blocks of 8x8 of each, 1..16384 */
    int32_t horizontal[4], vertical[4]; /* sampling factors, 1..4: they say which blocks of two components lie at the
                                          same place */
    uint16_t tables[4][64];             /* quantisers, row by row, 1..65535 */
    int32_t bucket_bits;                /* the hash table of counters has 2^bucket_bits buckets of 64 bytes, 8..20 */
} bbc_coefficients_shape;

/* Bytes of state for a shape, or 0 if the shape is not valid. The state must be zeros and begin at a multiple of 8. */
size_t bbc_coefficients_size(const bbc_coefficients_shape *shape);

/* Begin a picture: encode into `out` (size bytes) if `in` is NULL, else decode from `in` (size bytes). */
void bbc_coefficients_begin(void *state, const bbc_coefficients_shape *shape, const uint8_t *in, uint8_t *out,
                            size_t size);

/* Code the next `blocks` blocks, or as many as are left. planes: for each component its coefficients, the same in every
 * call: blocks in raster order, each 64 row by row, any int16; filled in when decoding. Returns 0, or -1 once the output
 * is full. */
int bbc_coefficients_code(void *state, int16_t *const *planes, int64_t blocks);

/* End of encoding: the number of bytes written, or SIZE_MAX if they did not fit. */
size_t bbc_coefficients_end(void *state);
