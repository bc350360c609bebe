/* The loop over diagonals that every thread of a call runs, encoding or decoding.
 *
 * Threads meet at barriers. Between two of them a thread writes only what this table says, and no other thread reads or
 * writes that. A unit is work that one thread takes (team.h): an even part is a thread's own, which others take from
 * when they have done theirs. A bar is a barrier after the row above it.
 *
 *   work of every thread          writes                                     reads
 *   ----------------------------  -----------------------------------------  ------------------------------------------
 *   wavefront_encode_share        pixels of a unit: scan_pixel, input to     planes, local_ls.factor, phase_ls weights,
 *                                 output, starts, freqs, local_ls.vector and errors, network, bin edges, modulation
 *                                 phase_ls vectors but for own values        and correction_record
 *   or wavefront_decode           the same, and window: of the piece that    the same; popped
 *   |                             it has taken; next_piece, prepared
 *   |  who has set popping        value and residual of a piece that is       prepared, window, output, bin edges
 *   |                             prepared, popped, ANS state, words, error
 *   wavefront_enter               own pixels: planes, border extension, the  scan_pixel
 *   |                             caller's pixels, values in vectors, errors,
 *   |                             correction_record
 *   |  thread 0 also              count, done
 *   wavefront_collect             units: groups of pixels: d_output to       output to active, density, values, network,
 *   |                             d_active, density, d_correction; rows of   bin edges; phase_ls vectors;
 *   |                             the moments of a phase; blocks of          local_ls.vector
 *   |                             local_ls.moments
 *   |  if due: phase_ls_pool      own rows of the prior                      moments
 *   wavefront_solve_and_step      units: rows of optimiser moments and       activations and derivatives of all pixels;
 *   |                             weights; bin edges; phases: weights,       moments, prior; local_ls.moments
 *   |                             half_log_sigma, moments; blocks of
 *   |                             local_ls.factor
 *   wavefront_advance, thread 0   diagonal, count, batches, updates, beta2,
 *   |                             new_pixels; next_piece, popped, prepared
 *
 * Border extension: the thread that enters (0, y) writes left of rows y and y + 1, that which enters (x, 0) above row 0;
 * no two pixels of a diagonal write the same byte. */
#ifndef BBC_WAVEFRONT_H
#define BBC_WAVEFRONT_H

#include "wavefront_ls-inl.h"

/* Thread 0, when all are past a diagonal. */
static void wavefront_advance(scan_state *s, const wavefront_turn *turn)
{
    if (s->decode) wavefront_clear_pieces(s, turn->n);
    s->phase_ls.new_pixels = turn->due ? 0 : turn->new_pixels;
    s->diagonal++;
    if (turn->learned < 0) return;
    s->count = 0;
    s->batches++;
    if (turn->learned == 0) return;
    s->updates++;
    s->beta2 = s->beta2 * LEARN_BETA2;
}

/* One diagonal, by every thread. Returns 0 or an error of the rANS stack. */
static int wavefront_diagonal(scan_state *s, int index)
{
    int first, n = scan_diagonal_pixels(s, s->diagonal, &first);
    const int before = s->count, vectors = wavefront_vectors(n), threads = s->team.threads;
    const int from = team_part(vectors, index, threads) * WAVEFRONT_PIXELS,
              to = team_part(vectors, index + 1, threads) * WAVEFRONT_PIXELS;
    if (s->decode) wavefront_decode(s, first, n);
    else wavefront_encode_share(s, index, first, n);
    team_barrier(&s->team);
    if (s->error) return s->error;
    if (index == 0) {
        s->count = s->shape.batch ? before + n : 0;
        s->done += n;
    }
    wavefront_enter(s, before, from, to < n ? to : n);
    team_barrier(&s->team);
    const wavefront_turn turn = wavefront_begin_turn(s, first, n);
    wavefront_follow(s, index, &turn);
    if (index == 0) wavefront_advance(s, &turn);
    team_barrier(&s->team);
    return 0;
}

/* Diagonals until the budget of pixels is used up or the scan ends. Called by every thread with its index. */
static void wavefront_run(scan_state *s, int index)
{
    wavefront_solve_first(s, index);
    team_barrier(&s->team);
    while (s->diagonal <= s->last_diagonal && s->done < s->budget)
        if (wavefront_diagonal(s, index)) return;
}

#endif
