/* GET /explain beside its ledger lines: what is promised to whom, who may sell what is available, which
 * changes are on their way, what the shop was asked and said, when its level was last seen, which cards are
 * about it. Each part that can be held against another one is; what does not agree is said in words. */
#ifndef FAIRSTOCK_APP_API_EXPLAIN_H
#define FAIRSTOCK_APP_API_EXPLAIN_H

#include "app/daemon.h"
#include "domain/balance.h"
#include "json/json.h"

enum { EXPLAIN_WRONG_BYTES = 320 };

/* Each returns whether its part adds up; else wrong says so, unless an earlier part did already. The last two
 * write members into the object that is being written. */
bool api_explain_stock(struct stock kept, struct stock lines, char wrong[EXPLAIN_WRONG_BYTES]);
bool api_explain_item(struct daemon *daemon, struct json_writer *json, const struct item *item,
                      char wrong[EXPLAIN_WRONG_BYTES]);
bool api_explain_listing(struct daemon *daemon, struct json_writer *json, const struct listing *listing,
                         const struct balance_lines *lines, char wrong[EXPLAIN_WRONG_BYTES]);

#endif
