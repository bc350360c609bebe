/* The threads of one call of the core: started for it, they meet at barriers, and end with it. */
#ifndef BBC_TEAM_H
#define BBC_TEAM_H

/* sched_yield, for team_barrier: with more threads than cores, one that only spins keeps the awaited one from running
 */
#include <sched.h>
#include <stdatomic.h>

enum {
    TEAM_MAX_THREADS = 64,
    TEAM_REFUSED = -1 /* threads outside 1 to TEAM_MAX_THREADS, or the system refuses attributes of threads */
};

typedef struct {
    int threads;
    atomic_int arrived, generation, ready; /* ready: the number of threads is settled */
} bbc_team;

/* work(context, index) by threads 0, the caller's, to threads - 1, each with the floating-point environment of the
 * core. Returns their number: where the system gives fewer than asked for, these do all the work; or TEAM_REFUSED. */
int bbc_team_run(bbc_team *team, int threads, void (*work)(void *context, int index), void *context);

/* Wait until all threads of the team are here. */
static inline void team_barrier(bbc_team *team)
{
    if (team->threads == 1) return;
    int generation = atomic_load_explicit(&team->generation, memory_order_relaxed);
    if (atomic_fetch_add_explicit(&team->arrived, 1, memory_order_acq_rel) == team->threads - 1) {
        atomic_store_explicit(&team->arrived, 0, memory_order_relaxed);
        atomic_store_explicit(&team->generation, generation + 1, memory_order_release);
        return;
    }
    for (int spins = 0; atomic_load_explicit(&team->generation, memory_order_acquire) == generation; spins++)
        if (spins > 4000) sched_yield();
}

#endif
