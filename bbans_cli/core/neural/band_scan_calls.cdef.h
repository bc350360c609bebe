/* band_scan_calls.c: single steps of a pass on arrays, for tests */
int bbc_kernel_mixture(int isa, ptrdiff_t n, int channel, const float *output, const int32_t *base,
                       const float *activity, const float *earlier, const float *edge, int32_t *cum);
