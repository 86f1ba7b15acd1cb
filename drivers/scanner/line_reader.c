#include "scanner/line_reader.h"

#include <string.h>

char *line_reader_space(struct line_reader *reader, size_t *room)
{
    if (reader->start) {
        memmove(reader->bytes, reader->bytes + reader->start, reader->end - reader->start);
        reader->end -= reader->start;
        reader->start = 0;
    }
    *room = LINE_MAX_BYTES - reader->end;
    return reader->bytes + reader->end;
}

void line_reader_added(struct line_reader *reader, size_t count)
{
    reader->end += count;
}

static enum line_state give(struct line_reader *reader, size_t bytes, const char **line, size_t *length)
{
    *line = reader->bytes + reader->start;
    *length = bytes && (*line)[bytes - 1] == '\r' ? bytes - 1 : bytes;
    reader->number++;
    if (!reader->skipping)
        return LINE_READY;
    reader->skipping = false;
    return LINE_TOO_LONG;
}

enum line_state line_reader_next(struct line_reader *reader, const char **line, size_t *length)
{
    size_t unread = reader->end - reader->start;
    const char *newline = memchr(reader->bytes + reader->start, '\n', unread);
    if (newline) {
        size_t bytes = (size_t)(newline - (reader->bytes + reader->start));
        enum line_state state = give(reader, bytes, line, length);
        reader->start += bytes + 1;
        return state;
    }
    if (unread == LINE_MAX_BYTES) { /* full without a line end: drop what is here, the rest follows */
        reader->start = reader->end = 0;
        reader->skipping = true;
    }
    return LINE_NONE;
}

enum line_state line_reader_last(struct line_reader *reader, const char **line, size_t *length)
{
    size_t unread = reader->end - reader->start;
    if (!unread && !reader->skipping)
        return LINE_NONE;
    enum line_state state = give(reader, unread, line, length);
    reader->start = reader->end = 0;
    return state;
}
