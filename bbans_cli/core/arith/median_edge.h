/* Median edge detector of LOCO-I (Weinberger, Seroussi and Sapiro 2000; Martucci 1990): W + N - NW, kept between W and
 * N. */
#ifndef BBC_MEDIAN_EDGE_H
#define BBC_MEDIAN_EDGE_H

#include <stdint.h>

static inline int32_t median_edge(int32_t w, int32_t n, int32_t nw)
{
    int32_t low = w < n ? w : n, high = w < n ? n : w;
    return nw >= high ? low : nw <= low ? high : w + n - nw;
}

#endif
