/* bins.c: n Gaussian latents, the posterior of each over bins of equal mass under its prior. All return a
 * bbc_ans_status.
 *
 * edges: 2^bits + 1 doubles, centres: 2^bits doubles, both filled by bbc_bins_tables. prior_mean, prior_deviation,
 * mean, deviation: n doubles each. symbols: n numbers of bins, below 2^bits. values: n doubles, mean + deviation *
 * centre.
 */
int bbc_bins_tables(unsigned bits, double *edges, double *centres);
int bbc_bins_intervals(const double *prior_mean, const double *prior_deviation, const double *mean,
                       const double *deviation, const uint32_t *symbols, uint32_t *starts, uint32_t *freqs,
                       const double *edges, unsigned bits, unsigned precision, size_t n, size_t *done);
int bbc_bins_pop(uint64_t *states, size_t lanes, bbc_ans_words *words, const double *prior_mean,
                 const double *prior_deviation, const double *mean, const double *deviation, uint32_t *symbols,
                 const double *edges, unsigned bits, unsigned precision, size_t n, size_t *done);
int bbc_bins_values(const double *mean, const double *deviation, const uint32_t *symbols, double *values,
                    const double *centres, unsigned bits, size_t n, size_t *done);
