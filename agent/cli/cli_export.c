/* export: the stock as CSV, or every event, read from the ledger; also while fairstockd is stopped. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/sums.h"
#include "domain/catalogue_csv.h"
#include "domain/money.h"
#include "store/store.h"

/* One cell, quoted; see catalogue_csv_guarded for the ' before it. */
static void print_quoted(const char *text)
{
    (void)putchar('"');
    if (catalogue_csv_guarded(text))
        (void)putchar('\'');
    for (; *text; text++) {
        if (*text == '"')
            (void)putchar('"');
        (void)putchar(*text);
    }
    (void)putchar('"');
}

/* What one cell cannot carry is named, not written wrongly: a code with the ; that parts codes, and more
 * codes than a row may have. */
static void print_codes(struct store *store, const struct item *item)
{
    char codes[CATALOGUE_CODES_MAX + 1][CODE_MAX_BYTES + 1];
    uint32_t packs[CATALOGUE_CODES_MAX + 1];
    BUF_AUTO struct buf cell = buf_new(sizeof codes * 2);
    int count = store_item_codes(store, item->alias, codes, packs, CATALOGUE_CODES_MAX + 1);
    for (int i = 0; i < count; i++) {
        if (i == CATALOGUE_CODES_MAX || strchr(codes[i], ';')) {
            cli_complain("%s: the barcode %s is left out of the export: %s", item->sku, codes[i],
                         i == CATALOGUE_CODES_MAX ? "it is one too many" : "it has a semicolon");
            continue;
        }
        buf_printf(&cell, "%s%s", cell.length ? ";" : "", codes[i]);
        if (packs[i] > 1 || strchr(codes[i], '*')) /* else what follows a * of the code would be its pack */
            buf_printf(&cell, "*%" PRIu32, packs[i]);
    }
    print_quoted(buf_text(&cell));
}

static void print_stock_row(struct store *store, const struct sums *sums, const struct item *item)
{
    char price[MONEY_TEXT_BYTES], cost[MONEY_TEXT_BYTES];
    money_format(item->price_minor, item->currency, price, sizeof price);
    money_format(item->cost_minor, item->currency, cost, sizeof cost);
    print_quoted(item->sku);
    (void)putchar(',');
    print_quoted(item->title);
    (void)putchar(',');
    print_codes(store, item);
    (void)printf(",%s,%s,%s,%" PRId64 ",%s,%" PRIu32 ",%" PRIu32 "\r\n", price, cost, item->currency,
                 sums_on_hand(sums, item->alias), item->flags & ITEM_ONE_OF_A_KIND ? "yes" : "no",
                 item->reorder_point, item->lead_days);
}

static int export_stock(struct store *store, const struct sums *sums)
{
    /* RFC 4180: lines end in CR LF */
    (void)fputs("sku,title,barcode,price,cost,currency,on_hand,one_of_a_kind,reorder_point,lead_days\r\n",
                stdout);
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

static int export_journal(struct store *store)
{
    struct event *event = calloc(1, sizeof *event);
    int result = event ? store_walk(store, 0, print_event, event) : -ENOMEM;
    free(event);
    return result;
}

int cli_export(struct cli *cli)
{
    struct store *store;
    struct sums *sums = NULL;
    struct err err = {0};
    if (cli_open_ledger(cli_ledger_directory(cli), &store, &err) < 0) {
        cli_complain("%s: %s", cli_ledger_directory(cli), err_text(&err));
        return CLI_FAILED;
    }
    int result = cli->journal ? export_journal(store) : sums_read(store, &sums);
    if (result == 0 && !cli->journal)
        result = export_stock(store, sums);
    sums_free(sums);
    store_close(store);
    if (result < 0 || fflush(stdout) != 0) {
        cli_complain("the export failed: %s", strerrordesc_np(result < 0 ? -result : errno));
        return CLI_FAILED;
    }
    return CLI_OK;
}
