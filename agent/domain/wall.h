/* The wall clock's time as text. Pure. */
#ifndef FAIRSTOCK_DOMAIN_WALL_H
#define FAIRSTOCK_DOMAIN_WALL_H

#include <stdint.h>

/* "2026-11-24 12:01:00" (UTC) of milliseconds since 1970, for people. */
enum { WALL_TEXT_BYTES = 32 };
void wall_text(int64_t wall_ms, char text[WALL_TEXT_BYTES]);

#endif
