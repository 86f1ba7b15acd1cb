/* Parts of the program that failed on the loop and were switched off: kept by name, for light, page and
 * doctor, until the next start. */
#ifndef FAIRSTOCK_APP_DAEMON_FAILED_H
#define FAIRSTOCK_APP_DAEMON_FAILED_H

#include <stdint.h>

#include "base/limits.h"

struct daemon;
struct json_writer;

enum { FAILED_NAMES_MAX = 8 };

struct daemon_failed {
    char names[FAILED_NAMES_MAX][NAME_MAX_BYTES + 1]; /* copied: what had the name may be gone */
    uint32_t count;
};

/* For loop_on_failure; user is the daemon. More than the list holds are logged only. */
void daemon_failed(void *user, const char *name, int error);
/* "failed":[…] of GET /status */
void daemon_failed_write(const struct daemon *daemon, struct json_writer *json);

#endif
