/* Outcomes → lights. Every booked sale logs exactly one `sold` with its event id, after its fsync; other
 * names follow with the same id. What the lamp shows is chosen by status_lamp. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "app/daemon.h"
#include "app/daemon_recover.h"
#include "base/log.h"

_Static_assert((int)STATUS_STARTING == (int)LIGHT_STARTING && (int)STATUS_OFF == (int)LIGHT_OFF &&
                   (int)STATUS_SOLD == (int)LIGHT_SOLD && (int)STATUS_FAULT == (int)LIGHT_FAULT,
               "status and light use the same names in the same order");

static void arm(struct loop_source *timer, int64_t at_ms)
{
    int result = loop_arm(timer, at_ms);
    if (result < 0)
        log_error("cannot arm a timer: %s", strerrordesc_np(-result));
}

/* A light that fails never stops a sale: the log names it. */
static void light_failed(const char *what, int result)
{
    log_warning("a light failed to %s: %s", what, strerrordesc_np(-result));
}

void daemon_signal(struct daemon *daemon, enum status_lamp name, const char *event_id)
{
    int64_t now_ms = loop_now_ms(daemon->loop);
    for (int i = 0; i < daemon->light_count; i++) {
        int result = light_signal(daemon->lights[i], (enum light_name)name, event_id, now_ms);
        if (result < 0)
            light_failed("signal", result);
    }
}

/* Lamps that blink in a rhythm need a timer; the others say -1. */
void daemon_tick_lights(struct daemon *daemon)
{
    int64_t now_ms = loop_now_ms(daemon->loop), next = -1;
    for (int i = 0; i < daemon->light_count; i++) {
        int64_t wait = light_tick(daemon->lights[i], now_ms);
        if (wait >= 0 && (next < 0 || wait < next))
            next = wait;
    }
    arm(daemon->light_timer, next < 0 ? INT64_MAX : now_ms + next);
}

/* Background states are logged when they begin; the answers to scans are logged where they happen. */
static bool is_background(enum status_lamp lamp)
{
    return lamp == STATUS_READY || lamp == STATUS_OFFLINE || lamp == STATUS_SYNCING ||
           lamp == STATUS_ATTENTION || lamp == STATUS_GONE || lamp == STATUS_STARTING || lamp == STATUS_OFF ||
           lamp == STATUS_FAULT;
}

/* Something is on its way to a shop, or should be. A shop that may not be written yet has its preview
 * instead. */
static bool syncing(const struct daemon *daemon)
{
    for (uint32_t i = 0; i < daemon->courier_count; i++) {
        struct engine_view view;
        courier_view(daemon->couriers[i], &view);
        const struct channel *channel =
            book_channel(store_book(daemon->store), courier_channel(daemon->couriers[i]));
        if (view.owed && channel && channel->live)
            return true;
    }
    return false;
}

void daemon_update_lamp(struct daemon *daemon)
{
    struct status_facts *facts = &daemon->facts;
    facts->now_ms = loop_now_ms(daemon->loop);
    facts->owed = daemon_owed(daemon);
    facts->online = daemon_online(daemon);
    facts->syncing = syncing(daemon); /* only looked at while all shops are within reach */
    int cards = store_open_card_count(daemon->store);
    facts->open_cards = cards > 0 ? (uint32_t)cards : 0;
    enum status_lamp lamp = status_lamp(facts);
    int64_t next = status_next_ms(facts);
    arm(daemon->lamp_timer, next < 0 ? INT64_MAX : facts->now_ms + next);
    if (lamp == daemon->shown)
        return;
    daemon->shown = lamp;
    if (is_background(lamp))
        daemon_signal(daemon, lamp, NULL);
    for (int i = 0; i < daemon->light_count; i++) {
        int result = light_show(daemon->lights[i], (enum light_name)lamp, facts->now_ms);
        if (result < 0)
            light_failed("show", result);
    }
    daemon_tick_lights(daemon);
    daemon_changed(daemon, 0); /* the page shows the same light */
}

static void flash(struct daemon *daemon, enum status_lamp lamp)
{
    daemon->facts.flash = lamp;
    daemon->facts.flash_at_ms = loop_now_ms(daemon->loop);
}

static void outcome_fault(struct daemon *daemon, const struct intake_outcome *outcome)
{
    log_error("a scan of %s could not be saved: %s; write it on paper", outcome->code,
              strerrordesc_np(-outcome->error));
    bool shown = daemon->shown == STATUS_FAULT;
    daemon_recover_failed(daemon); /* signals when the lamp turns to fault */
    if (shown)
        daemon_signal(daemon, STATUS_FAULT, NULL);
}

void daemon_note_unsent(struct daemon *daemon, uint64_t position, uint64_t time_ms)
{
    if (daemon->unsent++)
        return;
    daemon->unsent_position = position;
    daemon->unsent_time_ms = time_ms;
}

static void outcome_sold(struct daemon *daemon, const struct intake_outcome *outcome)
{
    char event_id[EVENT_ID_TEXT_BYTES];
    event_id_text(store_event_id(daemon->store, outcome->position), event_id);
    daemon->facts.fault = false;
    daemon->sold_this_start++;
    daemon->showing.sold_ms = loop_now_ms(daemon->loop);
    const struct intake_recent *sale = intake_recent(daemon->intake, 0);
    if (daemon->courier_count && sale)
        daemon_note_unsent(daemon, sale->position, sale->time_ms);
    for (uint32_t i = 0; i < daemon->courier_count; i++)
        courier_sold(daemon->couriers[i], outcome->item);
    daemon_signal(daemon, STATUS_SOLD, event_id);
    flash(daemon, STATUS_SOLD);
    if (outcome->signal == INTAKE_UNKNOWN) {
        daemon_signal(daemon, STATUS_UNKNOWN, event_id);
        flash(daemon, STATUS_UNKNOWN);
    }
    if (outcome->low) {
        daemon_signal(daemon, STATUS_LOW, event_id);
        flash(daemon, STATUS_LOW);
    }
    if (outcome->beyond || outcome->second_scan) {
        daemon_signal(daemon, STATUS_ATTENTION, event_id);
        flash(daemon, STATUS_ATTENTION);
    }
}

void daemon_outcome(void *user, const struct intake_outcome *outcome)
{
    struct daemon *daemon = user;
    daemon->scan_counts[outcome->signal]++;
    daemon->facts.waiting_commit = false; /* the answer shows, not that it took its time */
    switch (outcome->signal) {
    case INTAKE_SOLD:
    case INTAKE_UNKNOWN:
        outcome_sold(daemon, outcome);
        break;
    case INTAKE_REFUSED:
        daemon_signal(daemon, STATUS_REFUSED, NULL);
        intake_refusal_told(daemon->intake, loop_now_ms(daemon->loop));
        flash(daemon, STATUS_REFUSED);
        break;
    case INTAKE_FAULT:
        outcome_fault(daemon, outcome);
        break;
    }
    daemon_scanned(daemon, outcome);
    daemon_stock_changed(daemon, outcome->item);
}

static void publish_by(struct daemon *daemon, int64_t at_ms)
{
    if (at_ms >= daemon->publish_at_ms)
        return;
    daemon->publish_at_ms = at_ms;
    arm(daemon->publish_timer, at_ms);
}

static void publish_news(struct daemon *daemon)
{
    daemon->publish_news = true;
    publish_by(daemon, loop_now_ms(daemon->loop) + PUBLISH_MIN_MS);
}

/* With the wake-up that brought it, unless the page heard something lately. Who begins to listen reads
 * everything first. */
static void publish_success(struct daemon *daemon)
{
    int64_t at_ms = daemon->published_ms + PUBLISH_QUIET_MS;
    if (!web_is_heard(daemon->web) || daemon->publish_at_ms != INT64_MAX)
        return;
    if (loop_now_ms(daemon->loop) < at_ms) {
        publish_by(daemon, at_ms);
        return;
    }
    daemon_publish(daemon);
    web_flush(daemon->web);
}

void daemon_changed(struct daemon *daemon, uint32_t item)
{
    if (item) {
        daemon->stock_changed |= daemon->changed_item && daemon->changed_item != item;
        daemon->changed_item = item;
    }
    publish_news(daemon);
}

void daemon_stock_changed(struct daemon *daemon, uint32_t item)
{
    for (uint32_t i = 0; i < daemon->courier_count; i++)
        courier_notify(daemon->couriers[i], ENGINE_STOCK);
    daemon_changed(daemon, item);
}

/* Every shop shows what it should. One that was never reached, or may not be written yet, does not. */
static bool up_to_date(const struct daemon *daemon)
{
    for (uint32_t i = 0; i < daemon->courier_count; i++) {
        struct engine_view view;
        courier_view(daemon->couriers[i], &view);
        if (view.phase != ENGINE_READY || view.owed)
            return false;
    }
    return true;
}

/* Whether a channel's step left more to tell than that the shop answered once more, as most polls do. */
static bool is_news(struct daemon *daemon, bool *success)
{
    uint64_t position = store_last_position(daemon->store);
    bool news = position != daemon->told_position;
    daemon->told_position = position;
    *success = false;
    for (uint32_t i = 0; i < daemon->courier_count; i++) {
        struct engine_view view, *told = &daemon->told_views[i];
        courier_view(daemon->couriers[i], &view);
        news |= view.phase != told->phase || view.owed != told->owed || view.failures != told->failures ||
                strcmp(view.last_error, told->last_error) != 0;
        *success |= view.last_success_ms != told->last_success_ms;
        *told = view;
    }
    return news;
}

void daemon_courier_changed(void *user)
{
    struct daemon *daemon = user;
    bool success;
    if (up_to_date(daemon))
        daemon->unsent = 0;
    daemon_recover_after_commit(daemon);
    daemon_catch_up_look(daemon);
    daemon_showing_look(daemon);
    daemon_update_lamp(daemon);
    if (is_news(daemon, &success))
        publish_news(daemon);
    else if (success)
        publish_success(daemon);
}

uint32_t daemon_owed(const struct daemon *daemon)
{
    uint32_t owed = 0;
    for (uint32_t i = 0; i < daemon->courier_count; i++) {
        struct engine_view view;
        courier_view(daemon->couriers[i], &view);
        owed += view.owed;
    }
    return owed;
}

bool daemon_online(const struct daemon *daemon)
{
    for (uint32_t i = 0; i < daemon->courier_count; i++) {
        struct engine_view view;
        courier_view(daemon->couriers[i], &view);
        if (view.phase == ENGINE_OFFLINE || view.phase == ENGINE_NEEDS_LOGIN)
            return false;
    }
    return true;
}
