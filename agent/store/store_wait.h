/* Who runs while the store waits for the disk. */
#ifndef FAIRSTOCK_STORE_STORE_WAIT_H
#define FAIRSTOCK_STORE_STORE_WAIT_H

#include "store/store.h"

/* What happens around each wait for the disk (a commit's sync, a checkpoint): the caller may let others run
 * in between, who may read (store_… reading calls go through a second connection meanwhile and show what is
 * durable) and may not write. commit: the wait was for a commit. */
struct store_wait {
    bool (*shared)(void *user); /* others would run; then begin is told whether they may */
    void (*begin)(void *user, bool share);
    void (*end)(void *user, bool commit);
    void *user;
};
void store_wait_use(struct store *store, const struct store_wait *wait);

#endif
