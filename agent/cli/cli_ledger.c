/* verify and export: reading a ledger by its events alone, also while fairstockd is stopped. Shares no
 * summing code with the book: what is checked here is checked twice. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "channel/practice_shop.h"
#include "cli/cli.h"
#include "crypto/crypto.h"
#include "domain/money.h"
#include "store/store.h"

enum { LISTINGS_AT_ONCE = 256, SHOP_FILE_MAX_BYTES = 64 * 1024 * 1024 };

/* --- sums over events
 * ---------------------------------------------------------------------------------------------------- */

struct listing_sum {
    uint32_t channel, listing, item;
    int64_t expected;
    char remote_id[REMOTE_ID_MAX_BYTES + 1];
};

struct sums {
    struct listing_sum *listings;
    size_t listing_count, listing_capacity;
    int64_t *on_hand; /* by item alias, all locations */
    size_t item_capacity;
    uint64_t sales, *sale_positions;
    size_t sale_capacity;
    struct event event;
    int error;
};

static void free_sums(struct sums *sums)
{
    free(sums->listings);
    free(sums->on_hand);
    free(sums->sale_positions);
    free(sums);
}

static int64_t *on_hand_of(struct sums *sums, uint32_t item)
{
    if (item >= sums->item_capacity) {
        size_t capacity = ((size_t)item + 1) * 2;
        int64_t *grown = reallocarray(sums->on_hand, capacity, sizeof *grown);
        if (!grown) {
            sums->error = -ENOMEM;
            return NULL;
        }
        memset(grown + sums->item_capacity, 0, (capacity - sums->item_capacity) * sizeof *grown);
        sums->on_hand = grown;
        sums->item_capacity = capacity;
    }
    return &sums->on_hand[item];
}

static void add_on_hand(struct sums *sums, uint32_t item, int64_t delta)
{
    int64_t *units = item ? on_hand_of(sums, item) : NULL;
    if (units)
        *units += delta;
}

static struct listing_sum *listing_of(struct sums *sums, uint32_t channel, uint32_t listing)
{
    for (size_t i = sums->listing_count; i-- > 0;)
        if (sums->listings[i].channel == channel && sums->listings[i].listing == listing)
            return &sums->listings[i];
    if (sums->listing_count == sums->listing_capacity) {
        size_t capacity = sums->listing_capacity + LISTINGS_AT_ONCE;
        struct listing_sum *grown = reallocarray(sums->listings, capacity, sizeof *grown);
        if (!grown) {
            sums->error = -ENOMEM;
            return NULL;
        }
        sums->listings = grown;
        sums->listing_capacity = capacity;
    }
    struct listing_sum *made = &sums->listings[sums->listing_count++];
    *made = (struct listing_sum){.channel = channel, .listing = listing};
    return made;
}

static void add_expected(struct sums *sums, uint32_t channel, uint32_t listing, int64_t delta)
{
    struct listing_sum *sum = listing ? listing_of(sums, channel, listing) : NULL;
    if (sum)
        sum->expected += delta;
}

static void note_sale(struct sums *sums, uint64_t position)
{
    if (sums->sales == sums->sale_capacity) {
        size_t capacity = sums->sale_capacity ? sums->sale_capacity * 2 : 1024;
        uint64_t *grown = reallocarray(sums->sale_positions, capacity, sizeof *grown);
        if (!grown) {
            sums->error = -ENOMEM;
            return;
        }
        sums->sale_positions = grown;
        sums->sale_capacity = capacity;
    }
    sums->sale_positions[sums->sales++] = position;
}

static void add_order(struct sums *sums, const struct event *event)
{
    const struct order_vector *d = &event->order.difference;
    add_on_hand(sums, event->order.item,
                (d->returned_sellable - d->handed_over) * (int64_t)event->order.pack);
    add_expected(sums, event->order.channel, event->order.listing, d->restored - d->ordered);
}

static void add_event(struct sums *sums, uint64_t position, const struct event *event)
{
    switch (event->kind) {
    case EVENT_SALE:
        note_sale(sums, position);
        for (uint32_t i = 0; i < event->sale.line_count; i++)
            add_on_hand(sums, event->sale.lines[i].item, -event->sale.lines[i].quantity);
        break;
    case EVENT_VOID:
        for (uint32_t i = 0; i < event->voided.effect_count; i++)
            add_on_hand(sums, event->voided.effects[i].item, event->voided.effects[i].delta);
        break;
    case EVENT_UNKNOWN_NAMED:
        add_on_hand(sums, event->named.item, -event->named.quantity);
        break;
    case EVENT_ADJUSTMENT:
        add_on_hand(sums, event->adjustment.item, event->adjustment.delta);
        break;
    case EVENT_LISTING_LINKED: {
        struct listing_sum *sum = listing_of(sums, event->listing.channel, event->listing.listing);
        if (sum) {
            sum->item = event->listing.item;
            text_copy(event->listing.remote_id, sum->remote_id, sizeof sum->remote_id);
        }
        break;
    }
    case EVENT_BASELINE:
        add_expected(sums, event->baseline.channel, event->baseline.listing, event->baseline.level);
        break;
    case EVENT_GRANT:
        add_expected(sums, event->allocation.channel, event->allocation.listing,
                     (int64_t)event->allocation.units);
        break;
    case EVENT_REVOKE:
        add_expected(sums, event->allocation.channel, event->allocation.listing,
                     -(int64_t)event->allocation.units);
        break;
    case EVENT_ORDER_STATE:
        add_order(sums, event);
        break;
    case EVENT_LEVEL_EDIT:
        add_expected(sums, event->edit.channel, event->edit.listing, event->edit.delta);
        break;
    default:
        break;
    }
}

static int sum_event(void *user, uint64_t position, struct event_id id, const uint8_t *bytes, size_t length,
                     const uint8_t tag[4])
{
    struct sums *sums = user;
    (void)id;
    (void)tag;
    int result = event_decode(bytes, length, &sums->event);
    if (result == 0)
        add_event(sums, position, &sums->event);
    return result < 0 ? result : sums->error;
}

/* --- the practice shop
 * ------------------------------------------------------------------------------------------------------- */

static int read_text(const char *path, struct buf *text)
{
    FILE_AUTO FILE *file = fopen(path, "re");
    if (!file)
        return -errno;
    char part[16384];
    size_t got;
    while ((got = fread(part, 1, sizeof part, file)) > 0)
        buf_add(text, part, got);
    return ferror(file) ? -EIO : buf_error(text);
}

/* A practice listing's remote id is found by the item's SKU. */
static int compare_shop(struct store *store, const struct sums *sums, const struct practice_shop *shop)
{
    int differences = 0;
    uint32_t compared = 0;
    for (size_t i = 0; i < sums->listing_count; i++) {
        const struct listing_sum *sum = &sums->listings[i];
        struct item item;
        int64_t level = 0;
        if (!sum->item || store_item(store, sum->item, &item) < 0 ||
            !practice_shop_level(shop, item.sku, &level))
            continue;
        compared++;
        if (level == sum->expected)
            continue;
        differences++;
        (void)printf("DIFFERENT %s: the shop shows %" PRId64 ", the ledger's events add up to %" PRId64 "\n",
                     item.sku, level, sum->expected);
    }
    if (!differences)
        (void)printf("the shop's %" PRIu32 " levels equal what the ledger's events add up to\n", compared);
    if (!compared)
        (void)printf("DIFFERENT: no listing of this ledger is in that shop\n");
    return differences || !compared ? CLI_DAMAGED : CLI_OK;
}

static int check_shop(struct store *store, const struct sums *sums, const char *path)
{
    BUF_AUTO struct buf text = buf_new(SHOP_FILE_MAX_BYTES);
    struct err err = {0};
    int result = read_text(path, &text);
    struct practice_shop *shop = result == 0 ? practice_shop_new() : NULL;
    if (result == 0 && shop)
        result = practice_shop_load(shop, buf_text(&text), &err);
    else if (result < 0)
        (void)err_set_errno(&err, result, "cannot read it");
    int code = CLI_FAILED;
    if (result < 0 || !shop)
        cli_complain("%s: %s", path, shop || result < 0 ? err_text(&err) : "out of memory");
    else
        code = compare_shop(store, sums, shop);
    practice_shop_free(shop);
    return code;
}

/* --- the light log
 * ------------------------------------------------------------------------------------------------------------
 */

static int compare_positions(const void *a, const void *b)
{
    const uint64_t *left = a, *right = b;
    return *left < *right ? -1 : *left > *right;
}

/* Position of a `sold` line's event in this ledger, 0 when it is not there. */
static uint64_t sold_position(struct store *store, const char *text)
{
    struct event_id id;
    uint64_t position = 0;
    if (event_id_parse(text, &id) < 0 || store_find_event(store, id, &position) < 0)
        return 0;
    return position;
}

struct light_check {
    uint64_t *sold; /* positions, one per `sold` line */
    size_t count, capacity;
    uint64_t missing;
};

static int take_line(struct store *store, struct light_check *check, const char *line)
{
    char name[32], id[EVENT_ID_TEXT_BYTES];
    if (sscanf(line, "%*d %31s %86s", name, id) != 2 || strcmp(name, "sold") != 0)
        return 0;
    uint64_t position = sold_position(store, id);
    if (!position) {
        (void)printf("LOST %s: the light said sold, the ledger does not have it\n", id);
        check->missing++;
        return 0;
    }
    if (check->count == check->capacity) {
        size_t capacity = check->capacity ? check->capacity * 2 : 1024;
        uint64_t *grown = reallocarray(check->sold, capacity, sizeof *grown);
        if (!grown)
            return -ENOMEM;
        check->sold = grown;
        check->capacity = capacity;
    }
    check->sold[check->count++] = position;
    return 0;
}

static int read_light_log(struct store *store, const char *path, struct light_check *check)
{
    FILE_AUTO FILE *file = fopen(path, "re");
    char line[512];
    int result = file ? 0 : -errno;
    while (result == 0 && fgets(line, sizeof line, file))
        result = take_line(store, check, line);
    return result;
}

/* Every sold line is a sale of the ledger, and none twice. A sale without its line can be: the power went
 * between commit and light, so those are counted, not damage. */
static int check_light(struct store *store, const struct sums *sums, const char *path)
{
    struct light_check check = {0};
    int result = read_light_log(store, path, &check);
    if (result < 0) {
        cli_complain("%s: %s", path, strerrordesc_np(-result));
        free(check.sold);
        return CLI_FAILED;
    }
    if (check.count)
        qsort(check.sold, check.count, sizeof *check.sold, compare_positions);
    uint64_t doubled = 0, strangers = 0;
    for (size_t i = 0; i < check.count; i++) {
        doubled += i > 0 && check.sold[i] == check.sold[i - 1];
        strangers += !bsearch(&check.sold[i], sums->sale_positions, sums->sales, sizeof check.sold[0],
                              compare_positions);
    }
    (void)printf("%zu times the light said sold: %" PRIu64 " lost, %" PRIu64 " doubled, %" PRIu64
                 " of no sale; %" PRIu64 " sales in the ledger\n",
                 check.count + check.missing, check.missing, doubled, strangers, sums->sales);
    free(check.sold);
    return check.missing || doubled || strangers ? CLI_DAMAGED : CLI_OK;
}

/* --- verify
 * -------------------------------------------------------------------------------------------------------------------
 */

static const char *ledger_directory(struct cli *cli)
{
    if (cli->argc)
        return cli->argv[0];
    return *cli->state ? cli->state : "/var/lib/fairstock";
}

static int verify_chain(struct store *store)
{
    struct store_check check;
    int result = store_verify(store, crypto_sha256_two, &check);
    if (result < 0) {
        cli_complain("the ledger cannot be read: %s", strerrordesc_np(-result));
        return CLI_FAILED;
    }
    if (check.first_bad_position) {
        (void)printf("DAMAGED at position %" PRIu64 ": %s. Everything before it is as it was written.\n",
                     check.first_bad_position, check.words);
        return CLI_DAMAGED;
    }
    (void)printf("%" PRIu64 " events, %" PRIu64 " seals, %" PRIu64 " starts: every tag and seal fits\n",
                 check.events, check.seals, check.epochs);
    return CLI_OK;
}

static int worse(int a, int b)
{
    return a == CLI_OK ? b : a;
}

static int verify_sums(struct cli *cli, struct store *store)
{
    struct sums *sums = calloc(1, sizeof *sums);
    int result = sums ? store_walk(store, 0, sum_event, sums) : -ENOMEM;
    int code = CLI_OK;
    if (result < 0) {
        cli_complain("the events cannot be added up: %s", strerrordesc_np(-result));
        code = CLI_FAILED;
    }
    if (code == CLI_OK && cli->light_log)
        code = check_light(store, sums, cli->light_log);
    if (result == 0 && cli->practice_shop)
        code = worse(code, check_shop(store, sums, cli->practice_shop));
    if (sums)
        free_sums(sums);
    return code;
}

int cli_verify(struct cli *cli)
{
    struct store *store;
    struct err err = {0};
    if (store_open_readonly(ledger_directory(cli), &store, &err) < 0) {
        cli_complain("%s: %s", ledger_directory(cli), err_text(&err));
        return CLI_FAILED;
    }
    int code = verify_chain(store);
    if (code == CLI_OK && (cli->practice_shop || cli->light_log))
        code = verify_sums(cli, store);
    store_close(store);
    return code;
}

/* --- export
 * -------------------------------------------------------------------------------------------------------------------
 */

/* RFC 4180. A cell that a spreadsheet would take for a formula gets an apostrophe; an import takes it off. */
static void print_quoted(const char *text)
{
    const char *first = text + strspn(text, "'");
    (void)fputs(*first && strchr("=+-@", *first) ? "\"'" : "\"", stdout);
    for (; *text; text++) {
        if (*text == '"')
            (void)putchar('"');
        (void)putchar(*text);
    }
    (void)putchar('"');
}

static void print_stock_row(struct store *store, const struct sums *sums, const struct item *item)
{
    char price[MONEY_TEXT_BYTES], cost[MONEY_TEXT_BYTES], codes[8][CODE_MAX_BYTES + 1];
    char all[8 * (CODE_MAX_BYTES + 16)] = "";
    uint32_t packs[8];
    money_format(item->price_minor, item->currency, price, sizeof price);
    money_format(item->cost_minor, item->currency, cost, sizeof cost);
    print_quoted(item->sku);
    (void)putchar(',');
    print_quoted(item->title);
    (void)putchar(',');
    int count = store_item_codes(store, item->alias, codes, packs, 8);
    for (int i = 0; i < count; i++) {
        size_t room = sizeof all - strlen(all);
        (void)snprintf(all + strlen(all), room, packs[i] > 1 ? "%s%s*%" PRIu32 : "%s%s", i ? ";" : "",
                       codes[i], packs[i]);
    }
    print_quoted(all);
    (void)printf(",%s,%s,%s,%" PRId64 ",%s,%" PRIu32 ",%" PRIu32 "\n", price, cost, item->currency,
                 item->alias < sums->item_capacity ? sums->on_hand[item->alias] : 0,
                 item->flags & ITEM_ONE_OF_A_KIND ? "yes" : "no", item->reorder_point, item->lead_days);
}

static int export_stock(struct store *store, const struct sums *sums)
{
    (void)puts("sku,title,barcode,price,cost,currency,on_hand,one_of_a_kind,reorder_point,lead_days");
    struct item item;
    uint32_t after = 0;
    int count;
    while ((count = store_items(store, NULL, after, &item, 1)) == 1) {
        print_stock_row(store, sums, &item);
        after = item.alias;
    }
    return count;
}

/* One event a line: id, kind, bytes and tag in hex. docs/events.md says what the bytes mean. */
static int print_event(void *user, uint64_t position, struct event_id id, const uint8_t *bytes, size_t length,
                       const uint8_t tag[4])
{
    struct event *event = user;
    char text[EVENT_ID_TEXT_BYTES];
    event_id_text(id, text);
    int result = event_decode(bytes, length, event);
    (void)printf("%" PRIu64 " %s %s ", position, text,
                 result == 0 ? event_kind_name(event->kind) : "damaged");
    for (size_t i = 0; i < length; i++)
        (void)printf("%02x", bytes[i]);
    (void)printf(" %02x%02x%02x%02x\n", tag[0], tag[1], tag[2], tag[3]);
    return 0;
}

int cli_export(struct cli *cli)
{
    struct store *store;
    struct err err = {0};
    if (store_open_readonly(ledger_directory(cli), &store, &err) < 0) {
        cli_complain("%s: %s", ledger_directory(cli), err_text(&err));
        return CLI_FAILED;
    }
    struct sums *sums = calloc(1, sizeof *sums);
    int result = sums ? 0 : -ENOMEM;
    if (result == 0 && cli->journal)
        result = store_walk(store, 0, print_event, &sums->event);
    else if (result == 0)
        result = store_walk(store, 0, sum_event, sums);
    if (result == 0 && !cli->journal)
        result = export_stock(store, sums);
    if (sums)
        free_sums(sums);
    store_close(store);
    if (result < 0 || fflush(stdout) != 0) {
        cli_complain("the export failed: %s", strerrordesc_np(result < 0 ? -result : errno));
        return CLI_FAILED;
    }
    return CLI_OK;
}
