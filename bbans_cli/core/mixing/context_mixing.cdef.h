/* Two coders of samples by context mixing, without a network: few_colours.c for few colours (screens, drawings,
 * palettes, alpha), deep.c for deep samples that change by degrees (16-bit photographs, medical pictures). Both code a
 * band row by row, encoder and decoder alike. */

typedef struct {
    int32_t width;
    int32_t channels;    /* 1..4 samples a pixel, */
    int32_t known;       /* of which the first `known` are given on both sides and only help */
    int32_t depth;       /* bits of a sample, 1..16 */
    int32_t bucket_bits; /* the hash table of counters has 2^bucket_bits buckets of 64 bytes, 8..20 */
} bbc_mixing_shape;

/* Bytes of state for a shape, or 0 if the shape is not valid; few_colours.c codes whole samples alone. The state must
 * be zeros and begin at a multiple of 8. */
size_t bbc_few_colours_size(const bbc_mixing_shape *shape);
size_t bbc_deep_size(const bbc_mixing_shape *shape);

/* Begin a band: encode into `out` (size bytes) if `in` is NULL, else decode from `in` (size bytes). */
void bbc_few_colours_begin(void *state, const bbc_mixing_shape *shape, const uint8_t *in, uint8_t *out, size_t size);
void bbc_deep_begin(void *state, const bbc_mixing_shape *shape, const uint8_t *in, uint8_t *out, size_t size);

/* From now on write code lengths to `lengths`, one behind the other, in 2^-12 bits: of each pixel in bbc_few_colours_rows,
 * whose candidates are whole pixels; of each coded sample in bbc_deep_rows. Changes nothing that is coded. */
void bbc_few_colours_measure(void *state, int32_t *lengths);
void bbc_deep_measure(void *state, int32_t *lengths);

/* Code the next `rows` rows of (rows, width, channels) samples; what is not given is filled in when decoding. Returns
 * 0, or -1 once the output is full or the payload used up; then the samples from some pixel on are not coded. */
int bbc_few_colours_rows(void *state, uint16_t *samples, size_t rows);
int bbc_deep_rows(void *state, uint16_t *samples, size_t rows);

/* End of encoding: the number of bytes written, or SIZE_MAX if they did not fit. */
size_t bbc_few_colours_end(void *state);
size_t bbc_deep_end(void *state);
