/* export: the stock as CSV, or every event, read from the ledger; also while fairstockd is stopped. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/sums.h"
#include "crypto/crypto.h"
#include "domain/catalogue_csv.h"
#include "domain/journal.h"
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

/* --- journal: in pieces, so that no read transaction holds the agent's log while a slow stick is written ---
 */

enum {
    PIECE_EVENTS = 1024,
    PIECE_BYTES = 256 * 1024,
    PIECE_MAX_BYTES = PIECE_BYTES + JOURNAL_LINE_MAX_BYTES
};

struct exporting {
    struct journal *journal;
    struct buf text;
    uint64_t last;
    uint64_t end; /* what comes in meanwhile is left out: it may say what time it was before */
    int count;
};

static int look_at_event(void *user, uint64_t position, struct event_id id, const uint8_t *bytes,
                         size_t length, const uint8_t tag[4])
{
    struct exporting *exporting = user;
    (void)id;
    (void)tag;
    int result = journal_look(exporting->journal, position, bytes, length);
    exporting->last = position;
    if (result < 0)
        return result;
    return ++exporting->count == PIECE_EVENTS || position >= exporting->end;
}

static int look_at_events(struct store *store, struct exporting *exporting)
{
    int more = 1;
    while (more > 0 && exporting->last < exporting->end) {
        exporting->count = 0;
        more = store_walk(store, exporting->last, look_at_event, exporting);
    }
    exporting->last = 0;
    return more < 0 ? more : 0;
}

static int add_event(void *user, uint64_t position, struct event_id id, const uint8_t *bytes, size_t length,
                     const uint8_t tag[4])
{
    struct exporting *exporting = user;
    (void)id;
    int result = journal_event(exporting->journal, position, bytes, length, tag, &exporting->text);
    exporting->last = position;
    if (result < 0)
        return result;
    return ++exporting->count == PIECE_EVENTS || exporting->text.length >= PIECE_BYTES ||
           position >= exporting->end;
}

static int write_out(struct buf *text)
{
    int result = buf_error(text);
    errno = 0;
    if (result == 0 && fwrite(buf_text(text), 1, text->length, stdout) != text->length)
        result = errno ? -errno : -EIO;
    buf_reset(text);
    return result;
}

static int export_journal(struct store *store)
{
    struct exporting exporting = {.journal = journal_new(crypto_sha256_two),
                                  .text = buf_new(PIECE_MAX_BYTES),
                                  .end = store_last_position(store)};
    int more = exporting.journal ? look_at_events(store, &exporting) : -ENOMEM;
    more = more < 0 ? more : 1;
    journal_header(store_device(store), JOURNAL_VERSION, &exporting.text);
    while (more > 0) {
        exporting.count = 0;
        more = store_walk(store, exporting.last, add_event, &exporting);
        if (more > 0 && exporting.last >= exporting.end)
            more = 0;
        if (more == 0)
            journal_end(exporting.journal, &exporting.text);
        int written = more >= 0 ? write_out(&exporting.text) : 0;
        more = written < 0 ? written : more;
    }
    journal_free(exporting.journal);
    buf_free(&exporting.text);
    return more;
}

int cli_export(struct cli *cli)
{
    struct store *store;
    struct sums *sums = NULL;
    struct err err = {0};
    int result = cli_open_ledger(cli_ledger_directory(cli), &store, &err);
    if (result < 0) {
        cli_complain("%s: %s", cli_ledger_directory(cli), err_text(&err));
        return cli_code_of(result);
    }
    result = cli->journal ? export_journal(store) : sums_read(store, &sums);
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
