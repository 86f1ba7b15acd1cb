#include "app/daemon_catch_up.h"

#include <errno.h>
#include <string.h>

#include "app/daemon.h"
#include "base/log.h"

enum {
    POSITIONS_AT_ONCE = 128,
    ESTIMATE_ANSWERS_MIN = 3, /* fewer say nothing about the next ones */
};

/* --- the shops now ----------------------------------------------------------------------------------- */

static bool is_live(const struct daemon *daemon, uint32_t i)
{
    const struct channel *channel =
        book_channel(store_book(daemon->store), courier_channel(daemon->couriers[i]));
    return channel && channel->live && channel->baselined;
}

static struct catch_up_view view_now(struct daemon *daemon)
{
    struct catch_up_view view = {.reached = true,
                                 .rest = true,
                                 .position = store_last_position(daemon->store),
                                 .now_ms = loop_now_ms(daemon->loop)};
    for (uint32_t i = 0; i < daemon->courier_count; i++) {
        struct engine_facts facts;
        struct engine_view shop;
        if (!is_live(daemon, i))
            continue;
        courier_facts(daemon->couriers[i], &facts);
        courier_view(daemon->couriers[i], &shop);
        view.live++;
        view.reached &= facts.reached;
        view.rest &= facts.rest;
        view.owed += shop.owed;
    }
    return view;
}

/* --- booking ----------------------------------------------------------------------------------------- */

static void read_back(struct daemon *daemon, uint32_t channel, struct read_back *read)
{
    const struct book *book = store_book(daemon->store);
    *read = (struct read_back){.numbers = {[READ_BACK_CHANNEL] = channel}};
    for (uint32_t alias = 1; alias <= book_listing_count(book, channel); alias++) {
        const struct listing *listing = book_listing(book, channel, alias);
        if (!listing || !listing->item)
            continue;
        enum read_back_number number = listing->parked                               ? READ_BACK_PARKED
                                       : !listing->has_level                         ? READ_BACK_UNREAD
                                       : listing->level == listing_expected(listing) ? READ_BACK_EQUAL
                                                                                     : READ_BACK_DIFFERENT;
        read->numbers[number]++;
    }
}

static int book_step(struct daemon *daemon, enum catch_up_wish wish)
{
    struct daemon_catch_up *catch_up = &daemon->catch_up;
    bool ends = wish == CATCH_UP_END;
    uint64_t after = ends ? catch_up->state.after_position : catch_up->state.rest_position;
    struct event event = {.kind = EVENT_CATCH_UP, .version = 1, .time_ms = daemon_event_ms(daemon)};
    event.catch_up.step = ends ? CATCH_UP_ENDED : CATCH_UP_BEGUN;
    int result = store_ref(daemon->store, after, &event.catch_up.after);
    for (uint32_t i = 0; ends && i < daemon->courier_count; i++)
        if (is_live(daemon, i))
            read_back(daemon, courier_channel(daemon->couriers[i]),
                      &event.catch_up.channels[event.catch_up.channel_count++]);
    if (result < 0)
        return result;
    CHANGES_AUTO struct changes changes = changes_new();
    changes_add_event(&changes, &event);
    changes.seal = ends; /* what the report says can be held against it later */
    return daemon_commit(daemon, &changes);
}

/* Counting begins anew when something is owed after a rest; what was counted last is shown until then. */
static void count_from_rest(struct daemon *daemon, bool rest)
{
    bool begins = daemon->catch_up.rested && !rest;
    daemon->catch_up.rested = rest;
    if (!begins)
        return;
    daemon->catch_up.done_before = 0;
    for (uint32_t i = 0; i < daemon->courier_count; i++)
        daemon->catch_up.done_base[i] = traffic_counts(courier_traffic(daemon->couriers[i]))->changes;
}

static void arm(struct daemon *daemon, int64_t at_ms)
{
    int result = loop_arm(daemon->catch_up.timer, at_ms);
    if (result < 0)
        log_error("cannot arm the timer of the catch-up: %s", strerrordesc_np(-result));
}

/* In a turn. A commit that failed is tried again when the next thing is heard; recovery reopens the ledger.
 */
static void take_turn(void *user)
{
    struct daemon *daemon = user;
    struct daemon_catch_up *catch_up = &daemon->catch_up;
    struct catch_up_view view = view_now(daemon);
    enum catch_up_wish wish = catch_up_look(&catch_up->state, &view);
    if (wish == CATCH_UP_NOTHING || book_step(daemon, wish) < 0)
        return;
    uint64_t position = store_last_position(daemon->store);
    catch_up_booked(&catch_up->state, wish, position);
    catch_up->begun_position = wish == CATCH_UP_BEGIN ? position : 0;
    daemon_changed(daemon, 0);
}

void daemon_catch_up_look(struct daemon *daemon)
{
    struct daemon_catch_up *catch_up = &daemon->catch_up;
    if (!catch_up->timer)
        return;
    struct catch_up_view view = view_now(daemon);
    count_from_rest(daemon, view.rest);
    if (catch_up_look(&catch_up->state, &view) != CATCH_UP_NOTHING)
        turns_run(daemon->turns, &catch_up->turn);
    else
        arm(daemon, catch_up_next_ms(&catch_up->state, &view));
}

static int on_timer(void *user, int64_t now_ms)
{
    (void)now_ms;
    daemon_catch_up_look(user);
    return 0;
}

/* --- after a restart --------------------------------------------------------------------------------- */

int daemon_catch_up_after(struct daemon *daemon, uint64_t position, const struct event *event,
                          uint64_t *after)
{
    struct event_ref ref = event->catch_up.after;
    if (ref.generations_back || ref.sequence)
        return store_resolve_ref(daemon->store, position, ref, after);
    *after = position - store_event_id(daemon->store, position).sequence;
    return 0;
}

static int last_step(struct daemon *daemon, uint64_t *position)
{
    uint64_t found[POSITIONS_AT_ONCE];
    int count;
    *position = 0;
    while ((count = store_item_events(daemon->store, STORE_CATCH_UPS, *position, found, POSITIONS_AT_ONCE)) >
           0)
        *position = found[count - 1];
    return count;
}

static int count_done(void *user, uint64_t position, struct event_id id, const uint8_t *bytes, size_t length,
                      const uint8_t tag[4])
{
    struct daemon *daemon = user;
    struct event event;
    (void)position;
    (void)id;
    (void)tag;
    if (event_decode(bytes, length, &event) == 0 && event.kind == EVENT_REVOKE &&
        event.allocation.proof != PROOF_REFUSED_GRANT)
        daemon->catch_up.done_before++;
    return 0;
}

/* Where an outage begins that an earlier start did not note: before the first sale that no shop knows. */
static uint64_t inherited_rest(const struct daemon *daemon)
{
    uint64_t last = store_last_position(daemon->store);
    uint64_t start = last - store_event_id(daemon->store, last).sequence;
    return daemon->unsent && daemon->unsent_position > 1 ? daemon->unsent_position - 1 : start;
}

static int resume(struct daemon *daemon)
{
    struct daemon_catch_up *catch_up = &daemon->catch_up;
    uint8_t bytes[EVENT_MAX_BYTES];
    size_t length = sizeof bytes;
    struct event event;
    uint64_t position;
    int result = last_step(daemon, &position);
    catch_up->state.rest_position = inherited_rest(daemon);
    if (result < 0 || !position)
        return result;
    result = store_event(daemon->store, position, bytes, &length);
    if (result == 0)
        result = event_decode(bytes, length, &event);
    if (result < 0 || event.catch_up.step != CATCH_UP_BEGUN)
        return result;
    result = daemon_catch_up_after(daemon, position, &event, &catch_up->state.after_position);
    if (result < 0)
        return result;
    catch_up->state.active = true;
    catch_up->begun_position = position;
    return store_walk(daemon->store, catch_up->state.after_position, count_done, daemon);
}

int daemon_catch_up_open(struct daemon *daemon, struct err *err)
{
    struct daemon_catch_up *catch_up = &daemon->catch_up;
    catch_up->turn = (struct turn){.run = take_turn, .user = daemon, .priority = TURN_SYNC};
    int result = loop_add_timer(daemon->loop, "catch-up", LOOP_NET, on_timer, daemon, &catch_up->timer);
    if (result == 0)
        result = resume(daemon);
    return result < 0 ? err_set_errno(err, result, "cannot read how far the shops know everything") : 0;
}

void daemon_catch_up_close(struct daemon *daemon)
{
    loop_remove(daemon->catch_up.timer);
    daemon->catch_up.timer = NULL;
}

/* --- how far ----------------------------------------------------------------------------------------- */

static int64_t most(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* Shops do not wait for each other: the slowest one counts. Requests that are certain: the changes in
 * batches, and what must be read. The range is what half, and what 99 of 100, of this shop's answers took,
 * twice for repetitions. */
static bool estimate(struct daemon *daemon, const struct courier *courier, uint32_t owed,
                     struct daemon_progress *progress)
{
    struct engine_facts facts;
    courier_facts(courier, &facts);
    const struct traffic_counts *counts = traffic_counts(courier_traffic(courier));
    const struct histogram *writes =
        counts->writes.count >= ESTIMATE_ANSWERS_MIN ? &counts->writes : &counts->reads;
    if (!facts.reached || counts->reads.count < ESTIMATE_ANSWERS_MIN)
        return false;
    int64_t changes = (owed + facts.batch - 1) / facts.batch, reads = !facts.orders_read + !facts.levels_read;
    int64_t wait = facts.hold_ms > loop_now_ms(daemon->loop) ? facts.hold_ms - loop_now_ms(daemon->loop) : 0;
    int64_t least = wait + changes * histogram_quantile_ms(writes, 500) +
                    reads * histogram_quantile_ms(&counts->reads, 500);
    int64_t longest = wait + 2 * (changes * histogram_quantile_ms(writes, 990) +
                                  (reads + 1) * histogram_quantile_ms(&counts->reads, 990));
    progress->least_ms = most(progress->least_ms, least);
    progress->most_ms = most(progress->most_ms, longest);
    return true;
}

void daemon_catch_up_progress(struct daemon *daemon, struct daemon_progress *progress)
{
    const struct daemon_catch_up *catch_up = &daemon->catch_up;
    *progress = (struct daemon_progress){
        .active = catch_up->state.active, .done = catch_up->done_before, .estimated = true};
    for (uint32_t i = 0; i < daemon->courier_count; i++) {
        struct engine_facts facts;
        struct engine_view view;
        if (!is_live(daemon, i))
            continue;
        courier_facts(daemon->couriers[i], &facts);
        courier_view(daemon->couriers[i], &view);
        progress->shops++;
        progress->shops_done += facts.rest;
        progress->away |= !facts.reached;
        progress->done +=
            traffic_counts(courier_traffic(daemon->couriers[i]))->changes - catch_up->done_base[i];
        progress->total += view.owed;
        if (!facts.rest)
            progress->estimated &= estimate(daemon, daemon->couriers[i], view.owed, progress);
    }
    progress->total += progress->done;
}
