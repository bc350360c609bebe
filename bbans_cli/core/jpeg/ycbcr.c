/* The colours of JPEG files, decoded and undone: from Y, Cb, Cr to R, G, B and back (JFIF; ITU-T T.871). */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ycbcr.cdef.h"
#include "ycbcr.h"

void bbc_ycbcr_decode(int64_t n, const uint8_t *ycbcr, uint8_t *rgb)
{
    ycbcr_chroma red, blue;
    ycbcr_chroma_fill(&red, YCBCR_CR_RED);
    ycbcr_chroma_fill(&blue, YCBCR_CB_BLUE);
    for (int64_t i = 0; i < n; i++) {
        int cb = ycbcr[3 * i], y = ycbcr[3 * i + 1], cr = ycbcr[3 * i + 2];
        rgb[3 * i] = (uint8_t)ycbcr_clamp(y + red.offset[cr]);
        rgb[3 * i + 1] = (uint8_t)ycbcr_clamp(y + ycbcr_green(cb, cr));
        rgb[3 * i + 2] = (uint8_t)ycbcr_clamp(y + blue.offset[cb]);
    }
}

/* ---- the way back ---- */

typedef struct {
    int cb, y, cr;
} ycbcr_colour;

typedef struct {
    ycbcr_chroma red, blue;
    int64_t work; /* what may still be spent */
} ycbcr_search;

/* Work is counted in chromas looked at: so many, and so many more for each pixel. Photographs need little of this; a
 * picture of nothing but clipped colours would take minutes. Tuned by hand, not recorded. */
enum { YCBCR_FIRST_WORK = 1 << 22, YCBCR_PIXEL_WORK = 1024 };
enum { YCBCR_NO_SOLUTION = 2 * 256 };

/* Of the solutions with luma y that are nearer to `near` than `best`, in the sum of the differences of both chromas,
 * find the nearest one. Returns its distance, or `best`. */
static int ycbcr_nearest_chromas(ycbcr_search *s, const uint8_t *rgb, int y, const ycbcr_colour *near, int best,
                                 ycbcr_colour *found)
{
    /* The chromas that give red and blue: [low, end). */
    const int cr_low = rgb[0] == 0 ? 0 : s->red.first[rgb[0] - y + 255];
    const int cr_end = rgb[0] == 255 ? 256 : s->red.first[rgb[0] - y + 256];
    const int cb_low = rgb[2] == 0 ? 0 : s->blue.first[rgb[2] - y + 255];
    const int cb_end = rgb[2] == 255 ? 256 : s->blue.first[rgb[2] - y + 256];
    if (cb_low == cb_end) return best;
    s->work -= cr_end - cr_low;
    for (int cr = cr_low; cr < cr_end; cr++) {
        int cost = abs(cr - near->cr);
        if (cost >= best) continue;
        int cb = near->cb < cb_low ? cb_low : near->cb >= cb_end ? cb_end - 1 : near->cb;
        /* Green falls as Cb rises: go towards the value that it must have. */
        while (cb > cb_low && ycbcr_clamp(y + ycbcr_green(cb, cr)) < rgb[1]) cb--;
        while (cb < cb_end - 1 && ycbcr_clamp(y + ycbcr_green(cb, cr)) > rgb[1]) cb++;
        cost += abs(cb - near->cb);
        s->work -= abs(cb - near->cb);
        if (cost >= best || ycbcr_clamp(y + ycbcr_green(cb, cr)) != rgb[1]) continue;
        best = cost;
        *found = (ycbcr_colour){cb, y, cr};
    }
    return best;
}

/* A solution for one pixel: of the Y nearest to near->y that have one, the chromas nearest to those of `near`. Returns
 * whether there is one. */
static int ycbcr_nearest(ycbcr_search *s, const uint8_t *rgb, const ycbcr_colour *near, ycbcr_colour *found)
{
    int best = YCBCR_NO_SOLUTION;
    for (int away = 0; away < 256 && best == YCBCR_NO_SOLUTION; away++)
        for (int sign = -1; sign <= (away ? 1 : -1); sign += 2) {
            const int y = near->y + sign * away;
            if (y >= 0 && y <= 255) best = ycbcr_nearest_chromas(s, rgb, y, near, best, found);
        }
    return best < YCBCR_NO_SOLUTION;
}

int64_t bbc_ycbcr_find(int64_t n, int64_t width, const uint8_t *rgb, uint8_t *out)
{
    ycbcr_search s = {.work = YCBCR_FIRST_WORK + YCBCR_PIXEL_WORK * n};
    ycbcr_colour found = {128, 128, 128};
    ycbcr_chroma_fill(&s.red, YCBCR_CR_RED);
    ycbcr_chroma_fill(&s.blue, YCBCR_CB_BLUE);
    for (int64_t i = 0; i < n; i++, rgb += 3, out += 3) {
        if (i >= width && i % width == 0) found = (ycbcr_colour){out[-3 * width], 0, out[2 - 3 * width]};
        else if (i && !memcmp(rgb, rgb - 3, 3)) {
            memcpy(out, out - 3, 3);
            continue;
        }
        const ycbcr_colour near = {found.cb, ycbcr_luma(rgb), found.cr};
        if (!ycbcr_nearest(&s, rgb, &near, &found) || s.work < 0) return i;
        out[0] = (uint8_t)found.cb;
        out[1] = (uint8_t)found.y;
        out[2] = (uint8_t)found.cr;
    }
    return n;
}
