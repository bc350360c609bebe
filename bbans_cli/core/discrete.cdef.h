/* discrete.c: pixels of few colours (screens, drawings, palettes, alpha), coded one after the other by learned chances. */

typedef struct {
    int32_t width;
    int32_t channels;  /* 1..4 samples a pixel, */
    int32_t known;     /* of which the first `known` are given on both sides and only help */
    int32_t depth;     /* bits of a sample, 1..16 */
    int32_t line_bits; /* 2^line_bits lines of 64 bytes of memory for contexts, 8..22 */
} bbc_discrete_shape;

/* Bytes of state for a shape, or 0 if the shape is not valid. The state must be zeros. */
size_t bbc_discrete_size(const bbc_discrete_shape *shape);

/* Begin a band: encode into `out` (size bytes) if `in` is NULL, else decode from `in` (size bytes). */
void bbc_discrete_begin(void *state, const bbc_discrete_shape *shape, const uint8_t *in, uint8_t *out, size_t size);

/* Code the next `rows` rows of (rows, width, channels) samples; those that are not known are filled in when decoding.
 * Returns 0, or -1 once the output is full. */
int bbc_discrete_rows(void *state, uint16_t *samples, size_t rows);

/* End of encoding: the number of bytes written, or SIZE_MAX if they did not fit. */
size_t bbc_discrete_end(void *state);
