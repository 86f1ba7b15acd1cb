// link: scanner base
/* Any text as a recording: each line is either understood within its limits or refused with a sentence. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "scanner/line_reader.h"
#include "scanner/sim_line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_line(const char *text, size_t length)
{
    struct sim_line line;
    struct err err = {0};
    if (sim_line_parse(text, length, &line, &err) < 0) {
        require(err.text[0] != '\0');
        return;
    }
    require(line.kind != SIM_TRANSFER || (line.length >= 1 && line.length <= SIM_TRANSFER_MAX_BYTES));
    require(line.kind != SIM_TRANSFER || (line.wait_ms >= 0 && line.wait_ms <= SIM_WAIT_MAX_MS));
    require(line.kind != SIM_DESCRIPTOR || (line.length >= 1 && line.length <= SIM_DESCRIPTOR_MAX_BYTES));
    require(line.kind != SIM_DEVICE || strnlen(line.name, sizeof line.name) <= NAME_MAX_BYTES);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct line_reader reader = {0};
    const char *line;
    size_t length, room;
    enum line_state state;
    while (size) {
        char *space = line_reader_space(&reader, &room);
        require(room > 0);
        room = room < size ? room : size;
        memcpy(space, data, room);
        line_reader_added(&reader, room);
        data += room;
        size -= room;
        while ((state = line_reader_next(&reader, &line, &length)) != LINE_NONE)
            if (state == LINE_READY)
                check_line(line, length);
    }
    while ((state = line_reader_last(&reader, &line, &length)) != LINE_NONE)
        if (state == LINE_READY)
            check_line(line, length);
    return 0;
}
