#include "app/seed.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/import.h"
#include "base/log.h"

static const char sample_catalogue[] =
#include "sample_catalogue.inc"
    ;

int seed_location(struct daemon *daemon, const char *name, uint32_t kind, uint32_t *location, struct err *err)
{
    int result = store_location_by_name(daemon->store, name, location);
    if (result != -ENOENT)
        return result < 0 ? err_set_errno(err, result, "the ledger's locations") : 0;
    char other[NAME_MAX_BYTES + 1];
    uint32_t alias = 1;
    while (alias <= LOCATIONS_MAX && store_location_name(daemon->store, alias, other) == 0)
        alias++;
    if (alias > LOCATIONS_MAX)
        return err_set(err, -E2BIG, "at most %d locations", LOCATIONS_MAX);
    CHANGES_AUTO struct changes changes = changes_new();
    struct event event = {.kind = EVENT_LOCATION_CREATED, .version = 1, .time_ms = daemon_event_ms(daemon)};
    event.location.location = alias;
    event.location.name = text_of(name);
    event.location.kind = kind;
    changes_add_event(&changes, &event);
    result = daemon_commit(daemon, &changes);
    if (result < 0)
        return err_set_errno(err, result, "the location %s could not be saved", name);
    *location = alias;
    return 0;
}

static int ensure_locations(struct daemon *daemon, struct err *err)
{
    const struct config *config = daemon->config;
    int result = seed_location(daemon, config->location, LOCATION_BOOTH, &daemon->sell_location, err);
    daemon->shop_location = daemon->sell_location;
    if (result == 0 && config->online_location[0])
        result = seed_location(daemon, config->online_location, LOCATION_STUDIO, &daemon->shop_location, err);
    return result;
}

int seed_open(struct daemon *daemon, struct err *err)
{
    int result = ensure_locations(daemon, err);
    if (result < 0 || !daemon->practice || book_item_count(store_book(daemon->store)))
        return result;
    struct import_report report = {0};
    result = import_csv(daemon, sample_catalogue, sizeof sample_catalogue - 1, true, &report, err);
    import_report_free(&report);
    return result < 0 ? err_prefix(err, result, "the sample catalogue") : 0;
}

static int shelve(struct daemon *daemon, const struct item *item, struct err *err)
{
    struct stock stock = book_stock(store_book(daemon->store), item->alias, daemon->shop_location);
    char codes[1][CODE_MAX_BYTES + 1] = {""};
    uint32_t packs[1];
    int count = store_item_codes(daemon->store, item->alias, codes, packs, 1);
    if (count < 0)
        return err_set_errno(err, count, "the codes of %s", item->sku);
    int64_t available = stock.on_hand - stock.committed;
    /* The share that allocation.h gives the only channel, so that a practice day begins with nothing owed. */
    int64_t kept = (int64_t)daemon_showing_booth_percent(daemon, daemon->shop_location);
    int64_t level = available > 0 ? available - available * kept / 100 : 0;
    return practice_shop_add(practice_shop_of(daemon->shop), item->sku, codes[0], item->title, level);
}

int seed_practice_shop(struct daemon *daemon, struct err *err)
{
    struct item item;
    for (uint32_t alias = 1; alias <= book_item_count(store_book(daemon->store)); alias++) {
        int result = store_item(daemon->store, alias, &item);
        if (result == 0)
            result = shelve(daemon, &item, err);
        if (result < 0)
            return err_set_errno(err, result, "the practice shop cannot be filled");
    }
    return practice_save(daemon->shop, err);
}

/* The log before its ledger: a log without one is refused at the start, so a power cut in between would end
 * practice for good. The shop last: a new ledger connects to any shop, a new shop knows nothing of old
 * orders.
 */
void seed_clear_practice(const char *directory)
{
    static const char *const names[] = {"ledger.db-wal", "ledger.db-shm", "ledger.db", PRACTICE_FILE_NAME,
                                        PRACTICE_OFFLINE_NAME};
    char path[STATE_PATH_MAX_BYTES + 32];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", directory, names[i]);
        if (unlink(path) < 0 && errno != ENOENT)
            log_error("cannot remove %s: %s", path, strerrordesc_np(errno));
    }
}
