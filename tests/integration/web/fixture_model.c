#include "fixture_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "fixture_stall.h"
#include "labels/label.h"
#include "json/json.h"

enum { EVENT_MAX_BYTES_TEST = 16 * 1024 };

/* --- what the page hears
 * -------------------------------------------------------------------------------------------------- */

static void publish_json(struct fixture_model *model, const char *name, const struct buf *json)
{
    if (model->web && buf_error(json) == 0)
        web_publish(model->web, name, buf_text(json));
}

static void publish_item(struct fixture_model *model, const struct fixture_item *item)
{
    BUF_AUTO struct buf out = buf_new(EVENT_MAX_BYTES_TEST);
    struct json_writer json = json_writer_new(&out);
    fixture_stall_write_item(model, &json, item);
    publish_json(model, "stock", &out);
}

static void publish_status(struct fixture_model *model)
{
    BUF_AUTO struct buf out = buf_new(EVENT_MAX_BYTES_TEST);
    struct json_writer json = json_writer_new(&out);
    fixture_stall_write_status(model, &json);
    publish_json(model, "status", &out);
    buf_reset(&out);
    buf_printf(&out, "{\"open\":%d}", fixture_stall_open_cards(model));
    publish_json(model, "cards", &out);
}

static void publish_scan(struct fixture_model *model, const struct fixture_scan *scan)
{
    BUF_AUTO struct buf out = buf_new(EVENT_MAX_BYTES_TEST);
    struct json_writer json = json_writer_new(&out);
    fixture_stall_write_scan(model, &json, scan);
    publish_json(model, "scan", &out);
}

/* --- what happens
 * ------------------------------------------------------------------------------------------------------------
 */

static struct fixture_item *find_item(struct fixture_model *model, const char *code)
{
    for (int i = 0; i < FIXTURE_ITEMS; i++)
        if (strcmp(model->items[i].code, code) == 0 || strcmp(model->items[i].sku, code) == 0)
            return &model->items[i];
    return NULL;
}

/* Brings the shop to what is available, as a sync would. */
static void catch_up(struct fixture_model *model)
{
    for (int i = 0; model->online && i < FIXTURE_ITEMS; i++) {
        struct fixture_item *item = &model->items[i];
        int64_t wanted = fixture_stall_wanted(item);
        if (wanted == item->level)
            continue;
        fixture_stall_note(model, item, wanted < item->level ? "revoke" : "grant", "by the shop's answer", 0,
                           0, wanted - item->level);
        item->level = wanted;
        publish_item(model, item);
    }
    if (model->online)
        model->unsent = 0;
}

const char *fixture_model_scan(struct fixture_model *model, const char *code, int64_t quantity)
{
    struct fixture_item *item = find_item(model, code);
    memmove(model->scans + 1, model->scans, sizeof model->scans - sizeof model->scans[0]);
    struct fixture_scan *scan = &model->scans[0];
    *scan = (struct fixture_scan){.item = item, .quantity = quantity, .at_ms = (int64_t)time(NULL) * 1000};
    (void)snprintf(scan->code, sizeof scan->code, "%s", code);
    model->sold++;
    if (item) {
        item->on_hand -= quantity;
        char words[64];
        (void)snprintf(words, sizeof words, "sold %d at the booth", (int)quantity);
        scan->position = fixture_stall_note(model, item, "sale", words, -quantity, 0, 0);
        model->unsent += !model->online;
    } else {
        scan->position = ++model->position;
    }
    publish_scan(model, scan);
    if (item)
        publish_item(model, item);
    catch_up(model);
    publish_status(model);
    return item ? "sold" : "unknown";
}

static struct fixture_scan *undoable(struct fixture_model *model)
{
    for (int i = 0; i < FIXTURE_SCANS; i++)
        if (model->scans[i].position && !model->scans[i].voided)
            return &model->scans[i];
    return NULL;
}

/* --- answers
 * -------------------------------------------------------------------------------------------------------------------
 */

static int fail(struct json_writer *json, int status, const char *words)
{
    json_begin_object(json, NULL);
    json_text(json, "error", words);
    json_end_object(json);
    return status;
}

static int post_sell(struct fixture_model *model, const struct json *body, struct json_writer *json)
{
    const char *code = json_get_text(body, "code");
    int64_t quantity = 1;
    (void)!json_get_int(body, "quantity", &quantity);
    if (!code || !*code || strlen(code) > CODE_MAX_BYTES)
        return fail(json, 400, "Give a code of 1 to 128 characters.");
    const char *signal = fixture_model_scan(model, code, quantity);
    const struct fixture_item *item = model->scans[0].item;
    json_begin_object(json, NULL);
    json_text(json, "signal", signal);
    json_text(json, "sku", item ? item->sku : "");
    json_text(json, "title", item ? item->title : "");
    json_int(json, "on_hand", item ? item->on_hand : 0);
    json_end_object(json);
    return 200;
}

static int post_undo(struct fixture_model *model, struct json_writer *json)
{
    struct fixture_scan *scan = undoable(model);
    if (!scan)
        return fail(json, 409, "There is no sale to undo.");
    scan->voided = true;
    model->sold--;
    if (scan->item) {
        scan->item->on_hand += scan->quantity;
        fixture_stall_note(model, scan->item, "void", "undone", scan->quantity, 0, 0);
        publish_item(model, scan->item);
    }
    json_begin_object(json, NULL);
    json_text(json, "title", scan->item ? scan->item->title : scan->code);
    json_int(json, "on_hand", scan->item ? scan->item->on_hand : 0);
    json_end_object(json);
    publish_scan(model, scan);
    catch_up(model);
    publish_status(model);
    return 200;
}

static int post_card(struct fixture_model *model, const char *id, const struct json *body,
                     struct json_writer *json)
{
    const char *option = json_get_text(body, "option");
    struct fixture_card *card = fixture_stall_card(model, id);
    if (!card)
        return fail(json, 404, "There is no such card.");
    if (*card->chosen)
        return fail(json, 409, "This card was settled before.");
    if (!option)
        return fail(json, 400, "Say which option.");
    (void)snprintf(card->chosen, sizeof card->chosen, "%s", option);
    json_begin_object(json, NULL);
    json_text(json, "state", "settled");
    json_end_object(json);
    publish_status(model);
    return 200;
}

static int post_practice(struct fixture_model *model, const struct json *body, struct json_writer *json)
{
    const char *what = json_get_text(body, "do");
    const char *words = NULL;
    struct fixture_item *item =
        find_item(model, json_get_text(body, "sku") ? json_get_text(body, "sku") : "");
    if (what && strcmp(what, "offline") == 0) {
        model->online = false;
        words = "The network is off. Go on selling.";
    } else if (what && strcmp(what, "online") == 0) {
        model->online = true;
        catch_up(model);
        words = "The network is on.";
    } else if (what && strcmp(what, "buy") == 0 && item && item->level > 0) {
        item->committed++;
        item->level--;
        fixture_stall_note(model, item, "order_state", "order #1001: +1 ordered", 0, 1, -1);
        publish_item(model, item);
        words = "A buyer ordered one online.";
    } else if (what && strcmp(what, "reset") == 0) {
        words = "Practice starts again with a full stall.";
    }
    if (!words)
        return fail(json, 400, "Practice can do: offline, online, buy, reset.");
    json_begin_object(json, NULL);
    json_text(json, "words", words);
    json_end_object(json);
    publish_status(model);
    return 200;
}

static int post(struct fixture_model *model, const char *path, const struct json *body,
                struct json_writer *json)
{
    if (strcmp(path, "/sell") == 0)
        return post_sell(model, body, json);
    if (strcmp(path, "/undo") == 0)
        return post_undo(model, json);
    if (strncmp(path, "/cards/", 7) == 0)
        return post_card(model, path + 7, body, json);
    if (strcmp(path, "/practice") == 0)
        return post_practice(model, body, json);
    if (strcmp(path, "/sync") == 0) {
        catch_up(model);
        publish_status(model);
        json_begin_object(json, NULL);
        json_int(json, "channels", 1);
        json_end_object(json);
        return 200;
    }
    return fail(json, 404, "There is no such call.");
}

static int get_codes(struct fixture_model *model, struct json_writer *json)
{
    json_begin_object(json, NULL);
    json_begin_array(json, "codes");
    for (int i = 0; i < 6; i++) {
        BUF_AUTO struct buf svg = buf_new(LABEL_SVG_MAX_BYTES);
        if (label_svg(model->items[i].code, &svg, NULL) < 0)
            continue;
        json_begin_object(json, NULL);
        json_text(json, "sku", model->items[i].sku);
        json_text(json, "title", model->items[i].title);
        json_text(json, "code", model->items[i].code);
        json_text(json, "svg", buf_text(&svg));
        json_end_object(json);
    }
    json_end_array(json);
    json_end_object(json);
    return 200;
}

static bool matches(const struct fixture_item *item, const char *search)
{
    return !*search || strcasestr(item->title, search) || strcasestr(item->sku, search) ||
           strcmp(item->code, search) == 0;
}

static int get(struct fixture_model *model, const char *path, const char *query, struct json_writer *json)
{
    if (strcmp(path, "/status") == 0)
        fixture_stall_write_status(model, json);
    else if (strcmp(path, "/stock") == 0) {
        const char *search = strncmp(query, "search=", 7) == 0 ? query + 7 : "";
        char word[64];
        (void)snprintf(word, sizeof word, "%.*s", (int)strcspn(search, "&"), search);
        json_begin_object(json, NULL);
        json_begin_array(json, "items");
        for (int i = 0; i < FIXTURE_ITEMS; i++)
            if (matches(&model->items[i], word))
                fixture_stall_write_item(model, json, &model->items[i]);
        json_end_array(json);
        json_bool(json, "more", false);
        json_end_object(json);
    } else if (strcmp(path, "/scans") == 0) {
        json_begin_object(json, NULL);
        json_begin_array(json, "scans");
        for (int i = 0; i < FIXTURE_SCANS && model->scans[i].position; i++)
            fixture_stall_write_scan(model, json, &model->scans[i]);
        json_end_array(json);
        json_end_object(json);
    } else if (strcmp(path, "/cards") == 0)
        fixture_stall_write_cards(model, json);
    else if (strcmp(path, "/codes") == 0)
        return get_codes(model, json);
    else if (strcmp(path, "/explain") == 0 && strncmp(query, "sku=", 4) == 0) {
        char sku[64];
        (void)snprintf(sku, sizeof sku, "%.*s", (int)strcspn(query + 4, "&"), query + 4);
        const struct fixture_item *item = find_item(model, sku);
        if (!item)
            return fail(json, 404, "There is no such item.");
        fixture_stall_write_explain(model, json, item);
    } else
        return fail(json, 404, "There is no such call.");
    return 200;
}

int fixture_model_api(void *user, const struct web_call *call, struct buf *out, const char **content_type)
{
    struct fixture_model *model = user;
    struct json_writer json = json_writer_new(out);
    *content_type = "application/json";
    if (strcmp(call->method, "POST") != 0)
        return get(model, call->path, call->query, &json);
    struct json *parsed = NULL;
    struct err err = {0};
    if (json_parse(call->body, call->length, &parsed, &err) < 0)
        return fail(&json, 400, "The request is not JSON.");
    int status = post(model, call->path, parsed, &json);
    json_free(parsed);
    return status;
}

struct fixture_model *fixture_model_new(void)
{
    struct fixture_model *model = calloc(1, sizeof *model);
    if (model)
        fixture_stall_fill(model);
    return model;
}

void fixture_model_free(struct fixture_model *model)
{
    free(model);
}

void fixture_model_publish_to(struct fixture_model *model, struct web *web)
{
    model->web = web;
}
