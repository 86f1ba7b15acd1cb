/* Several sets of changes in one commit. */
#ifndef FAIRSTOCK_STORE_STORE_GROUP_H
#define FAIRSTOCK_STORE_STORE_GROUP_H

#include "store/store.h"

/* Several scans that wait already share one commit. Between begin and end each addition is in the book at
 * once, so that the next is decided on it, and durable only when end answers 0. Otherwise nothing of the
 * group happened; the book is loaded anew. *position: of the addition's first event. Nothing else may be
 * submitted meanwhile. */
MUST_CHECK int store_group_begin(struct store *store);
MUST_CHECK int store_group_add(struct store *store, const struct changes *changes, uint64_t *position);
MUST_CHECK int store_group_add_event(struct store *store, const struct event *event, uint64_t *position);
MUST_CHECK int store_group_end(struct store *store);
/* A group is open: the book is ahead of what can be read. */
bool store_group_is_open(const struct store *store);

#endif
