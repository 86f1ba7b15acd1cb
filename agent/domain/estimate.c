#include "domain/estimate.h"

#define MS_PER_DAY INT64_C(86400000)

void estimate_begin(struct estimate *estimate, int64_t now_ms, int64_t window_ms, double risk)
{
    *estimate = (struct estimate){.now_ms = now_ms, .window_ms = window_ms, .risk = risk, .next_item = 1};
}

static bool in_window(const struct estimate *estimate, const struct estimate_line *line)
{
    return line->units > 0 && line->created_ms > estimate->now_ms - DEMAND_WINDOW_DAYS * MS_PER_DAY;
}

static void count_listing(struct estimate_item *item, const struct estimate_line *line)
{
    uint32_t at = 0;
    while (at < item->listing_count &&
           (item->listings[at].channel != line->channel || item->listings[at].listing != line->listing))
        at++;
    if (at == SHARES_MAX)
        return;
    if (at == item->listing_count) {
        item->listings[at].channel = line->channel;
        item->listings[at].listing = line->listing;
        item->listings[at].units = 0;
        item->listing_count++;
    }
    item->listings[at].units += line->units;
}

void estimate_count(const struct estimate *estimate, struct estimate_item *item,
                    const struct estimate_line *line)
{
    if (line->units <= 0 || line->created_ms <= 0)
        return;
    if (!item->first_ms || line->created_ms < item->first_ms)
        item->first_ms = line->created_ms;
    if (!in_window(estimate, line))
        return;
    demand_count(&item->counts, line->units);
    count_listing(item, line);
}

/* Observed since its first order, as far as that lies within the window; a clock that differs makes no day.
 */
void estimate_finish(const struct estimate *estimate, struct estimate_item *item)
{
    double days = (double)(estimate->now_ms - item->first_ms) / (double)MS_PER_DAY;
    if (!item->first_ms || days < 0)
        days = 0;
    item->counts.days = days < DEMAND_WINDOW_DAYS ? days : DEMAND_WINDOW_DAYS;
}

/* --- first walk
 * --------------------------------------------------------------------------------------------------------------
 */

static void observe_item(struct estimate *estimate)
{
    if (!estimate->item.item)
        return;
    estimate_finish(estimate, &estimate->item);
    demand_observe(&estimate->moments, &estimate->item.counts);
    estimate->item = (struct estimate_item){0};
}

void estimate_observe(struct estimate *estimate, const struct estimate_line *line)
{
    if (line->item != estimate->item.item)
        observe_item(estimate);
    estimate->item.item = line->item;
    estimate_count(estimate, &estimate->item, line);
    if (!in_window(estimate, line) || line->channel > CHANNELS_MAX)
        return;
    estimate->channel_units[line->channel] += line->units;
    estimate->all_units += line->units;
}

void estimate_fit(struct estimate *estimate)
{
    observe_item(estimate);
    demand_fit(&estimate->moments, &estimate->prior);
}

/* --- second walk
 * -------------------------------------------------------------------------------------------------------------
 */

static int put_limits(const struct estimate *estimate, struct book *book, uint32_t item,
                      const struct demand_counts *counts)
{
    struct demand demand;
    struct book_item found;
    if (!book_item(book, item, &found))
        return 0;
    demand_estimate(&estimate->prior, counts, &demand);
    struct publish_limits before = book_limits(book, item);
    struct publish_limits now = publish_limits_of(&demand, estimate->window_ms, estimate->risk, before);
    if (now.usual_order == before.usual_order && now.enough == before.enough)
        return 0;
    return book_put_limits(book, item, now);
}

static double asked_for(const struct estimate_item *item, const struct listing *listing)
{
    for (uint32_t i = 0; i < item->listing_count; i++)
        if (item->listings[i].channel == listing->channel && item->listings[i].listing == listing->alias)
            return (double)item->listings[i].units;
    return 0;
}

/* What speaks for a listing, in units. */
static double pull(const struct estimate *estimate, const struct estimate_item *item,
                   const struct listing *listing)
{
    double part = (double)estimate->channel_units[listing->channel] / (double)estimate->all_units;
    return ESTIMATE_SPLIT_UNITS * part + asked_for(item, listing);
}

static int put_weights(const struct estimate *estimate, struct book *book, uint32_t alias,
                       const struct estimate_item *item)
{
    enum { WEIGHT_MAX = 65535 };
    double sum = 0;
    uint32_t count = 0;
    for (const struct listing *listing = book_item_listing(book, alias, NULL); listing;
         listing = book_item_listing(book, alias, listing)) {
        sum += estimate->all_units > 0 ? pull(estimate, item, listing) : 0;
        count++;
    }
    bool known = estimate->prior.known && count > 1 && sum > 0;
    for (const struct listing *listing = book_item_listing(book, alias, NULL); listing;
         listing = book_item_listing(book, alias, listing)) {
        uint32_t weight =
            known ? 1 + (uint32_t)((WEIGHT_MAX - 1) * (pull(estimate, item, listing) / sum)) : 0;
        if (weight == book_weight(book, listing))
            continue;
        int result = book_put_weight(book, listing->channel, listing->alias, (uint16_t)weight);
        if (result < 0)
            return result;
    }
    return 0;
}

static int apply_to(struct estimate *estimate, struct book *book, uint32_t alias,
                    const struct estimate_item *item)
{
    int result = put_limits(estimate, book, alias, &item->counts);
    return result == 0 ? put_weights(estimate, book, alias, item) : result;
}

/* Items up to, not including, `end` that no line spoke of: what the shop as a whole says. */
static int apply_silent(struct estimate *estimate, struct book *book, uint32_t end)
{
    static const struct estimate_item nothing;
    int result = 0;
    for (; result == 0 && estimate->next_item < end; estimate->next_item++)
        result = apply_to(estimate, book, estimate->next_item, &nothing);
    return result;
}

static int apply_item(struct estimate *estimate, struct book *book)
{
    uint32_t alias = estimate->item.item;
    if (!alias || alias > book_item_count(book))
        return 0;
    int result = apply_silent(estimate, book, alias);
    if (result < 0)
        return result;
    estimate_finish(estimate, &estimate->item);
    result = apply_to(estimate, book, alias, &estimate->item);
    estimate->next_item = alias + 1;
    return result;
}

int estimate_apply(struct estimate *estimate, const struct estimate_line *line, struct book *book)
{
    int result = 0;
    if (line->item != estimate->item.item) {
        result = apply_item(estimate, book);
        estimate->item = (struct estimate_item){.item = line->item};
    }
    estimate_count(estimate, &estimate->item, line);
    return result;
}

int estimate_end(struct estimate *estimate, struct book *book)
{
    int result = apply_item(estimate, book);
    return result == 0 ? apply_silent(estimate, book, book_item_count(book) + 1) : result;
}
