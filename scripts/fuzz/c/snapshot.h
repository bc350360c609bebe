/* States of coders as `begin` leaves them, one for each of the shapes that a target draws. A state has megabytes: to
 * begin a new one for each input would take longer than what is decoded with it. So it is begun once, in a file in
 * memory, and mapped copy-on-write: to take back what an input has changed, the pages that it wrote are dropped. */
#ifndef BBC_FUZZ_SNAPSHOT_H
#define BBC_FUZZ_SNAPSHOT_H

#include <sanitizer/asan_interface.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"

enum { FUZZ_PAGE = 4096 };

typedef struct {
    char *state; /* NULL: not begun yet */
    size_t size, mapped;
    int file;
} fuzz_snapshot;

/* Map the file; a page before it and what follows the state must not be touched. */
static inline void fuzz_snapshot_map(fuzz_snapshot *s, int kind)
{
    if (mmap(s->state, s->mapped, PROT_READ | PROT_WRITE, kind | MAP_FIXED, s->file, 0) == MAP_FAILED) abort();
    ASAN_POISON_MEMORY_REGION(s->state + s->size, s->mapped - s->size);
}

/* Zeros, in which a state of `size` bytes can be begun */
static inline void *fuzz_snapshot_open(fuzz_snapshot *s, size_t size)
{
    if (size == 0) abort();
    s->size = size;
    s->mapped = (size + FUZZ_PAGE - 1) / FUZZ_PAGE * FUZZ_PAGE;
    s->file = memfd_create("state", MFD_CLOEXEC);
    char *all = mmap(NULL, s->mapped + FUZZ_PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (all == MAP_FAILED || s->file < 0 || ftruncate(s->file, (off_t)s->mapped)) abort();
    s->state = all + FUZZ_PAGE;
    fuzz_snapshot_map(s, MAP_SHARED);
    return s->state;
}

/* What was begun is what `fuzz_snapshot_restore` gives from now on. */
static inline void fuzz_snapshot_keep(fuzz_snapshot *s)
{
    fuzz_snapshot_map(s, MAP_PRIVATE);
    close(s->file);
}

static inline void *fuzz_snapshot_restore(fuzz_snapshot *s)
{
    if (madvise(s->state, s->mapped, MADV_DONTNEED)) abort();
    return s->state;
}

#endif
