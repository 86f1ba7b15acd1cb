/* The program under test: the USB driver on the real loop, in words. One line for each thing that happens:
 *
 *   LISTED | READY 1 NAME | CODE 1 TEXT | GONE 1 WORDS | OVERLONG 1 | REJECTED 1 WORDS | FAULT 1 WORDS |
 * SAVED VID:PID NAME | DEVICE … | LEARN …
 *
 * and on standard input one command a line: devices, learn, learn yes, learning, hold (the loop stands still
 * until a byte comes), quit. Arguments: learnt scanners as VID:PID NAME lines; --save-fails. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "loop/loop.h"
#include "scanner/line_reader.h"
#include "usb/usb_learnt.h"
#include "usb/usb_scanner.h"

struct reader {
    struct loop *loop;
    struct usb_scanner *scanner;
    struct loop_source *commands;
    struct line_reader lines;
    bool save_fails;
};

static const char *notice_text(enum scanner_notice notice)
{
    switch (notice) {
    case SCANNER_READY:
        return "READY";
    case SCANNER_GONE:
        return "GONE";
    case SCANNER_OVERLONG:
        return "OVERLONG";
    case SCANNER_ENDED:
        return "ENDED";
    case SCANNER_FAULT:
        return "FAULT";
    case SCANNER_REJECTED:
        return "REJECTED";
    }
    return "?";
}

/* Ends the line with words that may have several lines. */
static void print_flat(const char *words)
{
    for (; *words; words++)
        (void)putchar(*words == '\n' ? '|' : *words);
    (void)putchar('\n');
}

static void heard_scan(void *user, const struct scan *scan)
{
    (void)user;
    printf("CODE %u %s\n", scan->source, scan->code);
}

static void heard_notice(void *user, uint32_t source, enum scanner_notice notice, const char *words)
{
    (void)user;
    printf("%s %u ", notice_text(notice), source);
    print_flat(words);
}

static void heard_listed(void *user)
{
    (void)user;
    printf("LISTED\n");
}

static int save(void *user, const struct usb_learnt learnt[], size_t count, struct err *err)
{
    const struct reader *reader = user;
    if (reader->save_fails)
        return err_set(err, -ENOSPC, "the disk is full");
    printf("SAVED %04x:%04x %s\n", learnt[count - 1].vendor, learnt[count - 1].product,
           learnt[count - 1].name);
    return 0;
}

static void print_devices(const struct reader *reader)
{
    static struct usb_scanner_row rows[USB_DEVICES_MAX];
    size_t count = usb_scanner_devices(reader->scanner, rows, USB_DEVICES_MAX);
    for (size_t i = 0; i < count; i++) {
        printf("DEVICE %s [%s] %s: %s. ", rows[i].id, rows[i].name, rows[i].port,
               usb_policy_state_text(rows[i].state));
        print_flat(rows[i].next);
    }
    printf("DEVICES %zu\n", count);
}

static void print_learning(const struct reader *reader)
{
    const struct usb_learn *learn = usb_scanner_learning(reader->scanner);
    printf("LEARN %s ", usb_learn_state_text(learn->state));
    print_flat(learn->words);
}

/* The loop stands still, as it does while it waits for a slow card. */
static void hold(void)
{
    char byte;
    printf("HOLDING\n");
    printf(read(STDIN_FILENO, &byte, 1) == 1 ? "HELD\n" : "FAILED\n");
}

static void obey(struct reader *reader, const char *line, size_t length)
{
    if (length == 7 && memcmp(line, "devices", 7) == 0)
        print_devices(reader);
    else if (length == 5 && memcmp(line, "learn", 5) == 0)
        usb_scanner_learn(reader->scanner, false);
    else if (length == 9 && memcmp(line, "learn yes", 9) == 0)
        usb_scanner_learn(reader->scanner, true);
    else if (length == 8 && memcmp(line, "learning", 8) == 0)
        print_learning(reader);
    else if (length == 4 && memcmp(line, "hold", 4) == 0)
        hold();
    else if (length == 4 && memcmp(line, "quit", 4) == 0)
        loop_stop(reader->loop);
    else
        printf("WHAT %.*s\n", (int)length, line);
}

static int on_command(void *user, int fd, uint32_t events)
{
    struct reader *reader = user;
    const char *line;
    size_t length, room;
    (void)events;
    char *space = line_reader_space(&reader->lines, &room);
    ssize_t count = read(fd, space, room);
    if (count <= 0) {
        loop_stop(reader->loop);
        return 0;
    }
    line_reader_added(&reader->lines, (size_t)count);
    while (line_reader_next(&reader->lines, &line, &length) == LINE_READY)
        obey(reader, line, length);
    return 0;
}

static int start(struct reader *reader, const char *learnt_text, struct err *err)
{
    struct usb_learnt learnt[USB_LEARNT_MAX];
    struct usb_scanner_options options = {
        .sink = {.scan = heard_scan, .notice = heard_notice, .user = reader},
        .first_source = 1,
        .learnt = learnt,
        .save = save,
        .save_user = reader,
        .listed = heard_listed,
    };
    int r = usb_learnt_parse(learnt_text, learnt, &options.learnt_count, err);
    if (r == 0)
        r = loop_new(&reader->loop, err);
    if (r == 0)
        r = usb_scanner_new(reader->loop, &options, &reader->scanner, err);
    if (r == 0)
        r = loop_add_fd(reader->loop, "commands", LOOP_NORMAL, STDIN_FILENO, LOOP_READ, on_command, reader,
                        &reader->commands);
    return r;
}

int main(int count, char *arguments[])
{
    struct reader reader = {0};
    struct err err = {0};
    const char *learnt = "";
    for (int i = 1; i < count; i++) {
        if (strcmp(arguments[i], "--save-fails") == 0)
            reader.save_fails = true;
        else
            learnt = arguments[i];
    }
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    int r = start(&reader, learnt, &err);
    if (r < 0) {
        printf("START %s\n", err_text(&err));
        return 1;
    }
    r = loop_run(reader.loop);
    loop_remove(reader.commands);
    usb_scanner_free(reader.scanner);
    loop_free(reader.loop);
    printf("BYE %d\n", r);
    return r < 0;
}
