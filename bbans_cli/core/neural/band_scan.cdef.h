/* One pass over rows of a band: its shape and what it needs. See band_scan.h. */
typedef struct {
    int32_t width, height;        /* of the band, in pixels */
    int32_t first_row, last_row;  /* the rows that this pass codes; the rows above are known */
    int32_t channels;             /* 3, or 1 for grey */
    int32_t hidden, layers, head; /* widths of the likelihood network */
    int32_t block;                /* side of the blocks of `modulation`, in pixels */
    int32_t run;                  /* pixels between two steps of learning, 0 for none */
    int32_t every;                /* one of how many runs is learned from */
    float rate;                   /* learning rate */
    int32_t grid_x, grid_y;       /* place of the first pixel in a grid of 16x16 pixels; -1, -1: there is none */
    int32_t period;               /* of the least squares by place: 1 without a grid, else a power of two up to 16 */
} bbc_pass;

enum { BBC_PASS_MAPS = 27 }; /* numbers that the least squares say of a pixel */
enum { BBC_PASS_BAD_SHAPE = -100, BBC_PASS_SMALL_BUFFER = -101, BBC_PASS_THREADS = -102 };

int64_t bbc_pass_weights(const bbc_pass *pass);
int64_t bbc_pass_size(const bbc_pass *pass);
int bbc_pass_begin(void *state, int64_t size, const bbc_pass *pass, const float *weights, const float *modulation,
                   uint8_t *pixels);
int64_t bbc_pass_encode(void *state, int threads, int64_t budget, uint32_t *starts, uint32_t *freqs);
int64_t bbc_pass_decode(void *state, int threads, int64_t budget, uint64_t *head, bbc_ans_words *words);
int64_t bbc_pass_regress(void *state, float *maps);
int bbc_pass_weights_now(const void *state, float *weights);
int bbc_pass_gradient_now(const void *state, float *gradient);
