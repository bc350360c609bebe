/* beta_binomial.c: n counts 0..size-1, successes in size - 1 trials whose probability has a beta distribution. All
 * return a bbc_ans_status.
 *
 * alpha, beta: one double for each count, clipped to 1e-6..1e6. scratch: as for weights.c. */
int bbc_beta_binomial_intervals(const double *alpha, const double *beta, const uint32_t *symbols, uint32_t *starts,
                                uint32_t *freqs, uint32_t size, unsigned precision, double *scratch, size_t n,
                                size_t *done);
int bbc_beta_binomial_pop(uint64_t *states, size_t lanes, bbc_ans_words *words, const double *alpha, const double *beta,
                          uint32_t *symbols, uint32_t size, unsigned precision, double *scratch, size_t n,
                          size_t *done);
