#include "domain/wall.h"

#include <time.h>

void wall_text(int64_t wall_ms, char text[WALL_TEXT_BYTES])
{
    time_t seconds = (time_t)(wall_ms / 1000 - (wall_ms % 1000 < 0));
    struct tm parts = {0};
    (void)gmtime_r(&seconds, &parts); /* 64 bits of milliseconds end before the years of a struct tm do */
    (void)strftime(text, WALL_TEXT_BYTES, "%Y-%m-%d %H:%M:%S", &parts);
}
