/* What follows from the pixels of a diagonal: moments of both least squares, the backward pass, a step of the optimiser,
 * and the solutions that the next diagonal needs; in units of work that threads share. */
#ifndef BBC_WAVEFRONT_UNITS_H
#define BBC_WAVEFRONT_UNITS_H

#include "online_learning-inl.h"

/* Blocks [from, to) of the wave of the local least squares that a diagonal belongs to. Returns how many vectors of them
 * there are, units of work. */
static int wavefront_wave(const scan_state *s, int diagonal, int *from, int *to)
{
    local_ls_wave(s->shape.width, s->shape.first_row, s->shape.last_row, diagonal / LOCAL_LS_BLOCK, from, to);
    return (*to - *from + LOCAL_LS_LANES - 1) / LOCAL_LS_LANES;
}

/* Before the first diagonal of a wave: factors of its unit-th vector of blocks. A thread that has the first pixels of a
 * diagonal has the last blocks of a wave. */
static void wavefront_solve(const scan_state *s, int diagonal, int unit)
{
    int from, to, units = wavefront_wave(s, diagonal, &from, &to);
    local_ls_solve(&s->local_ls, from + (units - 1 - unit) * LOCAL_LS_LANES);
}

/* After the last diagonal of a wave: its pixels into the moments of its blocks. */
static void wavefront_accumulate(const scan_state *s, int diagonal, int unit)
{
    int from, to, units = wavefront_wave(s, diagonal, &from, &to);
    const int block = from + (units - 1 - unit) * LOCAL_LS_LANES;
    local_ls_update(&s->local_ls, block, block + LOCAL_LS_LANES < to ? block + LOCAL_LS_LANES : to);
}

/* What the threads do after a diagonal of n pixels whose first row is `first`. */
typedef struct {
    int first, n;
    int wave_ends;      /* whether this is the last diagonal of a wave of the local least squares */
    int due;            /* whether the phase-conditioned least squares are solved again */
    int learned;        /* pixels that are learned from; -1: the mini-batch is not full */
    int32_t new_pixels; /* since the phase-conditioned least squares were solved */
} wavefront_turn;

static wavefront_turn wavefront_begin_turn(const scan_state *s, int first, int n)
{
    const int32_t new_pixels = s->phase_ls.new_pixels + n;
    return (wavefront_turn){
        .first = first,
        .n = n,
        .wave_ends = s->diagonal % LOCAL_LS_BLOCK == LOCAL_LS_BLOCK - 1,
        .due = phase_ls_due(s->coded + s->done, new_pixels),
        .learned = s->shape.batch && s->count >= s->shape.batch ? learn_pixels(s, learn_uses) : -1,
        .new_pixels = new_pixels,
    };
}

/* Units of work of several kinds. Each thread has an even part of each kind, one kind after the other. */
enum { WAVEFRONT_KINDS = 4 };

typedef struct {
    int of[WAVEFRONT_KINDS];
} wavefront_units;

/* How many units of a kind a thread has of its own. */
EX int wavefront_own(const scan_state *s, const wavefront_units *units, int kind, int index)
{
    const int n = units->of[kind], of = s->team.threads;
    return team_part(n, index + 1, of) - team_part(n, index, of);
}

EX void wavefront_offer(scan_state *s, int index, const wavefront_units *units)
{
    int own = 0;
    for (int kind = 0; kind < WAVEFRONT_KINDS; kind++) own += wavefront_own(s, units, kind, index);
    team_offer(&s->team, index, 0, own);
}

/* The next unit for a thread, or -1; kind: which kind it is of. */
EX int wavefront_take(scan_state *s, int index, const wavefront_units *units, int *kind)
{
    int owner, unit;
    if (!team_take(&s->team, index, 1, &owner, &unit)) return -1;
    for (*kind = 0; unit >= wavefront_own(s, units, *kind, owner); ++*kind)
        unit -= wavefront_own(s, units, *kind, owner);
    return team_part(units->of[*kind], owner, s->team.threads) + unit;
}

/* The backward pass of a group of pixels. */
static void wavefront_backward(scan_state *s, int learned, int group)
{
    const int from = group * SCAN_CHUNK, to = learn_group_end(s, from);
    if (!learn_uses(s, group)) return;
    learn_backward_heads(s, 1.0f / (float)learned, from, to);
    if (learn_uses_in_trunk(s, group)) learn_backward_trunk(s, from, to);
}

/* This thread's share of what the pixels of a diagonal add to moments, and of the backward pass. */
static void wavefront_collect(scan_state *s, int index, const wavefront_turn *turn)
{
    enum { GROUPS, GREEN, CHROMA, BLOCKS };
    const phase_ls_system *green = &s->phase_ls.green, *chroma = &s->phase_ls.chroma;
    wavefront_units units = {{0}};
    int kind, unit, from, to;
    if (turn->learned >= 0) units.of[GROUPS] = (s->count + SCAN_CHUNK - 1) / SCAN_CHUNK;
    units.of[GREEN] = phase_ls_units(green, turn->n);
    if (s->shape.channels == 3) units.of[CHROMA] = phase_ls_units(chroma, turn->n);
    if (turn->wave_ends) units.of[BLOCKS] = wavefront_wave(s, s->diagonal, &from, &to);
    wavefront_offer(s, index, &units);
    while ((unit = wavefront_take(s, index, &units, &kind)) >= 0) switch (kind) {
        case GROUPS: wavefront_backward(s, turn->learned, unit); break;
        case GREEN: phase_ls_accumulate(s, green, turn->first, turn->n, unit); break;
        case CHROMA: phase_ls_accumulate(s, chroma, turn->first, turn->n, unit); break;
        default: wavefront_accumulate(s, s->diagonal, unit);
        }
}

/* This thread's share of a step of the optimiser, and of the solution of what the next diagonal needs. */
static void wavefront_solve_and_step(scan_state *s, int index, const wavefront_turn *turn)
{
    enum { STEP, GREEN, CHROMA, BLOCKS };
    const phase_ls_system *green = &s->phase_ls.green, *chroma = &s->phase_ls.chroma;
    wavefront_units units = {{0}};
    learn_step step;
    int kind, unit, from, to;
    if (turn->learned > 0) {
        learn_begin_step(s, &step);
        units.of[STEP] = step.units;
    }
    if (turn->due) {
        units.of[GREEN] = phase_ls_solutions(green);
        if (s->shape.channels == 3) units.of[CHROMA] = phase_ls_solutions(chroma);
    }
    if (turn->wave_ends) units.of[BLOCKS] = wavefront_wave(s, s->diagonal + 1, &from, &to);
    wavefront_offer(s, index, &units);
    while ((unit = wavefront_take(s, index, &units, &kind)) >= 0) switch (kind) {
        case STEP: learn_step_unit(s, &step, unit); break;
        case GREEN: phase_ls_refresh(green, (float)turn->new_pixels, unit); break;
        case CHROMA: phase_ls_refresh(chroma, (float)turn->new_pixels, unit); break;
        default: wavefront_solve(s, s->diagonal + 1, unit);
        }
}

/* All that follows from the pixels of a diagonal, by every thread, after a barrier; ends with one. */
static void wavefront_follow(scan_state *s, int index, const wavefront_turn *turn)
{
    wavefront_collect(s, index, turn);
    team_barrier(&s->team);
    if (turn->due) {
        phase_ls_pool(s, &s->phase_ls.green, index);
        if (s->shape.channels == 3) phase_ls_pool(s, &s->phase_ls.chroma, index);
        team_barrier(&s->team);
    }
    wavefront_solve_and_step(s, index, turn);
    team_barrier(&s->team);
}

/* Before the very first diagonal. */
static void wavefront_solve_first(scan_state *s, int index)
{
    int from, to, units = wavefront_wave(s, s->diagonal, &from, &to);
    if (s->diagonal != SCAN_SKEW * s->shape.first_row || s->diagonal % LOCAL_LS_BLOCK) return;
    for (int unit = index; unit < units; unit += s->team.threads) wavefront_solve(s, s->diagonal, unit);
}

#endif
