#include "app/check.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/daemon_ledger.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "crypto/crypto.h"
#include "store/store_place.h"
#include "store/store_verify.h"

enum { USB_PATIENCE_MS = 3000 };

static int complain(int code, const struct err *err)
{
    log_error("%s", err_text(err));
    return code;
}

static int check_channels(const struct daemon *daemon)
{
    for (uint32_t i = 0; i < daemon->config->channel_count; i++) {
        const struct config_channel *channel = &daemon->config->channels[i];
        struct err err = {0};
        if (!channel_find(channel->kind)) {
            (void)err_set(&err, -EINVAL, "channel %s: unknown kind %s", channel->name, channel->kind);
            return complain(EXIT_CONFIG, &err);
        }
    }
    (void)printf("config, token files: right\n");
    return EXIT_OK;
}

/* --- the ledger --- */

static int check_chain(const struct daemon *daemon, struct store *store, struct err *err)
{
    struct store_check check;
    int result = store_verify(store, crypto_sha256_two, &check);
    if (result < 0 || check.first_bad_position) {
        (void)err_set(err, -EUCLEAN, "at position %" PRIu64 ": %.120s", check.first_bad_position,
                      result < 0 ? strerrordesc_np(-result) : check.words);
        return complain(daemon_ledger_refused(daemon, -EUCLEAN, err), err);
    }
    char words[REASON_MAX_BYTES + 1] = "";
    result = store_verify_rows(store, words);
    if (result < 0 || strcmp(words, "ok") != 0) {
        (void)err_set(err, -EUCLEAN, "%.120s", result < 0 ? strerrordesc_np(-result) : words);
        return complain(daemon_ledger_refused(daemon, -EUCLEAN, err), err);
    }
    (void)printf("ledger: %" PRIu64 " events, %" PRIu64 " seals, %" PRIu64 " starts, all right\n",
                 check.events, check.seals, check.epochs);
    return EXIT_OK;
}

static bool is_missing(const char *state)
{
    char path[STATE_PATH_MAX_BYTES + 16];
    (void)snprintf(path, sizeof path, "%s/ledger.db", state);
    return access(path, F_OK) < 0 && errno == ENOENT;
}

static int check_ledger(const struct daemon *daemon)
{
    struct store *store;
    struct err err = {0};
    if (is_missing(daemon->state)) {
        (void)printf("ledger: none yet; the first start makes it in %s\n", daemon->state);
        return EXIT_OK;
    }
    int code = daemon_ledger_place(daemon, &err);
    if (code != EXIT_OK)
        return complain(code, &err);
    int result = store_open_readonly(daemon->state, &store, &err);
    enum store_file kind = FILE_IS_LEDGER;
    if (result == -ENOTSUP && store_place_file(daemon->state, &kind) == 0 && kind == FILE_IS_LEDGER) {
        (void)printf("ledger: of an earlier version; the next start brings it up to date\n");
        return EXIT_OK;
    }
    if (result < 0) {
        (void)err_prefix(&err, result, "%s", daemon->state);
        return complain(daemon_ledger_refused(daemon, result, &err), &err);
    }
    if (store_is_practice(store) != daemon->practice) {
        (void)err_set(&err, -EPERM, "%s: this is a %s ledger; %s needs a state directory of its own",
                      daemon->state, daemon->practice ? "real" : "practice",
                      daemon->practice ? "practice" : "a real stall");
        code = complain(EXIT_MIXED, &err);
    } else {
        code = check_chain(daemon, store, &err);
    }
    store_close(store);
    return code;
}

/* --- scanners: listed as a running agent would, then given back --- */

struct listing_devices {
    struct loop *loop;
    struct usb_scanner *usb;
    bool listed;
};

static void stop_when_done(struct listing_devices *devices)
{
    struct usb_scanner_row rows[USB_DEVICES_MAX];
    size_t count = devices->usb ? usb_scanner_devices(devices->usb, rows, USB_DEVICES_MAX) : 0;
    for (size_t i = 0; i < count && i < USB_DEVICES_MAX; i++)
        if (rows[i].state == USB_STATE_CHOSEN)
            return; /* its claim is on the way */
    if (devices->listed)
        loop_stop(devices->loop);
}

static void on_listed(void *user)
{
    struct listing_devices *devices = user;
    devices->listed = true;
    stop_when_done(devices);
}

static void on_notice(void *user, uint32_t source, enum scanner_notice notice, const char *words)
{
    (void)source;
    (void)notice;
    (void)words;
    stop_when_done(user);
}

static void on_scan(void *user, const struct scan *scan)
{
    (void)user;
    (void)scan;
}

static int on_patience(void *user, int64_t now_ms)
{
    struct listing_devices *devices = user;
    (void)now_ms;
    loop_stop(devices->loop);
    return 0;
}

static void print_devices(const struct usb_scanner *usb)
{
    struct usb_scanner_row rows[USB_DEVICES_MAX];
    size_t count = usb_scanner_devices(usb, rows, USB_DEVICES_MAX);
    for (size_t i = 0; i < count && i < USB_DEVICES_MAX; i++)
        (void)printf("device %s %s: %s%s%s\n", rows[i].id, rows[i].name, usb_policy_state_text(rows[i].state),
                     *rows[i].next ? "\n   " : "", rows[i].next);
    if (!count)
        (void)printf("devices: no keyboard-like USB device is attached\n");
}

static int no_save(void *user, const struct usb_learnt learnt[], size_t count, struct err *err)
{
    (void)user;
    (void)learnt;
    (void)count;
    return err_set(err, -EPERM, "a check learns nothing");
}

/* Which devices there are is told for information: without USB here there is nothing to complain about. */
static void list_devices(const struct daemon *daemon)
{
    struct listing_devices devices = {0};
    struct loop_source *patience = NULL;
    struct err err = {0};
    struct usb_scanner_options options = {.sink = {.scan = on_scan, .notice = on_notice, .user = &devices},
                                          .first_source = 1,
                                          .save = no_save,
                                          .listed = on_listed,
                                          .listed_user = &devices};
    FREE_AUTO struct usb_learnt *learnt = calloc(USB_LEARNT_MAX, sizeof *learnt);
    if (!learnt || daemon_sources_load_learnt(daemon, learnt, &options.learnt_count, &err) < 0)
        options.learnt_count = 0;
    options.learnt = learnt;
    int result = loop_new(&devices.loop, &err);
    if (result == 0)
        result = usb_scanner_new(devices.loop, &options, &devices.usb, &err);
    if (result == 0)
        result = loop_add_timer(devices.loop, "patience", LOOP_IDLE, on_patience, &devices, &patience);
    if (result == 0)
        result = loop_arm(patience, loop_now_ms(devices.loop) + USB_PATIENCE_MS);
    if (result == 0)
        result = loop_run(devices.loop);
    if (result == 0)
        print_devices(devices.usb);
    else
        (void)printf("devices: USB cannot be looked at: %s\n",
                     *err_text(&err) ? err_text(&err) : strerrordesc_np(-result));
    usb_scanner_free(devices.usb);
    loop_remove(patience);
    loop_free(devices.loop);
}

int check_run(struct daemon *daemon)
{
    int code = check_channels(daemon);
    if (code == EXIT_OK)
        code = check_ledger(daemon);
    if (code == EXIT_OK)
        list_devices(daemon);
    return code;
}
