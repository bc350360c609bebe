/* The vector of the matrix product: `vf`, VF_LANES floats, with load, store, broadcast, acc + a*b rounded once, and
 * acc - a*b and a*b rounded after each operation.
 *
 * GEMM_WIDTHS lists the panel widths that gemm-inl.h compiles, in vectors and widest first, each with the largest
 * number of rows for which the sums, a row of B and an element of A stay in registers. Panels of fewer than
 * GEMM_MAIN_ROWS rows are for products with no more rows than that: they are wide because few rows leave the sums
 * waiting. */
#ifndef BBC_SIMD_H
#define BBC_SIMD_H

#include "exact.h"

#if defined(TARGET_AVX512)

#include <immintrin.h>
#define VF_LANES 16
typedef __m512 vf;
EX vf vf_load(const float *p) { return _mm512_loadu_ps(p); }
EX void vf_store(float *p, vf v) { _mm512_storeu_ps(p, v); }
EX vf vf_all(float x) { return _mm512_set1_ps(x); }
EX vf vf_fma(vf a, vf b, vf acc) { return _mm512_fmadd_ps(a, b, acc); }
EX vf vf_mul(vf a, vf b) { return _mm512_mul_ps(a, b); }
EX vf vf_less(vf acc, vf a, vf b) { return _mm512_sub_ps(acc, vf_mul(a, b)); }
#define GEMM_WIDTHS(PANEL) PANEL(6, 4) PANEL(3, 8) PANEL(2, 12) PANEL(1, 12)
#define GEMM_MAIN_ROWS 8
#define GEMM_SUMS 24

#elif defined(TARGET_AVX2)

#include <immintrin.h>
#define VF_LANES 8
typedef __m256 vf;
EX vf vf_load(const float *p) { return _mm256_loadu_ps(p); }
EX void vf_store(float *p, vf v) { _mm256_storeu_ps(p, v); }
EX vf vf_all(float x) { return _mm256_set1_ps(x); }
EX vf vf_fma(vf a, vf b, vf acc) { return _mm256_fmadd_ps(a, b, acc); }
EX vf vf_mul(vf a, vf b) { return _mm256_mul_ps(a, b); }
EX vf vf_less(vf acc, vf a, vf b) { return _mm256_sub_ps(acc, vf_mul(a, b)); }
#define GEMM_WIDTHS(PANEL) PANEL(12, 1) PANEL(6, 2) PANEL(4, 3) PANEL(2, 6)
#define GEMM_MAIN_ROWS 6
#define GEMM_SUMS 12

#elif defined(TARGET_NEON)

#include <arm_neon.h>
#define VF_LANES 4
typedef float32x4_t vf;
EX vf vf_load(const float *p) { return vld1q_f32(p); }
EX void vf_store(float *p, vf v) { vst1q_f32(p, v); }
EX vf vf_all(float x) { return vdupq_n_f32(x); }
EX vf vf_fma(vf a, vf b, vf acc) { return vfmaq_f32(acc, a, b); }
EX vf vf_mul(vf a, vf b) { return vmulq_f32(a, b); }
EX vf vf_less(vf acc, vf a, vf b) { return vsubq_f32(acc, vf_mul(a, b)); }
#define GEMM_WIDTHS(PANEL) PANEL(8, 2) PANEL(4, 5)
#define GEMM_MAIN_ROWS 5
#define GEMM_SUMS 20

#else

#define VF_LANES 16
typedef struct {
    float x[VF_LANES];
} vf;
EX vf vf_load(const float *p)
{
    vf v;
    memcpy(v.x, p, sizeof v.x);
    return v;
}
EX void vf_store(float *p, vf v) { memcpy(p, v.x, sizeof v.x); }
EX vf vf_all(float x)
{
    vf v;
    for (int i = 0; i < VF_LANES; i++) v.x[i] = x;
    return v;
}
EX vf vf_fma(vf a, vf b, vf acc)
{
    for (int i = 0; i < VF_LANES; i++) acc.x[i] = ex_fma(a.x[i], b.x[i], acc.x[i]);
    return acc;
}
EX vf vf_mul(vf a, vf b)
{
    for (int i = 0; i < VF_LANES; i++) a.x[i] = a.x[i] * b.x[i];
    return a;
}
EX vf vf_less(vf acc, vf a, vf b)
{
    for (int i = 0; i < VF_LANES; i++) acc.x[i] = acc.x[i] - a.x[i] * b.x[i];
    return acc;
}
#define GEMM_WIDTHS(PANEL) PANEL(1, 1)
#define GEMM_MAIN_ROWS 1
#define GEMM_SUMS 1

#endif
#endif
