/* core/mixing/few_colours.c; with one channel of one bit also the map of corrections of a JPEG's part. */
#include "mixing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const fuzz_mixing coder = {bbc_few_colours_size, bbc_few_colours_begin, bbc_few_colours_rows,
                                      bbc_few_colours_end};
    return fuzz_mixing_run(&coder, data, size);
}
