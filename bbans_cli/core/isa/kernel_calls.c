/* Single kernels on arrays, for tests and measurements. All return 0, or -1 where this build or CPU lacks the
 * instruction set. The caller checks sizes and strides. */
#define _POSIX_C_SOURCE 200809L
#include "kernels.h"
#include "band_scan.h"
#include "dispatch.cdef.h"
#include <stdlib.h>
#include <time.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

int bbc_kernel_gemm(int isa, int m, int n, int k, const float *a, ptrdiff_t ai, ptrdiff_t ak, const float *b,
                    ptrdiff_t ldb, const float *init, float *c, ptrdiff_t ldc)
{
    const bbc_kernels *kernels = bbc_kernels_of(isa);
    if (!kernels) return -1;
    bbc_fp_state saved = bbc_fp_enter();
    kernels->gemm(m, n, k, a, ai, ak, b, ldb, init, c, ldc);
    bbc_fp_leave(saved);
    return 0;
}

int bbc_kernel_fma(int isa, ptrdiff_t n, const float *a, const float *b, const float *c, float *out)
{
    const bbc_kernels *kernels = bbc_kernels_of(isa);
    if (!kernels) return -1;
    bbc_fp_state saved = bbc_fp_enter();
    kernels->fma(n, a, b, c, out);
    bbc_fp_leave(saved);
    return 0;
}

int bbc_kernel_map32(int isa, int function, ptrdiff_t n, const float *in, float *out)
{
    const bbc_kernels *kernels = bbc_kernels_of(isa);
    if (!kernels) return -1;
    bbc_fp_state saved = bbc_fp_enter();
    kernels->map32(function, n, in, out);
    bbc_fp_leave(saved);
    return 0;
}

int bbc_kernel_map64(int isa, int function, ptrdiff_t n, const double *in, double *out)
{
    const bbc_kernels *kernels = bbc_kernels_of(isa);
    if (!kernels) return -1;
    bbc_fp_state saved = bbc_fp_enter();
    kernels->map64(function, n, in, out);
    bbc_fp_leave(saved);
    return 0;
}

/* Seconds that this thread has computed: other programs on the machine count for little. */
static double kernel_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Multiply-adds per second of one shape on this thread, the best of short runs that together last `seconds`;
 * transposed: a is stored k by m, as for a weight's gradient. -1 without the instruction set or memory. */
double bbc_kernel_gemm_rate(int isa, int m, int n, int k, int transposed, double seconds)
{
    const bbc_kernels *kernels = bbc_kernels_of(isa);
    const size_t rows = (size_t)m, columns = (size_t)n, depth = (size_t)k;
    size_t sizes[4] = {rows * depth, depth * columns, rows * columns, columns}, total = 64;
    for (int i = 0; i < 4; i++) total += sizes[i];
    float *memory = calloc(total, sizeof(float));
    if (!kernels || !memory) {
        free(memory);
        return -1.0;
    }
    float *a = memory, *b = a + sizes[0], *c = b + sizes[1], *init = c + sizes[2];
    bbc_fp_state saved = bbc_fp_enter();
    double best = 0.0, end = kernel_seconds() + seconds, work = (double)m * n * k;
    int repeats = 1;
    while (kernel_seconds() < end) {
        double start = kernel_seconds();
        for (int i = 0; i < repeats; i++)
            kernels->gemm(m, n, k, a, transposed ? 1 : k, transposed ? m : 1, b, n, init, c, n);
        double took = kernel_seconds() - start;
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

/* Cumulative frequencies cum (n, 257) of a channel (0, 1, 2). output (n, 16): of the network; base (n), activity (n);
 * earlier (n, 4): residuals of the first two channels, conditional prediction of the local and prediction of the
 * phase-conditioned least squares; bin_edge (257): bin boundaries. Returns -1 for another channel, too. */
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
            pixel[i].base[channel] = (float)base[at + i];
            pixel[i].activity[channel] = activity[at + i];
            pixel[i].residual[0] = earlier[4 * (at + i)];
            pixel[i].residual[1] = earlier[4 * (at + i) + 1];
            pixel[i].local_conditional[channel] = earlier[4 * (at + i) + 2];
            pixel[i].phase_prediction[channel] = earlier[4 * (at + i) + 3];
        }
        kernels->mixture_cumulative(m, channel, output + at * NETWORK_OUTPUTS, bin_edge, pixel, cum + at * 257);
    }
    bbc_fp_leave(saved);
    return 0;
}

/* Sets the floating-point control register (MXCSR or FPCR) of this thread and returns its old value; 0 and no
 * change on other machines. With it tests play a library that leaves flush-to-zero set. */
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
