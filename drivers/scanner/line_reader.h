/* Cuts a stream of bytes into numbered lines with a fixed buffer. Knows nothing of what lines mean; does no
 * I/O. */
#ifndef FAIRSTOCK_SCANNER_LINE_READER_H
#define FAIRSTOCK_SCANNER_LINE_READER_H

#include <stdbool.h>
#include <stddef.h>

enum { LINE_MAX_BYTES = 4096 };

enum line_state {
    LINE_NONE,     /* no whole line: add bytes */
    LINE_READY,    /* *line and *length are set, without the line end (LF or CR LF) */
    LINE_TOO_LONG, /* a line longer than LINE_MAX_BYTES was skipped; it has a number too */
};

/* Zero-initialise. */
struct line_reader {
    char bytes[LINE_MAX_BYTES];
    size_t start, end;
    unsigned number; /* of the line that line_reader_next gave last, from 1 */
    bool skipping;
};

/* Where to put more bytes, and how many fit (never 0 after line_reader_next said LINE_NONE). Follow with
 * line_reader_added. */
char *line_reader_space(struct line_reader *reader, size_t *room);
void line_reader_added(struct line_reader *reader, size_t count);
/* The next whole line. *line is borrowed until line_reader_space. */
enum line_state line_reader_next(struct line_reader *reader, const char **line, size_t *length);
/* At the end of the stream: the last line if it had no line end, else LINE_NONE. */
enum line_state line_reader_last(struct line_reader *reader, const char **line, size_t *length);

#endif
