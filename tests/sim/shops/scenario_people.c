/* The shop, time, buyers, people and other apps. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "scenario_internal.h"

/* --- the shop ---------------------------------------------------------------------------------------- */

static bool read_flag(const char *word, struct shop_settings *settings)
{
    const struct {
        const char *name;
        bool *flag;
    } flags[] = {
        {"falls-at-payment", &settings->falls_at_payment}, {"cancel-restocks", &settings->cancel_restocks},
        {"hides-cancelled", &settings->hides_cancelled},   {"relist-fails", &settings->relist_fails},
        {"quiet-changes", &settings->quiet_changes},       {"failed-restocks", &settings->failed_restocks},
        {"order-writes", &settings->order_writes}};
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
        if (strcmp(flags[i].name, word) == 0)
            return *flags[i].flag = true;
    return false;
}

static bool is_named(const char *word, size_t length, const char *name)
{
    return strlen(name) == length && strncmp(word, name, length) == 0;
}

/* NAME=VALUE. */
static bool read_value(const char *word, struct shop_settings *settings)
{
    const char *value = strchr(word, '=');
    const size_t length = value ? (size_t)(value - word) : 0;
    struct tokens number = {.count = 1};
    int64_t units;
    if (!value)
        return false;
    if (is_named(word, length, "lag"))
        return scenario_parse_duration(value + 1, &settings->order_lag_ms);
    if (is_named(word, length, "key-life"))
        return scenario_parse_duration(value + 1, &settings->key_life_ms);
    uint32_t *const to = is_named(word, length, "page")  ? &settings->page_orders
                         : is_named(word, length, "cap") ? &settings->offset_cap
                                                         : NULL;
    (void)snprintf(number.text[0], sizeof number.text[0], "%s", value + 1);
    if (!to || !tokens_take_number(&number, &units) || units < 1 || units > ORDERS_PAGE_SIZE)
        return false;
    *to = (uint32_t)units;
    return true;
}

static enum scenario_result run_shop(struct scenario *scenario, struct tokens *tokens)
{
    struct shop_settings settings = {.orders_max = SCENARIO_NAMES_MAX * 2, .writes_max = 64};
    const char *kind = tokens_next(tokens);
    if (scenario->shop)
        return scenario_malformed(scenario, "there is one shop in a scenario");
    if (!kind || !shop_kind_find(kind, &settings.kind))
        return scenario_malformed(scenario, "there is no kind of shop %s", kind ? kind : "named here");
    for (const char *word = tokens_next(tokens); word; word = tokens_next(tokens))
        if (!read_flag(word, &settings) && !read_value(word, &settings))
            return scenario_malformed(scenario, "\"%s\" is no setting", word);
    scenario->shop = shop_new(&settings);
    return scenario->shop ? SCENARIO_FINE : scenario_malformed(scenario, "the shop cannot be made so");
}

static enum scenario_result run_item(struct scenario *scenario, struct tokens *tokens)
{
    const char *sku = tokens_next(tokens);
    int64_t level;
    int64_t document = 0;
    if (!sku || !tokens_take_number(tokens, &level))
        return scenario_malformed(scenario, "item SKU LEVEL [document N]");
    if (tokens_take_word(tokens, "document") && (!tokens_take_number(tokens, &document) || document < 1))
        return scenario_malformed(scenario, "a document has a number");
    uint32_t listing = shop_listing_count(scenario->shop);
    int result = shop_add(scenario->shop, sku, level, (uint32_t)document);
    if (result == 0)
        shop_remote_id(scenario->shop, listing, scenario->remote_ids[listing]);
    return scenario_outcome(scenario, result);
}

static enum scenario_result run_after(struct scenario *scenario, struct tokens *tokens)
{
    int64_t ms;
    if (!tokens_take_duration(tokens, &ms) || ms < 0)
        return scenario_malformed(scenario, "after DURATION, like 500ms 10s 5m 2h 3d");
    scenario->now_ms += ms;
    return SCENARIO_FINE;
}

const struct scenario_verb scenario_shop_verbs[] = {
    {"shop", run_shop}, {"item", run_item}, {"after", run_after}, {NULL, NULL}};

/* --- buyers ------------------------------------------------------------------------------------------ */

static enum scenario_result read_basket(struct scenario *scenario, struct tokens *tokens,
                                        struct shop_basket *basket)
{
    int64_t ms;
    while (tokens->at < tokens->count) {
        if (tokens_take_word(tokens, "unpaid")) {
            basket->unpaid = true;
        } else if (tokens_take_word(tokens, "offline")) {
            if (!tokens_take_duration(tokens, &ms))
                return scenario_malformed(scenario, "offline -DURATION: when it was sold");
            basket->offline = true;
            basket->taken_ms = scenario->now_ms + ms;
        } else {
            if (basket->count == SHOP_LINES_MAX)
                return scenario_malformed(scenario, "more than %d lines", SHOP_LINES_MAX);
            if (!scenario_take_item(scenario, tokens, &basket->lines[basket->count].listing))
                return SCENARIO_MALFORMED;
            if (!tokens_take_number(tokens, &basket->lines[basket->count].quantity))
                return scenario_malformed(scenario,
                                          "buy ORDER SKU UNITS [SKU UNITS] [unpaid] [offline -DURATION]");
            basket->count++;
        }
    }
    return SCENARIO_FINE;
}

static enum scenario_result run_buy(struct scenario *scenario, struct tokens *tokens)
{
    const char *name = tokens_next(tokens);
    struct shop_basket basket = {0};
    if (!name || strlen(name) > SCENARIO_NAME_MAX_BYTES || scenario->order_count == SCENARIO_NAMES_MAX)
        return scenario_malformed(scenario, "an order has a short name, and there are at most %d",
                                  SCENARIO_NAMES_MAX);
    for (uint32_t i = 0; i < scenario->order_count; i++)
        if (strcmp(scenario->orders[i].name, name) == 0)
            return scenario_malformed(scenario, "there is an order %s already", name);
    enum scenario_result result = read_basket(scenario, tokens, &basket);
    if (result != SCENARIO_FINE)
        return result;
    struct named_order *order = &scenario->orders[scenario->order_count];
    int done = shop_buy(scenario->shop, &basket, scenario->now_ms, &order->number);
    if (done == 0) {
        (void)snprintf(order->name, sizeof order->name, "%s", name);
        scenario->order_count++;
    }
    return scenario_outcome(scenario, done);
}

static enum scenario_result run_pay(struct scenario *scenario, struct tokens *tokens)
{
    const struct named_order *order = scenario_take_order(scenario, tokens);
    return order ? scenario_outcome(scenario, shop_pay(scenario->shop, order->number, scenario->now_ms))
                 : SCENARIO_MALFORMED;
}

static enum scenario_result run_expire(struct scenario *scenario, struct tokens *tokens)
{
    const struct named_order *order = scenario_take_order(scenario, tokens);
    return order ? scenario_outcome(scenario, shop_expire(scenario->shop, order->number, scenario->now_ms))
                 : SCENARIO_MALFORMED;
}

/* --- people ------------------------------------------------------------------------------------------ */

static enum scenario_result run_cancel(struct scenario *scenario, struct tokens *tokens)
{
    const struct named_order *order = scenario_take_order(scenario, tokens);
    if (!order)
        return SCENARIO_MALFORMED;
    bool restock = tokens_take_word(tokens, "restock");
    return scenario_outcome(scenario, shop_cancel(scenario->shop, order->number, restock, scenario->now_ms));
}

/* ORDER SKU UNITS: which line of the order that is. */
static bool take_line(struct scenario *scenario, struct tokens *tokens, const struct named_order **order,
                      uint32_t *line, int64_t *units)
{
    struct shop_truth truths[SCENARIO_NAMES_MAX * 2 * SHOP_LINES_MAX];
    uint32_t listing;
    *order = scenario_take_order(scenario, tokens);
    if (!*order || !scenario_take_item(scenario, tokens, &listing))
        return false;
    uint32_t count = shop_truths(scenario->shop, truths, sizeof truths / sizeof truths[0]);
    *line = UINT32_MAX;
    for (uint32_t i = 0; i < count; i++)
        if (truths[i].number == (*order)->number && truths[i].listing == listing)
            *line = truths[i].line_index;
    if (tokens_take_number(tokens, units) && *line != UINT32_MAX)
        return true;
    scenario_malformed(scenario, "ORDER SKU UNITS of a line that the order has");
    return false;
}

static enum scenario_result run_ship(struct scenario *scenario, struct tokens *tokens)
{
    const struct named_order *order;
    uint32_t line = 0;
    int64_t units = 0;
    if (tokens->count - tokens->at > 1) {
        if (!take_line(scenario, tokens, &order, &line, &units))
            return SCENARIO_MALFORMED;
    } else {
        order = scenario_take_order(scenario, tokens);
    }
    if (!order)
        return SCENARIO_MALFORMED;
    return scenario_outcome(scenario,
                            shop_ship(scenario->shop, order->number, line, units, scenario->now_ms));
}

static enum scenario_result run_refund(struct scenario *scenario, struct tokens *tokens)
{
    const struct named_order *order;
    uint32_t line;
    int64_t units;
    if (!take_line(scenario, tokens, &order, &line, &units))
        return SCENARIO_MALFORMED;
    bool restock = tokens_take_word(tokens, "restock");
    return scenario_outcome(
        scenario, shop_refund(scenario->shop, order->number, line, units, restock, scenario->now_ms));
}

static enum scenario_result run_change(struct scenario *scenario, struct tokens *tokens)
{
    const struct named_order *order;
    uint32_t line;
    int64_t delta;
    if (!take_line(scenario, tokens, &order, &line, &delta))
        return SCENARIO_MALFORMED;
    bool restock = tokens_take_word(tokens, "restock");
    return scenario_outcome(
        scenario, shop_edit_order(scenario->shop, order->number, line, delta, restock, scenario->now_ms));
}

static enum scenario_result run_status(struct scenario *scenario, struct tokens *tokens)
{
    const struct named_order *order = scenario_take_order(scenario, tokens);
    const char *status = tokens_next(tokens);
    if (!order || !status)
        return scenario_malformed(scenario, "status ORDER STATUS");
    return scenario_outcome(scenario,
                            shop_set_status(scenario->shop, order->number, status, scenario->now_ms));
}

static enum scenario_result run_delete(struct scenario *scenario, struct tokens *tokens)
{
    const struct named_order *order = scenario_take_order(scenario, tokens);
    return order ? scenario_outcome(scenario,
                                    shop_delete_order(scenario->shop, order->number, scenario->now_ms))
                 : SCENARIO_MALFORMED;
}

static enum scenario_result run_edit(struct scenario *scenario, struct tokens *tokens)
{
    uint32_t listing;
    int64_t delta;
    if (!scenario_take_item(scenario, tokens, &listing))
        return SCENARIO_MALFORMED;
    if (!tokens_take_number(tokens, &delta))
        return scenario_malformed(scenario, "edit SKU +UNITS");
    return scenario_outcome(scenario, shop_edit_level(scenario->shop, listing, delta, scenario->now_ms));
}

static enum scenario_result run_set(struct scenario *scenario, struct tokens *tokens)
{
    uint32_t listing;
    int64_t level;
    int64_t occurred = 0;
    if (!scenario_take_item(scenario, tokens, &listing))
        return SCENARIO_MALFORMED;
    if (!tokens_take_number(tokens, &level) ||
        (tokens_take_word(tokens, "occurred") && !tokens_take_duration(tokens, &occurred)))
        return scenario_malformed(scenario, "set SKU LEVEL [occurred -DURATION]");
    return scenario_outcome(scenario, shop_set_level(scenario->shop, listing, level,
                                                     scenario->now_ms + occurred, scenario->now_ms));
}

static enum scenario_result run_pause(struct scenario *scenario, struct tokens *tokens)
{
    uint32_t listing;
    if (!scenario_take_item(scenario, tokens, &listing))
        return SCENARIO_MALFORMED;
    return scenario_outcome(scenario, shop_pause(scenario->shop, listing, scenario->now_ms));
}

static enum scenario_result run_resume(struct scenario *scenario, struct tokens *tokens)
{
    uint32_t listing;
    if (!scenario_take_item(scenario, tokens, &listing))
        return SCENARIO_MALFORMED;
    return scenario_outcome(scenario, shop_resume(scenario->shop, listing, scenario->now_ms));
}

static enum scenario_result run_policy(struct scenario *scenario, struct tokens *tokens)
{
    uint32_t listing;
    if (!scenario_take_item(scenario, tokens, &listing))
        return SCENARIO_MALFORMED;
    bool untracked = tokens_take_word(tokens, "untracked");
    bool past = !untracked && tokens_take_word(tokens, "sells-past-zero");
    if (!untracked && !past && !tokens_take_word(tokens, "enforces"))
        return scenario_malformed(scenario, "policy SKU untracked|sells-past-zero|enforces");
    return scenario_outcome(scenario, shop_set_policy(scenario->shop, listing, !untracked, !past));
}

const struct scenario_verb scenario_people_verbs[] = {
    {"buy", run_buy},       {"pay", run_pay},       {"expire", run_expire},
    {"cancel", run_cancel}, {"ship", run_ship},     {"refund", run_refund},
    {"change", run_change}, {"status", run_status}, {"delete", run_delete},
    {"edit", run_edit},     {"set", run_set},       {"pause", run_pause},
    {"resume", run_resume}, {"policy", run_policy}, {NULL, NULL}};
