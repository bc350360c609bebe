/* The local least squares of a band: computed, or as they were kept.
 *
 * The encoder goes through a band twice: it collects samples for the fit, then it codes. The least squares do not
 * depend on what is fitted. So the first pass keeps what they give, 15 bytes a pixel, if the caller has room for it, and
 * the second neither solves them nor sums their moments. */
#ifndef BBC_FITTED_FORECASTS_H
#define BBC_FITTED_FORECASTS_H

#include "fitted_ls-inl.h"

/* Whether `task` finds what an earlier pass kept. */
EX int fitted_forecasts_known(const fitted_state *s, int task) { return s->predicted && task == FITTED_ENCODE; }

/* The least squares of the 16 cells of a wave from column q on. */
static void fitted_solve(fitted_state *s, int task, int q)
{
    float *told = fitted_ls_told(s, q);
    const int known = fitted_forecasts_known(s, task);
    if (!known) fitted_ls_solve(s, q);
    if (!s->predicted) return;
    fitted_solved *kept = s->solved + s->next_solved++;
    for (int i = 0; i < FITTED_LS_TOLD; i++) {
        if (known) memcpy(told + i * s->stride, kept->told[i], sizeof kept->told[i]);
        else memcpy(kept->told[i], told + i * s->stride, sizeof kept->told[i]);
    }
}

/* What they say of the chunk's pixels, in the cells from column q on. */
static void fitted_forecast(fitted_state *s, int task, int q, fitted_chunk *restrict chunk)
{
    const int known = fitted_forecasts_known(s, task);
    fitted_ls_tell(s, q, chunk);
    if (!known) fitted_ls_predict(s, q, chunk);
    if (!s->predicted) return;
    fitted_predicted *kept = s->predicted + s->next_predicted++;
    if (known) memcpy(chunk->prediction, kept->prediction, sizeof kept->prediction);
    else memcpy(kept->prediction, chunk->prediction, sizeof kept->prediction);
}

#endif
