/* The table of kernels of one instruction set. Included last by each isa_<name>.c, which has set the target. */
#include "kernels.h"
#include "bytes-inl.h"
#include "coefficient_blocks-inl.h"
#include "exact.h"
#include "fitted_fit-inl.h"
#include "fitted_scan-inl.h"
#include "gemm-inl.h"
#include "latents-inl.h"
#include "location_scale-inl.h"
#include "wavefront-inl.h"

static void kernel_fma(ptrdiff_t n, const float *a, const float *b, const float *c, float *restrict out)
{
    for (ptrdiff_t i = 0; i < n; i++) out[i] = ex_fma(a[i], b[i], c[i]);
}

#define KERNEL_MAP(index, function) \
    case index: \
        for (ptrdiff_t i = 0; i < n; i++) out[i] = function(in[i]); \
        break;

static void kernel_map32(int function, ptrdiff_t n, const float *in, float *restrict out)
{
    switch (function) {
        KERNEL_MAP(BBC_MAP32_EXP, ex_exp)
        KERNEL_MAP(BBC_MAP32_LOG, ex_log)
        KERNEL_MAP(BBC_MAP32_SIGMOID, ex_sigmoid)
        KERNEL_MAP(BBC_MAP32_SOFTPLUS, ex_softplus)
    }
}

static void kernel_map64(int function, ptrdiff_t n, const double *in, double *restrict out)
{
    switch (function) {
        KERNEL_MAP(BBC_MAP64_EXP, ex_exp64)
        KERNEL_MAP(BBC_MAP64_LOG, ex_log64)
        KERNEL_MAP(BBC_MAP64_ERF, ex_erf64)
        KERNEL_MAP(BBC_MAP64_NORMAL_CDF, ex_normal_cdf64)
        KERNEL_MAP(BBC_MAP64_NORMAL_QUANTILE, ex_normal_quantile64)
    }
}

#undef KERNEL_MAP

/* All 257 cumulative frequencies of n pixels of channel c. */
static void kernel_mixture_cumulative(ptrdiff_t n, int c, const float *output, const float *bin_edge,
                                      const struct scan_pixel *pixel, int32_t *cum)
{
    const scan_range range = scan_range_of(0, 0);
    for (ptrdiff_t at = 0; at < n; at += SCAN_CHUNK) {
        mixture mix;
        mixture_inputs in;
        int m = n - at < SCAN_CHUNK ? (int)(n - at) : SCAN_CHUNK;
        mixture_load(m, c, pixel + at, &in);
        mixture_prepare(m, &in, output + at * NETWORK_OUTPUTS, bin_edge, &range, &mix);
        for (int32_t symbol = 0; symbol <= 256; symbol++) {
            int32_t column[SCAN_CHUNK];
            for (int i = 0; i < SCAN_CHUNK; i++) column[i] = mixture_cum(&mix, i, symbol);
            for (int i = 0; i < m; i++) cum[(at + i) * 257 + symbol] = column[i];
        }
    }
}

#define KERNEL_TABLE(isa) \
    const bbc_kernels bbc_kernels_##isa = { \
        .name = #isa, \
        .lanes = VF_LANES, \
        .gemm = gemm, \
        .fma = kernel_fma, \
        .map32 = kernel_map32, \
        .map64 = kernel_map64, \
        .wavefront = wavefront_run, \
        .least_squares = wavefront_least_squares, \
        .mixture_cumulative = kernel_mixture_cumulative, \
        .latents_statistics = latents_statistics, \
        .latents_dense = latents_dense, \
        .location_scale_intervals = location_scale_intervals, \
        .location_scale_pop = location_scale_pop, \
        .fitted_run = fitted_run, \
        .fitted_fit = fitted_fit_run, \
        .fitted_basis = fitted_basis, \
        .fitted_unpack = fitted_unpack, \
        .coefficients = coefficients_code_blocks, \
        .bytes_learn = bytes_learn, \
        .bytes_code = bytes_code, \
    };
