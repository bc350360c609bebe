/* What C and Python share of the rANS stack; ans.h includes this file and explains the method.
 *
 * All functions return a bbc_ans_status. The functions on one symbol take one state. The functions on arrays take
 *   states           `lanes` states over one stack of words; symbol i of an array belongs to state i % lanes,
 *   precisions       one value when precision_step is 0, n of them when it is 1,
 *   done             gets the number of symbols handled; after a failure the message is as it was just before the
 *                    failing symbol.
 * A push takes the last symbol of the arrays first, a pop starts with the first one: the same arrays describe both.
 */
enum bbc_ans_status {
    BBC_ANS_OK = 0,
    BBC_ANS_UNDERFLOW = -1,    /* the pop needs a word and there is none */
    BBC_ANS_FULL = -2,         /* the push needs one word more than fit */
    BBC_ANS_BAD_INTERVAL = -3, /* freq of zero, interval beyond 2^precision, precision outside 1..31 */
    BBC_ANS_MISMATCH = -4,     /* the value on top does not lie in the interval that was to be popped */
    BBC_ANS_BAD_STATE = -5,    /* a state outside [2^31, 2^63), no lanes, more words than the capacity */
    BBC_ANS_BAD_SYMBOL = -6    /* a symbol or parameter outside the range of its distribution */
};

typedef struct bbc_ans_words {
    uint32_t *data;
    size_t count;    /* words in use; data[count - 1] is the top of the stack */
    size_t capacity; /* words that fit */
} bbc_ans_words;

int bbc_ans_push_symbol(uint64_t *state, bbc_ans_words *words, uint32_t start, uint32_t freq, uint8_t precision);
int bbc_ans_advance_symbol(uint64_t *state, bbc_ans_words *words, uint32_t start, uint32_t freq, uint8_t precision);
int bbc_ans_push(uint64_t *states, size_t lanes, bbc_ans_words *words, const uint32_t *starts, const uint32_t *freqs,
                 const uint8_t *precisions, size_t precision_step, size_t n, size_t *done);
int bbc_ans_pop_intervals(uint64_t *states, size_t lanes, bbc_ans_words *words, const uint32_t *starts,
                          const uint32_t *freqs, const uint8_t *precisions, size_t precision_step, size_t n,
                          size_t *done);
int bbc_ans_pop_bits(uint64_t *states, size_t lanes, bbc_ans_words *words, uint32_t *values, unsigned precision,
                     size_t n, size_t *done);
