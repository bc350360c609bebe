/* Nearest points of the lattice of quantised coefficients: L. Babai, "On Lovasz' lattice reduction and the nearest
 * lattice point problem" (1986), with a list of the best paths in place of one. */
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "inversion_dct.h"
#include "inversion_search.h"

enum { INVERSION_NEAREST = 3, INVERSION_MULTIPLE_MAX = 100 };

/* The lattice's columns, orthogonalised; the ones that are decided last come first. */
typedef struct {
    float columns[64][64];
    float factors[64][64]; /* [i][j]: how often orthogonal column i is in column j */
    float lengths[64];     /* of the orthogonal columns, squared */
    int which[64];         /* the coefficient that a column stands for */
} inversion_lattice;

typedef struct {
    float cost;
    float left[64]; /* of the target, along each orthogonal column */
    int8_t multiples[64];
} inversion_path;

static void inversion_swap(inversion_lattice *l, int i, int j)
{
    float column[64];
    memcpy(column, l->columns[i], sizeof column);
    memcpy(l->columns[i], l->columns[j], sizeof column);
    memcpy(l->columns[j], column, sizeof column);
    for (int k = 0; k < i; k++) {
        float f = l->factors[k][i];
        l->factors[k][i] = l->factors[k][j];
        l->factors[k][j] = f;
    }
    int which = l->which[i];
    l->which[i] = l->which[j];
    l->which[j] = which;
}

/* Pivoted Gram-Schmidt, smallest residual first. Babai's method decides in reverse order, so the least reliable
 * coordinates come last. */
static void inversion_orthogonalise(inversion_lattice *l)
{
    for (int i = 0; i < 64; i++) {
        int least = i;
        float lengths[64];
        for (int j = i; j < 64; j++) {
            lengths[j] = inversion_dot(l->columns[j], l->columns[j]);
            if (lengths[j] < lengths[least]) least = j;
        }
        l->lengths[i] = lengths[least] > 1e-12f ? lengths[least] : 1e-12f;
        inversion_swap(l, i, least);
        for (int j = i + 1; j < 64; j++) {
            float f = inversion_dot(l->columns[i], l->columns[j]) / l->lengths[i];
            l->factors[i][j] = f;
            for (int k = 0; k < 64; k++) l->columns[j][k] -= f * l->columns[i][k];
        }
    }
}

/* The best continuations of `count` paths by column i, each with its nearest multiples; returns how many. `k` of a move
 * is the multiple. */
static int inversion_branches(const inversion_lattice *l, const inversion_path *paths, int count, int i,
                              inversion_move *best)
{
    int found = 0;
    for (int from = 0; from < count; from++) {
        float at = paths[from].left[i], near = inversion_nearest(at);
        int side = at >= near ? 1 : -1;
        for (int n = 0; n < INVERSION_NEAREST; n++) {
            float multiple = near + (float)(n == 1 ? side : n == 2 ? -side : 0), off = at - multiple;
            if (multiple < -INVERSION_MULTIPLE_MAX || multiple > INVERSION_MULTIPLE_MAX) continue;
            const inversion_move move = {.cost = paths[from].cost + off * off * l->lengths[i],
                                         .from = from,
                                         .k = (int)multiple};
            if (found == INVERSION_PATHS && best[found - 1].cost <= move.cost) break;
            found = inversion_insert(best, found, INVERSION_PATHS, &move);
        }
    }
    return found;
}

int inversion_nearest_points(const float basis[64][64], const uint16_t *table, const float *weights,
                             const float *target, int8_t multiples[INVERSION_PATHS][64])
{
    inversion_lattice l;
    inversion_path paths[2][INVERSION_PATHS];
    inversion_move best[INVERSION_PATHS];
    float weighted[64];
    int count = 1, now = 0;
    for (int i = 0; i < 64; i++) weighted[i] = weights[i] * target[i];
    for (int k = 0; k < 64; k++) {
        l.which[k] = k;
        for (int i = 0; i < 64; i++) l.columns[k][i] = weights[i] * (float)table[k] * basis[k][i];
    }
    inversion_orthogonalise(&l);
    paths[0][0].cost = 0;
    for (int i = 0; i < 64; i++) paths[0][0].left[i] = inversion_dot(weighted, l.columns[i]) / l.lengths[i];
    for (int i = 63; i >= 0; i--, now = !now) {
        count = inversion_branches(&l, paths[now], count, i, best);
        for (int n = 0; n < count; n++) {
            inversion_path *to = &paths[!now][n];
            *to = paths[now][best[n].from];
            to->cost = (float)best[n].cost;
            to->multiples[i] = (int8_t)best[n].k;
            for (int j = 0; j < i; j++) to->left[j] -= (float)best[n].k * l.factors[j][i];
        }
    }
    for (int n = 0; n < count; n++)
        for (int i = 0; i < 64; i++) multiples[n][l.which[i]] = paths[now][n].multiples[i];
    return count;
}
