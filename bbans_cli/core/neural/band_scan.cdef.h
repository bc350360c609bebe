/* One pass over rows of a band: its shape and what it needs. See band_scan.h. */
typedef struct {
    int32_t width, height;        /* of the band, in pixels */
    int32_t first_row, last_row;  /* the rows that this pass codes; the rows above are known */
    int32_t channels;             /* 3, or 1 for grey */
    int32_t hidden, layers, head; /* widths of the likelihood network */
    int32_t block;                /* side of the blocks of `modulation`, in pixels */
    int32_t batch;                /* pixels between two steps of learning, 0 for none */
    int32_t update_interval;      /* one of how many runs is learned from */
    float learning_rate;          /* learning rate */
    int32_t grid_x, grid_y;       /* place of the first pixel in a grid of 16x16 pixels; -1, -1: there is none */
    int32_t period;               /* of the least squares by place: 1 without a grid, else a power of two up to 16 */
} bbc_scan_shape;

enum { BBC_SCAN_LS_COLUMNS = 27 }; /* numbers that the least squares say of a pixel */
enum { BBC_SCAN_BAD_SHAPE = -100, BBC_SCAN_SMALL_BUFFER = -101, BBC_SCAN_THREADS = -102 };

int64_t bbc_scan_weight_count(const bbc_scan_shape *shape);
int64_t bbc_scan_size(const bbc_scan_shape *shape);
int bbc_scan_begin(void *state, int64_t size, const bbc_scan_shape *shape, const float *weights,
                   const float *modulation, uint8_t *pixels);
int64_t bbc_scan_encode(void *state, int threads, int64_t budget, uint32_t *starts, uint32_t *freqs);
int64_t bbc_scan_decode(void *state, int threads, int64_t budget, uint64_t *ans_state, bbc_ans_words *words);
int64_t bbc_scan_least_squares(void *state, float *least_squares);
int bbc_scan_weights(const void *state, float *weights);
int bbc_scan_gradient(const void *state, float *gradient);
