/* Single steps of a pass on arrays, for tests. */
#include "band_scan.h"

#include "band_scan_calls.cdef.h"

/* Cumulative frequencies (n, 257) of a channel from outputs (n, 16), bases and activities (n) and (n, 4) of the two
 * channels before their residuals, the rule and the prediction by place, under edges (257). Returns 0, or -1 where this CPU lacks the instruction set. */
int bbc_kernel_mixture(int isa, ptrdiff_t n, int channel, const float *output, const int32_t *base,
                       const float *activity, const float *earlier, const float *edge, int32_t *cum)
{
    const bbc_kernels *kernels = bbc_kernels_of(isa);
    if (!kernels || channel < 0 || channel > 2) return -1;
    bbc_fp_state saved = bbc_fp_enter();
    for (ptrdiff_t at = 0; at < n; at += PASS_CHUNK) {
        pass_pixel pixel[PASS_CHUNK] = {0};
        ptrdiff_t m = n - at < PASS_CHUNK ? n - at : PASS_CHUNK;
        for (ptrdiff_t i = 0; i < m; i++) {
            pixel[i].base[channel] = base[at + i];
            pixel[i].activity[channel] = activity[at + i];
            pixel[i].residual[0] = earlier[4 * (at + i)];
            pixel[i].residual[1] = earlier[4 * (at + i) + 1];
            pixel[i].rule[channel] = earlier[4 * (at + i) + 2];
            pixel[i].periodic[channel] = earlier[4 * (at + i) + 3];
        }
        kernels->mixture_edges(m, channel, output + at * PASS_OUTPUTS, edge, pixel, cum + at * 257);
    }
    bbc_fp_leave(saved);
    return 0;
}
