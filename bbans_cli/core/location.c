/* Integers with logistic or Gaussian mass, one distribution or a mixture for each symbol: location.cdef.h says what the
 * functions take, cumulative.h how a distribution function becomes intervals.
 *
 * Symbols go in blocks, so that their distribution functions are computed by the widest kernels of this CPU. A push knows
 * its edges. A pop guesses its symbol from a table of quantiles and searches from there; it can do so for as many
 * symbols at once as there are heads, since the next symbol of a head is only known after the last. */
#include "cumulative.h"

#include "bbc.h"
#include "location.cdef.h"

enum { BLOCK = 64 };

typedef struct {
    bbc_scale scale;
    const bbc_kernels *kernels;
    int family;
    unsigned precision;
    size_t components;
    double first; /* the lower edge of symbol 0, were it to have one */
    const double *weights, *means, *deviations, *quantiles;
} location;

/* Parameters of a block, one row for each component; rate is 1 / deviation. */
typedef struct {
    double weight[BBC_MAX_COMPONENTS][BLOCK], mean[BBC_MAX_COMPONENTS][BLOCK], rate[BBC_MAX_COMPONENTS][BLOCK];
} block;

typedef struct {
    const location *model;
    const block *parameters;
    size_t at;
} one_of_block;

static int location_init(location *model, int32_t low, uint32_t size)
{
    if (model->family != BBC_LOGISTIC && model->family != BBC_GAUSSIAN) return BBC_ANS_BAD_SYMBOL;
    if (model->components - 1 >= BBC_MAX_COMPONENTS) return BBC_ANS_BAD_SYMBOL;
    if ((int64_t)low + size - 1 > INT32_MAX) return BBC_ANS_BAD_SYMBOL;
    model->first = (double)low - 0.5;
    model->kernels = bbc_kernels_now();
    return bbc_scale_init(&model->scale, size, BBC_FLOOR, model->precision);
}

/* Whatever the parameters are, (edge - mean) * rate is finite and does not fall from edge to edge, so neither does F. */
static void load_block(const location *model, size_t i, size_t n, block *out)
{
    double total[BLOCK] = {0.0};
    for (size_t k = 0; k < model->components; k++)
        for (size_t j = 0; j < n; j++) {
            size_t from = (i + j) * model->components + k;
            out->mean[k][j] = ex_clip64(model->means[from], -1e12, 1e12);
            out->rate[k][j] = 1.0 / ex_max64(model->deviations[from], 1e-12);
            out->weight[k][j] = model->weights ? ex_clip64(model->weights[from], 0.0, 1e290) : 1.0;
            total[j] += out->weight[k][j];
        }
    for (size_t k = 0; k < model->components; k++)
        for (size_t j = 0; j < n; j++) out->weight[k][j] /= total[j];
}

EX double logistic_cdf64(double x) { return 1.0 / (1.0 + ex_exp64(-x)); }

static void cdf_all(const location *model, size_t n, double *x, double *f)
{
    if (model->family == BBC_GAUSSIAN) {
        model->kernels->map64(BBC_NORMAL_CDF64, (ptrdiff_t)n, x, f);
    } else {
        for (size_t i = 0; i < n; i++) x[i] = -x[i];
        model->kernels->map64(BBC_EXP64, (ptrdiff_t)n, x, f);
        for (size_t i = 0; i < n; i++) f[i] = 1.0 / (1.0 + f[i]);
    }
}

/* cum(edge[j]) of the symbols which[j] of the block, j < n. */
static void cum_all(const location *model, const block *parameters, size_t n, const uint32_t *which,
                    const uint32_t *edge, uint32_t *cum)
{
    double x[BLOCK], f[BLOCK], sum[BLOCK] = {0.0};
    for (size_t k = 0; k < model->components; k++) {
        for (size_t j = 0; j < n; j++)
            x[j] = (model->first + edge[j] - parameters->mean[k][which[j]]) * parameters->rate[k][which[j]];
        cdf_all(model, n, x, f);
        for (size_t j = 0; j < n; j++) sum[j] += parameters->weight[k][which[j]] * f[j];
    }
    for (size_t j = 0; j < n; j++) cum[j] = bbc_cum(&model->scale, edge[j], sum[j]);
}

EX double cdf_of_one(const void *context, uint32_t edge, int family)
{
    const one_of_block *one = context;
    double f = 0.0;
    for (size_t k = 0; k < one->model->components; k++) {
        double x = (one->model->first + edge - one->parameters->mean[k][one->at]) * one->parameters->rate[k][one->at];
        f += one->parameters->weight[k][one->at] * (family == BBC_GAUSSIAN ? ex_normal_cdf64(x) : logistic_cdf64(x));
    }
    return f;
}

static double logistic_of_one(const void *context, uint32_t edge) { return cdf_of_one(context, edge, BBC_LOGISTIC); }
static double gaussian_of_one(const void *context, uint32_t edge) { return cdf_of_one(context, edge, BBC_GAUSSIAN); }

/* The mixture of the components' quantiles: the answer for one component, a start for several. */
static uint32_t guess(const location *model, const block *parameters, size_t j, uint32_t value)
{
    double at = ((double)value + 0.5) * ((double)BBC_QUANTILES / model->scale.total), x = 0.0;
    uint32_t whole = (uint32_t)at;
    const double *q = model->quantiles + whole;
    double quantile = q[0] + (at - whole) * (q[1] - q[0]);
    for (size_t k = 0; k < model->components; k++)
        x += parameters->weight[k][j] * (parameters->mean[k][j] + quantile / ex_max64(parameters->rate[k][j], 1e-12));
    return (uint32_t)ex_clip64(x - model->first, 0.0, (double)(model->scale.n - 1));
}

/* The searches of symbols first to first + n of the block, in step with each other; those that have ended leave. */
static void search_some(const location *model, const block *parameters, size_t first, size_t n, bbc_search *searches)
{
    uint32_t which[BLOCK], edge[BLOCK], cum[BLOCK];
    for (size_t j = 0; j < n; j++) which[j] = (uint32_t)(first + j), edge[j] = searches[which[j]].lo;
    cum_all(model, parameters, n, which, edge, cum);
    for (size_t j = 0; j < n; j++) searches[which[j]].cum_lo = cum[j], edge[j] = searches[which[j]].hi;
    cum_all(model, parameters, n, which, edge, cum);
    for (size_t j = 0; j < n; j++) searches[which[j]].cum_hi = cum[j];
    for (;;) {
        size_t left = 0;
        for (size_t j = 0; j < n; j++) {
            uint32_t probe = bbc_search_probe(&searches[which[j]], &model->scale);
            if (probe == UINT32_MAX) continue;
            which[left] = which[j];
            edge[left++] = probe;
        }
        if (left == 0) return;
        n = left;
        cum_all(model, parameters, n, which, edge, cum);
        for (size_t j = 0; j < n; j++) bbc_search_take(&searches[which[j]], edge[j], cum[j]);
    }
}

static void search_one(const location *model, const block *parameters, size_t at, bbc_search *search)
{
    one_of_block one = {model, parameters, at};
    bbc_search_all(search, &model->scale, model->family == BBC_GAUSSIAN ? gaussian_of_one : logistic_of_one, &one);
}

static int intervals(const location *model, const uint32_t *symbols, uint32_t *starts, uint32_t *freqs, size_t n, size_t *done)
{
    block parameters;
    uint32_t which[BLOCK], edge[BLOCK];
    for (uint32_t j = 0; j < BLOCK; j++) which[j] = j;
    bbc_fp_state saved = bbc_fp_enter();
    int status = BBC_ANS_OK;
    size_t i = 0;
    while (i < n && status == BBC_ANS_OK) {
        size_t count = n - i < BLOCK ? n - i : BLOCK, good = 0;
        while (good < count && symbols[i + good] < model->scale.n) good++;
        if (good < count) status = BBC_ANS_BAD_SYMBOL;
        load_block(model, i, good, &parameters);
        cum_all(model, &parameters, good, which, symbols + i, starts + i);
        for (size_t j = 0; j < good; j++) edge[j] = symbols[i + j] + 1;
        cum_all(model, &parameters, good, which, edge, freqs + i);
        for (size_t j = i; j < i + good; j++) freqs[j] -= starts[j];
        i += good;
    }
    bbc_fp_leave(saved);
    *done = i;
    return status;
}

static int pop(const location *model, uint64_t *heads, size_t lanes, bbc_words *words, uint32_t *symbols, size_t n,
               size_t *done)
{
    block parameters;
    bbc_search searches[BLOCK];
    uint32_t step = model->components == 1 ? 1 : 1 + model->scale.n / 16;
    size_t together = lanes < BLOCK ? lanes : BLOCK, lane = 0, peeked = 0, found = 0;
    int status = BBC_ANS_OK;
    bbc_fp_state saved = bbc_fp_enter();
    while (found < n) {
        size_t at = found % BLOCK, left = (n < found - at + BLOCK ? n - found : BLOCK - at);
        size_t count = left < together ? left : together;
        if (at == 0) load_block(model, found, left, &parameters);
        for (size_t j = at; j < at + count; j++) {
            uint32_t value = bbc_ans_peek(heads[peeked], model->precision);
            bbc_search_from(&searches[j], &model->scale, value, guess(model, &parameters, j, value), step);
            peeked = peeked + 1 == lanes ? 0 : peeked + 1;
        }
        if (count > 1) {
            search_some(model, &parameters, at, count, searches);
        } else {
            search_one(model, &parameters, at, &searches[at]);
        }
        for (size_t j = at; j < at + count && status == BBC_ANS_OK; j++) {
            const bbc_search *search = &searches[j];
            status = bbc_ans_advance(&heads[lane], words, search->cum_lo, search->cum_hi - search->cum_lo,
                                     model->precision);
            symbols[found] = search->lo;
            lane = lane + 1 == lanes ? 0 : lane + 1;
            found += status == BBC_ANS_OK;
        }
        if (status != BBC_ANS_OK) break;
    }
    bbc_fp_leave(saved);
    *done = found;
    return status;
}

int bbc_location_quantiles(int family, double *quantiles)
{
    bbc_fp_state saved = bbc_fp_enter();
    for (int i = 0; i <= BBC_QUANTILES; i++) {
        double p = ex_clip64(i, 0.1, BBC_QUANTILES - 0.1) / BBC_QUANTILES;
        quantiles[i] = family == BBC_GAUSSIAN ? ex_normal_quantile64(p) : ex_log64(p / (1.0 - p));
    }
    bbc_fp_leave(saved);
    return BBC_ANS_OK;
}

int bbc_mixture_intervals(const double *weights, const double *means, const double *deviations, const uint32_t *symbols,
                          uint32_t *starts, uint32_t *freqs, size_t components, int family, int32_t low, uint32_t size,
                          unsigned precision, size_t n, size_t *done)
{
    location model = {.family = family, .precision = precision, .components = components, .weights = weights,
                      .means = means, .deviations = deviations};
    int status = location_init(&model, low, size);
    *done = 0;
    return status == BBC_ANS_OK ? intervals(&model, symbols, starts, freqs, n, done) : status;
}

int bbc_mixture_pop(uint64_t *heads, size_t lanes, bbc_words *words, const double *weights, const double *means,
                    const double *deviations, uint32_t *symbols, size_t components, int family, int32_t low,
                    uint32_t size, unsigned precision, const double *quantiles, size_t n, size_t *done)
{
    location model = {.family = family, .precision = precision, .components = components, .weights = weights,
                      .means = means, .deviations = deviations, .quantiles = quantiles};
    int status = bbc_ans_check(heads, lanes, words);
    if (status == BBC_ANS_OK) status = location_init(&model, low, size);
    *done = 0;
    return status == BBC_ANS_OK ? pop(&model, heads, lanes, words, symbols, n, done) : status;
}

int bbc_location_intervals(const double *means, const double *deviations, const uint32_t *symbols, uint32_t *starts,
                           uint32_t *freqs, int family, int32_t low, uint32_t size, unsigned precision, size_t n,
                           size_t *done)
{
    return bbc_mixture_intervals(NULL, means, deviations, symbols, starts, freqs, 1, family, low, size, precision, n, done);
}

int bbc_location_pop(uint64_t *heads, size_t lanes, bbc_words *words, const double *means, const double *deviations,
                     uint32_t *symbols, int family, int32_t low, uint32_t size, unsigned precision,
                     const double *quantiles, size_t n, size_t *done)
{
    return bbc_mixture_pop(heads, lanes, words, NULL, means, deviations, symbols, 1, family, low, size, precision,
                           quantiles, n, done);
}
