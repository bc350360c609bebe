/* Single kernels on arrays, for tests and measurements. All return 0, or -1 where this CPU lacks the instruction
 * set; the sizes and strides are the caller's to check. */
#define _POSIX_C_SOURCE 200809L
#include "kernels.h"
#include "band_scan.h"
#include "dispatch.cdef.h"
#include <stdlib.h>
#include <time.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define WITH_KERNELS(call) \
    const bbc_kernels *kernels = bbc_kernels_of(isa); \
    if (!kernels) return -1; \
    bbc_fp_state saved = bbc_fp_enter(); \
    kernels->call; \
    bbc_fp_leave(saved); \
    return 0

int bbc_kernel_gemm(int isa, int m, int n, int k, const float *a, ptrdiff_t ai, ptrdiff_t ak, const float *b,
                    ptrdiff_t ldb, const float *init, float *c, ptrdiff_t ldc)
{
    WITH_KERNELS(gemm(m, n, k, a, ai, ak, b, ldb, init, c, ldc));
}

int bbc_kernel_fma(int isa, ptrdiff_t n, const float *a, const float *b, const float *c, float *out)
{
    WITH_KERNELS(fma(n, a, b, c, out));
}

int bbc_kernel_map32(int isa, int function, ptrdiff_t n, const float *in, float *out)
{
    WITH_KERNELS(map32(function, n, in, out));
}

int bbc_kernel_map64(int isa, int function, ptrdiff_t n, const double *in, double *out)
{
    WITH_KERNELS(map64(function, n, in, out));
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Multiply-adds per second of one shape on this thread, the best of short runs that together last `seconds`;
 * transposed: a is stored k by m, as for a weight's gradient. -1 without the instruction set or memory. */
double bbc_kernel_gemm_rate(int isa, int m, int n, int k, int transposed, double seconds)
{
    const bbc_kernels *kernels = bbc_kernels_of(isa);
    size_t sizes[4] = {(size_t)m * k, (size_t)k * n, (size_t)m * n, (size_t)n}, total = 64;
    for (int i = 0; i < 4; i++) total += sizes[i];
    float *memory = calloc(total, sizeof(float));
    if (!kernels || !memory) {
        free(memory);
        return -1.0;
    }
    float *a = memory, *b = a + sizes[0], *c = b + sizes[1], *init = c + sizes[2];
    bbc_fp_state saved = bbc_fp_enter();
    double best = 0.0, end = now() + seconds, work = (double)m * n * k;
    int repeats = 1;
    while (now() < end) {
        double start = now();
        for (int i = 0; i < repeats; i++)
            kernels->gemm(m, n, k, a, transposed ? 1 : k, transposed ? m : 1, b, n, init, c, n);
        double took = now() - start;
        if (took < 0.002) {
            repeats *= 2;
        } else if (work * repeats / took > best) {
            best = work * repeats / took;
        }
    }
    bbc_fp_leave(saved);
    free(memory);
    return best;
}

/* Cumulative frequencies (n, 257) of a channel from outputs (n, 16), bases and activities (n) and (n, 4) of the two
 * channels before their residuals, the rule and the prediction by place, with bin edges (257). Returns 0, or -1 where this CPU lacks the instruction set. */
int bbc_kernel_mixture(int isa, ptrdiff_t n, int channel, const float *output, const int32_t *base,
                       const float *activity, const float *earlier, const float *bin_edge, int32_t *cum)
{
    const bbc_kernels *kernels = bbc_kernels_of(isa);
    if (!kernels || channel < 0 || channel > 2) return -1;
    bbc_fp_state saved = bbc_fp_enter();
    for (ptrdiff_t at = 0; at < n; at += SCAN_CHUNK) {
        scan_pixel pixel[SCAN_CHUNK] = {0};
        ptrdiff_t m = n - at < SCAN_CHUNK ? n - at : SCAN_CHUNK;
        for (ptrdiff_t i = 0; i < m; i++) {
            pixel[i].base[channel] = base[at + i];
            pixel[i].activity[channel] = activity[at + i];
            pixel[i].residual[0] = earlier[4 * (at + i)];
            pixel[i].residual[1] = earlier[4 * (at + i) + 1];
            pixel[i].local_conditional[channel] = earlier[4 * (at + i) + 2];
            pixel[i].phase_prediction[channel] = earlier[4 * (at + i) + 3];
        }
        kernels->mixture_cumulative(m, channel, output + at * SCAN_OUTPUTS, bin_edge, pixel, cum + at * 257);
    }
    bbc_fp_leave(saved);
    return 0;
}

/* Sets the floating-point control register (MXCSR or FPCR) of this thread and returns its old value; 0 and no
 * change elsewhere. A test uses it to play the library that leaves flush-to-zero set. */
uint64_t bbc_fp_set_raw(uint64_t control)
{
#if defined(__x86_64__)
    uint64_t old = _mm_getcsr();
    _mm_setcsr((unsigned)control);
    return old;
#elif defined(__aarch64__)
    uint64_t old;
    __asm__ volatile("mrs %0, fpcr" : "=r"(old));
    __asm__ volatile("msr fpcr, %0" : : "r"(control) : "memory");
    return old;
#else
    (void)control;
    return 0;
#endif
}
