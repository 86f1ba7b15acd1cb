/* Scanners: opens what was asked for, books what they deliver, keeps the list of learnt ones. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/daemon.h"
#include "app/daemon_terminal.h"
#include "app/files.h"
#include "base/cleanup.h"
#include "base/log.h"

#define LEARNT_FILE_NAME "scanners"

/* --- what sources deliver
 * ---------------------------------------------------------------------------------------------- */

static void on_scan(void *user, const struct scan *scan)
{
    daemon_scans_hear(user, scan);
}

static struct daemon_source *find_source(struct daemon *daemon, uint32_t number)
{
    for (int i = 0; i < daemon->source_count; i++) {
        struct daemon_source *source = &daemon->sources[i];
        if (source->number == number ||
            (source->usb && number > source->number && number < source->number + USB_SCANNERS_MAX))
            return source;
    }
    return NULL;
}

static bool usb_any(const struct daemon_source *source, enum usb_state state)
{
    struct usb_scanner_row rows[USB_DEVICES_MAX];
    size_t count = usb_scanner_devices(source->usb, rows, USB_DEVICES_MAX);
    for (size_t i = 0; i < count && i < USB_DEVICES_MAX; i++)
        if (rows[i].state == state)
            return true;
    return false;
}

bool daemon_sources_settled(const struct daemon *daemon)
{
    for (int i = 0; i < daemon->source_count; i++)
        if (!daemon->sources[i].settled)
            return false;
    return true;
}

/* All devices are listed, and none that was chosen waits for the answer to its claim. */
static bool usb_settled(const struct daemon_source *source)
{
    return source->listed && !usb_any(source, USB_STATE_CHOSEN);
}

static void update_scanner_facts(struct daemon *daemon)
{
    daemon->facts.scanner_ready = false;
    if (daemon->facts.starting && daemon->serving)
        daemon->facts.starting = !daemon_sources_settled(daemon);
    for (int i = 0; i < daemon->source_count; i++)
        daemon->facts.scanner_ready |= daemon->sources[i].ready;
    daemon_update_lamp(daemon);
    daemon_changed(daemon, 0);
}

static void on_notice(void *user, uint32_t number, enum scanner_notice notice, const char *words)
{
    struct daemon *daemon = user;
    struct daemon_source *source = find_source(daemon, number);
    if (!source)
        return;
    source->settled = source->usb ? source->settled || usb_settled(source) || notice == SCANNER_FAULT : true;
    switch (notice) {
    case SCANNER_READY:
        source->ready = source->seen = true;
        if (*words)
            (void)snprintf(source->name, sizeof source->name, "%s", words);
        break;
    case SCANNER_GONE:
        source->ready = source->usb && usb_any(source, USB_STATE_USED); /* while at least one is */
        daemon_signal(daemon, STATUS_GONE, NULL);
        log_warning("scanner %u is gone%s%s", number, *words ? ": " : "", words);
        break;
    case SCANNER_OVERLONG:
        log_warning("scanner %u: more than %d characters at once were discarded: fairstock cards", number,
                    CODE_MAX_BYTES);
        daemon_scans_overlong(daemon, words);
        break;
    case SCANNER_ENDED:
        source->ended = true;
        source->ready = false;
        daemon_terminal_input_ended(daemon);
        break;
    case SCANNER_FAULT:
        source->ready = false;
        log_error("scanner %u: %s", number, words);
        if (!source->usb) { /* a recording, a FIFO or standard input does not come back */
            source->ended = source->broken = true;
            daemon_terminal_input_ended(daemon);
        }
        break;
    case SCANNER_REJECTED:
        log_warning("scanner %u: %s", number, words);
        break;
    }
    update_scanner_facts(daemon);
}

static void on_listed(void *user)
{
    struct daemon_source *source = user;
    source->listed = true;
    source->settled = source->settled || usb_settled(source);
    update_scanner_facts(source->daemon);
}

/* --- learnt scanners
 * ----------------------------------------------------------------------------------------------------- */

static void learnt_path(const struct daemon *daemon, char *path, size_t size)
{
    (void)snprintf(path, size, "%s/%s", daemon->state, LEARNT_FILE_NAME);
}

static int save_learnt(void *user, const struct usb_learnt learnt[], size_t count, struct err *err)
{
    const struct daemon *daemon = user;
    BUF_AUTO struct buf text = buf_new(CONFIG_FILE_MAX_BYTES);
    char path[STATE_PATH_MAX_BYTES + 32];
    usb_learnt_format(learnt, count, &text);
    learnt_path(daemon, path, sizeof path);
    int result = buf_error(&text);
    return result < 0 ? err_set_errno(err, result, "%s", path)
                      : files_replace(path, buf_text(&text), text.length, err);
}

int daemon_sources_load_learnt(const struct daemon *daemon, struct usb_learnt learnt[USB_LEARNT_MAX],
                               size_t *count, struct err *err)
{
    BUF_AUTO struct buf text = buf_new(CONFIG_FILE_MAX_BYTES);
    char path[STATE_PATH_MAX_BYTES + 32];
    learnt_path(daemon, path, sizeof path);
    int result = files_read(path, &text);
    *count = 0;
    if (result == -ENOENT)
        return 0;
    if (result < 0)
        return err_set_errno(err, result, "cannot read %s", path);
    result = usb_learnt_parse(buf_text(&text), learnt, count, err);
    return result < 0 ? err_prefix(err, result, "%s", path) : 0;
}

/* --- opening
 * ---------------------------------------------------------------------------------------------------------------
 */

static int open_usb(struct daemon *daemon, struct daemon_source *source, const struct scanner_sink *sink,
                    struct err *err)
{
    FREE_AUTO struct usb_learnt *learnt = calloc(USB_LEARNT_MAX, sizeof *learnt);
    size_t count = 0;
    int result = learnt ? daemon_sources_load_learnt(daemon, learnt, &count, err)
                        : err_set(err, -ENOMEM, "out of memory");
    if (result < 0)
        return result;
    struct usb_scanner_options options = {.sink = *sink,
                                          .first_source = source->number,
                                          .learnt = learnt,
                                          .learnt_count = count,
                                          .save = save_learnt,
                                          .save_user = daemon,
                                          .listed = on_listed,
                                          .listed_user = source};
    return usb_scanner_new(daemon->loop, &options, &source->usb, err);
}

static int open_source(struct daemon *daemon, const char *spec, uint32_t number, struct err *err)
{
    struct scanner_sink sink = {
        .scan = on_scan, .notice = on_notice, .user = daemon, .gap_ms = daemon->config->inter_key_timeout_ms};
    struct daemon_source *source = &daemon->sources[daemon->source_count];
    *source = (struct daemon_source){.daemon = daemon, .number = number};
    (void)snprintf(source->name, sizeof source->name, "%.*s", NAME_MAX_BYTES, spec);
    daemon->source_count++; /* before it is opened: notices find it */
    if (strcmp(spec, "stdin") == 0) {
        source->number = 0;
        source->ready = source->settled = source->seen = true; /* a keyboard is always there */
        return scanner_stdin_new(daemon->loop, STDIN_FILENO, 0, &sink, &source->typed, err);
    }
    if (strcmp(spec, "usb") == 0)
        return open_usb(daemon, source, &sink, err);
    if (strncmp(spec, "sim:", 4) == 0)
        return scanner_sim_new(daemon->loop, spec + 4, number, &sink, &source->sim, err);
    return err_set(err, -EINVAL, "\"%s\" is no scanner; use usb, stdin or sim:FILE", spec);
}

int daemon_sources_open(struct daemon *daemon, struct err *err)
{
    uint32_t number = 1;
    for (int i = 0; i < daemon->options.scanner_count; i++) {
        const char *spec = daemon->options.scanners[i];
        bool usb = strcmp(spec, "usb") == 0;
        /* Practice starts without USB access too: codes can be typed. A real stall without its scanner must
         * say so. */
        struct err why = {0};
        int result = open_source(daemon, spec, number, &why);
        if (result < 0 && usb && daemon->practice) {
            log_warning("no USB scanners: %s", err_text(&why));
            daemon->source_count--;
            continue;
        }
        if (result < 0)
            return err_set(err, result, "scanner %s: %s", spec, err_text(&why));
        daemon->facts.scanner_expected |= !daemon->practice || strncmp(spec, "sim:", 4) == 0;
        number += usb ? (uint32_t)USB_SCANNERS_MAX : 1;
    }
    update_scanner_facts(daemon);
    return 0;
}

void daemon_sources_close(struct daemon *daemon)
{
    for (int i = 0; i < daemon->source_count; i++) {
        struct daemon_source *source = &daemon->sources[i];
        scanner_sim_free(source->sim);
        scanner_stdin_free(source->typed);
        usb_scanner_free(source->usb);
    }
    daemon->source_count = 0;
}

struct usb_scanner *daemon_sources_usb(const struct daemon *daemon)
{
    for (int i = 0; i < daemon->source_count; i++)
        if (daemon->sources[i].usb)
            return daemon->sources[i].usb;
    return NULL;
}
