/* Which kernels run, and the floating-point environment they run in. */
#include "kernels.h"
#include "cpu_features.h"
#include "dispatch.cdef.h"

/* -DBBC_ISA_WITHOUT_AVX512 leaves out kernels that take long to compile, in builds that run on one machine alone. */
#if defined(__x86_64__) && !defined(BBC_ISA_WITHOUT_AVX512)
#define BBC_ISA_WITH_AVX512
#endif

#if defined(__x86_64__)
#include <immintrin.h>
extern const bbc_kernels bbc_kernels_avx2;
#if defined(BBC_ISA_WITH_AVX512)
extern const bbc_kernels bbc_kernels_avx512;
#endif
#elif defined(__aarch64__)
extern const bbc_kernels bbc_kernels_neon;
#endif
extern const bbc_kernels bbc_kernels_base;

static int dispatch_isa = -1; /* the instruction set in use; -1: the widest */

int bbc_isa_built(int isa)
{
#if defined(BBC_ISA_WITH_AVX512)
    return isa == BBC_ISA_AVX512 || isa == BBC_ISA_AVX2 || isa == BBC_ISA_BASE;
#elif defined(__x86_64__)
    return isa == BBC_ISA_AVX2 || isa == BBC_ISA_BASE;
#elif defined(__aarch64__)
    return isa == BBC_ISA_NEON || isa == BBC_ISA_BASE;
#else
    return isa == BBC_ISA_BASE;
#endif
}

const bbc_kernels *bbc_kernels_of(int isa)
{
    switch (isa) {
#if defined(BBC_ISA_WITH_AVX512)
    case BBC_ISA_AVX512: return bbc_cpu_features() & BBC_CPU_FEATURES_AVX512 ? &bbc_kernels_avx512 : NULL;
#endif
#if defined(__x86_64__)
    case BBC_ISA_AVX2: return bbc_cpu_features() & BBC_CPU_FEATURES_AVX2 ? &bbc_kernels_avx2 : NULL;
#elif defined(__aarch64__)
    case BBC_ISA_NEON: return &bbc_kernels_neon;
#endif
    case BBC_ISA_BASE: return &bbc_kernels_base;
    default: return NULL;
    }
}

int bbc_isa_supported(int isa) { return bbc_kernels_of(isa) != NULL; }

int bbc_isa_best(void)
{
    int isa = 0;
    while (!bbc_kernels_of(isa)) isa++;
    return isa;
}

int bbc_isa_select(int isa)
{
    if (!bbc_kernels_of(isa)) return -1;
    dispatch_isa = isa;
    return 0;
}

int bbc_isa_now(void) { return dispatch_isa < 0 ? bbc_isa_best() : dispatch_isa; }

const bbc_kernels *bbc_kernels_now(void) { return bbc_kernels_of(bbc_isa_now()); }

#if defined(__x86_64__)
bbc_fp_state bbc_fp_enter(void)
{
    unsigned saved = _mm_getcsr();
    _mm_setcsr(0x1f80); /* every exception masked, to nearest, FTZ and DAZ off */
    return saved;
}
void bbc_fp_leave(bbc_fp_state saved) { _mm_setcsr((unsigned)saved); }
#elif defined(__aarch64__)
bbc_fp_state bbc_fp_enter(void)
{
    uint64_t saved;
    __asm__ volatile("mrs %0, fpcr" : "=r"(saved));
    __asm__ volatile("msr fpcr, %0" : : "r"((uint64_t)0) : "memory");
    return saved;
}
void bbc_fp_leave(bbc_fp_state saved) { __asm__ volatile("msr fpcr, %0" : : "r"(saved) : "memory"); }
#else
#include <fenv.h>
bbc_fp_state bbc_fp_enter(void)
{
    int saved = fegetround();
    fesetround(FE_TONEAREST);
    return (bbc_fp_state)saved;
}
void bbc_fp_leave(bbc_fp_state saved) { fesetround((int)saved); }
#endif
