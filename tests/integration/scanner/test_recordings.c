/* Replays every recording of a directory through the decoder on the recording's own clock, and compares what
 * comes out with the .expect file beside it: lines "code TEXT", "overlong", "rejected". A recording without
 * expectation fails, and the other way round. */
#include <glob.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "scanner/hid_source.h"
#include "scanner/line_reader.h"
#include "scanner/sim_line.h"

enum { TEXT_MAX_BYTES = 64 * 1024 };

struct replay {
    const char *path;
    struct hid_source source;
    struct buf heard;
    int64_t now_ms;
};

static void heard_scan(void *user, const struct scan *scan)
{
    struct replay *replay = user;
    buf_printf(&replay->heard, "code %s\n", scan->code);
}

static void heard_notice(void *user, uint32_t source, enum scanner_notice notice, const char *words)
{
    struct replay *replay = user;
    (void)source;
    (void)words;
    buf_printf(&replay->heard, "%s\n",
               notice == SCANNER_OVERLONG   ? "overlong"
               : notice == SCANNER_REJECTED ? "rejected"
                                            : "?");
}

static int play_line(struct replay *replay, unsigned number, const char *text, size_t length)
{
    struct sim_line line;
    struct err err = {0};
    int r = sim_line_parse(text, length, &line, &err);
    if (r) {
        (void)fprintf(stderr, "%s:%u: %s\n", replay->path, number, err.text);
        return r;
    }
    if (line.kind != SIM_TRANSFER)
        return 0;
    replay->now_ms += line.wait_ms;
    hid_source_report(&replay->source, line.bytes, line.length, replay->now_ms);
    return 0;
}

static int play(struct replay *replay, FILE *file)
{
    struct line_reader reader = {0};
    const char *text;
    size_t length, room, count;
    enum line_state state;
    int r = 0;
    do {
        char *space = line_reader_space(&reader, &room);
        count = fread(space, 1, room, file);
        line_reader_added(&reader, count);
        while (r == 0 && (state = line_reader_next(&reader, &text, &length)) != LINE_NONE)
            r = state == LINE_READY ? play_line(replay, reader.number, text, length) : -1;
    } while (count && r == 0);
    while (r == 0 && (state = line_reader_last(&reader, &text, &length)) != LINE_NONE)
        r = state == LINE_READY ? play_line(replay, reader.number, text, length) : -1;
    int64_t deadline = hid_source_deadline(&replay->source);
    if (deadline != INT64_MAX)
        hid_source_timeout(&replay->source, deadline);
    return r;
}

static int read_all(const char *path, char *text)
{
    FILE_AUTO FILE *file = fopen(path, "r");
    if (!file)
        return -1;
    text[fread(text, 1, TEXT_MAX_BYTES - 1, file)] = '\0';
    return 0;
}

static int check(const char *path)
{
    static char want[TEXT_MAX_BYTES];
    char expectation[4096];
    (void)snprintf(expectation, sizeof expectation, "%.*s.expect", (int)(strlen(path) - strlen(".hid")),
                   path);
    FILE_AUTO FILE *file = fopen(path, "r");
    if (!file || read_all(expectation, want) < 0) {
        (void)fprintf(stderr, "FAIL %s: it and %s must both be readable\n", path, expectation);
        return 1;
    }
    struct replay replay = {.path = path, .heard = buf_new(TEXT_MAX_BYTES), .now_ms = 1000};
    struct scanner_sink sink = {.scan = heard_scan, .notice = heard_notice, .user = &replay};
    hid_source_init(&replay.source, 1, &sink);
    int failed =
        play(&replay, file) || buf_error(&replay.heard) || strcmp(buf_text(&replay.heard), want) != 0;
    if (failed)
        (void)fprintf(stderr, "FAIL %s\n--- heard\n%s--- expected\n%s", path, buf_text(&replay.heard), want);
    else
        printf("ok %s\n", path);
    buf_free(&replay.heard);
    return failed;
}

static size_t found(const char *directory, const char *pattern, glob_t *files)
{
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/%s", directory, pattern);
    return glob(path, 0, NULL, files) == 0 ? files->gl_pathc : 0;
}

int main(int count, char *arguments[])
{
    if (count != 2) {
        (void)fprintf(stderr, "usage: test_recordings DIRECTORY\n");
        return 2;
    }
    glob_t recordings = {0}, expectations = {0};
    size_t n = found(arguments[1], "*.hid", &recordings);
    int failed = n == 0 || found(arguments[1], "*.expect", &expectations) != n;
    for (size_t i = 0; i < n; i++)
        failed |= check(recordings.gl_pathv[i]);
    printf("%zu recordings\n", n);
    globfree(&recordings);
    globfree(&expectations);
    return failed;
}
