/* What the preloaded clock shows, in a file that the test writes and every process of it maps. Plain numbers
 * in the machine's own order. */
#ifndef FAKE_CLOCK_H
#define FAKE_CLOCK_H

#include <stdint.h>

struct fake_clock {
    int64_t wall_ms;     /* added to CLOCK_REALTIME */
    int64_t boottime_ms; /* added to CLOCK_BOOTTIME: a boot that began at another time */
    int64_t synced;      /* a time server keeps the clock */
};

#endif
