/* Facts about the device → the one thing its lamp shows and one sentence for people. Pure. Priority decides
 * what the lamp shows, never what is logged. */
#ifndef FAIRSTOCK_STATUS_STATUS_H
#define FAIRSTOCK_STATUS_STATUS_H

#include <stdbool.h>
#include <stdint.h>

/* Same names and values as the lights' (app asserts it). */
enum status_lamp {
    STATUS_STARTING = 1,
    STATUS_READY,
    STATUS_OFFLINE,
    STATUS_SYNCING,
    STATUS_HEARD,
    STATUS_SOLD,
    STATUS_UNKNOWN,
    STATUS_LOW,
    STATUS_ATTENTION,
    STATUS_REFUSED,
    STATUS_GONE,
    STATUS_FAULT,
    STATUS_OFF,
};

enum {
    STATUS_FLASH_MS = 1500,     /* how long the answer to a scan stays on the lamp */
    STATUS_HEARD_AFTER_MS = 150 /* a scan that is not on disk after this shows `heard` */
};

struct status_facts {
    bool starting, stopping;
    bool fault;  /* the ledger cannot be written */
    bool broken; /* a part of the program failed and was switched off; sales are saved */
    bool scanner_expected, scanner_ready;
    bool waiting_commit; /* a scan is not yet durable for STATUS_HEARD_AFTER_MS */
    bool online;         /* every live channel answered last time */
    bool any_channel;
    bool syncing;
    uint32_t owed, open_cards;
    enum status_lamp flash; /* the answer to the last scan: SOLD, UNKNOWN, LOW, ATTENTION, REFUSED; 0 none */
    int64_t flash_at_ms, now_ms;
};

enum status_lamp status_lamp(const struct status_facts *facts);
/* Milliseconds until the lamp may change by time alone; -1 never. */
int64_t status_next_ms(const struct status_facts *facts);
/* One sentence for the page and the command. Static text. */
const char *status_words(enum status_lamp lamp);
/* Of the lamp that these facts show: `fault` may also mean that sales are safe and something else is not. */
const char *status_sentence(const struct status_facts *facts, enum status_lamp lamp);
const char *status_name(enum status_lamp lamp);
/* STATUS_OFF when the name is none. */
enum status_lamp status_parse(const char *name);

#endif
