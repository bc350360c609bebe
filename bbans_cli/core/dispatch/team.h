/* The threads of one call of the core: started for it, they meet at barriers, and end with it. */
#ifndef BBC_TEAM_H
#define BBC_TEAM_H

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>

enum {
    TEAM_MAX_THREADS = 64,
    TEAM_REFUSED = -1 /* threads outside 1 to TEAM_MAX_THREADS, or the system refuses attributes of threads */
};

/* Of a thread, on a line of a cache of its own: the units of work that it has not begun, the first in the high half, the
 * end in the low one; and how often it has called team_arrive. */
typedef struct {
    _Atomic uint64_t left;
    atomic_int stage;
    char apart[52];
} team_units;

typedef struct {
    int threads;
    atomic_int arrived, generation, ready; /* ready: the number of threads is settled */
    atomic_int sleepers;                   /* threads that wait for `woken` */
    pthread_mutex_t lock;
    pthread_cond_t woken;
    team_units units[TEAM_MAX_THREADS];
} bbc_team;

/* work(context, index) by threads 0, the caller's, to threads - 1, each with the floating-point environment of the
 * core. Returns their number: where the system gives fewer than asked for, these do all the work; or TEAM_REFUSED. */
int bbc_team_run(bbc_team *team, int threads, void (*work)(void *context, int index), void *context);

/* Sleep until the generation is another than this one; wake those that sleep. */
void bbc_team_sleep(bbc_team *team, int generation);
void bbc_team_wake(bbc_team *team);

/* Sleep for tens of microseconds. */
void bbc_team_doze(void);

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

/* A barrier in two halves: this thread has come; wait until all others have come as often. Work that does not need them
 * goes between. For threads that wait for less than a microsecond: coming is a store that delays nothing, and so nobody
 * can be woken: those who wait for long look again after short sleeps. */
static inline void team_arrive(bbc_team *team, int index)
{
    atomic_int *stage = &team->units[index].stage;
    atomic_store_explicit(stage, atomic_load_explicit(stage, memory_order_relaxed) + 1, memory_order_release);
}

static inline void team_wait(bbc_team *team, int index)
{
    enum { TEAM_SPINS = 4000, TEAM_YIELDS = 200 }; /* tuned by hand, not recorded */
    const int stage = atomic_load_explicit(&team->units[index].stage, memory_order_relaxed);
    for (int other = 0, spins = 0; other < team->threads;)
        if (atomic_load_explicit(&team->units[other].stage, memory_order_acquire) >= stage) other++;
        else if (++spins > TEAM_SPINS + TEAM_YIELDS) bbc_team_doze();
        else if (spins > TEAM_SPINS) sched_yield();
}

/* The index-th of `of` even parts of n units begins here. */
static inline int team_part(int n, int index, int of) { return (int)((int64_t)n * index / of); }

/* Between two barriers, first thing: the units [from, to) are this thread's. */
static inline void team_offer(bbc_team *team, int index, int from, int to)
{
    atomic_store_explicit(&team->units[index].left, (uint64_t)from << 32 | (uint32_t)to, memory_order_relaxed);
}

/* Take units that nobody has begun: the first of this thread's, at most `most`, or else the last one of another's, since
 * threads are never equally fast. Returns their number, 0 if none are left; the first of them, and whose they were. */
static inline int team_take(bbc_team *team, int index, int most, int *owner, int *unit)
{
    for (int i = 0; i < team->threads; i++) {
        _Atomic uint64_t *left = &team->units[ *owner = (index + i) % team->threads].left;
        for (uint64_t now = atomic_load_explicit(left, memory_order_relaxed); now >> 32 < (uint32_t)now;) {
            const int first = (int)(now >> 32), end = (int)(uint32_t)now;
            const int taken = i ? 1 : end - first < most ? end - first : most;
            if (!atomic_compare_exchange_weak_explicit(left, &now, i ? now - 1 : now + ((uint64_t)taken << 32),
                                                       memory_order_relaxed, memory_order_relaxed))
                continue;
            *unit = i ? end - 1 : first;
            return taken;
        }
    }
    return 0;
}

#endif
