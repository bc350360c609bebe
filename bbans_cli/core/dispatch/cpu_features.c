/* CPUID and XGETBV (Intel SDM, volume 1, 14.3 and 15.2 to 15.4). __builtin_cpu_supports would ask the compiler's runtime
 * library, and that of Zig, which builds the wheels, knows no feature: it says no to all. */
#include "cpu_features.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <stdatomic.h>
#include <stdint.h>

enum {
    CPU_FEATURES_UNKNOWN = -1,
    CPU_FEATURES_XSAVE_AVX = 0x06,    /* XCR0: the lower and upper halves of ymm */
    CPU_FEATURES_XSAVE_AVX512 = 0xe6, /* and the mask registers and both parts of zmm */
};

static uint32_t cpu_features_xcr0(void)
{
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}

static int cpu_features_read(void)
{
    const unsigned avx = bit_AVX | bit_FMA | bit_OSXSAVE;
    const unsigned avx512 = bit_AVX512F | bit_AVX512BW | bit_AVX512DQ | bit_AVX512VL;
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || (c & avx) != avx) return 0;
    uint32_t saved = cpu_features_xcr0();
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || !(b & bit_AVX2)) return 0;
    if ((saved & CPU_FEATURES_XSAVE_AVX) != CPU_FEATURES_XSAVE_AVX) return 0;
    int wide = (b & avx512) == avx512 && (saved & CPU_FEATURES_XSAVE_AVX512) == CPU_FEATURES_XSAVE_AVX512;
    return BBC_CPU_FEATURES_AVX2 | (wide ? BBC_CPU_FEATURES_AVX512 : 0);
}

int bbc_cpu_features(void)
{
    /* Asked once: on a virtual machine CPUID takes microseconds, and every call of the core comes here. */
    static _Atomic int cpu_features_known = CPU_FEATURES_UNKNOWN;
    int known = atomic_load_explicit(&cpu_features_known, memory_order_relaxed);
    if (known == CPU_FEATURES_UNKNOWN) {
        known = cpu_features_read();
        atomic_store_explicit(&cpu_features_known, known, memory_order_relaxed);
    }
    return known;
}
#else
int bbc_cpu_features(void) { return 0; }
#endif
