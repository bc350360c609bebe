/* png_filters.c: the scanline filters of PNG (W3C PNG specification, section 9), the one part of that format that is
 * slow in Python. Rows lie one after the other, each behind a byte that holds the number of its filter. */

/* Undo the filters in place. `rows` rows of 1 + `row_bytes` bytes begin at data; `bpp` is the distance to the byte
 * that corresponds in the pixel on the left (1..8). With `has_above`, the row before the first one, unfiltered, is at
 * data - 1 - row_bytes; without, it counts as zeros. Returns 0, or -1 for an unknown filter. */
int bbc_png_filters_undo(uint8_t *data, size_t rows, size_t row_bytes, size_t bpp, int has_above);

/* Filter `rows` rows of `row_bytes` bytes at `rows_in` into rows of 1 + row_bytes bytes at `out`; `above` is the row before
 * the first one or NULL. `filters` has the filter of each row; if it is NULL, each has the filter whose output, read as
 * signed bytes, has the smallest sum of absolute values, as the section on filter selection recommends. Returns 0, or -1
 * for an unknown filter. */
int bbc_png_filters_apply(const uint8_t *rows_in, const uint8_t *above, const uint8_t *filters, uint8_t *out,
                          size_t rows, size_t row_bytes, size_t bpp);
