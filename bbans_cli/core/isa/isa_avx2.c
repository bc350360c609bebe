/* Kernels for AVX2 with FMA, 8 floats at a time. */
#include "kernels.h"

#if defined(__x86_64__)

#define TARGET_AVX2
#define TARGET_HAS_FMA
#include <immintrin.h>
#include <string.h>
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC target("avx2,fma")
#endif

#include "kernel_table-inl.h"
KERNEL_TABLE(avx2)

#if defined(__clang__)
#pragma clang attribute pop
#endif

#endif
