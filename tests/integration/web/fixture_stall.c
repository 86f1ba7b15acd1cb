#include "fixture_stall.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const struct fixture_item stall[FIXTURE_ITEMS] = {
    {"MUG-BLU", "Blue mug", "4006381333931", 2400, 6, 0, 0, false},
    {"MUG-SPK", "Speckled mug", "5901234123457", 2600, 4, 0, 0, false},
    {"BOWL-SM", "Small bowl, oat glaze", "9780201379624", 1800, 9, 0, 0, false},
    {"VASE-031", "Tall vase no. 31", "VASE-031", 14500, 1, 0, 0, true},
    {"SOAP-LAV", "Lavender soap", "012345678905", 650, 31, 0, 0, false},
    {"SOAP-OAT", "Oatmeal soap", "036000291452", 650, 24, 0, 0, false},
    {"RING-0042", "Silver ring, moss agate", "RING-0042", 8900, 1, 0, 0, true},
    {"SCARF-RUS", "Scarf, rust and cream", "2000000000015", 6800, 3, 0, 0, false},
    {"CARD-FOX", "Card: fox in snow", "96385074", 350, 42, 0, 0, false},
    {"CARD-OWL", "Card: owl at night", "CARD-OWL", 350, 38, 0, 0, false},
    {"BOARD-WAL", "Walnut board <large>", "BOARD-WAL", 5200, 2, 0, 0, false},
    {"SPOON-CH", "Cherry spoon", "SPOON-CH", 1600, 0, 0, 0, false},
};

int64_t fixture_stall_wanted(const struct fixture_item *item)
{
    int64_t available = item->on_hand - item->committed;
    return available > 0 ? available : 0;
}

int64_t fixture_stall_note(struct fixture_model *model, const struct fixture_item *item, const char *kind,
                           const char *words, int64_t on_hand, int64_t committed, int64_t expected)
{
    model->position++;
    if (model->line_count < FIXTURE_LINES) {
        struct fixture_line *line = &model->lines[model->line_count++];
        *line = (struct fixture_line){.item = item,
                                      .position = model->position,
                                      .on_hand = on_hand,
                                      .committed = committed,
                                      .expected = expected};
        (void)snprintf(line->kind, sizeof line->kind, "%s", kind);
        (void)snprintf(line->words, sizeof line->words, "%s", words);
    }
    return model->position;
}

void fixture_stall_fill(struct fixture_model *model)
{
    memcpy(model->items, stall, sizeof stall);
    model->online = true;
    for (int i = 0; i < FIXTURE_ITEMS; i++) {
        struct fixture_item *item = &model->items[i];
        fixture_stall_note(model, item, "adjustment", "opening stock", item->on_hand, 0, 0);
        item->level = fixture_stall_wanted(item);
        fixture_stall_note(model, item, "baseline", "connected: the shop showed this", 0, 0, item->level);
    }
    for (int i = 0; i < FIXTURE_CARDS; i++)
        model->cards[i].id = i + 1;
}

int fixture_stall_open_cards(const struct fixture_model *model)
{
    int open = 0;
    for (int i = 0; i < FIXTURE_CARDS; i++)
        open += model->cards[i].chosen[0] == '\0';
    return open;
}

struct fixture_card *fixture_stall_card(struct fixture_model *model, const char *id)
{
    for (int i = 0; i < FIXTURE_CARDS; i++)
        if (strtol(id, NULL, 10) == model->cards[i].id)
            return &model->cards[i];
    return NULL;
}

/* --- JSON
 * --------------------------------------------------------------------------------------------------------------------
 */

void fixture_stall_write_item(const struct fixture_model *model, struct json_writer *json,
                              const struct fixture_item *item)
{
    json_begin_object(json, NULL);
    json_int(json, "alias", item - model->items + 1);
    json_text(json, "sku", item->sku);
    json_text(json, "title", item->title);
    json_int(json, "price", item->price);
    json_text(json, "currency", "EUR");
    json_bool(json, "one_of_a_kind", item->one_of_a_kind);
    json_int(json, "on_hand", item->on_hand);
    json_int(json, "committed", item->committed);
    json_int(json, "available", item->on_hand - item->committed);
    json_begin_array(json, "codes");
    json_text(json, NULL, item->code);
    json_end_array(json);
    json_begin_array(json, "channels");
    json_begin_object(json, NULL);
    json_text(json, "channel", "practice");
    json_int(json, "level", item->level);
    json_int(json, "expected", item->level);
    json_int(json, "wanted", fixture_stall_wanted(item));
    json_int(json, "owed", fixture_stall_wanted(item) - item->level);
    json_text(json, "parked", "");
    json_end_object(json);
    json_end_array(json);
    json_int(json, "card", 0);
    json_end_object(json);
}

void fixture_stall_write_scan(const struct fixture_model *model, struct json_writer *json,
                              const struct fixture_scan *scan)
{
    char event[64];
    (void)model;
    (void)snprintf(event, sizeof event, "d0:e0:%d", (int)scan->position);
    json_begin_object(json, NULL);
    json_text(json, "event", event);
    json_int(json, "position", scan->position);
    json_text(json, "kind", "sale");
    json_text(json, "code", scan->code);
    json_text(json, "sku", scan->item ? scan->item->sku : "");
    json_text(json, "title", scan->item ? scan->item->title : "Unknown code");
    json_int(json, "quantity", scan->quantity);
    json_int(json, "price", scan->item ? scan->item->price : 0);
    json_text(json, "currency", scan->item ? "EUR" : "");
    json_int(json, "on_hand", scan->item ? scan->item->on_hand : 0);
    json_text(json, "signal", scan->item ? "sold" : "unknown");
    json_bool(json, "voided", scan->voided);
    json_int(json, "at_ms", scan->at_ms);
    json_end_object(json);
}

static void write_channel(const struct fixture_model *model, struct json_writer *json)
{
    int64_t owed = 0, published = 0, now_ms = (int64_t)time(NULL) * 1000;
    for (int i = 0; i < FIXTURE_ITEMS; i++) {
        owed += fixture_stall_wanted(&model->items[i]) != model->items[i].level;
        published += model->items[i].level;
    }
    json_begin_object(json, NULL);
    json_text(json, "name", "practice");
    json_text(json, "kind", "practice");
    json_text(json, "phase", model->online ? "ready" : "offline");
    json_bool(json, "live", true);
    json_int(json, "owed", owed);
    json_int(json, "owed_since_ms", owed ? now_ms - 90000 : 0);
    json_int(json, "published", published);
    json_int(json, "last_success_ms", now_ms - (model->online ? 2000 : 95000));
    json_text(json, "last_error", model->online ? "" : "The shop cannot be reached: there is no network.");
    json_int(json, "last_error_ms", model->online ? 0 : now_ms - 4000);
    json_int(json, "requests", 31);
    json_int(json, "failures", 0);
    json_end_object(json);
}

void fixture_stall_write_status(const struct fixture_model *model, struct json_writer *json)
{
    const struct fixture_scan *undo = NULL;
    for (int i = FIXTURE_SCANS - 1; i >= 0; i--)
        if (model->scans[i].position && !model->scans[i].voided)
            undo = &model->scans[i];
    json_begin_object(json, NULL);
    json_bool(json, "practice", true);
    json_text(json, "light", model->online ? "ready" : "offline");
    json_text(json, "light_words",
              model->online ? "Ready. Sales are safe on this device."
                            : "No network. Go on selling: sales are safe here and the shops are told later.");
    json_text(json, "standing", "none");
    json_text(json, "standing_words", "");
    json_text(json, "device", "d0");
    json_text(json, "epoch", "e0");
    json_int(json, "position", model->position);
    json_int(json, "sales_today", model->sold);
    json_int(json, "sold_total", model->sold);
    json_int(json, "unsent", model->unsent);
    json_int(json, "open_cards", fixture_stall_open_cards(model));
    json_bool(json, "online", model->online);
    json_begin_array(json, "scanners");
    json_begin_object(json, NULL);
    json_int(json, "source", 1);
    json_text(json, "name", "USB scanner 0c2e:0b61");
    json_text(json, "state", "ready");
    json_end_object(json);
    json_end_array(json);
    json_begin_array(json, "channels");
    write_channel(model, json);
    json_end_array(json);
    json_begin_object(json, "disk");
    json_int(json, "free_mb", 51200);
    json_text(json, "fault", "");
    json_end_object(json);
    json_begin_object(json, "undo");
    json_bool(json, "possible", undo != NULL);
    json_text(json, "words", undo ? (undo->item ? undo->item->title : undo->code) : "");
    json_end_object(json);
    json_end_object(json);
}

static void write_option(struct json_writer *json, const char *option, const char *title, const char *effect,
                         const char *hint, const char *message)
{
    json_begin_object(json, NULL);
    json_text(json, "option", option);
    json_text(json, "title", title);
    json_text(json, "effect", effect);
    json_bool(json, "needs_detail", *hint != '\0');
    json_text(json, "detail_hint", hint);
    json_text(json, "message", message);
    json_end_object(json);
}

static void begin_card(struct json_writer *json, const struct fixture_card *card, const char *kind,
                       const char *text, const char *sku, const char *title, const char *channel)
{
    json_begin_object(json, NULL);
    json_int(json, "id", card->id);
    json_text(json, "kind", kind);
    json_text(json, "state", *card->chosen ? "settled" : "open");
    json_text(json, "text", text);
    json_text(json, "sku", sku);
    json_text(json, "title", title);
    json_text(json, "channel", channel);
    json_int(json, "units", 1);
    json_begin_array(json, "options");
}

static void end_card(struct json_writer *json, const struct fixture_card *card)
{
    json_end_array(json);
    json_text(json, "chosen", card->chosen);
    json_int(json, "opened_ms", 0);
    json_end_object(json);
}

static void write_oversold(struct json_writer *json, const struct fixture_card *card)
{
    begin_card(json, card, "oversold",
               "Order #1001 wants 1 Tall vase no. 31, and it was sold at the booth before the shop knew. The "
               "booth's sale stands.",
               "VASE-031", "Tall vase no. 31", "practice");
    write_option(
        json, "make_another", "Make another and let the buyer wait",
        "The order stays open at the shop. You tell the buyer the date.", "By when?",
        "Hello, the vase you ordered was sold at a fair a moment before. I can make you another by {date}. "
        "Would you like to wait, or shall I refund you?");
    write_option(json, "cancel_refund", "Cancel and refund #1001 at the practice shop",
                 "The order is cancelled there, the buyer gets the money back. This cannot be taken back.",
                 "",
                 "Hello, the vase you ordered was sold at a fair a moment before your order. I am sorry. "
                 "Your money is on its way "
                 "back to you.");
    write_option(json, "found", "There is one after all",
                 "On hand is corrected by 1 and the order can be filled.", "", "");
    end_card(json, card);
}

static void write_unknown(struct json_writer *json, const struct fixture_card *card)
{
    begin_card(json, card, "unknown_code", "The code 7310865004703 was sold once, and no item has it.", "",
               "", "");
    write_option(json, "name_item", "It is one of my items",
                 "The sale is booked to that item, and its code is known from now on.", "SKU of the item",
                 "");
    write_option(json, "dismiss", "Leave it as it is", "The sale stays an unknown sale.", "", "");
    end_card(json, card);
}

void fixture_stall_write_cards(const struct fixture_model *model, struct json_writer *json)
{
    json_begin_object(json, NULL);
    json_begin_array(json, "cards");
    if (!*model->cards[0].chosen)
        write_oversold(json, &model->cards[0]);
    if (!*model->cards[1].chosen)
        write_unknown(json, &model->cards[1]);
    json_end_array(json);
    json_end_object(json);
}

static void write_line_head(struct json_writer *json, const struct fixture_line *line)
{
    json_begin_object(json, NULL);
    json_int(json, "position", line->position);
    json_text(json, "event", "d0:e0:1");
    json_text(json, "kind", line->kind);
    json_text(json, "words", line->words);
}

static void write_shop_lines(const struct fixture_model *model, struct json_writer *json,
                             const struct fixture_item *item)
{
    int64_t expected = 0;
    json_begin_object(json, NULL);
    json_text(json, "channel", "practice");
    json_begin_array(json, "lines");
    for (int i = 0; i < model->line_count; i++) {
        const struct fixture_line *line = &model->lines[i];
        if (line->item != item || !line->expected)
            continue;
        expected += line->expected;
        write_line_head(json, line);
        json_int(json, "expected", line->expected);
        json_int(json, "running", expected);
        json_end_object(json);
    }
    json_end_array(json);
    json_int(json, "expected", expected);
    json_int(json, "level", item->level);
    json_bool(json, "adds_up", expected == item->level);
    json_end_object(json);
}

void fixture_stall_write_explain(const struct fixture_model *model, struct json_writer *json,
                                 const struct fixture_item *item)
{
    int64_t on_hand = 0, committed = 0;
    json_begin_object(json, NULL);
    json_text(json, "sku", item->sku);
    json_text(json, "title", item->title);
    json_int(json, "on_hand", item->on_hand);
    json_int(json, "committed", item->committed);
    json_begin_array(json, "lines");
    for (int i = 0; i < model->line_count; i++) {
        const struct fixture_line *line = &model->lines[i];
        if (line->item != item || (!line->on_hand && !line->committed))
            continue;
        on_hand += line->on_hand;
        committed += line->committed;
        write_line_head(json, line);
        json_int(json, "on_hand", line->on_hand);
        json_int(json, "committed", line->committed);
        json_int(json, "running_on_hand", on_hand);
        json_int(json, "running_committed", committed);
        json_end_object(json);
    }
    json_end_array(json);
    json_begin_array(json, "channels");
    write_shop_lines(model, json, item);
    json_end_array(json);
    json_bool(json, "adds_up", on_hand == item->on_hand && committed == item->committed);
    json_bool(json, "more", false);
    json_end_object(json);
}
