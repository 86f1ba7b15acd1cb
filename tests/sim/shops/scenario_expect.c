/* What the shop's API must show. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenario_internal.h"

/* --- levels ------------------------------------------------------------------------------------------ */

/* What REQUEST_LEVELS shows. */
static enum scenario_result read_listing(struct scenario *scenario, uint32_t listing,
                                         struct answer_listing *shown)
{
    struct level_write asked = {0};
    struct channel_request request = {.kind = REQUEST_LEVELS, .count = 1, .writes = &asked};
    struct channel_answer answer;
    memcpy(asked.remote_id, scenario->remote_ids[listing], sizeof asked.remote_id);
    if (shop_serve(scenario->shop, &request, scenario->now_ms, &answer) < 0)
        return scenario_outcome(scenario, -ENOMEM);
    bool there = answer.outcome == ANSWER_DONE && answer.count == 1;
    if (there)
        *shown = answer.listings[0];
    channel_answer_free(&answer);
    return there ? SCENARIO_FINE : scenario_wrong(scenario, "the shop does not show this listing");
}

static enum scenario_result expect_level(struct scenario *scenario, struct tokens *tokens)
{
    uint32_t listing;
    int64_t level;
    struct answer_listing shown;
    if (!scenario_take_item(scenario, tokens, &listing))
        return SCENARIO_MALFORMED;
    if (!tokens_take_number(tokens, &level))
        return scenario_malformed(scenario, "expect level SKU N");
    enum scenario_result result = read_listing(scenario, listing, &shown);
    if (result == SCENARIO_FINE && shown.level != level)
        return scenario_wrong(scenario, "the level is %" PRId64 ", not %" PRId64, shown.level, level);
    return result;
}

static enum scenario_result expect_listing(struct scenario *scenario, struct tokens *tokens)
{
    uint32_t listing;
    struct answer_listing shown;
    if (!scenario_take_item(scenario, tokens, &listing))
        return SCENARIO_MALFORMED;
    const char *word = tokens_next(tokens);
    enum scenario_result result = read_listing(scenario, listing, &shown);
    if (result != SCENARIO_FINE)
        return result;
    if (word && (strcmp(word, "paused") == 0 || strcmp(word, "on-sale") == 0))
        return shown.paused == (strcmp(word, "paused") == 0)
                   ? SCENARIO_FINE
                   : scenario_wrong(scenario, "the listing is %s", shown.paused ? "paused" : "on sale");
    if (word && (strcmp(word, "tracked") == 0 || strcmp(word, "untracked") == 0))
        return shown.tracked == (strcmp(word, "tracked") == 0)
                   ? SCENARIO_FINE
                   : scenario_wrong(scenario, "the listing is %stracked", shown.tracked ? "" : "not ");
    return scenario_malformed(scenario, "expect listing SKU paused|on-sale|tracked|untracked");
}

static enum scenario_result expect_fees(struct scenario *scenario, struct tokens *tokens)
{
    int64_t fees;
    if (!tokens_take_number(tokens, &fees))
        return scenario_malformed(scenario, "expect fees N");
    if (shop_fees(scenario->shop) != fees)
        return scenario_wrong(scenario, "%" PRIu32 " fees were paid, not %" PRId64, shop_fees(scenario->shop),
                              fees);
    return SCENARIO_FINE;
}

static enum scenario_result expect_id(struct scenario *scenario, struct tokens *tokens)
{
    uint32_t listing;
    if (!scenario_take_item(scenario, tokens, &listing))
        return SCENARIO_MALFORMED;
    bool changed = tokens_take_word(tokens, "changed");
    if (!scenario->noted_ids[listing] || (!changed && !tokens_take_word(tokens, "same")))
        return scenario_malformed(scenario, "expect id SKU changed|same, after note-id SKU");
    bool same = shop_product_id(scenario->shop, listing) == scenario->noted_ids[listing];
    return same != changed ? SCENARIO_FINE
                           : scenario_wrong(scenario, "the id is %s", same ? "the same" : "another one");
}

/* --- answers ----------------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    enum answer_outcome outcome;
} outcomes[] = {{"done", ANSWER_DONE},
                {"offline", ANSWER_OFFLINE},
                {"retry", ANSWER_RETRY},
                {"unknown", ANSWER_UNKNOWN},
                {"rejected", ANSWER_REJECTED},
                {"stale", ANSWER_STALE},
                {"reauthorise", ANSWER_REAUTHORISE}};
enum { OUTCOMES = sizeof outcomes / sizeof outcomes[0] };

static const char *outcome_name(enum answer_outcome outcome)
{
    for (size_t i = 0; i < OUTCOMES; i++)
        if (outcomes[i].outcome == outcome)
            return outcomes[i].name;
    return "nothing known";
}

/* expect answer NAME done [level N] | rejected [says WORD] [unproven] | … */
static enum scenario_result expect_answer(struct scenario *scenario, struct tokens *tokens)
{
    const struct named_write *write = scenario_take_write(scenario, tokens);
    const char *name = tokens_next(tokens);
    enum answer_outcome wanted = 0;
    int64_t level = INT64_MIN;
    for (size_t i = 0; name && i < OUTCOMES; i++)
        if (strcmp(outcomes[i].name, name) == 0)
            wanted = outcomes[i].outcome;
    if (!write || !wanted)
        return scenario_malformed(scenario, "expect answer NAME done|rejected|stale|retry|unknown|offline …");
    if (write->outcome != wanted)
        return scenario_wrong(scenario, "the answer is %s (%s), not %s", outcome_name(write->outcome),
                              write->words, name);
    bool shows = tokens_take_word(tokens, "level");
    if (shows && !tokens_take_number(tokens, &level))
        return scenario_malformed(scenario, "level N");
    if (shows && write->level != level)
        return scenario_wrong(scenario, "the answer shows %" PRId64 ", not %" PRId64, write->level, level);
    if (tokens_take_word(tokens, "says")) {
        const char *word = tokens_next(tokens);
        if (!word)
            return scenario_malformed(scenario, "says WORD");
        if (!strstr(write->words, word))
            return scenario_wrong(scenario, "the answer says \"%s\", not %s", write->words, word);
    }
    bool unproven = tokens_take_word(tokens, "unproven");
    if (wanted == ANSWER_REJECTED && write->unproven != unproven)
        return scenario_wrong(scenario, "the refusal %s about the first sending",
                              write->unproven ? "says nothing" : "tells");
    return SCENARIO_FINE;
}

static enum scenario_result expect_found(struct scenario *scenario, struct tokens *tokens)
{
    struct named_write *write = scenario_take_write(scenario, tokens);
    bool yes = tokens_take_word(tokens, "yes");
    if (!write || (!yes && !tokens_take_word(tokens, "no")))
        return scenario_malformed(scenario, "expect found NAME yes|no");
    struct channel_request request = {.kind = REQUEST_FIND_WRITES, .count = 1, .writes = &write->write};
    struct channel_answer answer;
    if (shop_serve(scenario->shop, &request, scenario->now_ms, &answer) < 0)
        return scenario_outcome(scenario, -ENOMEM);
    bool done = answer.outcome == ANSWER_DONE && answer.count == 1;
    bool found = done && answer.found[0];
    channel_answer_free(&answer);
    if (!done)
        return scenario_wrong(scenario, "this shop cannot look writes up");
    return found == yes ? SCENARIO_FINE : scenario_wrong(scenario, "it was %sfound", found ? "" : "not ");
}

/* --- orders ------------------------------------------------------------------------------------------ */

/* The lines of an order in a full reading, or of its returns, added up; for one item where listing is given.
 */
static int sum_lines(struct scenario *scenario, const char *order, uint32_t listing, bool returns,
                     struct order_vector *sum)
{
    struct channel_request request = {.kind = REQUEST_ORDERS};
    int count = 0;
    *sum = (struct order_vector){0};
    for (bool more = true; more;) {
        struct channel_answer answer;
        if (shop_serve(scenario->shop, &request, scenario->now_ms, &answer) < 0)
            return -1;
        for (uint32_t i = 0; i < answer.count; i++) {
            const struct answer_order_line *line = &answer.orders[i];
            uint32_t at = UINT32_MAX;
            bool is_return = strncmp(line->source_key, "return-", 7) == 0;
            bool known = shop_find(scenario->shop, line->sku, &at);
            if (strcmp(line->order, order) != 0 || is_return != returns || !known ||
                (listing != UINT32_MAX && at != listing))
                continue;
            count++;
            sum->ordered += line->state.ordered;
            sum->held += line->state.held;
            sum->cancelled += line->state.cancelled;
            sum->handed_over += line->state.handed_over;
            sum->returned_sellable += line->state.returned_sellable;
            sum->restored += line->state.restored;
        }
        more = answer.has_more;
        (void)snprintf(request.cursor, sizeof request.cursor, "%s", answer.cursor);
        channel_answer_free(&answer);
    }
    return count;
}

static enum scenario_result compare(struct scenario *scenario, struct tokens *tokens,
                                    const struct order_vector *shown)
{
    const struct {
        const char *name;
        int64_t units;
    } parts[] = {{"ordered", shown->ordered},
                 {"held", shown->held},
                 {"cancelled", shown->cancelled},
                 {"handed-over", shown->handed_over},
                 {"returned", shown->returned_sellable},
                 {"restored", shown->restored}};
    enum { PARTS = sizeof parts / sizeof parts[0] };
    int64_t wanted[PARTS] = {0}; /* what the line does not name is 0 */
    while (tokens->at < tokens->count) {
        const char *name = tokens_next(tokens);
        size_t i = 0;
        while (i < PARTS && strcmp(parts[i].name, name) != 0)
            i++;
        if (i == PARTS || !tokens_take_number(tokens, &wanted[i]))
            return scenario_malformed(scenario, "\"%s\" is no part of an order with a number", name);
    }
    for (size_t i = 0; i < PARTS; i++)
        if (parts[i].units != wanted[i])
            return scenario_wrong(scenario, "%s is %" PRId64 ", not %" PRId64, parts[i].name, parts[i].units,
                                  wanted[i]);
    return SCENARIO_FINE;
}

/* expect order|returns ORDER [item SKU] hidden | ordered N held N … */
static enum scenario_result expect_lines(struct scenario *scenario, struct tokens *tokens, bool returns)
{
    const struct named_order *order = scenario_take_order(scenario, tokens);
    uint32_t listing = UINT32_MAX;
    char name[REMOTE_ID_MAX_BYTES + 1];
    struct order_vector sum;
    if (!order || (tokens_take_word(tokens, "item") && !scenario_take_item(scenario, tokens, &listing)))
        return SCENARIO_MALFORMED;
    (void)snprintf(name, sizeof name, "order-%" PRIu32, order->number);
    int count = sum_lines(scenario, name, listing, returns, &sum);
    if (count < 0)
        return scenario_outcome(scenario, -ENOMEM);
    if (tokens_take_word(tokens, "hidden"))
        return count == 0 ? SCENARIO_FINE : scenario_wrong(scenario, "the shop shows it");
    if (count == 0)
        return scenario_wrong(scenario, "the shop does not show it");
    return compare(scenario, tokens, &sum);
}

static enum scenario_result expect_order(struct scenario *scenario, struct tokens *tokens)
{
    return expect_lines(scenario, tokens, false);
}

static enum scenario_result expect_returns(struct scenario *scenario, struct tokens *tokens)
{
    return expect_lines(scenario, tokens, true);
}

/* expect page ORDER… [incomplete] [more]: exactly these, in this order. */
static enum scenario_result expect_page(struct scenario *scenario, struct tokens *tokens)
{
    const struct scenario_page *page = &scenario->page;
    char name[REMOTE_ID_MAX_BYTES + 1];
    uint32_t count = 0;
    if (!page->read)
        return scenario_malformed(scenario, "nothing was read");
    while (tokens->at < tokens->count && strcmp(tokens->text[tokens->at], "incomplete") != 0 &&
           strcmp(tokens->text[tokens->at], "more") != 0) {
        const struct named_order *order = scenario_take_order(scenario, tokens);
        if (!order)
            return SCENARIO_MALFORMED;
        (void)snprintf(name, sizeof name, "order-%" PRIu32, order->number);
        if (count == page->count || strcmp(page->orders[count], name) != 0)
            return scenario_wrong(scenario, "%s is not at place %" PRIu32 " of the page, %s is", order->name,
                                  count + 1, count < page->count ? page->orders[count] : "nothing");
        count++;
    }
    if (count != page->count)
        return scenario_wrong(scenario, "the page has %" PRIu32 " orders, not %" PRIu32, page->count, count);
    if (page->complete == tokens_take_word(tokens, "incomplete"))
        return scenario_wrong(scenario, "the page is %scomplete", page->complete ? "" : "not ");
    if (page->more != tokens_take_word(tokens, "more"))
        return scenario_wrong(scenario, "there %s more", page->more ? "is" : "is no");
    return SCENARIO_FINE;
}

const struct scenario_verb scenario_expect_verbs[] = {{"level", expect_level},   {"listing", expect_listing},
                                                      {"fees", expect_fees},     {"id", expect_id},
                                                      {"answer", expect_answer}, {"found", expect_found},
                                                      {"order", expect_order},   {"returns", expect_returns},
                                                      {"page", expect_page},     {NULL, NULL}};
