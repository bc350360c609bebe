/* Beam search for the coefficients of a block, from one point or from the nearest points of a lattice. */
#include "inversion_search.h"

#include "inversion_dct.h"

/* Two generations of points. marks[] of the last generation but one are those that one move back leads to. */
typedef struct {
    inversion_point points[2][INVERSION_WIDTH_MAX];
    uint64_t marks[2][INVERSION_WIDTH_MAX];
    int count[2];
} inversion_beam;

int inversion_insert(inversion_move *best, int count, int room, const inversion_move *move)
{
    if (count == room && best[--count].cost <= move->cost) return room;
    int at = count;
    for (; at > 0 && best[at - 1].cost > move->cost; at--) best[at] = best[at - 1];
    best[at] = *move;
    return count + 1;
}

/* The moves from a point that promise to lessen its excess most; returns how many. The excess after a move of size q is
 * about excess - 2 q slope + q^2 curvature. */
static int inversion_promising(const inversion_problem *p, const inversion_point *from, inversion_move *best)
{
    float slope[64], curvature[64];
    int count = 0;
    p->slopes(p, from, slope, curvature);
    for (int k = 0; k < 64; k++) {
        float size = p->table[k], gain = slope[k] < 0 ? -slope[k] : slope[k];
        int sign = slope[k] < 0 ? -1 : 1, then = from->coefficients[k] + sign;
        if (then < -INVERSION_COEFFICIENT_LIMIT || then > INVERSION_COEFFICIENT_LIMIT) continue;
        const inversion_move move = {.cost = size * size * curvature[k] - 2 * size * gain, .k = k, .sign = sign};
        if (p->tries < 64) count = inversion_insert(best, count, p->tries, &move);
        else best[count++] = move;
    }
    return count;
}

/* What a move adds to the mark of a point: a multiplicative hash of k, negated for a move back. */
static uint64_t inversion_mark(int k, int sign)
{
    uint64_t x = (uint64_t)(k + 1) * 0x9e3779b97f4a7c15u;
    return (uint64_t)(int64_t)sign * ((x ^ x >> 29) * 0xbf58476d1ce4e5b9u | 1);
}

static int inversion_is_marked(const uint64_t *marks, int count, uint64_t mark)
{
    int found = 0;
    for (int i = 0; i < count; i++) found |= marks[i] == mark;
    return found;
}

/* The next generation: the best new points one move away. */
static void inversion_expand(inversion_problem *p, inversion_beam *b, int now)
{
    inversion_move tries[INVERSION_MOVES_MAX], best[INVERSION_WIDTH_MAX];
    uint64_t marks[INVERSION_WIDTH_MAX];
    int found = 0;
    for (int from = 0; from < b->count[now]; from++) {
        const inversion_point *point = &b->points[now][from];
        int n = inversion_promising(p, point, tries);
        p->effort -= n;
        p->try_moves(p, point, tries, n);
        for (int i = 0; i < n; i++) {
            inversion_move *move = tries + i;
            if (found == p->width && move->cost >= best[found - 1].cost) continue;
            move->from = from;
            move->mark = b->marks[now][from] + inversion_mark(move->k, move->sign);
            if (!p->may_return && inversion_is_marked(b->marks[!now], b->count[!now], move->mark)) continue;
            for (int j = 0; j < found; j++) marks[j] = best[j].mark;
            if (!inversion_is_marked(marks, found, move->mark)) found = inversion_insert(best, found, p->width, move);
        }
    }
    for (int i = 0; i < found; i++) {
        p->follow(p, &b->points[now][best[i].from], best + i, &b->points[!now][i]);
        b->marks[!now][i] = best[i].mark;
    }
    b->count[!now] = found;
}

int inversion_beam_search(inversion_problem *p, inversion_point *best)
{
    inversion_beam b;
    int now = 0;
    b.points[0][0] = *best;
    b.marks[0][0] = 0;
    b.count[0] = 1;
    b.count[1] = 0;
    for (int depth = 0; depth < p->depth && p->effort > 0 && b.count[now]; depth++) {
        inversion_expand(p, &b, now);
        now = !now;
        for (int i = 0; i < b.count[now]; i++)
            if (p->is_solved(p, &b.points[now][i])) {
                *best = b.points[now][i];
                return 1;
            }
        if (b.count[now] && b.points[now][0].excess < best->excess) *best = b.points[now][0];
    }
    return 0;
}

int inversion_lattice_search(inversion_problem *p, const float basis[64][64], const float *weights, const float *target,
                             int64_t cost, inversion_point *best)
{
    int8_t multiples[INVERSION_PATHS][64];
    const inversion_point start = *best;
    p->effort -= cost;
    int count = inversion_nearest_points(basis, p->table, weights, target, multiples);
    for (int n = 0; n < count; n++) {
        inversion_point next = start;
        for (int k = 0; k < 64; k++)
            next.coefficients[k] = inversion_limited((float)(start.coefficients[k] + multiples[n][k]));
        p->evaluate(p, &next);
        int solved = p->is_solved(p, &next);
        if (solved || !n || next.excess < best->excess) *best = next;
        if (solved) return 1;
    }
    if (inversion_beam_search(p, best)) return 1;
    if (start.excess < best->excess) *best = start;
    return 0;
}
