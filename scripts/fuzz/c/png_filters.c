/* core/formats/png_filters.c: rows with any filters are undone; what came out is filtered by the same filters, which gives
 * the same bytes, and by filters that the core chooses, and these undone again. */
#include "fuzz.h"
#include "png_filters.cdef.h"

enum { FUZZ_ROWS = 8, FUZZ_ROW = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t filtered[(FUZZ_ROWS + 1) * (FUZZ_ROW + 1)], plain[FUZZ_ROWS * FUZZ_ROW];
    static uint8_t above[FUZZ_ROW], again[FUZZ_ROWS * (FUZZ_ROW + 1)], before[FUZZ_ROWS * (FUZZ_ROW + 1)];
    static uint8_t filters[FUZZ_ROWS];
    fuzz_input in = {data, size};
    const size_t rows = (size_t)fuzz_take(&in, 1, FUZZ_ROWS), row = (size_t)fuzz_take(&in, 1, FUZZ_ROW);
    const size_t bpp = (size_t)fuzz_take(&in, 1, 8);
    const int has_above = fuzz_take(&in, 0, 1);
    uint8_t *first = filtered + 1 + row;
    fuzz_fill(&in, filtered, (rows + 1) * (row + 1));
    memcpy(above, filtered + 1, row);
    memcpy(before, first, rows * (row + 1));
    for (size_t y = 0; y < rows; y++) filters[y] = before[y * (row + 1)];
    if (bbc_png_filters_undo(first, rows, row, bpp, has_above)) return 0;
    for (size_t y = 0; y < rows; y++) memcpy(plain + y * row, first + y * (row + 1) + 1, row);
    fuzz_check(bbc_png_filters_apply(plain, has_above ? above : NULL, filters, again, rows, row, bpp) == 0);
    fuzz_check(memcmp(again, before, rows * (row + 1)) == 0);
    fuzz_check(bbc_png_filters_apply(plain, has_above ? above : NULL, NULL, again, rows, row, bpp) == 0);
    memcpy(first, again, rows * (row + 1));
    fuzz_check(bbc_png_filters_undo(first, rows, row, bpp, has_above) == 0);
    for (size_t y = 0; y < rows; y++) fuzz_check(memcmp(plain + y * row, first + y * (row + 1) + 1, row) == 0);
    return 0;
}
