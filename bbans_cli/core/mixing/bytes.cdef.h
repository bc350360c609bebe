/* bytes.c: a coder of bytes by context mixing, for what surrounds the coefficients of JPEG files: headers, EXIF, XMP,
 * profiles. */

typedef struct {
    int32_t bucket_bits; /* the hash table of counters has 2^bucket_bits buckets of 64 bytes, 8..20 */
} bbc_bytes_shape;

/* Bytes of a start: the mixer's weights, int8 (inputs, 3, 256) in 2^-7, less those before training. */
enum { BBC_BYTES_START_BYTES = 23808 };

/* Bytes of state for a shape, or 0 if the shape is not valid. The state must be zeros and begin at a multiple of 8. */
size_t bbc_bytes_size(const bbc_bytes_shape *shape);

/* Begin: encode into `out` (size bytes) if `in` is NULL, else decode from `in` (size bytes). start: NULL for none */
void bbc_bytes_begin(void *state, const bbc_bytes_shape *shape, const uint8_t *start, const uint8_t *in, uint8_t *out,
                     size_t size);

/* The same, with what a state of the same shape has learned. */
void bbc_bytes_begin_learned(void *state, const void *learned, const uint8_t *in, uint8_t *out, size_t size);

/* Learn a dictionary, the first `size` bytes of the data to come, as which both sides have it: matches are found in all
 * of it, counters learn its end. */
void bbc_bytes_learn(void *state, const uint8_t *data, size_t size);

/* For training: the mixer's weights as they are now, (inputs, 3, 256) in 2^-16. */
void bbc_bytes_weights(const void *state, int32_t *weights);

/* Code the bytes from..to of `data`, those before which were learned or coded; filled in when decoding. `to` is below
 * 2^31. Returns 0, or -1 once the output is full or the payload used up. */
int bbc_bytes_code(void *state, uint8_t *data, size_t from, size_t to);

/* End of encoding: the number of bytes written, or SIZE_MAX if they did not fit. */
size_t bbc_bytes_end(void *state);
