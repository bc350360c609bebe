/* weights.c: n symbols 0..size-1, each with `size` weights of its own, of any sum. All return a bbc_ans_status.
 *
 * weights: n rows of size doubles. scratch: BBC_WEIGHTS_ROWS * (size + 1) doubles. */
enum { BBC_WEIGHTS_ROWS = 4 };

int bbc_weights_intervals(const double *weights, const uint32_t *symbols, uint32_t *starts, uint32_t *freqs,
                          uint32_t size, unsigned precision, double *scratch, size_t n, size_t *done);
int bbc_weights_pop(uint64_t *states, size_t lanes, bbc_ans_words *words, const double *weights, uint32_t *symbols,
                    uint32_t size, unsigned precision, double *scratch, size_t n, size_t *done);
