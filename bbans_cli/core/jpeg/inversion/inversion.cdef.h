/* inversion_colour.c, inversion_quantiser.c, inversion_block.c, inversion_upsampling.c, inversion_chroma.c: from what a JPEG decoder
 * wrote to the coefficients that it read (recover/). */

/* Narrows, for n pixels R, G, B, the ranges of the Y, Cb, Cr that they come from, which lie `plane` apart; those of
 * a pixel that comes from none stay. */
void bbc_recover_ranges(int64_t n, int64_t plane, const uint8_t *rgb, uint8_t *low, uint8_t *high);

/* What is known of a component's samples: that they lie from `low` to `high`, and probably near to `guess`. */
typedef struct {
    int64_t width, height;
    const uint8_t *low, *high, *guess;
} bbc_recover_plane;

/* Finds coefficients that give samples within their bounds, of the blocks `from` to `to` but those found already:
 * found[] becomes 1, or stays 0 and the nearest coefficients are given. `nodes`: effort for a block. wide: whether
 * to keep more states of the search, and to look for points of the lattice of coefficients too.
 * Returns what was spent. */
int64_t bbc_recover_blocks(const bbc_recover_plane *plane, const uint16_t *table, int64_t from, int64_t to,
                           int64_t nodes, int wide, int16_t *coefficients, uint8_t *found);

/* The coefficients, not quantised, of `count` of the blocks of a plane. */
void bbc_recover_transform(const float *plane, int64_t width, int64_t height, int64_t count, const int64_t *blocks,
                           float *coefficients);

/* The same, quantised, of the blocks `from` to `to`. */
void bbc_recover_round(const float *plane, int64_t width, int64_t height, const uint16_t *table, int64_t from,
                       int64_t to, int16_t *coefficients);

/* Adds to scores[k][q] how well the k-th of `count` times 64 coefficients are multiples of q, 1 to 255, in 256ths of
 * a natural logarithm. weights[k]: 1 by twice the square of their noise; bonus[q]: the logarithm of q. */
void bbc_recover_scores(int64_t count, const float *coefficients, const float *weights, const int32_t *bonus,
                        int32_t *scores);

/* The halved plane that a plane was enlarged from (bbc_jpeg_upsample), by least squares: first rows `from` to `to`,
 * to `out` (height, (width + 1) / 2); then, if chroma is halved down too, its columns `from` to `to`. Unknown
 * samples are taken from what was found `before`, if that is not NULL. work: room for as many numbers as twice the
 * longer side and 2. */
void bbc_recover_halve_rows(const bbc_recover_plane *plane, int vertical, int64_t from, int64_t to, const float *before,
                            float *work, float *out);
void bbc_recover_halve_columns(int64_t columns, int64_t height, int64_t from, int64_t to, float *work, const float *in,
                               float *out);

/* Betters coefficients of the blocks `from` to `to` of a halved component until what `small`, their samples, is
 * enlarged to is within its bounds. plane: the enlarged one. alone: looks at no sample that blocks beside have a
 * part in. estimate: the halved plane before rounding. found[]: whether all are within. Returns what was spent. */
int64_t bbc_recover_chroma(const bbc_recover_plane *plane, int vertical, int alone, const uint16_t *table,
                           const float *estimate, int64_t from, int64_t to, int64_t nodes, int wide, uint8_t *small,
                           int16_t *coefficients, uint8_t *found);
