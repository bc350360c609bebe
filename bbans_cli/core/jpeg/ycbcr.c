#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ycbcr.cdef.h"
#include "ycbcr.h"

void bbc_ycbcr_decode(int64_t n, const uint8_t *ycbcr, uint8_t *rgb)
{
    chroma red, blue;
    chroma_table(&red, CR_RED);
    chroma_table(&blue, CB_BLUE);
    for (int64_t i = 0; i < n; i++) {
        int cb = ycbcr[3 * i], y = ycbcr[3 * i + 1], cr = ycbcr[3 * i + 2];
        rgb[3 * i] = (uint8_t)clamp(y + red.offset[cr]);
        rgb[3 * i + 1] = (uint8_t)clamp(y + green_of(cb, cr));
        rgb[3 * i + 2] = (uint8_t)clamp(y + blue.offset[cb]);
    }
}

typedef struct {
    int cb, y, cr;
} colour;

/* Photographs need little of this; pictures of nothing but clipped colours would take minutes. */
enum { FIRST_WORK = 1 << 22, PIXEL_WORK = 1024 };

/* A solution for one pixel: of the Y nearest to near->y that have one the chroma nearest to that of `near`; 0 if there
 * is none. Takes the work off `work`. */
static int nearest(const uint8_t *rgb, const chroma *red, const chroma *blue, const colour *near, colour *found,
                   int64_t *work)
{
    int best = 2 * 256;
    for (int away = 0; away < 256 && best == 2 * 256; away++)
        for (int sign = -1; sign <= (away ? 1 : -1); sign += 2) {
            int y = near->y + sign * away;
            if (y < 0 || y > 255) continue;
            /* The chromas that give red and blue: [low, end). */
            int cr_low = rgb[0] == 0 ? 0 : red->first[rgb[0] - y + 255];
            int cr_end = rgb[0] == 255 ? 256 : red->first[rgb[0] - y + 256];
            int cb_low = rgb[2] == 0 ? 0 : blue->first[rgb[2] - y + 255];
            int cb_end = rgb[2] == 255 ? 256 : blue->first[rgb[2] - y + 256];
            if (cb_low == cb_end) continue;
            *work -= cr_end - cr_low;
            for (int cr = cr_low; cr < cr_end; cr++) {
                int cost = abs(cr - near->cr);
                if (cost >= best) continue;
                int cb = near->cb < cb_low ? cb_low : near->cb >= cb_end ? cb_end - 1 : near->cb;
                /* Green falls as Cb rises: go towards the value that it must have. */
                while (cb > cb_low && clamp(y + green_of(cb, cr)) < rgb[1]) cb--;
                while (cb < cb_end - 1 && clamp(y + green_of(cb, cr)) > rgb[1]) cb++;
                cost += abs(cb - near->cb);
                *work -= abs(cb - near->cb);
                if (cost >= best || clamp(y + green_of(cb, cr)) != rgb[1]) continue;
                best = cost;
                *found = (colour){cb, y, cr};
            }
        }
    return best < 2 * 256;
}

int64_t bbc_ycbcr_find(int64_t n, int64_t width, const uint8_t *rgb, uint8_t *out)
{
    chroma red, blue;
    colour found = {128, 128, 128};
    int64_t work = FIRST_WORK + PIXEL_WORK * n;
    chroma_table(&red, CR_RED);
    chroma_table(&blue, CB_BLUE);
    for (int64_t i = 0; i < n; i++, rgb += 3, out += 3) {
        if (i >= width && i % width == 0) found = (colour){out[-3 * width], 0, out[2 - 3 * width]};
        else if (i && !memcmp(rgb, rgb - 3, 3)) {
            memcpy(out, out - 3, 3);
            continue;
        }
        colour near = {found.cb, (19595 * rgb[0] + 38470 * rgb[1] + 7471 * rgb[2] + HALF) >> 16, found.cr};
        if (!nearest(rgb, &red, &blue, &near, &found, &work) || work < 0) return i;
        out[0] = (uint8_t)found.cb;
        out[1] = (uint8_t)found.y;
        out[2] = (uint8_t)found.cr;
    }
    return n;
}
