/* Steps with whole sets of changes, put together as import, engine and page do: events and the rows they
 * derive. */
#ifndef TORTURE_DISK_SCENARIO_SHOP_H
#define TORTURE_DISK_SCENARIO_SHOP_H

#include "stall.h"

enum { SHOP_LISTINGS = 3, SHOP_ITEMS = 6 };

void shop_furnish(struct stall *stall);
void shop_import(struct stall *stall);
void shop_order(struct stall *stall);
void shop_raise(struct stall *stall);
void shop_lower(struct stall *stall);
void shop_send(struct stall *stall);
void shop_answer(struct stall *stall);
void shop_edit(struct stall *stall);
void shop_decide(struct stall *stall);
void shop_name(struct stall *stall);

#endif
