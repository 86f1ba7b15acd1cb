/* Sells from a ledger until it is killed, as a process of its own: ledger_seller DIRECTORY COUNT [EVERY]
 * Writes a line for each thing that happened, at once and only then: "sold POSITION ID", "fault ERRNO",
 * "again POSITION" (back to work; the last position that the ledger has), "still ERRNO" (not yet),
 * "housekeeping ERRNO". Housekeeping comes after each EVERY sales, 40 unless told. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/crypto.h"
#include "store/store.h"

enum { HOUSEKEEPING_EVERY_SALES = 40 };

static struct store_start new_start(void)
{
    struct store_start start = {.wall_ms = 1790000000000,
                                .boottime_ms = 1,
                                .practice = true,
                                .program = "seller",
                                .sha256 = crypto_sha256_two};
    crypto_random(start.new_device.bytes, sizeof start.new_device.bytes);
    crypto_random(start.epoch.bytes, sizeof start.epoch.bytes);
    return start;
}

static void keep_result(void *user, const struct store_result *result)
{
    *(struct store_result *)user = *result;
}

static void sell(struct store *store)
{
    static struct event event;
    char id[EVENT_ID_TEXT_BYTES];
    event.kind = EVENT_SALE;
    event.version = 1;
    event.sale.location = 1;
    event.sale.line_count = 1;
    event.sale.lines[0] = (struct sale_line){.item = 1, .quantity = 1, .unit_price_minor = 100};
    struct store_result result = {.error = 1};
    store_submit_event(store, &event, keep_result, &result);
    if (result.error) {
        printf("fault %d\n", -result.error);
        return;
    }
    event_id_text(store_event_id(store, result.first_position), id);
    printf("sold %llu %s\n", (unsigned long long)result.first_position, id);
}

static void recover(struct store *store)
{
    struct store_start start = new_start();
    int result = store_reopen(store, &start, NULL);
    if (result < 0)
        printf("still %d\n", -result);
    else
        printf("again %llu\n", (unsigned long long)store_last_position(store));
}

static void keep_house(struct store *store, bool forced)
{
    int more;
    do
        more = store_maintain(store, forced);
    while (more > 0);
    if (more < 0)
        printf("housekeeping %d\n", -more);
}

int main(int argc, char **argv)
{
    struct store *store;
    struct err err = {0};
    struct store_start start = new_start();
    if (argc < 3 || argc > 4 || setvbuf(stdout, NULL, _IONBF, 0) != 0)
        return 2;
    if (store_open(argv[1], &start, &store, &err) < 0) {
        (void)fprintf(stderr, "%s\n", err_text(&err));
        return 1;
    }
    printf("open %llu\n", (unsigned long long)store_last_position(store));
    long sales = strtol(argv[2], NULL, 10);
    long every = argc > 3 ? strtol(argv[3], NULL, 10) : HOUSEKEEPING_EVERY_SALES;
    for (long i = 1; i <= sales; i++) {
        sell(store);
        if (i % every == 0)
            keep_house(store, i % (2 * every) == 0);
        if (store_is_dead(store))
            recover(store);
    }
    store_close(store);
    return 0;
}
