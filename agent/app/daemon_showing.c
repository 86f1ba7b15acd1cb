#include "app/daemon_showing.h"

#include <errno.h>
#include <string.h>

#include "app/daemon.h"
#include "base/log.h"
#include "store/store_demand.h"

uint32_t daemon_showing_booth_percent(const struct daemon *daemon, uint32_t location)
{
    return location == daemon->sell_location ? daemon->config->booth_percent : 0;
}

/* --- may anything be mirrored now
 * -------------------------------------------------------------------------------------------- */

static bool in_reach(const struct daemon *daemon)
{
    for (uint32_t i = 0; i < daemon->courier_count; i++) {
        struct engine_view view;
        courier_view(daemon->couriers[i], &view);
        if (view.phase != ENGINE_READY && view.phase != ENGINE_SYNCING && view.phase != ENGINE_PREVIEW)
            return false;
    }
    return daemon->courier_count > 0;
}

static bool is_carried(const struct daemon *daemon)
{
    const struct book *book = store_book(daemon->store);
    for (uint32_t item = 1; item <= book_item_count(book); item++)
        if (book_stock(book, item, daemon->sell_location).on_hand > 0)
            return true;
    return false;
}

/* Something is packed; or, where stall and shops have one place, something was sold there today. */
static bool is_market(const struct daemon *daemon, int64_t now_ms)
{
    if (daemon->sell_location != daemon->shop_location)
        return is_carried(daemon);
    return daemon->showing.sold_ms && now_ms - daemon->showing.sold_ms < SHOWING_MARKET_MS;
}

static uint64_t calm_places(struct daemon *daemon, int64_t now_ms)
{
    struct daemon_showing *showing = &daemon->showing;
    uint64_t calm = 0;
    if (!in_reach(daemon))
        showing->reached_ms = 0;
    else if (!showing->reached_ms)
        showing->reached_ms = now_ms > 0 ? now_ms : 1;
    if (!showing->reached_ms ||
        now_ms - showing->reached_ms < (int64_t)daemon->config->calm_minutes * 60000 ||
        is_market(daemon, now_ms))
        return 0;
    for (uint32_t i = 0; i < daemon->courier_count; i++) {
        const struct channel *channel =
            book_channel(store_book(daemon->store), courier_channel(daemon->couriers[i]));
        if (channel && channel->location >= 1 && channel->location <= LOCATIONS_MAX)
            calm |= UINT64_C(1) << (channel->location - 1);
    }
    return calm;
}

void daemon_showing_look(struct daemon *daemon)
{
    struct book *book = store_book(daemon->store);
    struct publishing now = *book_publishing(book);
    if (daemon->courier_count < 2)
        return;
    (void)publish_mode_from_name(daemon->config->mode, &now.mode); /* the config took no other name */
    now.calm = calm_places(daemon, loop_now_ms(daemon->loop));
    if (now.calm == book_publishing(book)->calm && now.mode == book_publishing(book)->mode)
        return;
    book_put_publishing(book, &now);
    daemon_stock_changed(daemon, 0);
}

/* --- the estimate
 * ----------------------------------------------------------------------------------------------------------
 */

int64_t daemon_showing_window_ms(const struct daemon *daemon)
{
    struct publish_window window = {.request_ms = SHOWING_REQUEST_MS,
                                    .outage_ms = (int64_t)daemon->config->outage_minutes * 60000};
    for (uint32_t i = 0; i < daemon->config->channel_count; i++) {
        const struct channel_ops *ops = channel_find(daemon->config->channels[i].kind);
        if (ops && ops->caps.order_visibility_ms > window.visibility_ms)
            window.visibility_ms = ops->caps.order_visibility_ms;
        if (ops && ops->caps.poll_ms > window.poll_ms)
            window.poll_ms = ops->caps.poll_ms;
    }
    return publish_window_ms(&window);
}

static int observe(void *user, const struct estimate_line *line)
{
    estimate_observe(user, line);
    return 0;
}

struct applying {
    struct estimate *estimate;
    struct book *book;
};

static int apply(void *user, const struct estimate_line *line)
{
    struct applying *applying = user;
    return estimate_apply(applying->estimate, line, applying->book);
}

static int estimate(struct daemon *daemon)
{
    struct applying applying = {&daemon->showing.estimate, store_book(daemon->store)};
    int64_t now_ms = daemon_clock_now_ms(daemon);
    int64_t since_ms = now_ms - ESTIMATE_LOOK_BACK_DAYS * INT64_C(86400000);
    estimate_begin(applying.estimate, now_ms, daemon_showing_window_ms(daemon),
                   daemon->config->risk_per_million / 1e6);
    int result = store_demand(daemon->store, 0, since_ms, observe, applying.estimate);
    if (result < 0)
        return result;
    estimate_fit(applying.estimate);
    result = store_demand(daemon->store, 0, since_ms, apply, &applying);
    return result < 0 ? result : estimate_end(applying.estimate, applying.book);
}

static void run(void *user)
{
    struct daemon *daemon = user;
    struct daemon_showing *showing = &daemon->showing;
    int64_t now_ms = loop_now_ms(daemon->loop);
    daemon_showing_look(daemon);
    if (!daemon_clock_wall_ms(daemon)) /* while the true time is unknown there are no last months */
        return;
    if (showing->estimated_ms && now_ms - showing->estimated_ms < SHOWING_ESTIMATE_MS)
        return;
    showing->estimated_ms = now_ms > 0 ? now_ms : 1;
    int result = estimate(daemon);
    if (result < 0)
        log_error("demand could not be estimated, levels stay as they are: %s", strerrordesc_np(-result));
    daemon_stock_changed(daemon, 0);
}

static int on_timer(void *user, int64_t now_ms)
{
    struct daemon *daemon = user;
    turns_run(daemon->turns, &daemon->showing.turn);
    return loop_arm(daemon->showing.timer, now_ms + SHOWING_LOOK_MS);
}

int daemon_showing_add(struct daemon *daemon)
{
    struct daemon_showing *showing = &daemon->showing;
    if (daemon->courier_count < 2)
        return 0;
    showing->turn = (struct turn){.run = run, .user = daemon, .priority = TURN_REST};
    int result =
        loop_add_timer(daemon->loop, "how items are shown", LOOP_NORMAL, on_timer, daemon, &showing->timer);
    return result < 0 ? result : loop_arm(showing->timer, loop_now_ms(daemon->loop));
}

void daemon_showing_remove(struct daemon *daemon)
{
    loop_remove(daemon->showing.timer);
}
