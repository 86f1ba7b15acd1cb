#include "app/daemon_scans.h"

#include <stdio.h>
#include <string.h>

#include "app/daemon.h"
#include "app/daemon_recover.h"
#include "base/log.h"
#include "domain/gtin.h"

/* --- booking
 * ------------------------------------------------------------------------------------------------------- */

static void overlong_card(struct daemon *daemon, const char *words)
{
    CHANGES_AUTO struct changes changes = changes_new();
    struct card card = {.kind = CARD_OVERLONG_CODE,
                        .state = CARD_OPEN,
                        .units = 1,
                        .opened_wall_ms = daemon_clock_wall_ms(daemon)};
    (void)snprintf(card.key, sizeof card.key, "overlong");
    (void)snprintf(card.text, sizeof card.text,
                   "A scanner sent more than %d characters at once; it was not booked. Scan it again, or "
                   "type the code.%s%s",
                   CODE_MAX_BYTES, *words ? " " : "", words);
    changes_put_card(&changes, &card);
    daemon_commit(daemon, &changes);
    daemon_signal(daemon, STATUS_ATTENTION, NULL);
}

/* Typed and scanned codes take the same way; the answer is kept for who asked. */
static void sell(struct daemon *daemon, const char *code, int64_t quantity, uint32_t source,
                 const struct daemon_moment *moment)
{
    intake_scan(daemon->intake, code, quantity, source, moment->now_ms,
                store_event_time(daemon->store, moment->boottime_ms), moment->wall_ms);
}

/* What a person typed may be a SKU: then it is that item, by the unit, whatever its codes stand for. A code
 * goes first: it is what is printed on the thing. */
void daemon_scans_sell_typed(struct daemon *daemon, const char *given, int64_t quantity,
                             const struct daemon_moment *moment)
{
    struct item item;
    struct book_item found;
    char code[CODE_MAX_BYTES + 1];
    gtin_normalise(given, code, sizeof code);
    if (book_find_code(store_book(daemon->store), code, &found) ||
        store_item_by_sku(daemon->store, given, &item) < 0)
        sell(daemon, given, quantity, 0, moment);
    else
        intake_sell_item(daemon->intake, item.alias, item.sku, quantity, 0, moment->now_ms,
                         store_event_time(daemon->store, moment->boottime_ms), moment->wall_ms);
}

static void book(struct daemon *daemon, const struct heard_scan *heard)
{
    if (heard->scan.source == 0)
        daemon_scans_sell_typed(daemon, heard->scan.code, 1, &heard->at);
    else
        sell(daemon, heard->scan.code, 1, heard->scan.source, &heard->at);
}

static struct heard_scan take_first(struct daemon_scans *scans)
{
    struct heard_scan heard = scans->waiting[scans->first];
    scans->first = (scans->first + 1) % SCANS_WAITING_MAX;
    scans->count--;
    return heard;
}

/* How many of those that wait are sales with no other thing between them. */
static uint32_t sales_in_a_row(const struct daemon_scans *scans)
{
    uint32_t count = 0;
    while (count < scans->count && !scans->waiting[(scans->first + count) % SCANS_WAITING_MAX].overlong)
        count++;
    return count;
}

static void serve_some(struct daemon *daemon)
{
    struct daemon_scans *scans = &daemon->scans;
    uint32_t sales = sales_in_a_row(scans);
    if (sales >= 2)
        intake_group_begin(daemon->intake);
    for (uint32_t i = 0; i < sales; i++) {
        struct heard_scan heard = take_first(scans);
        book(daemon, &heard);
    }
    intake_group_end(daemon->intake);
    if (!sales) {
        struct heard_scan heard = take_first(scans);
        overlong_card(daemon, heard.scan.code);
    }
}

static void arm_heard(struct daemon *daemon)
{
    struct daemon_scans *scans = &daemon->scans;
    int64_t at_ms = scans->oldest_ms == INT64_MAX ? INT64_MAX : scans->oldest_ms + STATUS_HEARD_AFTER_MS;
    int result = loop_arm(scans->heard_timer, at_ms);
    if (result < 0)
        log_error("cannot arm a timer: %s", strerrordesc_np(-result));
}

static void serve_all(struct daemon *daemon)
{
    struct daemon_scans *scans = &daemon->scans;
    while (scans->count) {
        serve_some(daemon);
        scans->oldest_ms = scans->count ? scans->waiting[scans->first].at.now_ms : INT64_MAX;
        daemon_recover_after_commit(daemon); /* who was answered waits for no checkpoint */
        if (scans->heard) {
            scans->heard = daemon->facts.waiting_commit = false;
            daemon_update_lamp(daemon);
        }
        arm_heard(daemon);
    }
}

static void run_scans(void *user)
{
    serve_all(user);
}

void daemon_scans_breathe(struct daemon *daemon)
{
    turn_breathe(daemon->turns);
    serve_all(daemon);
}

/* --- hearing
 * ------------------------------------------------------------------------------------------------------- */

/* Somebody waits for the light longer than a hand expects: the card is slow. */
static int on_heard(void *user, int64_t now_ms)
{
    struct daemon *daemon = user;
    struct daemon_scans *scans = &daemon->scans;
    if (scans->oldest_ms == INT64_MAX || scans->heard)
        return 0;
    if (now_ms < scans->oldest_ms + STATUS_HEARD_AFTER_MS) {
        arm_heard(daemon);
        return 0;
    }
    scans->heard = daemon->facts.waiting_commit = true;
    daemon_signal(daemon, STATUS_HEARD, NULL);
    daemon_update_lamp(daemon);
    return 0;
}

static void hear(struct daemon *daemon, const struct heard_scan *heard)
{
    struct daemon_scans *scans = &daemon->scans;
    while (scans->count == SCANS_WAITING_MAX && turns_help(daemon->turns))
        ; /* nobody scans that fast; a recording does, and can wait */
    scans->waiting[(scans->first + scans->count++) % SCANS_WAITING_MAX] = *heard;
    if (scans->oldest_ms == INT64_MAX)
        scans->oldest_ms = heard->at.now_ms;
    turns_run(daemon->turns, &scans->turn);
    if (scans->oldest_ms != INT64_MAX)
        arm_heard(daemon);
}

void daemon_scans_hear(struct daemon *daemon, const struct scan *scan)
{
    struct heard_scan heard = {.scan = *scan, .at = daemon_now(daemon)};
    hear(daemon, &heard);
}

void daemon_scans_overlong(struct daemon *daemon, const char *words)
{
    struct heard_scan heard = {.overlong = true, .at = daemon_now(daemon)};
    (void)snprintf(heard.scan.code, sizeof heard.scan.code, "%s", words);
    hear(daemon, &heard);
}

/* --- life
 * ----------------------------------------------------------------------------------------------------------
 */

int daemon_scans_add(struct daemon *daemon)
{
    struct daemon_scans *scans = &daemon->scans;
    scans->turn = (struct turn){.run = run_scans, .user = daemon, .priority = TURN_SCAN};
    scans->oldest_ms = INT64_MAX;
    return loop_add_timer(daemon->loop, "slow card", LOOP_LIGHT, on_heard, daemon, &scans->heard_timer);
}

void daemon_scans_remove(struct daemon *daemon)
{
    loop_remove(daemon->scans.heard_timer);
    daemon->scans.heard_timer = NULL;
}
