/* Threads live for one call, which lasts tens of milliseconds: no pool that would outlive a fork or an error. */
#include <time.h>

#include "kernels.h"
#include "team.h"

enum { TEAM_STACK = 1 << 20 /* bytes of a thread: phase_ls_solve has 140 KB, and some systems give a thread 128 */ };

typedef struct {
    bbc_team *team;
    void (*work)(void *context, int index);
    void *context;
    int index;
} team_worker;

static void *team_work(void *argument)
{
    const team_worker *w = argument;
    while (!atomic_load_explicit(&w->team->ready, memory_order_acquire)) sched_yield();
    bbc_fp_state saved = bbc_fp_enter();
    w->work(w->context, w->index);
    bbc_fp_leave(saved);
    return NULL;
}

void bbc_team_sleep(bbc_team *team, int generation)
{
    pthread_mutex_lock(&team->lock);
    /* Before the generation is read. team_barrier sets the generation before it reads this. */
    atomic_fetch_add(&team->sleepers, 1);
    while (atomic_load(&team->generation) == generation) pthread_cond_wait(&team->woken, &team->lock);
    atomic_fetch_sub(&team->sleepers, 1);
    pthread_mutex_unlock(&team->lock);
}

void bbc_team_wake(bbc_team *team)
{
    pthread_mutex_lock(&team->lock);
    pthread_cond_broadcast(&team->woken);
    pthread_mutex_unlock(&team->lock);
}

void bbc_team_doze(void)
{
    const struct timespec while_awaited = {0, 20000};
    nanosleep(&while_awaited, NULL);
}

int bbc_team_run(bbc_team *team, int threads, void (*work)(void *context, int index), void *context)
{
    pthread_t thread[TEAM_MAX_THREADS];
    team_worker workers[TEAM_MAX_THREADS];
    pthread_attr_t attributes;
    if (threads < 1 || threads > TEAM_MAX_THREADS || pthread_attr_init(&attributes)) return TEAM_REFUSED;
    if (pthread_mutex_init(&team->lock, NULL) || pthread_cond_init(&team->woken, NULL)) return TEAM_REFUSED;
    pthread_attr_setstacksize(&attributes, TEAM_STACK);
    atomic_store(&team->arrived, 0);
    atomic_store(&team->ready, 0);
    atomic_store(&team->sleepers, 0);
    for (int i = 0; i < TEAM_MAX_THREADS; i++) {
        team_offer(team, i, 0, 0);
        atomic_store(&team->units[i].stage, 0);
    }
    int started = 1;
    for (; started < threads; started++) {
        workers[started] = (team_worker){team, work, context, started};
        if (pthread_create(&thread[started], &attributes, team_work, &workers[started])) break;
    }
    pthread_attr_destroy(&attributes);
    team->threads = started;
    atomic_store_explicit(&team->ready, 1, memory_order_release);
    workers[0] = (team_worker){team, work, context, 0};
    team_work(&workers[0]);
    for (int i = 1; i < started; i++) pthread_join(thread[i], NULL);
    pthread_cond_destroy(&team->woken);
    pthread_mutex_destroy(&team->lock);
    return started;
}
