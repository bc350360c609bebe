/* dct_decode.c: from the quantised coefficients of a JPEG file (ITU-T T.81) to samples, as the usual decoders compute
 * them: the accurate integer inverse DCT and the triangle filter for chroma. */

/* Samples (8 rows, 8 columns) of `rows` times `columns` blocks of 64 coefficients each, row by row, and their
 * quantisers. */
void bbc_jpeg_samples(const int16_t *coefficients, const uint16_t *table, int32_t columns, int32_t rows,
                      uint8_t *samples);

/* Upsample: a plane (height, width) from one of half as many columns and, if `vertical`, rows, rounded up; `stride`
 * between the rows of the small one. work: room for (width + 1) / 2 numbers. */
void bbc_jpeg_upsample(const uint8_t *small, int64_t stride, int32_t width, int32_t height, int vertical, int32_t *work,
                       uint8_t *plane);
