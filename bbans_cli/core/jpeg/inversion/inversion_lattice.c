#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "inversion.h"

enum { NEAREST = 3 };

/* The columns of the lattice, orthogonalised: those that are decided last come first. */
typedef struct {
    float columns[64][64], factors[64][64];
    float lengths[64]; /* squared */
    int which[64];
} reduced;

typedef struct {
    float cost;
    float left[64]; /* of the target, in each direction */
    int8_t times[64];
} path;

typedef struct {
    float cost;
    int from, times;
} branch;

static void swap(reduced *r, int i, int j)
{
    float line[64];
    memcpy(line, r->columns[i], sizeof line);
    memcpy(r->columns[i], r->columns[j], sizeof line);
    memcpy(r->columns[j], line, sizeof line);
    for (int k = 0; k < i; k++) {
        float f = r->factors[k][i];
        r->factors[k][i] = r->factors[k][j];
        r->factors[k][j] = f;
    }
    int which = r->which[i];
    r->which[i] = r->which[j];
    r->which[j] = which;
}

/* Gram and Schmidt, each time with the column of which least is left: decided last, it is known worst.
 * factors[i][j]: how often direction i is in column j. */
static void orthogonalise(reduced *r)
{
    for (int k = 0; k < 64; k++) r->lengths[k] = sum_of_products(r->columns[k], r->columns[k]);
    for (int i = 0; i < 64; i++) {
        int least = i;
        float lengths[64];
        for (int j = i; j < 64; j++) {
            lengths[j] = sum_of_products(r->columns[j], r->columns[j]);
            if (lengths[j] < lengths[least]) least = j;
        }
        r->lengths[i] = lengths[least] > 1e-12f ? lengths[least] : 1e-12f;
        swap(r, i, least);
        for (int j = i + 1; j < 64; j++) {
            float f = sum_of_products(r->columns[i], r->columns[j]) / r->lengths[i];
            r->factors[i][j] = f;
            for (int k = 0; k < 64; k++) r->columns[j][k] -= f * r->columns[i][k];
        }
    }
}

/* The best ways to go on from `count` paths at level i, the nearest multiples of each; returns how many. */
static int branches(const reduced *r, const path *paths, int count, int i, branch *best)
{
    int found = 0;
    for (int from = 0; from < count; from++) {
        float at = paths[from].left[i], near = nearest_integer(at);
        int side = at >= near ? 1 : -1;
        for (int n = 0; n < NEAREST; n++) {
            float times = near + (float)(n == 1 ? side : n == 2 ? -side : 0), off = at - times;
            branch new = {paths[from].cost + off * off * r->lengths[i], from, (int)times};
            if (times < -100 || times > 100) continue;
            if (found == RECOVER_PATHS && best[--found].cost <= new.cost) {
                found++;
                break;
            }
            int place = found++;
            for (; place > 0 && best[place - 1].cost > new.cost; place--) best[place] = best[place - 1];
            best[place] = new;
        }
    }
    return found;
}

int bbc_recover_planes(const float basis[64][64], const uint16_t *table, const float *weights, const float *target,
                       int8_t steps[RECOVER_PATHS][64])
{
    reduced r;
    path paths[2][RECOVER_PATHS];
    branch best[RECOVER_PATHS];
    float aim[64];
    int count = 1, now = 0;
    for (int i = 0; i < 64; i++) aim[i] = weights[i] * target[i];
    for (int k = 0; k < 64; k++) {
        r.which[k] = k;
        for (int i = 0; i < 64; i++) r.columns[k][i] = weights[i] * (float)table[k] * basis[k][i];
    }
    orthogonalise(&r);
    paths[0][0].cost = 0;
    for (int i = 0; i < 64; i++) paths[0][0].left[i] = sum_of_products(aim, r.columns[i]) / r.lengths[i];
    for (int i = 63; i >= 0; i--, now = !now) {
        count = branches(&r, paths[now], count, i, best);
        for (int n = 0; n < count; n++) {
            path *to = &paths[!now][n];
            *to = paths[now][best[n].from];
            to->cost = best[n].cost;
            to->times[i] = (int8_t)best[n].times;
            for (int j = 0; j < i; j++) to->left[j] -= (float)best[n].times * r.factors[j][i];
        }
    }
    for (int n = 0; n < count; n++)
        for (int i = 0; i < 64; i++) steps[n][r.which[i]] = paths[now][n].times[i];
    return count;
}
