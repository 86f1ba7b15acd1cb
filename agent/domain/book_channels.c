#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "domain/book_internal.h"

static uint32_t remote_hash(const char *remote_id, uint32_t channel)
{
    return book_hash(remote_id, channel * 2654435761U);
}

static uint32_t listing_hash(const struct book *book, uint32_t number)
{
    return remote_hash(book->listings[number].remote_id, book->listings[number].channel);
}

void book_free_channels(struct book *book)
{
    for (uint32_t i = 0; i < book->op_count; i++)
        free(book->ops[i]);
    for (uint32_t i = 0; i < book->spare_count; i++)
        free(book->spare_ops[i]);
    free(book->ops);
    free(book->spare_ops);
    for (int i = 0; i < CHANNELS_MAX; i++)
        free(book->aliases[i]);
    free(book->listings);
    free(book->listing_next);
    free(book->listing_op);
    free(book->listing_weight);
    free(book->remote_table.slots);
}

/* --- room
 * ------------------------------------------------------------------------------------------------------------------
 */

static int reserve_listings(struct book *book, uint32_t more)
{
    uint32_t need = book->listing_count + more, next = book->listing_capacity, op = book->listing_capacity,
             all = book->listing_capacity;
    int result = book_grow(&book->listings, &all, need, sizeof *book->listings);
    if (result == 0)
        result = book_grow(&book->listing_next, &next, need, sizeof *book->listing_next);
    if (result == 0)
        result = book_grow(&book->listing_op, &op, need, sizeof(struct op *));
    uint32_t weight = book->listing_capacity;
    if (result == 0 && book->listing_weight)
        result = book_grow(&book->listing_weight, &weight, all, sizeof *book->listing_weight);
    if (result < 0)
        return result;
    book->listing_capacity = all;
    return book_table_reserve(&book->remote_table, more, listing_hash, book);
}

static int reserve_ops(struct book *book, uint32_t more)
{
    int result = book_grow(&book->ops, &book->op_capacity, book->op_count + more, sizeof(struct op *));
    if (result == 0)
        result =
            book_grow(&book->spare_ops, &book->spare_capacity, book->op_count + more, sizeof(struct op *));
    while (result == 0 && book->spare_count < more) {
        struct op *op = malloc(sizeof *op);
        if (!op)
            return -ENOMEM;
        book->spare_ops[book->spare_count++] = op;
    }
    return result;
}

int book_reserve_channels(struct book *book, uint32_t listings, const uint32_t highest_alias[CHANNELS_MAX],
                          uint32_t ops)
{
    int result = listings ? reserve_listings(book, listings) : 0;
    for (int i = 0; result == 0 && i < CHANNELS_MAX; i++)
        result = book_grow(&book->aliases[i], &book->alias_capacity[i], highest_alias[i], sizeof(uint32_t));
    return result == 0 && ops ? reserve_ops(book, ops) : result;
}

/* --- channels
 * --------------------------------------------------------------------------------------------------------------
 */

int book_put_channel(struct book *book, const struct channel *channel)
{
    if (channel->alias == 0 || channel->alias > CHANNELS_MAX)
        return -E2BIG;
    book->channels[channel->alias - 1] = *channel;
    if (channel->alias > book->channel_count)
        book->channel_count = channel->alias;
    return 0;
}

const struct channel *book_channel(const struct book *book, uint32_t alias)
{
    if (alias == 0 || alias > book->channel_count || !book->channels[alias - 1].alias)
        return NULL;
    return &book->channels[alias - 1];
}

uint32_t book_channel_count(const struct book *book)
{
    return book->channel_count;
}

/* --- listings
 * --------------------------------------------------------------------------------------------------------------
 */

/* Index of a listing, or UINT32_MAX. */
static uint32_t find_listing(const struct book *book, uint32_t channel, uint32_t alias)
{
    if (channel == 0 || channel > CHANNELS_MAX || alias == 0 || alias > book->alias_count[channel - 1])
        return UINT32_MAX;
    return book->aliases[channel - 1][alias - 1] - 1;
}

static void chain(struct book *book, uint32_t index)
{
    uint32_t item = book->listings[index].item;
    book->listing_next[index] = 0;
    if (!item)
        return;
    /* At the end, so that a walk sees listings in the order they were linked. */
    uint32_t *link = &book->item_first[item - 1];
    while (*link)
        link = &book->listing_next[*link - 1];
    *link = index + 1;
}

static void unchain(struct book *book, uint32_t index)
{
    uint32_t item = book->listings[index].item;
    if (!item)
        return;
    uint32_t *link = &book->item_first[item - 1];
    while (*link != index + 1)
        link = &book->listing_next[*link - 1];
    *link = book->listing_next[index];
}

static int add_listing(struct book *book, const struct listing *listing)
{
    uint32_t highest[CHANNELS_MAX] = {0};
    highest[listing->channel - 1] = listing->alias;
    int result = book_reserve_channels(book, 1, highest, 0);
    if (result < 0)
        return result;
    uint32_t index = book->listing_count++;
    book->listings[index] = *listing;
    book->listing_op[index] = NULL;
    book->aliases[listing->channel - 1][listing->alias - 1] = index + 1;
    if (listing->alias > book->alias_count[listing->channel - 1])
        book->alias_count[listing->channel - 1] = listing->alias;
    book_table_add(&book->remote_table, listing_hash(book, index), index);
    chain(book, index);
    return 0;
}

int book_put_listing(struct book *book, const struct listing *listing)
{
    if (listing->channel == 0 || listing->channel > CHANNELS_MAX || listing->alias == 0 ||
        listing->item > book->item_capacity)
        return -EINVAL;
    if (listing->alias > LISTINGS_MAX)
        return -E2BIG;
    uint32_t index = find_listing(book, listing->channel, listing->alias);
    if (index == UINT32_MAX)
        return add_listing(book, listing);
    struct listing *old = &book->listings[index];
    bool moved = old->item != listing->item;
    if (strcmp(old->remote_id, listing->remote_id) != 0)
        return -EINVAL; /* a remote id is a listing's identity */
    if (moved)
        unchain(book, index);
    *old = *listing;
    if (moved)
        chain(book, index);
    return 0;
}

uint32_t book_listing_count(const struct book *book, uint32_t channel)
{
    return channel == 0 || channel > CHANNELS_MAX ? 0 : book->alias_count[channel - 1];
}

const struct listing *book_listing(const struct book *book, uint32_t channel, uint32_t alias)
{
    uint32_t index = find_listing(book, channel, alias);
    return index == UINT32_MAX ? NULL : &book->listings[index];
}

const struct listing *book_find_remote(const struct book *book, uint32_t channel, const char *remote_id)
{
    uint32_t at = remote_hash(remote_id, channel), number;
    while (book_table_next(&book->remote_table, &at, &number)) {
        const struct listing *listing = &book->listings[number];
        if (listing->channel == channel && strcmp(listing->remote_id, remote_id) == 0)
            return listing;
    }
    return NULL;
}

const struct listing *book_item_listing(const struct book *book, uint32_t item, const struct listing *after)
{
    if (item == 0 || item > book->item_count)
        return NULL;
    uint32_t next = after ? book->listing_next[after - book->listings] : book->item_first[item - 1];
    return next ? &book->listings[next - 1] : NULL;
}

uint32_t book_weight(const struct book *book, const struct listing *listing)
{
    uint32_t index = find_listing(book, listing->channel, listing->alias);
    return book->listing_weight && index != UINT32_MAX ? book->listing_weight[index] : 0;
}

int book_put_weight(struct book *book, uint32_t channel, uint32_t listing, uint16_t weight)
{
    uint32_t index = find_listing(book, channel, listing), none = 0;
    if (index == UINT32_MAX)
        return -EINVAL;
    int result = book->listing_weight ? 0
                                      : book_grow(&book->listing_weight, &none, book->listing_capacity,
                                                  sizeof *book->listing_weight);
    if (result == 0)
        book->listing_weight[index] = weight;
    return result;
}

int64_t book_allocated(const struct book *book, uint32_t item, uint32_t location)
{
    int64_t units = 0;
    for (const struct listing *listing = book_item_listing(book, item, NULL); listing;
         listing = book_item_listing(book, item, listing)) {
        const struct channel *channel = book_channel(book, listing->channel);
        if (channel && channel->location == location)
            units += listing_allocated(listing) * listing->pack;
    }
    return units;
}

/* --- ops
 * -------------------------------------------------------------------------------------------------------------------
 */

static void set_listing_op(struct book *book, const struct op *op, struct op *now)
{
    if (op->kind != OP_LEVEL)
        return;
    uint32_t index = find_listing(book, op->channel, op->listing);
    if (index != UINT32_MAX)
        book->listing_op[index] = now;
}

static void drop_op(struct book *book, uint32_t at)
{
    struct op *op = book->ops[at];
    set_listing_op(book, op, NULL);
    memmove(book->ops + at, book->ops + at + 1, (book->op_count - at - 1) * sizeof(struct op *));
    book->op_count--;
    book->spare_ops[book->spare_count++] = op; /* reserve_ops made room for every op there ever was at once */
}

/* Where the unsettled op lies, or op_count. */
static uint32_t find_op(const struct book *book, struct id128 id)
{
    uint32_t at = 0;
    while (at < book->op_count && !id128_equal(book->ops[at]->id, id))
        at++;
    return at;
}

int book_put_op(struct book *book, const struct op *op)
{
    bool settled = op->state == OP_DONE || op->state == OP_REJECTED;
    uint32_t at = find_op(book, op->id);
    if (at < book->op_count) {
        if (settled)
            drop_op(book, at);
        else
            *book->ops[at] = *op;
        return 0;
    }
    if (settled)
        return 0;
    int result = reserve_ops(book, 1);
    if (result < 0)
        return result;
    struct op *made = book->spare_ops[--book->spare_count];
    *made = *op;
    book->ops[book->op_count++] = made;
    set_listing_op(book, op, made);
    return 0;
}

uint32_t book_op_count(const struct book *book)
{
    return book->op_count;
}

const struct op *book_op(const struct book *book, uint32_t index)
{
    return index < book->op_count ? book->ops[index] : NULL;
}

const struct op *book_listing_op(const struct book *book, uint32_t channel, uint32_t listing)
{
    uint32_t index = find_listing(book, channel, listing);
    return index == UINT32_MAX ? NULL : book->listing_op[index];
}
