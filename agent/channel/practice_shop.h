/* The built-in practice shop: a small model of an online shop with Shopify's semantics (relative writes,
 * compare-and-set, idempotency keys that live 24 h, orders as state, buyers who buy while our network is
 * off). Pure: time comes in, no I/O. It stands for the other side: nothing in it may look at our ledger. Its
 * state is text that the app saves. */
#ifndef FAIRSTOCK_CHANNEL_PRACTICE_SHOP_H
#define FAIRSTOCK_CHANNEL_PRACTICE_SHOP_H

#include "channel/channel.h"

struct practice_shop;
extern const struct channel_caps practice_caps;

struct practice_shop *practice_shop_new(void); /* empty, online; NULL out of memory */
void practice_shop_free(struct practice_shop *shop);
/* An independent shop with the same state; NULL out of memory. */
struct practice_shop *practice_shop_copy(const struct practice_shop *shop);

/* Adds a listing; -EEXIST for a known SKU. */
MUST_CHECK int practice_shop_add(struct practice_shop *shop, const char *sku, const char *barcode,
                                 const char *title, int64_t level);
/* A buyer buys: creates an order with its own name (#1001…). -ENOENT unknown SKU; -ERANGE when the level is
 * too low (the shop enforces its level); order_name gets the name. */
MUST_CHECK int practice_shop_buy(struct practice_shop *shop, const char *sku, int64_t quantity,
                                 int64_t now_ms, char order_name[NAME_MAX_BYTES + 1], struct err *err);
/* Person at the shop: cancel with or without restock, hand over (ship), edit a level. -ENOENT. */
MUST_CHECK int practice_shop_cancel(struct practice_shop *shop, const char *order_name, bool restock,
                                    int64_t now_ms);
MUST_CHECK int practice_shop_ship(struct practice_shop *shop, const char *order_name, int64_t now_ms);
MUST_CHECK int practice_shop_edit(struct practice_shop *shop, const char *sku, int64_t delta, int64_t now_ms);
bool practice_shop_level(const struct practice_shop *shop, const char *sku, int64_t *level);
uint32_t practice_shop_count(const struct practice_shop *shop);
/* index 0…count-1; strings borrowed. */
bool practice_shop_at(const struct practice_shop *shop, uint32_t index, const char **sku, int64_t *level);

/* Faults on demand, for tests and rehearsals: they hit the next `times` writes (levels, cancels), never
 * reads. REPLY_LOST does what was asked and answers ANSWER_UNKNOWN; RETRY and REJECT do nothing. Not part of
 * the saved state. */
enum practice_fault { FAULT_NONE, FAULT_REPLY_LOST, FAULT_RETRY, FAULT_REJECT };
void practice_shop_fault(struct practice_shop *shop, enum practice_fault fault, int64_t times);

/* Serves one request as the shop would. Always fills the answer (free with channel_answer_free); 0 or
 * -ENOMEM. A write's key is remembered for practice_caps.key_life_ms: the same key with the same content
 * answers what it answered before, with the levels of then; with other content, or after a failure, it is
 * ANSWER_REJECTED (channels.md section 1). A cancel needs no key: cancelling twice is refused. */
MUST_CHECK int practice_shop_serve(struct practice_shop *shop, const struct channel_request *request,
                                   int64_t now_ms, struct channel_answer *answer);

/* Whole state as text, and back. Version line first; -EBADMSG names the line in err. */
void practice_shop_save(const struct practice_shop *shop, struct buf *text);
MUST_CHECK int practice_shop_load(struct practice_shop *shop, const char *text, struct err *err);

#endif
