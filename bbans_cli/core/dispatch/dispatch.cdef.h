/* dispatch.c: instruction sets by index, widest first */
int bbc_isa_built(int isa);
int bbc_isa_supported(int isa);
int bbc_isa_best(void);
int bbc_isa_select(int isa); /* 0, or -1 where it is not supported */
int bbc_isa_now(void);

/* kernel_calls.c: single kernels on arrays, for tests and measurements */
int bbc_kernel_gemm(int isa, int m, int n, int k, const float *a, ptrdiff_t ai, ptrdiff_t ak, const float *b,
                    ptrdiff_t ldb, const float *init, float *c, ptrdiff_t ldc);
int bbc_kernel_fma(int isa, ptrdiff_t n, const float *a, const float *b, const float *c, float *out);
int bbc_kernel_map32(int isa, int function, ptrdiff_t n, const float *in, float *out);
int bbc_kernel_map64(int isa, int function, ptrdiff_t n, const double *in, double *out);
double bbc_kernel_gemm_rate(int isa, int m, int n, int k, int transposed, double seconds);
int bbc_kernel_mixture(int isa, ptrdiff_t n, int channel, const float *output, const int32_t *base,
                       const float *activity, const float *earlier, const float *bin_edge, int32_t *cum);
uint64_t bbc_fp_set_raw(uint64_t control);

/* self_test.c: the known-answer test. It uses the instruction set `isa` while it runs: where that is not the one in
 * use, no other thread may code. */

/* Its parts: those below BBC_SELF_TEST_ON_LOAD are run on loading, the others before such a coder first codes. */
enum {
    BBC_SELF_TEST_ON_LOAD = 8,
    BBC_SELF_TEST_DEEP = 8,
    BBC_SELF_TEST_FEW_COLOURS,
    BBC_SELF_TEST_COEFFICIENTS,
    BBC_SELF_TEST_FITTED,
    BBC_SELF_TEST_BYTES,
    BBC_SELF_TEST_COUNT
};

/* The first of the parts `from` to `to` that does not give its known answer; `to` if all do. */
int bbc_self_test(int isa, int from, int to);
/* What a part covers, in words; NULL where there is no such part. */
const char *bbc_self_test_name(int part);
/* The hash of a part's results on inputs made of a seed; the test's is 1. 0 without the part or instruction set. */
uint64_t bbc_self_test_hash(int isa, int part, uint64_t seed);
