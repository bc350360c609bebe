/* Vectors of binary32: `vf`, VF_LANES floats, with load, store, broadcast; acc + a*b and acc - a*b rounded once (fma,
 * fnma), acc - a*b rounded after each operation (less); sum, difference, product, quotient, root; max and min as ex_max
 * and ex_min have them; trunc, of numbers below 2^31; select: a <= b ? x : y; and scale, the last step of ex_exp.
 *
 * GEMM_WIDTHS lists the panel widths that gemm-inl.h compiles, in vectors and widest first, each with the largest
 * number of rows for which the sums, a row of B and an element of A stay in registers. Panels of fewer than
 * GEMM_MAIN_ROWS rows are for products with no more rows than that: they are wide because few rows leave the sums
 * waiting. GEMM_LEAST: vectors of the narrowest panel, which panels before it must leave room for. */
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
EX vf vf_fnma(vf a, vf b, vf acc) { return _mm512_fnmadd_ps(a, b, acc); }
EX vf vf_add(vf a, vf b) { return _mm512_add_ps(a, b); }
EX vf vf_sub(vf a, vf b) { return _mm512_sub_ps(a, b); }
EX vf vf_div(vf a, vf b) { return _mm512_div_ps(a, b); }
EX vf vf_sqrt(vf a) { return _mm512_sqrt_ps(a); }
EX vf vf_max(vf a, vf b) { return _mm512_max_ps(a, b); }
EX vf vf_min(vf a, vf b) { return _mm512_min_ps(a, b); }
EX vf vf_trunc(vf a) { return _mm512_cvtepi32_ps(_mm512_cvttps_epi32(a)); }
EX vf vf_select(vf a, vf b, vf x, vf y) { return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(a, b, _CMP_LE_OQ), y, x); }
EX vf vf_scale(vf t)
{
    const __m512i one = _mm512_set1_epi32(0x3f800000);
    return _mm512_castsi512_ps(_mm512_add_epi32(_mm512_slli_epi32(_mm512_castps_si512(t), 23), one));
}
#define GEMM_WIDTHS(PANEL) PANEL(6, 4) PANEL(3, 8) PANEL(2, 12) PANEL(1, 12)
#define GEMM_MAIN_ROWS 8
#define GEMM_LEAST 1
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
EX vf vf_fnma(vf a, vf b, vf acc) { return _mm256_fnmadd_ps(a, b, acc); }
EX vf vf_add(vf a, vf b) { return _mm256_add_ps(a, b); }
EX vf vf_sub(vf a, vf b) { return _mm256_sub_ps(a, b); }
EX vf vf_div(vf a, vf b) { return _mm256_div_ps(a, b); }
EX vf vf_sqrt(vf a) { return _mm256_sqrt_ps(a); }
EX vf vf_max(vf a, vf b) { return _mm256_max_ps(a, b); }
EX vf vf_min(vf a, vf b) { return _mm256_min_ps(a, b); }
EX vf vf_trunc(vf a) { return _mm256_cvtepi32_ps(_mm256_cvttps_epi32(a)); }
EX vf vf_select(vf a, vf b, vf x, vf y) { return _mm256_blendv_ps(y, x, _mm256_cmp_ps(a, b, _CMP_LE_OQ)); }
EX vf vf_scale(vf t)
{
    const __m256i one = _mm256_set1_epi32(0x3f800000);
    return _mm256_castsi256_ps(_mm256_add_epi32(_mm256_slli_epi32(_mm256_castps_si256(t), 23), one));
}
#define GEMM_WIDTHS(PANEL) PANEL(12, 1) PANEL(6, 2) PANEL(3, 4) PANEL(2, 6)
#define GEMM_MAIN_ROWS 4
#define GEMM_LEAST 2
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
EX vf vf_fnma(vf a, vf b, vf acc) { return vfmsq_f32(acc, a, b); }
EX vf vf_add(vf a, vf b) { return vaddq_f32(a, b); }
EX vf vf_sub(vf a, vf b) { return vsubq_f32(a, b); }
EX vf vf_div(vf a, vf b) { return vdivq_f32(a, b); }
EX vf vf_sqrt(vf a) { return vsqrtq_f32(a); }
EX vf vf_max(vf a, vf b) { return vbslq_f32(vcgtq_f32(a, b), a, b); }
EX vf vf_min(vf a, vf b) { return vbslq_f32(vcltq_f32(a, b), a, b); }
EX vf vf_trunc(vf a) { return vcvtq_f32_s32(vcvtq_s32_f32(a)); }
EX vf vf_select(vf a, vf b, vf x, vf y) { return vbslq_f32(vcleq_f32(a, b), x, y); }
EX vf vf_scale(vf t)
{
    const int32x4_t bits = vshlq_n_s32(vreinterpretq_s32_f32(t), 23);
    return vreinterpretq_f32_s32(vaddq_s32(bits, vdupq_n_s32(0x3f800000)));
}
#define GEMM_WIDTHS(PANEL) PANEL(8, 2) PANEL(4, 5)
#define GEMM_MAIN_ROWS 5
#define GEMM_LEAST 4
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
/* Calls: inlined everywhere, the soft operation costs GCC a minute. */
#define VF_CALLED static __attribute__((noinline, unused))
VF_CALLED vf vf_fma(vf a, vf b, vf acc)
{
    for (int i = 0; i < VF_LANES; i++) acc.x[i] = ex_fma(a.x[i], b.x[i], acc.x[i]);
    return acc;
}
VF_CALLED vf vf_fnma(vf a, vf b, vf acc)
{
    for (int i = 0; i < VF_LANES; i++) acc.x[i] = ex_fma(-a.x[i], b.x[i], acc.x[i]);
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
#define SIMD_EACH(name, result) \
    EX vf name(vf a, vf b) \
    { \
        for (int i = 0; i < VF_LANES; i++) a.x[i] = result; \
        return a; \
    }
SIMD_EACH(vf_add, a.x[i] + b.x[i])
SIMD_EACH(vf_sub, a.x[i] - b.x[i])
SIMD_EACH(vf_div, a.x[i] / b.x[i])
SIMD_EACH(vf_max, ex_max(a.x[i], b.x[i]))
SIMD_EACH(vf_min, ex_min(a.x[i], b.x[i]))
EX vf vf_sqrt(vf a)
{
    for (int i = 0; i < VF_LANES; i++) a.x[i] = __builtin_sqrtf(a.x[i]);
    return a;
}
EX vf vf_trunc(vf a)
{
    for (int i = 0; i < VF_LANES; i++) a.x[i] = (float)(int32_t)a.x[i];
    return a;
}
EX vf vf_select(vf a, vf b, vf x, vf y)
{
    for (int i = 0; i < VF_LANES; i++) y.x[i] = a.x[i] <= b.x[i] ? x.x[i] : y.x[i];
    return y;
}
EX vf vf_scale(vf t)
{
    for (int i = 0; i < VF_LANES; i++) t.x[i] = ex_float((ex_bits(t.x[i]) << 23) + 0x3f800000u);
    return t;
}
#define GEMM_WIDTHS(PANEL) PANEL(1, 1)
#define GEMM_MAIN_ROWS 1
#define GEMM_LEAST 1
#define GEMM_SUMS 1

#endif
#endif
