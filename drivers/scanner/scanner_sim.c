#include "scanner/scanner_sim.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/limits.h"
#include "loop/loop.h"
#include "scanner/hid_source.h"
#include "scanner/line_reader.h"
#include "scanner/sim_line.h"

/* Lines played in one turn of the loop before others may run: two EAN-13 codes or so. */
enum { LINES_A_TURN = 64 };

struct scanner_sim {
    struct loop *loop;
    struct hid_source source;
    struct line_reader reader;
    struct sim_line next; /* the transfer that waits for its time, if next_waits */
    bool next_waits;
    bool is_fifo, started, at_end, ended;
    bool idle; /* nothing to read; a code in the making ends by a real pause */
    int64_t idle_since_ms;
    int64_t clock_ms; /* the recording's own clock: when the transfer taken last is due. At most now, or in
                         the future */
    int fd;
    struct loop_source *readable; /* of a FIFO: watched while idle */
    struct loop_source *timer, *again;
    char name[NAME_MAX_BYTES + 1];
    char path[];
};

/* ---- opening ---- */

/* What a plain file has been seen to hold so far. */
struct checked {
    bool transfers;
    char name[NAME_MAX_BYTES + 1];
};

static int read_line(const struct line_reader *reader, enum line_state state, const char *text, size_t length,
                     struct sim_line *line, struct err *err)
{
    if (state == LINE_TOO_LONG)
        return err_set(err, -EINVAL, "%u: the line is longer than %d bytes", reader->number, LINE_MAX_BYTES);
    int r = sim_line_parse(text, length, line, err);
    return r ? err_prefix(err, r, "%u", reader->number) : 0;
}

static int check_line(struct checked *checked, unsigned number, const struct sim_line *line, struct err *err)
{
    if (line->kind == SIM_TRANSFER)
        checked->transfers = true;
    else if (line->kind != SIM_BLANK && checked->transfers)
        return err_set(err, -EINVAL, "%u: device and descriptor lines come before the first transfer",
                       number);
    if (line->kind == SIM_DEVICE)
        memcpy(checked->name, line->name, sizeof checked->name);
    return 0;
}

/* Checks the lines that were read; at_end: also one without a line end. */
static int check_lines(struct line_reader *reader, bool at_end, struct checked *checked, struct err *err)
{
    const char *text;
    size_t length;
    enum line_state state;
    int r = 0;
    while (r == 0 && ((state = line_reader_next(reader, &text, &length)) != LINE_NONE ||
                      (at_end && (state = line_reader_last(reader, &text, &length)) != LINE_NONE))) {
        struct sim_line line;
        r = read_line(reader, state, text, length, &line, err);
        if (r == 0)
            r = check_line(checked, reader->number, &line, err);
    }
    return r;
}

/* Reads a plain file once to its end, so that a bad line is known before the first code is played. */
static int check_file(int fd, struct checked *checked, struct err *err)
{
    struct line_reader *reader FREE_AUTO = calloc(1, sizeof *reader);
    if (!reader)
        return err_set_errno(err, -ENOMEM, "checking the recording");
    off_t at = 0;
    ssize_t count;
    int r;
    do {
        size_t room;
        char *space = line_reader_space(reader, &room);
        count = pread(fd, space, room, at);
        if (count < 0)
            return err_set_errno(err, -errno, "reading");
        line_reader_added(reader, (size_t)count);
        at += count;
        r = check_lines(reader, count == 0, checked, err);
    } while (r == 0 && count > 0);
    return r;
}

static int open_path(struct scanner_sim *sim, struct err *err)
{
    struct stat status;
    if (stat(sim->path, &status) < 0)
        return err_set_errno(err, -errno, "%s (make a FIFO with mkfifo, or name a recording)", sim->path);
    sim->is_fifo = S_ISFIFO(status.st_mode);
    if (!sim->is_fifo && !S_ISREG(status.st_mode))
        return err_set(err, -EINVAL, "%s is neither a plain file nor a FIFO", sim->path);
    /* Read and write: with a writer of our own a FIFO never reports an end (fifo(7), Linux). */
    int mode = sim->is_fifo ? O_RDWR : O_RDONLY;
    sim->fd = open(sim->path, mode | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    if (sim->fd < 0)
        return err_set_errno(err, -errno, "%s", sim->path);
    struct checked checked = {0};
    int r = sim->is_fifo ? 0 : check_file(sim->fd, &checked, err);
    if (r)
        return err_prefix(err, r, "%s", sim->path);
    (void)snprintf(sim->name, sizeof sim->name, "%s", checked.name[0] ? checked.name : sim->path);
    return 0;
}

/* ---- playing ---- */

static void tell(struct scanner_sim *sim, enum scanner_notice notice, const char *words)
{
    sim->source.sink.notice(sim->source.sink.user, sim->source.number, notice, words);
}

static void reject(struct scanner_sim *sim, struct err *err)
{
    (void)err_prefix(err, -EINVAL, "%s", sim->path);
    tell(sim, SCANNER_REJECTED, err->text);
}

/* Takes the next transfer from what was read. False: none there yet. A malformed line is skipped: in a FIFO
 * the other writers go on, and a plain file was checked before. */
static bool take_transfer(struct scanner_sim *sim)
{
    const char *text;
    size_t length;
    enum line_state state;
    while ((state = line_reader_next(&sim->reader, &text, &length)) != LINE_NONE ||
           (sim->at_end && (state = line_reader_last(&sim->reader, &text, &length)) != LINE_NONE)) {
        struct err err = {0};
        if (read_line(&sim->reader, state, text, length, &sim->next, &err) < 0)
            reject(sim, &err);
        else if (sim->next.kind == SIM_TRANSFER)
            return true;
    }
    return false;
}

/* Reads once. 1: bytes came; 0: nothing now, or the end; negative errno: broken for good. */
static int fill(struct scanner_sim *sim)
{
    size_t room;
    char *space = line_reader_space(&sim->reader, &room);
    ssize_t count = read(sim->fd, space, room);
    if (count < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : -errno;
    line_reader_added(&sim->reader, (size_t)count);
    sim->at_end = count == 0;
    return count > 0;
}

/* Makes sim->next the next transfer and sim->clock_ms the time it is due. 1: there is one; 0: none now;
 * negative errno. */
static int next_transfer(struct scanner_sim *sim)
{
    if (sim->next_waits)
        return 1;
    while (!take_transfer(sim)) {
        if (sim->at_end)
            return 0;
        int r = fill(sim);
        if (r < 0 || (r == 0 && !sim->at_end))
            return r;
    }
    sim->clock_ms += sim->next.wait_ms;
    sim->next_waits = true;
    return 1;
}

/* Nothing to read: from here on a pause in the recording is a real pause, which the recording's clock must
 * not run ahead of. */
static int become_idle(struct scanner_sim *sim, int64_t now_ms)
{
    if (!sim->idle) {
        sim->idle = true;
        sim->idle_since_ms = now_ms;
    }
    int64_t deadline = hid_source_deadline(&sim->source);
    if (deadline != INT64_MAX)
        return loop_arm(sim->timer, sim->idle_since_ms + (deadline - sim->clock_ms));
    if (sim->at_end) {
        sim->ended = true;
        hid_source_stop(&sim->source, SCANNER_ENDED, "");
    }
    return 0;
}

static void leave_idle(struct scanner_sim *sim, int64_t now_ms)
{
    if (!sim->idle)
        return;
    /* Also ends a code whose pause is over but whose timer has not come round yet. */
    sim->clock_ms += now_ms - sim->idle_since_ms;
    sim->idle_since_ms = now_ms;
    hid_source_timeout(&sim->source, sim->clock_ms);
}

/* The next transfer is due later: wake up for it, or for a code that a pause ends before. */
static int wait_for_next(struct scanner_sim *sim)
{
    int64_t deadline = hid_source_deadline(&sim->source);
    return loop_arm(sim->timer, deadline < sim->clock_ms ? deadline : sim->clock_ms);
}

static int play(struct scanner_sim *sim, int64_t now_ms)
{
    leave_idle(sim, now_ms);
    for (int lines = 0; lines < LINES_A_TURN; lines++) {
        int r = next_transfer(sim);
        if (r < 0)
            return r;
        if (r == 0)
            return become_idle(sim, now_ms);
        sim->idle = false;
        if (sim->clock_ms > now_ms) {
            hid_source_timeout(&sim->source, now_ms);
            return wait_for_next(sim);
        }
        sim->next_waits = false;
        hid_source_report(&sim->source, sim->next.bytes, sim->next.length, sim->clock_ms);
    }
    return loop_arm_idle(sim->again);
}

static int turn(struct scanner_sim *sim)
{
    if (sim->ended)
        return 0;
    int64_t now_ms = loop_now_ms(sim->loop); /* once: the recording's clock begins without a lag */
    if (!sim->started) {
        sim->started = true;
        sim->clock_ms = now_ms;
        tell(sim, SCANNER_READY, sim->name);
    }
    int r = play(sim, now_ms);
    if (r == 0 && sim->is_fifo)
        r = loop_change_fd(sim->readable, sim->idle ? LOOP_READ : 0);
    if (r < 0) {
        sim->ended = true;
        hid_source_stop(&sim->source, SCANNER_FAULT, "The recording or FIFO cannot be read any more.");
    }
    return r;
}

static int on_readable(void *user, int fd, uint32_t events)
{
    (void)fd;
    (void)events;
    return turn(user);
}

static int on_timer(void *user, int64_t now_ms)
{
    (void)now_ms;
    return turn(user);
}

static int on_idle(void *user)
{
    return turn(user);
}

/* ---- life ---- */

static int attach(struct scanner_sim *sim, struct err *err)
{
    int r = loop_add_timer(sim->loop, "scanner sim timer", LOOP_SCAN, on_timer, sim, &sim->timer);
    if (r == 0)
        r = loop_add_idle(sim->loop, "scanner sim again", on_idle, sim, &sim->again);
    if (r == 0 && sim->is_fifo)
        r = loop_add_fd(sim->loop, "scanner sim fifo", LOOP_SCAN, sim->fd, 0, on_readable, sim,
                        &sim->readable);
    if (r == 0)
        r = loop_arm(sim->timer, loop_now_ms(sim->loop));
    return r ? err_set_errno(err, r, "%s", sim->path) : 0;
}

int scanner_sim_new(struct loop *loop, const char *path, uint32_t source, const struct scanner_sink *sink,
                    struct scanner_sim **sim, struct err *err)
{
    size_t path_bytes = strlen(path) + 1;
    struct scanner_sim *made = calloc(1, sizeof *made + path_bytes);
    if (!made)
        return err_set_errno(err, -ENOMEM, "%s", path);
    made->loop = loop;
    made->fd = -1;
    memcpy(made->path, path, path_bytes);
    hid_source_init(&made->source, source, sink);
    int r = open_path(made, err);
    if (r == 0)
        r = attach(made, err);
    if (r) {
        scanner_sim_free(made);
        return r;
    }
    *sim = made;
    return 0;
}

void scanner_sim_free(struct scanner_sim *sim)
{
    if (!sim)
        return;
    loop_remove(sim->readable);
    loop_remove(sim->timer);
    loop_remove(sim->again);
    if (sim->fd >= 0)
        (void)close(sim->fd);
    free(sim);
}
