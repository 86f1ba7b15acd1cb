/* The program under test: sim:FILE or "standard input" on the real loop, in words. Arguments: sim PATH, or
 * stdin PATH (opened here and given as the descriptor to read). One line for each thing that happens:
 *
 *   REFUSED WORDS | READY 3 WORDS | CODE 3 TEXT | OVERLONG 3 WORDS | REJECTED 3 WORDS | ENDED 3 | FAULT 3
 * WORDS
 *
 * and on standard input one command a line: rest (says RESTED once the loop has nothing else to do), others
 * (says how often another source of the loop had its turn), block (the receiver of the next code stands still
 * for half a second, as on a slow card), quit. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "loop/loop.h"
#include "scanner/line_reader.h"
#include "scanner/scanner_sim.h"
#include "scanner/scanner_stdin.h"

enum { SOURCE = 3 };

struct reader {
    struct loop *loop;
    struct loop_source *commands, *idle, *other;
    struct scanner_sim *sim;
    struct scanner_stdin *input;
    struct line_reader lines;
    bool block;
    unsigned others;
};

static void heard_scan(void *user, const struct scan *scan)
{
    struct reader *reader = user;
    struct timespec half_a_second = {.tv_nsec = 500000000};
    if (reader->block)
        (void)nanosleep(&half_a_second, NULL);
    reader->block = false;
    printf("CODE %u %s%s\n", scan->source, scan->code,
           strlen(scan->code) == scan->length ? "" : " (bad length)");
}

static void heard_notice(void *user, uint32_t source, enum scanner_notice notice, const char *words)
{
    static const char *const names[] = {
        [SCANNER_READY] = "READY", [SCANNER_GONE] = "GONE",   [SCANNER_OVERLONG] = "OVERLONG",
        [SCANNER_ENDED] = "ENDED", [SCANNER_FAULT] = "FAULT", [SCANNER_REJECTED] = "REJECTED",
    };
    (void)user;
    printf("%s %u%s%s\n", names[notice], source, *words ? " " : "", words);
}

static int on_idle(void *user)
{
    (void)user;
    printf("RESTED\n");
    return 0;
}

static int on_other(void *user, int64_t now_ms)
{
    struct reader *reader = user;
    reader->others++;
    return loop_arm(reader->other, now_ms + 1);
}

static int obey(struct reader *reader, const char *line, size_t length)
{
    if (length == 4 && memcmp(line, "rest", 4) == 0)
        return loop_arm_idle(reader->idle);
    if (length == 6 && memcmp(line, "others", 6) == 0)
        printf("OTHERS %u\n", reader->others);
    else if (length == 5 && memcmp(line, "block", 5) == 0)
        reader->block = true;
    else
        loop_stop(reader->loop);
    return 0;
}

static int on_command(void *user, int fd, uint32_t events)
{
    struct reader *reader = user;
    const char *line;
    size_t length, room;
    int r = 0;
    (void)events;
    char *space = line_reader_space(&reader->lines, &room);
    ssize_t count = read(fd, space, room);
    if (count <= 0) {
        loop_stop(reader->loop);
        return 0;
    }
    line_reader_added(&reader->lines, (size_t)count);
    while (r == 0 && line_reader_next(&reader->lines, &line, &length) == LINE_READY)
        r = obey(reader, line, length);
    return r;
}

static int start_source(struct reader *reader, const char *kind, const char *path, struct err *err)
{
    struct scanner_sink sink = {.scan = heard_scan, .notice = heard_notice, .user = reader};
    if (strcmp(kind, "sim") == 0)
        return scanner_sim_new(reader->loop, path, SOURCE, &sink, &reader->sim, err);
    int fd = open(path, O_RDONLY | O_CLOEXEC); /* stays open until the program ends, as standard input does */
    return scanner_stdin_new(reader->loop, fd, SOURCE, &sink, &reader->input, err);
}

static int start(struct reader *reader, const char *kind, const char *path, struct err *err)
{
    int r = loop_new(&reader->loop, err);
    if (r == 0)
        r = loop_add_fd(reader->loop, "commands", LOOP_SCAN - 1, STDIN_FILENO, LOOP_READ, on_command, reader,
                        &reader->commands);
    if (r == 0)
        r = loop_add_idle(reader->loop, "rest", on_idle, reader, &reader->idle);
    if (r == 0)
        r = loop_add_timer(reader->loop, "other", LOOP_WEB, on_other, reader, &reader->other);
    if (r == 0)
        r = loop_arm(reader->other, loop_now_ms(reader->loop));
    return r ? r : start_source(reader, kind, path, err);
}

int main(int count, char *arguments[])
{
    static struct reader reader;
    struct err err = {0};
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    int r = count == 3 ? start(&reader, arguments[1], arguments[2], &err) : -1;
    if (r < 0)
        printf("REFUSED %d %s\n", r, err_text(&err));
    else
        r = loop_run(reader.loop);
    scanner_sim_free(reader.sim);
    scanner_stdin_free(reader.input);
    loop_remove(reader.commands);
    loop_remove(reader.idle);
    loop_remove(reader.other);
    loop_free(reader.loop);
    printf("BYE %d\n", r);
    return r < 0;
}
