/* Ledgers whose file a test has damaged, and their salvage. */
#ifndef FAIRSTOCK_TESTS_INTEGRATION_DAMAGE_H
#define FAIRSTOCK_TESTS_INTEGRATION_DAMAGE_H

#include "ledger.h"
#include "store/store_salvage.h"

enum { DAMAGE_FILE_MAX_BYTES = 5 * 1024 * 1024 };

void damage_read(const char *path, uint8_t *bytes, size_t *length);
void damage_write(const char *path, const uint8_t *bytes, size_t length);
/* A directory with nothing but this file as its ledger. */
void damage_place(struct ledger *ledger, const uint8_t *bytes, size_t length);
int damage_salvage(struct ledger *ledger, struct store_salvaged *salvaged, struct err *err);

#endif
