#include "scanner/scanner_stdin.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "loop/loop.h"
#include "scanner/line_reader.h"

/* Read at once at most: a piped file of codes must not outrun the commits of its sales. */
enum { READ_MAX_BYTES = 512 };

static const char too_long[] = "A typed code was longer than any code may be and was discarded.";

struct scanner_stdin {
    struct loop *loop;
    struct scanner_sink sink;
    uint32_t number;
    int fd;
    bool ended;
    struct line_reader reader;
    struct loop_source *readable; /* where epoll can watch the descriptor… */
    struct loop_source *
        again; /* …and where it cannot (a plain file is always readable): a piece whenever the loop is idle */
    struct scan scan;
};

static void tell(struct scanner_stdin *input, enum scanner_notice notice, const char *words)
{
    input->sink.notice(input->sink.user, input->number, notice, words);
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_printable(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (text[i] < ' ' || text[i] > '~')
            return false;
    return true;
}

static void deliver(struct scanner_stdin *input, const char *code, size_t length)
{
    struct scan *scan = &input->scan;
    memcpy(scan->code, code, length);
    scan->code[length] = '\0';
    scan->length = length;
    scan->source = input->number;
    scan->at_ms = loop_now_ms(input->loop);
    input->sink.scan(input->sink.user, scan);
}

static void take_line(struct scanner_stdin *input, const char *line, size_t length)
{
    while (length && is_space(line[length - 1]))
        length--;
    for (; length && is_space(*line); line++)
        length--;
    if (length > CODE_MAX_BYTES)
        tell(input, SCANNER_OVERLONG, too_long);
    else if (!is_printable(line, length))
        tell(input, SCANNER_REJECTED, "A typed line held characters that no code has and was discarded.");
    else if (length)
        deliver(input, line, length);
}

static void take_lines(struct scanner_stdin *input, bool at_end)
{
    const char *line;
    size_t length;
    enum line_state state;
    while ((state = line_reader_next(&input->reader, &line, &length)) != LINE_NONE ||
           (at_end && (state = line_reader_last(&input->reader, &line, &length)) != LINE_NONE))
        if (state == LINE_READY)
            take_line(input, line, length);
        else
            tell(input, SCANNER_OVERLONG, too_long);
}

/* The descriptor is left blocking, so this reads only when it is known that something (or the end) is there.
 */
static int take_piece(struct scanner_stdin *input)
{
    size_t room;
    char *space = line_reader_space(&input->reader, &room);
    ssize_t count = read(input->fd, space, room < READ_MAX_BYTES ? room : READ_MAX_BYTES);
    if (count < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    int r = count < 0 ? -errno : 0;
    if (count > 0)
        line_reader_added(&input->reader, (size_t)count);
    take_lines(input, count <= 0);
    input->ended = count <= 0;
    if (count == 0)
        tell(input, SCANNER_ENDED, "");
    else if (count < 0)
        tell(input, SCANNER_FAULT, "Standard input cannot be read any more.");
    return r;
}

static int on_readable(void *user, int fd, uint32_t events)
{
    struct scanner_stdin *input = user;
    (void)fd;
    (void)events;
    int r = take_piece(input);
    if (r == 0 && input->ended) { /* a closed pipe would stay readable for ever */
        loop_remove(input->readable);
        input->readable = NULL;
    }
    return r;
}

static int on_idle(void *user)
{
    struct scanner_stdin *input = user;
    int r = take_piece(input);
    return r == 0 && !input->ended ? loop_arm_idle(input->again) : r;
}

static int attach(struct scanner_stdin *input)
{
    int r = loop_add_fd(input->loop, "standard input", LOOP_SCAN, input->fd, LOOP_READ, on_readable, input,
                        &input->readable);
    if (r != -EPERM)
        return r;
    r = loop_add_idle(input->loop, "standard input file", on_idle, input, &input->again);
    return r ? r : loop_arm_idle(input->again);
}

int scanner_stdin_new(struct loop *loop, int fd, uint32_t source, const struct scanner_sink *sink,
                      struct scanner_stdin **input, struct err *err)
{
    struct scanner_stdin *made = calloc(1, sizeof *made);
    if (!made)
        return err_set_errno(err, -ENOMEM, "standard input");
    made->loop = loop;
    made->fd = fd;
    made->number = source;
    made->sink = *sink;
    int r = attach(made);
    if (r) {
        scanner_stdin_free(made);
        return err_set_errno(err, r, "standard input");
    }
    *input = made;
    return 0;
}

void scanner_stdin_free(struct scanner_stdin *input)
{
    if (!input)
        return;
    loop_remove(input->readable);
    loop_remove(input->again);
    free(input);
}
