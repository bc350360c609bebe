/* ycbcr.c: the colours of JPEG files (JFIF; ITU-T T.871), as decoders compute them from integers.
 *
 * A decoder makes 8-bit R, G, B of 8-bit Y, Cb, Cr, so that of the 2^24 colours fewer than a quarter occur. Where all
 * pixels of a picture have such colours, the picture is coded as Cb, Y, Cr. */

/* Fill `out`, n pixels Cb, Y, Cr, with values that decode to the n pixels R, G, B; rows have `width` pixels. A pixel
 * that was not clipped has one solution; of the many of another one, a solution near to its neighbours' is taken.
 * Returns the number of pixels done: less than n if the next has no solution, or finding them takes too long. */
int64_t bbc_ycbcr_find(int64_t n, int64_t width, const uint8_t *rgb, uint8_t *out);

/* n pixels R, G, B of n pixels Cb, Y, Cr; the two may be the same. */
void bbc_ycbcr_decode(int64_t n, const uint8_t *ycbcr, uint8_t *rgb);
