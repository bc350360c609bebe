/* Kernels for AVX-512 (F, BW, DQ, VL), 16 floats at a time. */
#include "kernels.h"

#if defined(__x86_64__) && !defined(BBC_ISA_WITHOUT_AVX512)

#define TARGET_AVX512
#define TARGET_HAS_FMA
#include <immintrin.h>
#include <string.h>
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"))), \
                             apply_to = function)
#else
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,prefer-vector-width=512")
#endif

#include "kernel_table-inl.h"
KERNEL_TABLE(avx512)

#if defined(__clang__)
#pragma clang attribute pop
#endif

#endif
