#include "domain/wall.h"

#include <stdio.h>
#include <time.h>

void wall_text(int64_t wall_ms, char text[WALL_TEXT_BYTES])
{
    time_t seconds = (time_t)(wall_ms >= 0 ? wall_ms / 1000 : (wall_ms - 999) / 1000);
    struct tm parts;
    if (!gmtime_r(&seconds, &parts) || !strftime(text, WALL_TEXT_BYTES, "%Y-%m-%d %H:%M:%S", &parts))
        (void)snprintf(text, WALL_TEXT_BYTES, "no date");
}
