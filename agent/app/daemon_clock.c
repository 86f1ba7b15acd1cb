#include "app/daemon_clock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#include "app/daemon.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "json/json.h"

enum {
    LOOK_FIRST_MS = 2000, /* after the clock was set; then ever longer while no time server keeps it */
    LOOK_MOST_MS = 600000,
    SYNCED_ERROR_MAX_US =
        16000000,       /* the kernel's own limit, NTP_PHASE_LIMIT: from there it calls itself unsynced */
    AGREES_MS = 120000, /* a phone is good to the minute */
    CLOCK_DATE_BYTES = 48,
    CLOCK_WORDS_BYTES = 512,
};

int64_t daemon_clock_system_ms(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_REALTIME, &now); /* cannot fail for this clock (clock_gettime(2)) */
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t system_offset_ms(struct daemon *daemon)
{
    return daemon_clock_system_ms() - daemon_boottime_ms(daemon);
}

/* systemd-timesyncd, chrony and ntpd each lower the kernel's maximum error when they hold the clock; setting
 * the clock raises it to the limit. STA_UNSYNC tells less: chrony without rtcsync leaves it set, so that the
 * kernel does not write the battery clock. */
static bool kept_by_a_time_server(void)
{
    struct timex state = {.modes = 0};
    return adjtimex(&state) >= 0 && state.maxerror < SYNCED_ERROR_MAX_US;
}

/* Whether the kernel took the time from a battery clock when it started (Documentation/ABI, sysfs-class-rtc).
 * Such a clock was set by somebody once. */
static bool set_from_a_battery_clock(void)
{
    char said = '0';
    FD_AUTO int fd = open("/sys/class/rtc/rtc0/hctosys", O_RDONLY | O_CLOEXEC);
    return fd >= 0 && read(fd, &said, 1) == 1 && said == '1';
}

uint32_t daemon_clock_system_quality(const struct daemon *daemon)
{
    (void)daemon;
    if (!time_fact_plausible(daemon_clock_system_ms()))
        return CLOCK_UNKNOWN;
    return kept_by_a_time_server() ? CLOCK_NTP : set_from_a_battery_clock() ? CLOCK_BY_HAND : CLOCK_UNKNOWN;
}

void daemon_clock_begin(struct daemon *daemon, struct id128 boot)
{
    daemon->clock.boot = boot;
    daemon->clock.own_offset_ms = system_offset_ms(daemon);
}

/* --- learning
 * ----------------------------------------------------------------------------------------------------------
 */

static int read_starts(struct daemon *daemon)
{
    struct daemon_clock *clock = &daemon->clock;
    if (!clock->starts)
        clock->starts = calloc(TIME_STARTS_MAX, sizeof *clock->starts);
    int count = clock->starts ? store_starts(daemon->store, clock->starts, TIME_STARTS_MAX) : -ENOMEM;
    if (count <= 0)
        return count;
    clock->start_count = (uint32_t)count;
    clock->known = clock->starts[count - 1].clock;
    return 0;
}

static int book(struct daemon *daemon, uint32_t quality, int64_t offset_ms, const char *source)
{
    CHANGES_AUTO struct changes changes = changes_new();
    struct event event = {.kind = EVENT_TIME_FACT, .version = 1, .time_ms = daemon_event_ms(daemon)};
    event.time_fact.boot = daemon->clock.boot;
    event.time_fact.offset_ms = offset_ms;
    event.time_fact.quality = quality;
    event.time_fact.source = text_of(source);
    changes_add_event(&changes, &event);
    int result = daemon_commit(daemon, &changes);
    return result < 0 ? result : read_starts(daemon);
}

int daemon_clock_learn(struct daemon *daemon, uint32_t quality, int64_t wall_ms, const char *source)
{
    struct daemon_clock *clock = &daemon->clock;
    int64_t offset_ms = wall_ms - daemon_boottime_ms(daemon);
    if (!time_fact_plausible(wall_ms) || !time_fact_is_news(&clock->known, quality, offset_ms))
        return 0;
    int result = 0;
    if (id128_is_zero(
            clock->boot)) /* a fact of a boot without a name would be nobody's: for this start only */
        time_fact_take(&clock->known, quality, offset_ms);
    else
        result = book(daemon, quality, offset_ms, source);
    if (result < 0)
        return result;
    log_info("the time is known now, by %s", source);
    daemon_clock_told(daemon);
    return 1;
}

static void book_heard(void *user)
{
    struct daemon *daemon = user;
    struct daemon_clock *clock = &daemon->clock;
    struct heard_time heard = clock->heard;
    clock->heard.quality = CLOCK_UNKNOWN; /* before it is booked: a better one may come meanwhile */
    int64_t waited_ms = daemon_boottime_ms(daemon) - heard.boottime_ms;
    int result = daemon_clock_learn(daemon, heard.quality, heard.wall_ms + waited_ms, heard.source);
    if (result < 0)
        log_warning("what a clock says could not be booked: %s", strerrordesc_np(-result));
}

void daemon_clock_hear(struct daemon *daemon, uint32_t quality, int64_t wall_ms, const char *source)
{
    struct daemon_clock *clock = &daemon->clock;
    int64_t boottime_ms = daemon_boottime_ms(daemon);
    if (quality <= clock->heard.quality || !time_fact_plausible(wall_ms) ||
        !time_fact_is_news(&clock->known, quality, wall_ms - boottime_ms))
        return;
    clock->heard.quality = quality;
    clock->heard.wall_ms = wall_ms;
    clock->heard.boottime_ms = boottime_ms;
    (void)snprintf(clock->heard.source, sizeof clock->heard.source, "%s", source);
    turns_ask(daemon->turns, &clock->turn);
}

static void look(struct daemon *daemon, uint32_t otherwise)
{
    bool kept = kept_by_a_time_server();
    daemon_clock_hear(daemon, kept ? CLOCK_NTP : otherwise, daemon_clock_system_ms(),
                      kept ? "a time server" : "whoever set this device's clock");
}

static void look_again(struct daemon *daemon)
{
    struct daemon_clock *clock = &daemon->clock;
    if (clock->known.quality == CLOCK_NTP)
        return;
    clock->look_wait_ms = clock->look_wait_ms == 0                 ? LOOK_FIRST_MS
                          : clock->look_wait_ms * 2 < LOOK_MOST_MS ? clock->look_wait_ms * 2
                                                                   : LOOK_MOST_MS;
    int result = loop_arm(clock->look_timer, loop_now_ms(daemon->loop) + clock->look_wait_ms);
    if (result < 0)
        log_error("cannot arm a timer: %s", strerrordesc_np(-result));
}

/* Somebody set the clock: a person, or a program that keeps it and says so at once or soon. */
static void on_set(void *user)
{
    struct daemon *daemon = user;
    look(daemon, CLOCK_BY_HAND);
    daemon->clock.look_wait_ms = 0;
    look_again(daemon);
    /* Certificates that were not valid by the old clock may be now. */
    for (uint32_t i = 0; i < daemon->courier_count; i++)
        courier_notify(daemon->couriers[i], ENGINE_NETWORK_UP);
    daemon_changed(daemon, 0);
}

static int on_look(void *user, int64_t now_ms)
{
    struct daemon *daemon = user;
    (void)now_ms;
    look(daemon, CLOCK_UNKNOWN);
    look_again(daemon);
    return 0;
}

static void warn_if_not_told(void)
{
    struct timex state = {.modes = 0};
    if (adjtimex(&state) < 0)
        log_warning(
            "the system does not say whether a time server keeps its clock (%s), so it is not believed",
            strerrordesc_np(errno));
}

int daemon_clock_open(struct daemon *daemon)
{
    struct daemon_clock *clock = &daemon->clock;
    int result = read_starts(daemon);
    if (!clock->turn.run) /* a reopened ledger comes here too, when it may be queued */
        clock->turn = (struct turn){.run = book_heard, .user = daemon, .priority = TURN_REST};
    if (result == 0 && !clock->look_timer)
        result = loop_add_timer(daemon->loop, "look at the clock", LOOP_NORMAL, on_look, daemon,
                                &clock->look_timer);
    if (result == 0 && !clock->watch)
        result = clock_watch_new(daemon->loop, on_set, daemon, &clock->watch);
    warn_if_not_told();
    if (result == 0)
        look_again(daemon);
    return result;
}

void daemon_clock_close(struct daemon *daemon)
{
    loop_remove(daemon->clock.look_timer);
    clock_watch_free(daemon->clock.watch);
    free(daemon->clock.starts);
}

/* --- asking
 * ------------------------------------------------------------------------------------------------------------
 */

int64_t daemon_clock_moment_ms(const struct daemon *daemon, int64_t boottime_ms)
{
    const struct daemon_clock *clock = &daemon->clock;
    return boottime_ms +
           (clock->known.quality == CLOCK_UNKNOWN ? clock->own_offset_ms : clock->known.offset_ms);
}

int64_t daemon_clock_now_ms(struct daemon *daemon)
{
    return daemon_clock_moment_ms(daemon, daemon_boottime_ms(daemon));
}

int64_t daemon_clock_wall_ms(void *user)
{
    struct daemon *daemon = user;
    return daemon->clock.known.quality == CLOCK_UNKNOWN ? 0 : daemon_clock_now_ms(daemon);
}

struct time_repaired daemon_clock_when(const struct daemon *daemon, uint64_t position, uint64_t time_ms)
{
    return time_repair(daemon->clock.starts, daemon->clock.start_count, position, time_ms);
}

/* In this boot an age is always known, whatever the wall clock is. */
static int64_t age_base_ms(const struct daemon *daemon, uint64_t position, uint64_t time_ms)
{
    const struct daemon_clock *clock = &daemon->clock;
    const struct time_start *start = time_repair_start(clock->starts, clock->start_count, position);
    if (!start || id128_is_zero(start->boot) || !id128_equal(start->boot, clock->boot))
        return 0;
    return daemon_clock_moment_ms(daemon, start->boottime_ms + (int64_t)time_ms);
}

int64_t daemon_clock_when_ms(const struct daemon *daemon, uint64_t position, uint64_t time_ms)
{
    struct time_repaired when = daemon_clock_when(daemon, position, time_ms);
    bool told = when.certainty == TIME_KNOWN || when.certainty == TIME_ESTIMATED;
    return told ? when.wall_ms : age_base_ms(daemon, position, time_ms);
}

void daemon_clock_write_when(struct daemon *daemon, struct json_writer *json, uint64_t position,
                             uint64_t time_ms)
{
    struct time_repaired when = daemon_clock_when(daemon, position, time_ms);
    json_int(json, "at_ms", daemon_clock_when_ms(daemon, position, time_ms));
    json_text(json, "time", time_repair_name(when.certainty));
    if (when.after_ms)
        json_int(json, "after_ms", when.after_ms);
    if (when.before_ms)
        json_int(json, "before_ms", when.before_ms);
}

static struct tm utc_of(int64_t wall_ms)
{
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm utc = {0};
    (void)gmtime_r(&seconds, &utc); /* fails for years beyond an int only: then it is the zero one */
    return utc;
}

/* What to do about it; "" when all is well. Both troubles have their own remedy: times of sales need a phone,
 * the shops' certificates need the system's clock, which is not ours to set. */
static void clock_words(struct daemon *daemon, bool wrong, char *words, size_t size)
{
    char says[CLOCK_DATE_BYTES], is[CLOCK_DATE_BYTES];
    bool known = daemon->clock.known.quality != CLOCK_UNKNOWN;
    struct tm shown = utc_of(daemon_clock_system_ms()), true_time = utc_of(daemon_clock_now_ms(daemon));
    (void)strftime(says, sizeof says, "%-d %B %Y %H:%M", &shown);
    (void)strftime(is, sizeof is, "%Y-%m-%d %H:%M:%S", &true_time);
    words[0] = '\0';
    if (known && wrong)
        (void)snprintf(
            words, size,
            "The clock of this device says %s UTC, but it is %s UTC. The times of sales are right; a "
            "shop's certificate is checked by the clock. A time server sets it once there is internet, "
            "or type: sudo date -u -s '%s'",
            says, is, is);
    else if (!known && (wrong || !daemon->practice)) /* a rehearsal on somebody's computer: no news */
        (void)snprintf(
            words, size,
            "The time is not known: the clock says %s UTC, and no time server keeps it. Sales count all "
            "the same. Open the page on your phone: it brings the time, for earlier sales too%s",
            says,
            wrong ? ". The shops need the clock itself: connect to the internet, or type: sudo date -u "
                    "-s 'YYYY-MM-DD HH:MM'"
                  : "");
}

static bool system_is_wrong(struct daemon *daemon)
{
    int64_t system_ms = daemon_clock_system_ms(), off_ms = system_ms - daemon_clock_now_ms(daemon);
    bool known = daemon->clock.known.quality != CLOCK_UNKNOWN;
    return !time_fact_plausible(system_ms) || (known && (off_ms > AGREES_MS || off_ms < -AGREES_MS));
}

void daemon_clock_write(struct daemon *daemon, struct json_writer *json)
{
    char words[CLOCK_WORDS_BYTES];
    bool wrong = system_is_wrong(daemon);
    clock_words(daemon, wrong, words, sizeof words);
    json_begin_object(json, "clock");
    json_text(json, "quality", time_fact_quality_name(daemon->clock.known.quality));
    json_int(json, "wall_ms", daemon_clock_wall_ms(daemon));
    json_int(json, "system_ms", daemon_clock_system_ms());
    json_bool(json, "system_wrong", wrong);
    json_text(json, "words", words);
    json_end_object(json);
}
