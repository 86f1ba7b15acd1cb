/* The terminal form: first screen, words of each scan, the end of --once, the stock table, --check. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/daemon.h"
#include "app/daemon_terminal.h"
#include "base/log.h"
#include "domain/money.h"

enum { FIRST_CODES = 3, TABLE_PAGE = 200 };

static bool typed_source(const struct daemon *daemon)
{
    for (int i = 0; i < daemon->options.scanner_count; i++)
        if (strcmp(daemon->options.scanners[i], "stdin") == 0)
            return true;
    return false;
}

/* --- first screen
 * ------------------------------------------------------------------------------------------------------ */

static void print_code(struct daemon *daemon, uint32_t alias)
{
    struct item item;
    char codes[1][CODE_MAX_BYTES + 1];
    uint32_t packs[1];
    char price[MONEY_TEXT_BYTES];
    if (store_item(daemon->store, alias, &item) < 0 ||
        store_item_codes(daemon->store, alias, codes, packs, 1) < 1)
        return;
    money_format(item.price_minor, item.currency, price, sizeof price);
    (void)printf("   %-16s %s, %s %s\n", codes[0], item.title, price, item.currency);
}

static void print_command(const struct daemon *daemon)
{
    char path[STATE_PATH_MAX_BYTES];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    path[length > 0 ? length : 0] = '\0';
    char *slash = strrchr(path, '/');
    if (slash)
        *slash = '\0';
    (void)printf("Ask or tell it more:     %s/fairstock --state %s status\n", path, daemon->state);
}

void daemon_terminal_first_screen(struct daemon *daemon)
{
    if (!typed_source(daemon) && *web_address(daemon->web)) {
        log_info("the page is at %s", web_address(daemon->web));
        if (*web_view_link(daemon->web))
            log_info("to look from another machine: %s", web_view_link(daemon->web));
    }
    if (!typed_source(daemon) || daemon->options.once)
        return;
    (void)printf("\nFairstock%s\n\n",
                 daemon->practice ? " practice: sample stock, a practice shop, nothing real is touched" : "");
    uint32_t count = book_item_count(store_book(daemon->store));
    if (count) {
        (void)printf("Scan something, or type one of these codes and press Enter:\n");
        for (uint32_t i = 0; i < FIRST_CODES; i++)
            print_code(daemon, 1 + i * (count / FIRST_CODES));
    } else {
        (void)printf("No items yet: fairstock import items.csv\n");
    }
    if (*web_address(daemon->web))
        (void)printf("The page:                %s\n", web_address(daemon->web));
    if (*web_view_link(daemon->web))
        (void)printf("To look from a phone:    %s\n", web_view_link(daemon->web));
    print_command(daemon);
    (void)printf("Stop with Ctrl-C.\n\n");
    (void)fflush(stdout);
}

void daemon_terminal_print_outcome(struct daemon *daemon, const struct intake_outcome *outcome)
{
    if (!typed_source(daemon))
        return;
    struct item item = {0};
    bool known = outcome->item && store_item(daemon->store, outcome->item, &item) == 0;
    switch (outcome->signal) {
    case INTAKE_SOLD:
        (void)printf("sold      %s, %" PRId64 " left%s\n", known ? item.title : outcome->code,
                     outcome->on_hand,
                     outcome->beyond ? " (the ledger said there was none: see the card)" : "");
        break;
    case INTAKE_UNKNOWN:
        (void)printf("unknown   %s: sold, name it later (fairstock cards)\n", outcome->code);
        break;
    case INTAKE_REFUSED:
        (void)printf("refused   %s: not booked; scan it again within 10 seconds if it is a sale\n",
                     known ? item.title : outcome->code);
        break;
    case INTAKE_FAULT:
        (void)printf("NOT SAVED %s: write it on paper (%s)\n", outcome->code,
                     strerrordesc_np(-outcome->error));
        break;
    }
    (void)fflush(stdout);
}

/* --- the stock table
 * ------------------------------------------------------------------------------------------------------ */

static uint64_t card_of(const struct card *cards, int count, uint32_t item)
{
    for (int i = 0; i < count; i++)
        if (cards[i].item == item)
            return cards[i].id;
    return 0;
}

static void print_row(struct daemon *daemon, const struct item *item, uint64_t card)
{
    const struct book *book = store_book(daemon->store);
    struct stock stock = book_stock_total(book, item->alias);
    const struct listing *listing = book_item_listing(book, item->alias, NULL);
    char level[24] = "-", owed[24] = "-", card_text[32] = "";
    if (listing) {
        int64_t wanted = listing_expected(listing);
        for (uint32_t i = 0; i < daemon->courier_count; i++)
            if (courier_channel(daemon->couriers[i]) == listing->channel)
                wanted = courier_wanted(daemon->couriers[i], listing);
        (void)snprintf(owed, sizeof owed, "%" PRId64, wanted - listing_expected(listing));
        if (listing->has_level)
            (void)snprintf(level, sizeof level, "%" PRId64, listing->level);
    }
    if (card)
        (void)snprintf(card_text, sizeof card_text, "card %" PRIu64, card);
    (void)printf("%-36.36s %8" PRId64 " %10s %6s  %s\n", item->title, stock.on_hand, level, owed, card_text);
}

int daemon_terminal_print_stock(struct daemon *daemon)
{
    enum { CARDS_LOOKED_AT = 256 };
    struct item *items = calloc(TABLE_PAGE, sizeof *items);
    struct card *cards = calloc(CARDS_LOOKED_AT, sizeof *cards);
    int result = items && cards ? 0 : -ENOMEM;
    int card_count = result == 0 ? store_cards(daemon->store, false, cards, CARDS_LOOKED_AT) : 0;
    (void)printf("%-36s %8s %10s %6s  %s\n", "item", "on hand", "shop shows", "owed", "card");
    for (uint32_t after = 0; result == 0;) {
        int count = store_items(daemon->store, NULL, after, items, TABLE_PAGE);
        for (int i = 0; i < count; i++)
            print_row(daemon, &items[i], card_of(cards, card_count, items[i].alias));
        if (count <= 0) {
            result = count;
            break;
        }
        after = items[count - 1].alias;
    }
    (void)fflush(stdout);
    free(items);
    free(cards);
    return result;
}

/* --- --once
 * -----------------------------------------------------------------------------------------------------------------
 */

static bool settled(const struct daemon *daemon, uint32_t i)
{
    struct engine_view view;
    courier_view(daemon->couriers[i], &view);
    bool rests = view.phase == ENGINE_PREVIEW || (view.phase == ENGINE_READY && !view.owed);
    return rests && courier_idle(daemon->couriers[i]);
}

static bool all_settled(const struct daemon *daemon)
{
    if (turns_busy(daemon->turns) || daemon->scans.count)
        return false;
    for (uint32_t i = 0; i < daemon->courier_count; i++)
        if (!settled(daemon, i))
            return false;
    return true;
}

static void say_what_is_owed(const struct daemon *daemon)
{
    for (uint32_t i = 0; i < daemon->courier_count; i++) {
        const struct channel *row =
            book_channel(store_book(daemon->store), courier_channel(daemon->couriers[i]));
        struct engine_view view;
        courier_view(daemon->couriers[i], &view);
        if (!settled(daemon, i))
            log_warning(
                "gave up waiting for %s (%s%s%s); %" PRIu32 " change%s still owed to it, kept and sent later",
                row ? row->name : "a shop", daemon_phase_name(view.phase), *view.last_error ? ": " : "",
                view.last_error, view.owed, view.owed == 1 ? " is" : "s are");
    }
}

static bool any_broken(const struct daemon *daemon)
{
    for (int i = 0; i < daemon->source_count; i++)
        if (daemon->sources[i].broken)
            return true;
    return false;
}

static int on_once(void *user, int64_t now_ms)
{
    enum { LOOK_AGAIN_MS = 50 };
    struct daemon *daemon = user;
    bool done = all_settled(daemon);
    if (!done && now_ms < daemon->once_deadline_ms)
        return loop_arm(daemon->once_timer, now_ms + LOOK_AGAIN_MS);
    if (!done)
        say_what_is_owed(daemon);
    int result = daemon_terminal_print_stock(daemon);
    daemon->exit_code = result < 0 || !done || any_broken(daemon) ? EXIT_FAILED : EXIT_OK;
    loop_stop(daemon->loop);
    return result;
}

int daemon_terminal_add_once(struct daemon *daemon)
{
    return loop_add_timer(daemon->loop, "once", LOOP_IDLE, on_once, daemon, &daemon->once_timer);
}

void daemon_terminal_input_ended(struct daemon *daemon)
{
    if (!daemon->options.once)
        return; /* the agent goes on without this source */
    for (int i = 0; i < daemon->source_count; i++)
        if (!daemon->sources[i].usb && !daemon->sources[i].ended)
            return;
    daemon->once_deadline_ms = loop_now_ms(daemon->loop) + daemon->options.once_wait_ms;
    int result = loop_arm(daemon->once_timer, loop_now_ms(daemon->loop));
    if (result < 0)
        log_error("cannot arm a timer: %s", strerrordesc_np(-result));
}

bool daemon_terminal_may_end(const struct daemon *daemon)
{
    for (int i = 0; i < daemon->options.scanner_count; i++)
        if (strcmp(daemon->options.scanners[i], "usb") != 0)
            return true;
    return false;
}

/* --- what the command line leaves open --- */

/* Splits the config's space-separated list; the words stay in the config's own text. */
static int split(char *text, const char **words, int max)
{
    int count = 0;
    char *state = NULL;
    for (char *word = strtok_r(text, " ", &state); word && count < max; word = strtok_r(NULL, " ", &state))
        words[count++] = word;
    return count;
}

void daemon_terminal_default_options(struct daemon *daemon)
{
    struct options *options = &daemon->options;
    if (!options->scanner_count)
        options->scanner_count = split(daemon->config->scanners, options->scanners, OPTIONS_SOURCES_MAX);
    if (!options->light_count)
        options->light_count = split(daemon->config->lights, options->lights, OPTIONS_LIGHTS_MAX);
}
