/* Lights: what shows a state to the seller. Ops table, one driver a file, registered in light_list.c.
 * The log driver is the record that tests and the verifier trust: one line per event, never throttled. */
#ifndef FAIRSTOCK_LIGHT_LIGHT_H
#define FAIRSTOCK_LIGHT_LIGHT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

enum light_name {
    LIGHT_STARTING = 1,
    LIGHT_READY,
    LIGHT_OFFLINE,
    LIGHT_SYNCING,
    LIGHT_HEARD,
    LIGHT_SOLD,
    LIGHT_UNKNOWN,
    LIGHT_LOW,
    LIGHT_ATTENTION,
    LIGHT_REFUSED,
    LIGHT_GONE,
    LIGHT_FAULT,
    LIGHT_OFF,
};
/* "starting", "ready"… static. */
const char *light_name_text(enum light_name name);

struct light_ops {
    const char *kind; /* "log", "term", "sysfs" */
    /* Opens the light named by argument (log: a file; sysfs: an LED of /sys/class/leds; term: ""). 0 or
     * negative errno with a sentence. May block shortly. */
    int (*open)(const char *argument, void **light, struct err *err);
    /* Something happened: log it. event_id: text or NULL. Must not block; errors are kept and reported by
     * close or next call. */
    int (*signal)(void *light, enum light_name name, const char *event_id, int64_t now_ms);
    /* What the lamp shows from now on, chosen by priority (agent/status). The log driver ignores it.
     * Optional. */
    int (*show)(void *light, enum light_name name, int64_t now_ms);
    /* Advances the pattern; returns ms until the next call, or -1 for none. Optional. */
    int64_t (*tick)(void *light, int64_t now_ms);
    void (*close)(void *light);
};

extern const struct light_ops *const light_list[];
/* Parses "log:FILE", "term", "sysfs:NAME" and opens it. */
struct light;
MUST_CHECK int light_open(const char *spec, struct light **light, struct err *err);
MUST_CHECK int light_signal(struct light *light, enum light_name name, const char *event_id, int64_t now_ms);
MUST_CHECK int light_show(struct light *light, enum light_name name, int64_t now_ms);
int64_t light_tick(struct light *light, int64_t now_ms);
void light_close(struct light *light);

#endif
