/* categorical.c: symbols 0..size-1 whose probabilities have no shape, on arrays of n symbols. All return a
 * bbc_ans_status.
 *
 * One table for all symbols, made of weights by bbc_table_build: cum, size + 1 cumulative frequencies, for the pop;
 * entries, one for each symbol, for the push; lookup, for each value of the upper bits of a peeked value the first symbol
 * that it can mean, 2^lookup_bits of them, lookup_bits <= precision. A push needs n free words, used or not.
 *
 * weights: size doubles for each symbol, of any sum. scratch: BBC_ROWS * (size + 1) doubles.
 */
enum { BBC_ROWS = 4 };

typedef struct {
    uint64_t reciprocal, limit;
    uint32_t start, complement, shift, unused;
} bbc_table_entry;

int bbc_table_build(const double *weights, uint32_t size, unsigned precision, uint32_t *cum, bbc_table_entry *entries,
                    unsigned lookup_bits, uint32_t *lookup);
int bbc_table_push(uint64_t *heads, size_t lanes, bbc_words *words, const uint32_t *symbols,
                   const bbc_table_entry *entries, uint32_t size, unsigned precision, size_t n, size_t *done);
int bbc_table_pop(uint64_t *heads, size_t lanes, bbc_words *words, uint32_t *symbols, const uint32_t *cum,
                  uint32_t size, unsigned precision, const uint32_t *lookup, unsigned lookup_bits, size_t n,
                  size_t *done);

int bbc_weights_intervals(const double *weights, const uint32_t *symbols, uint32_t *starts, uint32_t *freqs,
                          uint32_t size, unsigned precision, double *scratch, size_t n, size_t *done);
int bbc_weights_pop(uint64_t *heads, size_t lanes, bbc_words *words, const double *weights, uint32_t *symbols,
                    uint32_t size, unsigned precision, double *scratch, size_t n, size_t *done);

int bbc_beta_binomial_intervals(const double *alpha, const double *beta, const uint32_t *symbols, uint32_t *starts,
                                uint32_t *freqs, uint32_t size, unsigned precision, double *scratch, size_t n,
                                size_t *done);
int bbc_beta_binomial_pop(uint64_t *heads, size_t lanes, bbc_words *words, const double *alpha, const double *beta,
                          uint32_t *symbols, uint32_t size, unsigned precision, double *scratch, size_t n,
                          size_t *done);

int bbc_uniform_pop(uint64_t *heads, size_t lanes, bbc_words *words, const uint32_t *sizes, uint32_t *symbols,
                    unsigned precision, size_t n, size_t *done);
