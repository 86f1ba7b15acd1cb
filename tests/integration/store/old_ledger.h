/* Ledgers as earlier programs wrote them, made from today's. */
#ifndef FAIRSTOCK_TESTS_INTEGRATION_OLD_LEDGER_H
#define FAIRSTOCK_TESTS_INTEGRATION_OLD_LEDGER_H

#include "ledger.h"

/* Puts a row into every table; the ledger is stocked up. */
void old_ledger_fill(struct ledger *ledger);
/* What old_ledger_fill put, and `sold` pieces of item 1 sold, is there; the chain is whole. */
void old_ledger_check(struct ledger *ledger, int64_t sold);
/* Makes of a closed ledger one of schema `version` with the same data. */
void old_ledger_make(struct ledger *ledger, int version);

#endif
