/* The threads of one call of the core: started for it, they meet at barriers, and end with it. */
#ifndef BBC_TEAM_H
#define BBC_TEAM_H

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

enum {
    TEAM_MAX_THREADS = 64,
    TEAM_REFUSED = -1 /* threads outside 1 to TEAM_MAX_THREADS, or the system refuses attributes of threads */
};

typedef struct {
    int threads;
    atomic_int arrived, generation, ready; /* ready: the number of threads is settled */
    atomic_int sleepers;                   /* threads that wait for `woken` */
    pthread_mutex_t lock;
    pthread_cond_t woken;
} bbc_team;

/* work(context, index) by threads 0, the caller's, to threads - 1, each with the floating-point environment of the
 * core. Returns their number: where the system gives fewer than asked for, these do all the work; or TEAM_REFUSED. */
int bbc_team_run(bbc_team *team, int threads, void (*work)(void *context, int index), void *context);

/* Sleep until the generation is another than this one; wake those that sleep. */
void bbc_team_sleep(bbc_team *team, int generation);
void bbc_team_wake(bbc_team *team);

/* Wait until all threads of the team are here. The awaited ones mostly compute for microseconds: spin first, then give
 * the core away, then sleep, since with more threads than cores an awaited one needs it. Tuned by hand, not recorded. */
static inline void team_barrier(bbc_team *team)
{
    enum { TEAM_SPINS = 4000, TEAM_YIELDS = 200 };
    if (team->threads == 1) return;
    const int generation = atomic_load_explicit(&team->generation, memory_order_relaxed);
    if (atomic_fetch_add_explicit(&team->arrived, 1, memory_order_acq_rel) == team->threads - 1) {
        atomic_store_explicit(&team->arrived, 0, memory_order_relaxed);
        atomic_store(&team->generation, generation + 1);
        if (atomic_load(&team->sleepers)) bbc_team_wake(team);
        return;
    }
    for (int spins = 0; atomic_load_explicit(&team->generation, memory_order_acquire) == generation; spins++) {
        if (spins > TEAM_SPINS + TEAM_YIELDS) bbc_team_sleep(team, generation);
        else if (spins > TEAM_SPINS) sched_yield();
    }
}

#endif
