/* Bands of the fitted coder, and the encoder's fit of the weights. See fitted_scan.c. */

/* Sizes that Python uses: of the padded arrays of weights, of a chunk kept as samples (bytes), of an
 * unpacked pixel (floats), of a mini-batch and its parts; and why a call fails. */
enum {
    BBC_FITTED_INPUTS = 64,
    BBC_FITTED_UNITS = 32,
    BBC_FITTED_LINEAR = 4,
    BBC_FITTED_SEEN = 48,
    BBC_FITTED_OUTPUTS = 12,
    BBC_FITTED_OUTPUT_STRIDE = 16,
    BBC_FITTED_CELL = 8,
    BBC_FITTED_LANES = 16,
    BBC_FITTED_SAMPLE = 1216,
    BBC_FITTED_ROW = 88,
    BBC_FITTED_BATCH_CHUNKS = 8,
    BBC_FITTED_PARTS = 4,
    BBC_FITTED_BAD_SHAPE = -100,    /* width outside 1 to 2^18, height outside 1 to 2^24, channels neither 1 nor 3 */
    BBC_FITTED_SMALL_BUFFER = -120, /* the buffer is too small, or not aligned to 64 bytes */
    BBC_FITTED_BAD_THREADS = -121   /* outside 1 to BBC_FITTED_PARTS, or the system refuses attributes of threads */
};

int64_t bbc_fitted_size(int32_t width, int32_t height, int32_t channels);
int bbc_fitted_begin(void *state, int64_t size, int32_t width, int32_t height, int32_t channels, const float *weights,
                     uint8_t *pixels);
int64_t bbc_fitted_encode(void *state, int64_t budget, uint32_t *starts, uint32_t *freqs);
int64_t bbc_fitted_decode(void *state, int64_t budget, uint64_t *ans_state, bbc_ans_words *words);
int64_t bbc_fitted_chunks(const void *state);
int64_t bbc_fitted_forecasts_size(const void *state);
int bbc_fitted_keep_forecasts(void *state, int64_t size, void *forecasts);
int64_t bbc_fitted_collect(void *state, int64_t budget, int64_t interval, void *samples);
int bbc_fitted_unpack(int64_t chunks, const void *samples, float *rows);
int bbc_fitted_basis(int64_t chunks, const void *samples, float *basis);
int64_t bbc_fitted_fit_size(void);
int bbc_fitted_fit_begin(void *fit, int64_t size, int32_t channels, const float *weights, const float *basis,
                         const float *second, const float *factor);
int bbc_fitted_fit(void *fit, int threads, int64_t steps, const float *rate, const int32_t *chunk, const void *samples);
int bbc_fitted_fit_weights(const void *fit, float *weights);
