/* The known-answer test of the core without Python: for systems for which there is no wheel. Exit status 1 if a part gives
 * another answer than everywhere else. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "dispatch.cdef.h"

int main(void)
{
    static const char *const names[] = {"avx512", "avx2", "neon", "base"};
    int failed = 0;
    for (int isa = 0; isa < 4; isa++) {
        if (!bbc_isa_built(isa)) continue;
        if (!bbc_isa_supported(isa)) {
            printf("%s: not run, this processor has none\n", names[isa]);
            continue;
        }
        const int part = bbc_self_test(isa, 0, BBC_SELF_TEST_COUNT);
        if (part == BBC_SELF_TEST_COUNT) printf("%s: %d known answers\n", names[isa], part);
        else printf("%s: another answer in %s\n", names[isa], bbc_self_test_name(part));
        failed |= part != BBC_SELF_TEST_COUNT;
    }
    return failed;
}
