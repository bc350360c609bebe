/* coefficients.c: a context-mixing coder of the quantised 8x8 DCT coefficients of a JPEG picture, component by
 * component, blocks in raster order. */

/* Sizes of the networks: features (the last is constant), hidden units, outputs; and of a network as int16:
 * hidden[FEATURES / 2][HIDDEN][2], output[OUTPUTS][HIDDEN], bias[OUTPUTS]. Networks of the place of the last coefficient
 * have 64 outputs. */
enum {
    BBC_COEFFICIENTS_FEATURES = 52,
    BBC_COEFFICIENTS_HIDDEN = 32,
    BBC_COEFFICIENTS_OUTPUTS = 20,
    BBC_COEFFICIENTS_NETWORK = 52 * 32 + 32 * 20 + 20,
    BBC_COEFFICIENTS_LAST_NETWORK = 52 * 32 + 32 * 64 + 64,
};
/* The mixer's weights: arrays, sets in each, inputs of each set; at level 9 and at level 5 */
enum { BBC_COEFFICIENTS_MIXED = 3, BBC_COEFFICIENTS_SETS = 2 * 3 * 32 * 32, BBC_COEFFICIENTS_INPUTS = 24 };
enum { BBC_COEFFICIENTS_MIXED_5 = 2, BBC_COEFFICIENTS_INPUTS_5 = 16 };

/* Features of the least squares, of which there are two for each coefficient: for its value and for its magnitude */
enum { BBC_COEFFICIENTS_LS = 8 };

/* Where the coder starts, trained beforehand: a network for each of 64 coefficients of luma and of chroma, and for
 * the place of the last one; weights of the mixer, in 1/4096; moments of the least squares. */
typedef struct {
    int16_t networks[2][64][52 * 32 + 32 * 20 + 20];
    int16_t last_networks[2][52 * 32 + 32 * 64 + 64];
    int16_t weights[3][2 * 3 * 32 * 32][24];
    int16_t weights_5[2][2 * 3 * 32 * 32][16];
    float moments[2][64][2][8 * 8 + 8]; /* of the least squares: features times features, and times target */
} bbc_coefficients_start;

/* The start from the bytes of a file of weights/, decompressed, of which there are as many, and which are changed. */
enum { BBC_COEFFICIENT_START_BYTES = 803392 };
void bbc_coefficient_start_unpack(uint8_t *packed, bbc_coefficients_start *start);

typedef struct {
    int32_t components;                 /* 1 to 4 */
    int32_t columns[4], rows[4];        /* blocks of 8x8 of each, 1..16384 */
    int32_t horizontal[4], vertical[4]; /* sampling factors, 1..4: they say which blocks of two components lie at the
                                          same place */
    uint16_t tables[4][64];             /* quantisers, row by row, 1..65535 */
    int32_t level;                      /* 1, 5 or 9 */
    int32_t bucket_bits;                /* the hash table of counters has 2^bucket_bits buckets of 64 bytes, 8..20 */
} bbc_coefficients_shape;

/* Bytes of state for a shape, or 0 if the shape is not valid. The state must be zeros and begin at a multiple of 8. */
size_t bbc_coefficients_size(const bbc_coefficients_shape *shape);

/* Begin a picture: encode into `out` (size bytes) if `in` is NULL, else decode from `in` (size bytes). `start` must live
 * as long as the state; at level 1 it is not used, and may be NULL. */
void bbc_coefficients_begin(void *state, const bbc_coefficients_shape *shape, const bbc_coefficients_start *start,
                            const uint8_t *in, uint8_t *out, size_t size);

/* From now on write the code length of each block to `lengths`, one behind the other, in 2^-12 bits. Changes nothing that
 * is coded. */
void bbc_coefficients_measure(void *state, int32_t *lengths);

/* Code the next `blocks` blocks, or as many as are left. planes: for each component its coefficients, the same in every
 * call: blocks in raster order, each 64 row by row, any int16; filled in when decoding. Returns 0, or -1 once the output
 * is full or the payload used up; then the blocks from some one on are not coded. */
int bbc_coefficients_code(void *state, int16_t *const *planes, int64_t blocks);

/* For training: from now on write an example for each number that is coded, until `size` bytes are full: what network
 * (uint8: 64 for chroma, and the coefficient; the place of the last one: 128, of chroma 129), 1 if a negative sign is
 * expected and 2 if it is known not to be zero (uint8), the value, of DC the residual (int16), and the features (int8). Then `bbc_coefficients_examples` tells how many bytes. */
void bbc_coefficients_keep_examples(void *state, uint8_t *out, size_t size);
size_t bbc_coefficients_examples(const void *state);

/* For training: the mixer's weights and the moments as they are now, component 1 in place of chroma. At levels 5 and 9, each
 * with weights of its own. */
void bbc_coefficients_learned(const void *state, bbc_coefficients_start *out);

/* End of encoding: the number of bytes written, or SIZE_MAX if they did not fit. */
size_t bbc_coefficients_end(void *state);
