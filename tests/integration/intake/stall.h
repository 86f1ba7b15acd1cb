/* A stall: a real ledger with six items on its shelves, and an intake in front of it. */
#ifndef FAIRSTOCK_TESTS_INTEGRATION_STALL_H
#define FAIRSTOCK_TESTS_INTEGRATION_STALL_H

#include "intake/intake.h"
#include "ledger.h"

enum { ITEM_MUG = 1, ITEM_CUP, ITEM_VASE, ITEM_UPC, ITEM_SIX, ITEM_LOW };
#define CODE_MUG "4006381333931"

struct stall {
    struct ledger *ledger;
    struct intake *intake;
    struct intake_outcome last;
    int outcomes;
    int64_t now_ms; /* monotonic and event time at once */
};

/* cmocka's setup and teardown. */
int stall_setup(void **state);
int stall_teardown(void **state);
enum intake_signal stall_scan(struct stall *stall, const char *code, int64_t quantity);
void stall_restart(struct stall *stall);
int64_t stall_on_hand(struct stall *stall, uint32_t item);
/* How many unsettled cards of a kind there are; the oldest into *card. */
int stall_cards(struct stall *stall, enum card_kind kind, struct card *card);
struct event stall_last_event(struct stall *stall);
/* From now on no event can be written, or again: the disk is full. */
void stall_refuse_events(struct stall *stall, bool refuse);

#endif
