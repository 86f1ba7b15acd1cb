/* What the page hears: scans at once, stock and status soon and bundled. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "app/api.h"
#include "app/daemon_terminal.h"
#include "app/files.h"
#include "base/log.h"

enum { STREAM_EVENT_MAX_BYTES = 256 * 1024 };

void daemon_publish_scan(struct daemon *daemon, const struct intake_recent *recent)
{
    if (!web_is_heard(daemon->web))
        return;
    BUF_AUTO struct buf out = buf_new(STREAM_EVENT_MAX_BYTES);
    struct json_writer json = json_writer_new(&out);
    api_write_scan(daemon, &json, NULL, recent);
    if (buf_error(&out) == 0)
        web_publish(daemon->web, "scan", buf_text(&out));
}

/* What was scanned and not booked has no line in the list of sales, but she must hear which thing it was. */
static void publish_not_booked(struct daemon *daemon, const struct intake_outcome *outcome)
{
    struct item item = {0};
    bool known = outcome->item && store_item(daemon->store, outcome->item, &item) == 0;
    bool refused = outcome->signal == INTAKE_REFUSED;
    BUF_AUTO struct buf out = buf_new(STREAM_EVENT_MAX_BYTES);
    struct json_writer json = json_writer_new(&out);
    json_begin_object(&json, NULL);
    json_text(&json, "signal", refused ? "refused" : "fault");
    json_text(&json, "code", outcome->code);
    json_text(&json, "sku", known ? item.sku : "");
    json_text(&json, "title", known ? item.title : "");
    json_text(&json, "words", status_words(refused ? STATUS_REFUSED : STATUS_FAULT));
    json_int(&json, "at_ms", daemon_clock_now_ms(daemon));
    json_end_object(&json);
    if (buf_error(&out) == 0)
        web_publish(daemon->web, "refused", buf_text(&out));
}

void daemon_scanned(struct daemon *daemon, const struct intake_outcome *outcome)
{
    daemon->last_outcome = *outcome;
    daemon_terminal_print_outcome(daemon, outcome);
    const struct intake_recent *recent = intake_recent(daemon->intake, 0);
    if (outcome->position && recent)
        daemon_publish_scan(daemon, recent);
    else if (!outcome->position && web_is_heard(daemon->web))
        publish_not_booked(daemon, outcome);
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

static const char view_key_file[] = "view.key";

int daemon_read_view_key(struct daemon *daemon, struct err *err)
{
    char path[STATE_PATH_MAX_BYTES + 32];
    (void)snprintf(path, sizeof path, "%s/%s", daemon->state, view_key_file);
    BUF_AUTO struct buf text = buf_new(sizeof daemon->view_key + 1);
    struct id128 key;
    int result = files_read(path, &text);
    if (result < 0 && result != -ENOENT && result != -E2BIG)
        return err_set_errno(err, result, "cannot read %s", path);
    if (result < 0 || id128_parse(buf_text(&text), &key) < 0) {
        key = daemon_random(daemon);
        id128_text(key, daemon->view_key);
        return files_replace(path, daemon->view_key, strlen(daemon->view_key), err);
    }
    id128_text(key, daemon->view_key);
    return 0;
}

void daemon_clock_told(struct daemon *daemon)
{
    if (daemon->web)
        web_publish(daemon->web, "clock", "{}");
    daemon_changed(daemon, 0);
}

void daemon_publish(struct daemon *daemon)
{
    daemon_update_lamp(daemon);
    daemon->publish_at_ms = INT64_MAX;
    daemon->published_ms = loop_now_ms(daemon->loop);
    daemon->publish_news = false;
    if (!web_is_heard(daemon->web)) {
        daemon->stock_changed = false;
        daemon->changed_item = 0;
        return;
    }
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
