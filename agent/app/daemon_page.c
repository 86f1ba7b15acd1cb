/* What the page hears: scans at once, stock and status soon and bundled. */
#include <stdio.h>
#include <string.h>

#include "app/api.h"
#include "base/log.h"

enum { STREAM_EVENT_MAX_BYTES = 256 * 1024 };

void daemon_publish_scan(struct daemon *daemon, const struct intake_recent *recent)
{
    BUF_AUTO struct buf out = buf_new(STREAM_EVENT_MAX_BYTES);
    struct json_writer json = json_writer_new(&out);
    api_write_scan(daemon, &json, NULL, recent);
    if (buf_error(&out) == 0)
        web_publish(daemon->web, "scan", buf_text(&out));
}

/* What a person typed: a SKU works where a code does, its single-unit code stands for it. */
void daemon_code_for(struct daemon *daemon, const char *given, char code[CODE_MAX_BYTES + 1])
{
    struct item item;
    char codes[1][CODE_MAX_BYTES + 1];
    uint32_t packs[1];
    struct book_item found;
    (void)snprintf(code, CODE_MAX_BYTES + 1, "%s", given);
    if (book_find_code(store_book(daemon->store), given, &found))
        return;
    if (store_item_by_sku(daemon->store, given, &item) == 0 &&
        store_item_codes(daemon->store, item.alias, codes, packs, 1) == 1)
        memcpy(code, codes[0], sizeof codes[0]);
}

/* Typed and scanned codes take the same way; the answer is kept for who asked. */
void daemon_sell(struct daemon *daemon, const char *code, int64_t quantity, uint32_t source)
{
    intake_scan(daemon->intake, code, quantity, source, loop_now_ms(daemon->loop), daemon_event_ms(daemon),
                daemon_wall_ms(daemon));
}

void daemon_scanned(struct daemon *daemon, const struct intake_outcome *outcome)
{
    daemon->last_outcome = *outcome;
    daemon_print_outcome(daemon, outcome);
    if (daemon->web && outcome->position) {
        const struct intake_recent *recent = intake_recent(daemon->intake, 0);
        if (recent)
            daemon_publish_scan(daemon, recent);
    }
    daemon_update_lamp(daemon);
}

static void publish_item(struct daemon *daemon)
{
    struct item item;
    if (!daemon->changed_item || store_item(daemon->store, daemon->changed_item, &item) < 0)
        return;
    BUF_AUTO struct buf out = buf_new(STREAM_EVENT_MAX_BYTES);
    struct json_writer json = json_writer_new(&out);
    api_write_stock_item(daemon, &json, NULL, &item);
    if (buf_error(&out) == 0)
        web_publish(daemon->web, "stock", buf_text(&out));
}

void daemon_publish(struct daemon *daemon)
{
    daemon->publish_pending = false;
    daemon_update_lamp(daemon);
    if (!daemon->web)
        return;
    BUF_AUTO struct buf out = buf_new(STREAM_EVENT_MAX_BYTES);
    api_write_status(daemon, &out);
    if (buf_error(&out) == 0)
        web_publish(daemon->web, "status", buf_text(&out));
    /* Several items changed: the page asks for the list again instead of hearing each. */
    if (daemon->stock_changed)
        web_publish(daemon->web, "stock", "{}");
    else
        publish_item(daemon);
    buf_reset(&out);
    int cards = store_open_card_count(daemon->store);
    buf_printf(&out, "{\"open\":%d}", cards > 0 ? cards : 0);
    web_publish(daemon->web, "cards", buf_text(&out));
    daemon->stock_changed = false;
    daemon->changed_item = 0;
}
