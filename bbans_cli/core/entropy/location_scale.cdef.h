/* location_scale.c: n symbols with logistic or Gaussian mass, or the mass of a mixture of either. All return a
 * bbc_ans_status.
 *
 * Symbol i is the integer low + i, 0 <= i < size, and has the mass between low + i - 1/2 and low + i + 1/2; the first
 * and the last symbol also have the mass of the tails. weights, means, deviations (the scale of a logistic):
 * `components` doubles for each symbol, the weights of any sum (with one component, weights are not read). quantiles:
 * filled by bbc_location_scale_quantiles.
 */
enum bbc_location_scale_family { BBC_LOCATION_SCALE_LOGISTIC = 0, BBC_LOCATION_SCALE_GAUSSIAN = 1 };
enum {
    BBC_LOCATION_SCALE_QUANTILE_BITS = 10,
    BBC_LOCATION_SCALE_QUANTILES = 1024,
    BBC_LOCATION_SCALE_MAX_COMPONENTS = 32
};

int bbc_location_scale_quantiles(int family, double *quantiles); /* BBC_LOCATION_SCALE_QUANTILES + 1 of them */
int bbc_location_scale_intervals(const double *weights, const double *means, const double *deviations,
                                 const uint32_t *symbols, uint32_t *starts, uint32_t *freqs, size_t components,
                                 int family, int32_t low, uint32_t size, unsigned precision, size_t n, size_t *done);
int bbc_location_scale_pop(uint64_t *states, size_t lanes, bbc_ans_words *words, const double *weights,
                           const double *means, const double *deviations, uint32_t *symbols, size_t components,
                           int family, int32_t low, uint32_t size, unsigned precision, const double *quantiles,
                           size_t n, size_t *done);
