/* Rows of a picture that are kept while their successors are coded. */
#ifndef BBC_ROWS_H
#define BBC_ROWS_H

/* The newest row comes first; the memory of the oldest becomes that of the next. */
static inline void rows_rotate(void **rows, int count)
{
    void *oldest = rows[count - 1];
    for (int i = count - 1; i > 0; i--) rows[i] = rows[i - 1];
    rows[0] = oldest;
}

#endif
