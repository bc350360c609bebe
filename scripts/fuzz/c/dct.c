/* core/jpeg/dct_decode.c and ycbcr.c: any coefficients and quantisers; the colours of what comes out are found again. */
#include "dct_decode.cdef.h"
#include "fuzz.h"
#include "ycbcr.cdef.h"

enum { FUZZ_BLOCKS = 4, FUZZ_SIDE = 8 * FUZZ_BLOCKS };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int16_t coefficients[FUZZ_BLOCKS * FUZZ_BLOCKS * 64];
    static uint8_t small[FUZZ_SIDE * FUZZ_SIDE], plane[4 * FUZZ_SIDE * FUZZ_SIDE];
    static uint8_t rgb[3 * FUZZ_SIDE * FUZZ_SIDE], found[sizeof rgb], again[sizeof rgb];
    uint16_t table[64];
    int32_t work[FUZZ_SIDE];
    fuzz_input in = {data, size};
    const int32_t columns = fuzz_take(&in, 1, FUZZ_BLOCKS), rows = fuzz_take(&in, 1, FUZZ_BLOCKS);
    const int vertical = fuzz_take(&in, 0, 1);
    const int32_t width = fuzz_take(&in, 1, 16 * columns), most = 8 * rows * (1 + vertical);
    const int32_t height = fuzz_take(&in, 1, most);
    fuzz_fill(&in, table, sizeof table);
    fuzz_fill(&in, coefficients, sizeof coefficients);
    bbc_jpeg_samples(coefficients, table, columns, rows, small);
    bbc_jpeg_upsample(small, 8 * columns, width, height, vertical, work, plane);
    const int64_t pixels = (int64_t)64 * columns * rows / 3;
    bbc_ycbcr_decode(pixels, small, rgb);
    const int64_t done = bbc_ycbcr_find(pixels, pixels < 7 ? pixels : 7, rgb, found);
    fuzz_check(done >= 0 && done <= pixels);
    bbc_ycbcr_decode(done, found, again);
    fuzz_check(memcmp(rgb, again, (size_t)(3 * done)) == 0);
    return 0;
}
