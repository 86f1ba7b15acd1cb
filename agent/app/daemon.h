/* fairstockd wired together: the one place where modules meet. daemon.c builds and runs it, daemon_light.c
 * turns outcomes into lights, api*.c answers. Nothing outside agent/app includes this header. */
#ifndef FAIRSTOCK_APP_DAEMON_H
#define FAIRSTOCK_APP_DAEMON_H

#include "app/daemon_catch_up.h"
#include "app/daemon_clock.h"
#include "app/daemon_failed.h"
#include "app/daemon_identity.h"
#include "app/daemon_scans.h"
#include "app/daemon_showing.h"
#include "app/daemon_sources.h"
#include "app/options.h"
#include "app/practice.h"
#include "config/config.h"
#include "intake/intake.h"
#include "light/light.h"
#include "loop/loop.h"
#include "net/http.h"
#include "net/netlink.h"
#include "scanner/scanner_sim.h"
#include "scanner/scanner_stdin.h"
#include "status/status.h"
#include "store/store.h"
#include "sync/courier.h"
#include "usb/usb_learnt.h"
#include "usb/usb_scanner.h"
#include "web/web.h"

enum {
    STATE_PATH_MAX_BYTES = 1024,
    SOURCES_MAX = OPTIONS_SOURCES_MAX,
    PUBLISH_MIN_MS = 100,     /* the page hears of a changed status at most this often */
    PUBLISH_QUIET_MS = 10000, /* …and that a poll went well, with nothing new, at most this often */
};

struct daemon {
    struct options options;
    struct config *config;
    char state[STATE_PATH_MAX_BYTES];
    bool practice;
    struct daemon_identity identity;
    uint32_t sell_location; /* alias of the location this device sells from */
    uint32_t shop_location; /* …and of the one whose stock the shops sell */

    struct daemon_clock clock;
    struct loop *loop;
    struct turns *turns;
    struct store *store;
    struct intake *intake;
    struct http *https[CHANNELS_MAX]; /* one per shop: each may pin its own certificates */
    struct netlink *netlink;
    struct web *web;
    struct practice *shop;
    int64_t practice_ms; /* what the practice shop's clock showed last */
    struct courier *couriers[CHANNELS_MAX];
    uint32_t courier_count;
    struct light *lights[OPTIONS_LIGHTS_MAX];
    int light_count;
    struct daemon_source sources[SOURCES_MAX];
    int source_count;
    struct daemon_scans scans;
    struct turn rest, recovery;
    struct daemon_catch_up catch_up;
    struct daemon_showing showing;

    struct status_facts facts;
    struct daemon_failed failed;
    enum status_lamp shown;
    struct loop_source *lamp_timer, *light_timer, *idle, *publish_timer, *once_timer, *recover_timer;
    int64_t recover_wait_ms; /* until the next try to write the ledger again; 0: nothing failed */
    int64_t publish_at_ms;   /* INT64_MAX: nothing is waiting to be told */
    int64_t published_ms;
    bool publish_news;      /* more than that a shop answered is waiting to be told */
    uint64_t told_position; /* what a courier's last step left */
    struct engine_view told_views[CHANNELS_MAX];
    bool stock_changed;
    uint32_t changed_item;
    uint8_t csrf_secret[32];
    char view_key[33];
    uint64_t sold_this_start;
    uint64_t scan_counts[INTAKE_FAULT + 1];   /* by enum intake_signal, since the start */
    uint64_t unsent;                          /* sales since every live channel was last up to date */
    uint64_t unsent_position, unsent_time_ms; /* the first of them, and its event time */
    struct intake_outcome last_outcome;       /* for the one who typed it */
    uint32_t previewed_channels; /* bit per channel alias: its preview was shown since the start */
    bool serving, once_ending;   /* the loop runs; --once waits for the last answers */
    int64_t once_deadline_ms;
    bool restart; /* practice reset: stop, clear, start again */
    int exit_code;
};

/* Runs until stopped. Returns an enum daemon_exit; *restart asks for another run after a practice reset. */
int daemon_run(const struct options *options, bool *restart);

/* --- shared by the files of this folder */

int64_t daemon_boottime_ms(void *daemon);
struct id128 daemon_random(void *daemon);
uint64_t daemon_event_ms(struct daemon *daemon);
struct daemon_moment daemon_now(struct daemon *daemon);
/* Commits now and logs a failure. In a turn, or before the loop runs. Empties changes. 0 or the error. */
int daemon_commit(struct daemon *daemon, struct changes *changes);

struct store_start daemon_start(struct daemon *daemon); /* of now, with a fresh epoch */

/* daemon_light.c */
void daemon_signal(struct daemon *daemon, enum status_lamp name, const char *event_id);
void daemon_update_lamp(struct daemon *daemon);
void daemon_tick_lights(struct daemon *daemon);
void daemon_outcome(void *daemon, const struct intake_outcome *outcome);
/* Tells page and terminal of one scan. */
void daemon_scanned(struct daemon *daemon, const struct intake_outcome *outcome);
/* The page is told soon: status, and stock of an item (0: only status). */
void daemon_changed(struct daemon *daemon, uint32_t item);
/* One sale more that no shop has heard of. */
void daemon_note_unsent(struct daemon *daemon, uint64_t position, uint64_t time_ms);
/* Couriers look at the book again. */
void daemon_stock_changed(struct daemon *daemon, uint32_t item);
/* A courier booked something. */
void daemon_courier_changed(void *daemon);
/* Listings and ops that are owed over all channels. */
uint32_t daemon_owed(const struct daemon *daemon);
bool daemon_online(const struct daemon *daemon);

/* daemon_page.c */
void daemon_publish_scan(struct daemon *daemon, const struct intake_recent *recent);
void daemon_publish(struct daemon *daemon);
/* The time is known now, or better: times that the page shows are others. */
void daemon_clock_told(struct daemon *daemon);
/* The key of the read-only link, drawn once. Removing its file draws a new one. */
int daemon_read_view_key(struct daemon *daemon, struct err *err);

/* Where the control socket lives: the service manager's runtime directory, else the state directory. */
const char *daemon_runtime_directory(const struct daemon *daemon);

/* daemon_channels.c */
int daemon_open_channels(struct daemon *daemon, struct err *err);
void daemon_close_channels(struct daemon *daemon);
struct courier *daemon_courier(struct daemon *daemon, const char *name, const struct channel **channel);

const char *daemon_phase_name(enum engine_phase phase); /* as docs/api.md has it */
/* Before the first write to a real shop its preview must have been shown. */
bool daemon_previewed(const struct daemon *daemon, uint32_t channel);
void daemon_note_preview(struct daemon *daemon, uint32_t channel);

/* api.c */
int daemon_api(void *daemon, const struct web_call *web_call, struct buf *out, const char **content_type);

#endif
