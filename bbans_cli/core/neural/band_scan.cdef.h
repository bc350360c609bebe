/* The shape of one band scan, and the calls that code its pixels. See band_scan.h. */
typedef struct {
    int32_t width, height;        /* of the band, in pixels */
    int32_t first_row, last_row;  /* the rows [first_row, last_row) are coded; the rows above are known */
    int32_t channels;             /* 3, or 1 for grey */
    int32_t hidden, layers, head; /* of the network: units of a hidden layer, hidden layers, units of a head */
    int32_t block;                /* side of the blocks of `modulation`, in pixels; 0 without modulation */
    int32_t batch;                /* least pixels of a mini-batch, between two steps of the optimiser; 0: no learning */
    int32_t update_interval;      /* one of this many groups of a mini-batch, 32 pixels each, is learned from */
    int32_t trunk_after;          /* after so many pixels the trunk learns from fewer groups (learn_backward-inl.h) */
    float learning_rate;
    int32_t grid_x, grid_y; /* position of the first pixel in a grid of 16x16 pixels, or -1, -1 for no grid */
    int32_t period;         /* of the phase-conditioned least squares: 1, or with a grid a power of two up to 16 */
    int32_t low_bits;       /* samples have 8 bits more than this, 0 to 8; with more than 0 the pixels are of 16 bits */
    int32_t fraction;       /* 2^fraction steps of a sample are one unit of the network; at most low_bits */
    int32_t light;          /* with period 2, 1 to 16: the curve of light that these least squares are of; else 0 */
    int32_t correction;     /* 1: mixtures are corrected by their own errors nearby, if there is learning; else 0 */
} bbc_scan_shape;

/* Why a scan is refused. */
enum {
    BBC_SCAN_BAD_WIDTH = -100,           /* outside 1 to SCAN_MAX_WIDTH */
    BBC_SCAN_BAD_HEIGHT = -101,          /* outside 1 to 2^28 */
    BBC_SCAN_BAD_ROWS = -102,            /* not 0 <= first_row <= last_row <= height */
    BBC_SCAN_BAD_CHANNELS = -103,        /* neither 1 nor 3 */
    BBC_SCAN_BAD_HIDDEN = -104,          /* no multiple of 16 from 16 to 512 */
    BBC_SCAN_BAD_LAYERS = -105,          /* outside 1 to 4 */
    BBC_SCAN_BAD_HEAD = -106,            /* no multiple of 16 from 16 to 128 */
    BBC_SCAN_BAD_BLOCK = -107,           /* negative, or 0 with modulation */
    BBC_SCAN_BAD_BATCH = -108,           /* outside 0 to 2^20 */
    BBC_SCAN_BAD_UPDATE_INTERVAL = -109, /* outside 1 to 1024 */
    BBC_SCAN_BAD_GRID = -110,            /* neither -1, -1 nor both within 0 to 15 */
    BBC_SCAN_BAD_PERIOD = -111,          /* no power of two up to 16, or more than 1 without a grid */
    BBC_SCAN_BAD_DEPTH = -112,           /* low_bits outside 0 to 8, or fraction outside 0 to low_bits */
    BBC_SCAN_BAD_TRUNK_AFTER = -113,     /* negative */
    BBC_SCAN_BAD_CORRECTION = -114,      /* neither 0 nor 1 */
    BBC_SCAN_BAD_LIGHT = -115,           /* outside 0 to 16, or not 0 with a period other than 2 */
    BBC_SCAN_SMALL_BUFFER = -120,        /* the buffer is too small, or not aligned to 64 bytes */
    BBC_SCAN_BAD_THREADS = -121,         /* outside 1 to 64, or the system refuses attributes of threads */
    BBC_SCAN_STATIC = -122               /* there is no gradient without learning */
};

int64_t bbc_scan_weight_count(const bbc_scan_shape *shape);
int64_t bbc_scan_size(const bbc_scan_shape *shape);
int bbc_scan_begin(void *state, int64_t size, const bbc_scan_shape *shape, const float *weights,
                   const float *modulation, void *pixels);
int64_t bbc_scan_encode(void *state, int threads, int64_t budget, uint32_t *starts, uint32_t *freqs);
int64_t bbc_scan_decode(void *state, int threads, int64_t budget, uint64_t *ans_state, bbc_ans_words *words,
                        uint32_t *freqs);
int64_t bbc_scan_least_squares(void *state, float *least_squares);
int bbc_scan_weights(const void *state, float *weights);
int bbc_scan_keep_gradient(void *state, float *gradient);
