/* location_scale.c: logistic and Gaussian symbols, and mixtures of them, on arrays of n symbols. All return a bbc_ans_status.
 *
 * Symbol i stands for the integer low + i, 0 <= i < size, and has the mass between low + i - 1/2 and low + i + 1/2; the
 * first and the last take the tails. weights, means, deviations (the scale of a logistic): `components` doubles for each
 * symbol, the weights of any sum (one alone is not read). quantiles: filled by bbc_location_quantiles.
 */
enum bbc_location_family { BBC_LOGISTIC = 0, BBC_GAUSSIAN = 1 };
enum { BBC_QUANTILE_BITS = 10, BBC_QUANTILES = 1024, BBC_MAX_COMPONENTS = 32 };

int bbc_location_quantiles(int family, double *quantiles); /* BBC_QUANTILES + 1 of them */
int bbc_location_intervals(const double *weights, const double *means, const double *deviations,
                           const uint32_t *symbols, uint32_t *starts, uint32_t *freqs, size_t components, int family,
                           int32_t low, uint32_t size, unsigned precision, size_t n, size_t *done);
int bbc_location_pop(uint64_t *heads, size_t lanes, bbc_words *words, const double *weights, const double *means,
                     const double *deviations, uint32_t *symbols, size_t components, int family, int32_t low,
                     uint32_t size, unsigned precision, const double *quantiles, size_t n, size_t *done);
