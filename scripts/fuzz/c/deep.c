/* core/mixing/deep.c */
#include "mixing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const fuzz_mixing coder = {bbc_deep_size, bbc_deep_begin, bbc_deep_rows, bbc_deep_end};
    return fuzz_mixing_run(&coder, data, size);
}
