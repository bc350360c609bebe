/* What the parts of the core share: the table of kernels that each instruction set provides, and the brackets that fix
 * the floating-point environment.
 *
 * Code that is compiled once for each instruction set is `static`, in headers named -inl.h. isa_<name>.c sets the
 * target, then includes kernel_table-inl.h, which includes those headers and fills the table. All tables compute equal
 * bits: exact.h has the arithmetic, simd-inl.h vectors of binary32, gemm-inl.h the matrix product.
 *
 * To add a kernel: write it in an -inl.h header, with floating-point operations of these three headers only, or
 * multiplications, additions, divisions and square roots in a fixed order; include the header and name the kernel in
 * kernel_table-inl.h; add its type below; call it between bbc_fp_enter and bbc_fp_leave. If its arithmetic is of a new
 * kind, add a part to self_test.c.
 *
 * To add an instruction set: write isa_<name>.c, a copy of isa_avx2.c with its own target; add vectors to simd-inl.h
 * under its TARGET_<NAME>; add its number to the enum below, by width, its table to dispatch.c (three places), and its
 * name to bbans_cli/core/__init__.py, in the order of the enum, and to the fixtures of tests/conftest.py and
 * tests/core/conftest.py. */
#ifndef BBC_KERNELS_H
#define BBC_KERNELS_H

#include <float.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__FAST_MATH__) || FLT_EVAL_METHOD != 0
#error "the coder needs IEEE arithmetic: no -ffast-math, no extended precision"
#endif
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__ || __SIZEOF_POINTER__ != 8
#error "the coder supports little-endian 64-bit machines"
#endif

/* Elementary functions of map32 and map64, by number: in the order of MAP32 and MAP64 of core/kernel_calls.py. */
enum { BBC_MAP32_EXP, BBC_MAP32_LOG, BBC_MAP32_SIGMOID, BBC_MAP32_SOFTPLUS, BBC_MAP32_COUNT };
enum { BBC_MAP64_EXP, BBC_MAP64_LOG, BBC_MAP64_ERF, BBC_MAP64_NORMAL_CDF, BBC_MAP64_NORMAL_QUANTILE, BBC_MAP64_COUNT };

typedef void bbc_gemm_fn(int m, int n, int k, const float *a, ptrdiff_t ai, ptrdiff_t ak, const float *b, ptrdiff_t ldb,
                         const float *init, float *c, ptrdiff_t ldc);

struct scan_state; /* band_scan.h */
struct scan_pixel;
struct fitted_state; /* fitted_types.h */
struct fitted_fit;
struct fitted_sample;
struct latents_encoder;        /* latents_types.h */
struct bbc_location_scale;     /* location_scale_types.h */
struct bbc_ans_words;          /* ans.cdef.h */
struct bbc_coefficients_state; /* coefficients_types.h */
struct bbc_bytes_state;        /* bytes_types.h */

typedef struct {
    const char *name;
    int lanes; /* floats in one vector of the matrix product */
    bbc_gemm_fn *gemm;
    void (*fma)(ptrdiff_t n, const float *a, const float *b, const float *c, float *out);
    void (*map32)(int function, ptrdiff_t n, const float *in, float *out);
    void (*map64)(int function, ptrdiff_t n, const double *in, double *out);
    void (*wavefront)(struct scan_state *state, int index);
    void (*least_squares)(struct scan_state *state, float *least_squares);
    void (*mixture_cumulative)(ptrdiff_t n, int c, const float *output, const float *bin_edge,
                               const struct scan_pixel *pixel, int32_t *cum);
    void (*latents_statistics)(const struct latents_encoder *encoder, const uint8_t *pixels, int width, int rows,
                               int channels, int x0, int y0, int side, float *out);
    void (*latents_dense)(int m, int n, int k, const float *in, const float *weight, const float *bias, int leaky,
                          float *out);
    int (*location_scale_intervals)(const struct bbc_location_scale *model, const uint32_t *symbols, uint32_t *starts,
                                    uint32_t *freqs, size_t n, size_t *done);
    int (*location_scale_pop)(const struct bbc_location_scale *model, uint64_t *states, size_t lanes,
                              struct bbc_ans_words *words, uint32_t *symbols, size_t n, size_t *done);
    void (*fitted_run)(struct fitted_state *state, int task);
    void (*fitted_fit)(struct fitted_fit *fit, int index);
    void (*fitted_basis)(int64_t chunks, const struct fitted_sample *samples, float *basis);
    void (*fitted_unpack)(int64_t chunks, const struct fitted_sample *samples, float *rows);
    void (*coefficients)(struct bbc_coefficients_state *picture, int64_t blocks);
    void (*bytes_learn)(struct bbc_bytes_state *state, const uint8_t *data, size_t size);
    void (*bytes_code)(struct bbc_bytes_state *state, uint8_t *data, size_t from, size_t to);
} bbc_kernels;

/* Widest first. NULL where this build has no such table. */
enum { BBC_ISA_AVX512, BBC_ISA_AVX2, BBC_ISA_NEON, BBC_ISA_BASE, BBC_ISA_COUNT };

/* The kernels of an instruction set, or NULL where it is not built or this CPU lacks it. */
const bbc_kernels *bbc_kernels_of(int isa);

/* The kernels chosen by bbc_isa_select, at first the widest that this CPU has. */
const bbc_kernels *bbc_kernels_now(void);

/* Round to nearest, no flush to zero, denormals as they are, from enter to leave, which gives back what the thread had.
 * A library loaded beside this one may have set the control register otherwise. So every entry of the core that
 * computes with floating point, and every thread that it starts, brackets its work; tests/core/dispatch/
 * test_floating_point.py calls each under other settings. */
typedef uint64_t bbc_fp_state;
bbc_fp_state bbc_fp_enter(void);
void bbc_fp_leave(bbc_fp_state saved);

#endif
