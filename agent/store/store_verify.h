/* What store_verify does not look at: the file's structure and the rows beside the events. */
#ifndef FAIRSTOCK_STORE_STORE_VERIFY_H
#define FAIRSTOCK_STORE_STORE_VERIFY_H

#include "store/store.h"

/* SQLite's own quick check of the whole file: "ok", or its first complaint. */
MUST_CHECK int store_verify_rows(struct store *store, char words[REASON_MAX_BYTES + 1]);

#endif
