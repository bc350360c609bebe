/* deflate.c: raw deflate data exactly as zlib (1.2 and 1.3) writes them at a level, of the whole input at once with a window
 * of 32 KiB and memLevel 8. For data that were written so and are to come back byte for byte: what another library, or
 * another version, writes differs. */

/* Bytes of state, which need not be zeros and must begin at a multiple of 4. */
size_t bbc_deflate_size(void);

/* Deflate `size` bytes, at most 2^30, into `out`, which has room for `room` bytes. level: 1 to 9. With `filtered`, by the
 * strategy Z_FILTERED. If `wanted` is not NULL, it has `room` bytes, and the work stops at the first block whose bytes differ
 * from those. Returns the number of bytes, or SIZE_MAX if they do not fit or differ. */
size_t bbc_deflate(void *state, const uint8_t *in, size_t size, int level, int filtered, const uint8_t *wanted,
                   uint8_t *out, size_t room);
