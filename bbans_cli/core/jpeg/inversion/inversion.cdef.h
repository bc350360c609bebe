/* inversion_colour.c, inversion_quantiser.c, inversion_block.c, inversion_upsampling.c, inversion_chroma.c: from the
 * samples that a JPEG decoder wrote to the coefficients that it read. bbans_cli/coders/jpeg/inversion calls them.
 *
 * Planes are row by row. Blocks are 8x8, numbered row by row over the plane rounded up to whole blocks; `from` and `to`
 * are numbers of blocks, `to` excluded. Coefficients (blocks, 64) are row by row, not in zigzag order. table (64,): the
 * quantisers in the same order. Only the encoder works with these: what they miss costs bytes, and nothing else. */

/* Narrows, for n pixels R, G, B, the ranges of the Y, Cb, Cr that may give them. low, high: three planes `plane` bytes
 * apart. The ranges of a pixel that no Y, Cb, Cr in them gives stay. */
void bbc_inversion_ranges(int64_t n, int64_t plane, const uint8_t *rgb, uint8_t *low, uint8_t *high);

/* What is known of a component's samples (height, width): that they lie from `low` to `high`, probably near `guess`. */
typedef struct {
    int64_t width, height;
    const uint8_t *low, *high, *guess;
} bbc_inversion_plane;

/* Finds coefficients that decode to samples within their bounds, for the blocks that are not found yet: found[] becomes
 * 1, or stays 0 with the nearest coefficients that were seen. effort: moves to try for a block. wide: keep more points
 * of the search, and try points of the coefficients' lattice too. Returns the moves tried. */
int64_t bbc_inversion_blocks(const bbc_inversion_plane *plane, const uint16_t *table, int64_t from, int64_t to,
                             int64_t effort, int wide, int16_t *coefficients, uint8_t *found);

/* The coefficients (count, 64), not quantised, of `count` blocks of a plane (height, width), given by number. */
void bbc_inversion_transform(const float *plane, int64_t width, int64_t height, int64_t count, const int64_t *blocks,
                             float *coefficients);

/* The quantised coefficients of the blocks `from` to `to`. */
void bbc_inversion_quantise(const float *plane, int64_t width, int64_t height, const uint16_t *table, int64_t from,
                            int64_t to, int16_t *coefficients);

/* Adds to scores[k][q], (64, 256), how well frequency k of coefficients (count, 64) is explained as multiples of q, 1
 * to 255, in 256ths of a nat. weights[k]: 1 / (2 variance) of their noise; bonus[q]: 256 ln q. */
void bbc_inversion_scores(int64_t count, const float *coefficients, const float *weights, const int32_t *bonus,
                          int32_t *scores);

/* The subsampled plane, by least squares, that the triangle filter upsampled to `plane` (bbc_jpeg_upsample). First its
 * rows `from` to `to`, to `out` (height, (width + 1) / 2); then, if chroma is subsampled vertically, too, the columns
 * `from` to `to` of that. Unknown samples are upsampled from `before`, the last estimate, unless that is NULL. work:
 * room for twice the longer side and 2 numbers. */
void bbc_inversion_downsample_rows(const bbc_inversion_plane *plane, int vertical, int64_t from, int64_t to,
                                   const float *before, float *work, float *out);
void bbc_inversion_downsample_columns(int64_t columns, int64_t height, int64_t from, int64_t to, float *work,
                                      const float *in, float *out);

/* Improves coefficients of blocks of a subsampled component until their samples, upsampled, are within the bounds of
 * `plane`. small: its samples, rows and columns rounded up to whole blocks, changed along with the coefficients. alone:
 * check only samples that depend on no other block. estimate: the subsampled plane before its rounding. found[]:
 * whether all samples checked are within bounds. effort, wide: as above. Returns the moves tried. */
int64_t bbc_inversion_chroma(const bbc_inversion_plane *plane, int vertical, int alone, const uint16_t *table,
                             const float *estimate, int64_t from, int64_t to, int64_t effort, int wide, uint8_t *small,
                             int16_t *coefficients, uint8_t *found);
