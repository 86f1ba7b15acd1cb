/* Arithmetic of order vectors: remote orders are learnt as state, and what is booked is the difference to
 * what was booked before (design promise 5). Pure. All units are the listing's. */
#ifndef FAIRSTOCK_DOMAIN_ORDER_VECTOR_H
#define FAIRSTOCK_DOMAIN_ORDER_VECTOR_H

#include "domain/event.h"

/* The most units of one component that is believed: Shopify's limit of a quantity is 2e9; more is not an
 * order. */
#define ORDER_UNITS_MAX INT64_C(1000000000)

/* now - booked, component by component. Both must be plausible. */
struct order_vector order_vector_difference(const struct order_vector *now,
                                            const struct order_vector *booked);
/* Adds difference to booked. */
void order_vector_add(struct order_vector *booked, const struct order_vector *difference);
/* A state that may lack something proves no decrease: negative components become 0. */
void order_vector_drop_negative(struct order_vector *difference);
bool order_vector_is_zero(const struct order_vector *vector);
/* A state (not a difference) that an order can have: each component between 0 and ORDER_UNITS_MAX, and no
 * more units cancelled and handed over than were ordered: else units that nobody has would be free. A line
 * that orders nothing is a return's: it takes back what another line ordered (design promise 5). */
bool order_vector_is_plausible(const struct order_vector *state);

/* What a difference does, docs/events.md kind 57: units promised, units physically here, units the channel
 * may still sell. */
int64_t order_vector_committed(const struct order_vector *vector);
int64_t order_vector_on_hand(const struct order_vector *vector);
int64_t order_vector_expected(const struct order_vector *vector);

#endif
