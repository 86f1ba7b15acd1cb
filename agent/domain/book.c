#include "domain/book.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "domain/book_internal.h"

/* --- memory ---------------------------------------------------------------------------------------------------------------- */

/* FNV-1a, 32 bit (RFC 9923): short keys, no hostile choice beyond the catalogue's bounds. */
uint32_t book_hash(const char *text, uint32_t seed)
{
    uint32_t hash = 2166136261U ^ seed;
    for (; *text; text++)
        hash = (hash ^ (uint8_t)*text) * 16777619U;
    return hash;
}

int book_grow(void *array, uint32_t *capacity, uint32_t need, size_t size)
{
    enum { FIRST = 16 };
    if (need <= *capacity)
        return 0;
    uint32_t grown = *capacity ? *capacity : FIRST;
    while (grown < need)
        grown = grown < UINT32_MAX / 2 ? grown + grown / 2 + 1 : need;
    void *old;
    memcpy(&old, array, sizeof old);
    char *made = reallocarray(old, grown, size);
    if (!made)
        return -ENOMEM;
    memset(made + *capacity * size, 0, (grown - *capacity) * size);
    memcpy(array, &made, sizeof made);
    *capacity = grown;
    return 0;
}

void table_add(struct table *table, uint32_t hash, uint32_t number)
{
    uint32_t at = hash & (table->size - 1);
    while (table->slots[at])
        at = (at + 1) & (table->size - 1);
    table->slots[at] = number + 1;
    table->used++;
}

int table_reserve(struct table *table, uint32_t more, uint32_t (*hash_of)(const struct book *, uint32_t),
                  const struct book *book)
{
    enum { FIRST = 64 };
    uint32_t size = table->size ? table->size : FIRST;
    while (size / 2 < table->used + more)
        size *= 2;
    if (size == table->size)
        return 0;
    struct table grown = {.slots = calloc(size, sizeof *grown.slots), .size = size};
    if (!grown.slots)
        return -ENOMEM;
    for (uint32_t i = 0; i < table->size; i++)
        if (table->slots[i])
            table_add(&grown, hash_of(book, table->slots[i] - 1), table->slots[i] - 1);
    free(table->slots);
    *table = grown;
    return 0;
}

static uint32_t code_hash(const struct book *book, uint32_t number)
{
    return book->codes[number].hash;
}

struct book *book_new(void)
{
    return calloc(1, sizeof(struct book));
}

void book_free(struct book *book)
{
    if (!book)
        return;
    book_free_channels(book);
    for (int i = 0; i < LOCATIONS_MAX; i++)
        free(book->stock[i]);
    free(book->items);
    free(book->item_first);
    free(book->codes);
    free(book->code_texts);
    free(book->code_table.slots);
    free(book);
}

static int reserve_location(struct book *book, uint32_t location, uint32_t capacity)
{
    if (location < 1 || location > LOCATIONS_MAX)
        return -E2BIG;
    uint32_t none = 0;
    if (book->stock[location - 1])
        return 0;
    return book_grow(&book->stock[location - 1], &none, capacity ? capacity : 1, sizeof(struct stock));
}

static int reserve_items(struct book *book, uint32_t highest)
{
    if (highest > ITEMS_MAX)
        return -E2BIG;
    if (highest <= book->item_capacity)
        return 0;
    uint32_t items = book->item_capacity, firsts = book->item_capacity;
    uint32_t wanted = highest + highest / 4 + 16;
    int result = book_grow(&book->items, &items, wanted, sizeof *book->items);
    if (result == 0)
        result = book_grow(&book->item_first, &firsts, items, sizeof *book->item_first);
    for (int i = 0; result == 0 && i < LOCATIONS_MAX; i++) {
        uint32_t now = book->item_capacity;
        if (book->stock[i])
            result = book_grow(&book->stock[i], &now, items, sizeof(struct stock));
    }
    if (result == 0)
        book->item_capacity = items;
    return result;
}

static int reserve_codes(struct book *book, uint32_t more, size_t bytes)
{
    if (book->code_count + more > CODES_MAX)
        return -E2BIG;
    int result = book_grow(&book->codes, &book->code_capacity, book->code_count + more, sizeof *book->codes);
    if (result == 0)
        result = table_reserve(&book->code_table, more, code_hash, book);
    if (result == 0 && book->code_texts_length + bytes > book->code_texts_capacity) {
        size_t capacity = (book->code_texts_length + bytes) * 2;
        char *texts = realloc(book->code_texts, capacity);
        if (!texts)
            return -ENOMEM;
        book->code_texts = texts;
        book->code_texts_capacity = capacity;
    }
    return result;
}

/* --- items and codes --------------------------------------------------------------------------------------------------------- */

static int put_item(struct book *book, uint32_t alias, const struct book_item *item)
{
    if (alias == 0)
        return -EINVAL;
    int result = reserve_items(book, alias);
    if (result < 0)
        return result;
    book->items[alias - 1] = *item;
    book->items[alias - 1].alias = alias;
    book->items[alias - 1].pack = 1;
    if (alias > book->item_count)
        book->item_count = alias;
    return 0;
}

int book_put_item(struct book *book, const struct item *item)
{
    struct book_item made = {.price_minor = item->price_minor,
                             .cost_minor = item->cost_minor,
                             .flags = item->flags,
                             .reorder_point = item->reorder_point};
    return put_item(book, item->alias, &made);
}

static struct code *find_code(const struct book *book, const char *text)
{
    uint32_t hash = book_hash(text, 0), at = hash, number;
    while (table_next(&book->code_table, &at, &number)) {
        struct code *code = &book->codes[number];
        if (code->hash == hash && strcmp(book->code_texts + code->text, text) == 0)
            return code;
    }
    return NULL;
}

int book_put_code(struct book *book, const char *text, uint32_t item, uint32_t pack)
{
    struct code *code = find_code(book, text);
    size_t bytes = strlen(text) + 1;
    if (!code) {
        int result = reserve_codes(book, 1, bytes);
        if (result < 0)
            return result;
        code = &book->codes[book->code_count];
        code->hash = book_hash(text, 0);
        code->text = (uint32_t)book->code_texts_length;
        memcpy(book->code_texts + code->text, text, bytes);
        book->code_texts_length += bytes;
        table_add(&book->code_table, code->hash, book->code_count++);
    }
    code->item = item;
    code->pack = pack ? pack : 1;
    code->dead = item == 0;
    return 0;
}

bool book_find_code(const struct book *book, const char *text, struct book_item *found)
{
    const struct code *code = find_code(book, text);
    if (!code || code->dead || !book_item(book, code->item, found))
        return false;
    found->pack = code->pack;
    return true;
}

bool book_item(const struct book *book, uint32_t alias, struct book_item *found)
{
    if (alias == 0 || alias > book->item_count || !book->items[alias - 1].alias)
        return false;
    *found = book->items[alias - 1];
    return true;
}

uint32_t book_item_count(const struct book *book)
{
    return book->item_count;
}

/* --- stock ------------------------------------------------------------------------------------------------------------------- */

struct stock book_stock(const struct book *book, uint32_t item, uint32_t location)
{
    if (item == 0 || item > book->item_capacity || location == 0 || location > LOCATIONS_MAX || !book->stock[location - 1])
        return (struct stock){0};
    return book->stock[location - 1][item - 1];
}

bool book_has_location(const struct book *book, uint32_t location)
{
    return location >= 1 && location <= LOCATIONS_MAX && book->stock[location - 1];
}

struct stock book_stock_total(const struct book *book, uint32_t item)
{
    struct stock total = {0};
    for (uint32_t location = 1; location <= LOCATIONS_MAX; location++) {
        struct stock part = book_stock(book, item, location);
        total.on_hand += part.on_hand;
        total.committed += part.committed;
    }
    return total;
}

static int stock_slot(struct book *book, uint32_t item, uint32_t location, struct stock **slot)
{
    if (item == 0)
        return -EINVAL;
    int result = reserve_items(book, item);
    if (result == 0)
        result = reserve_location(book, location, book->item_capacity);
    if (result == 0)
        *slot = &book->stock[location - 1][item - 1];
    return result;
}

int book_put_stock(struct book *book, uint32_t item, uint32_t location, struct stock stock)
{
    struct stock *slot = NULL;
    int result = stock_slot(book, item, location, &slot);
    if (result == 0)
        *slot = stock;
    return result;
}

static int move(struct book *book, uint32_t item, uint32_t location, int64_t on_hand, int64_t committed)
{
    struct stock *slot = NULL;
    if (!item)
        return 0; /* an unknown code: kept and counted, but no stock of anything */
    int result = stock_slot(book, item, location, &slot);
    if (result < 0)
        return result;
    slot->on_hand += on_hand;
    slot->committed += committed;
    return 0;
}

/* --- events ------------------------------------------------------------------------------------------------------------------ */

static int apply_sale(struct book *book, const struct event *event)
{
    for (uint32_t i = 0; i < event->sale.line_count; i++) {
        int result = move(book, event->sale.lines[i].item, event->sale.location, -event->sale.lines[i].quantity, 0);
        if (result < 0)
            return result;
    }
    return 0;
}

static int apply_void(struct book *book, const struct event *event)
{
    for (uint32_t i = 0; i < event->voided.effect_count; i++) {
        const struct stock_effect *effect = &event->voided.effects[i];
        int result = move(book, effect->item, effect->location, effect->delta, 0);
        if (result < 0)
            return result;
    }
    return 0;
}

static int apply_order(struct book *book, const struct event *event)
{
    const struct order_vector *d = &event->order.difference;
    int64_t pack = event->order.pack;
    return move(book, event->order.item, event->order.location, (d->returned_sellable - d->handed_over) * pack,
                (d->ordered - d->cancelled - d->handed_over) * pack);
}

static int apply_edit(struct book *book, const struct event *event)
{
    const struct listing *listing = book_listing(book, event->edit.channel, event->edit.listing);
    const struct channel *channel = book_channel(book, event->edit.channel);
    if (!event->edit.adopted || !listing || !channel)
        return 0;
    return move(book, listing->item, channel->location, event->edit.delta * listing->pack, 0);
}

static int apply_item(struct book *book, const struct event *event)
{
    struct book_item made = {.price_minor = event->item.price_minor,
                             .cost_minor = event->item.cost_minor,
                             .flags = event->item.flags,
                             .reorder_point = event->item.reorder_point};
    return put_item(book, event->item.item, &made);
}

static int apply_code(struct book *book, const struct event *event)
{
    char code[CODE_MAX_BYTES + 1];
    text_copy(event->barcode.code, code, sizeof code);
    return book_put_code(book, code, event->barcode.item, event->barcode.pack);
}

int book_apply_event(struct book *book, const struct event *event)
{
    switch (event->kind) {
    case EVENT_SALE:
        return apply_sale(book, event);
    case EVENT_VOID:
        return apply_void(book, event);
    case EVENT_UNKNOWN_NAMED:
        return move(book, event->named.item, event->named.location, -event->named.quantity, 0);
    case EVENT_ADJUSTMENT:
        return move(book, event->adjustment.item, event->adjustment.location, event->adjustment.delta, 0);
    case EVENT_BASELINE:
        return move(book, event->baseline.item, event->baseline.location, 0,
                    (int64_t)event->baseline.committed * event->baseline.pack);
    case EVENT_ORDER_STATE:
        return apply_order(book, event);
    case EVENT_LEVEL_EDIT:
        return apply_edit(book, event);
    case EVENT_ITEM_CREATED:
    case EVENT_ITEM_CHANGED:
        return apply_item(book, event);
    case EVENT_BARCODE_LINKED:
        return apply_code(book, event);
    default:
        return 0;
    }
}

/* --- whole sets -------------------------------------------------------------------------------------------------------------- */

/* What a set may add, counted generously. */
struct need {
    uint32_t highest_item, codes, listings, ops;
    size_t code_bytes;
    bool locations[LOCATIONS_MAX + 1];
    uint32_t highest_alias[CHANNELS_MAX];
};

static void need_stock(struct need *need, uint32_t item, uint32_t location)
{
    if (item > need->highest_item)
        need->highest_item = item;
    if (item)
        need->locations[location <= LOCATIONS_MAX ? location : 0] = true; /* slot 0: out of range */
}

static void need_event(struct need *need, const struct book *book, const struct event *event)
{
    switch (event->kind) {
    case EVENT_SALE:
        for (uint32_t i = 0; i < event->sale.line_count; i++)
            need_stock(need, event->sale.lines[i].item, event->sale.location);
        break;
    case EVENT_VOID:
        for (uint32_t i = 0; i < event->voided.effect_count; i++)
            need_stock(need, event->voided.effects[i].item, event->voided.effects[i].location);
        break;
    case EVENT_UNKNOWN_NAMED:
        need_stock(need, event->named.item, event->named.location);
        break;
    case EVENT_ADJUSTMENT:
        need_stock(need, event->adjustment.item, event->adjustment.location);
        break;
    case EVENT_BASELINE:
        need_stock(need, event->baseline.item, event->baseline.location);
        break;
    case EVENT_ORDER_STATE:
        need_stock(need, event->order.item, event->order.location);
        break;
    case EVENT_LEVEL_EDIT: {
        const struct listing *listing = book_listing(book, event->edit.channel, event->edit.listing);
        const struct channel *channel = book_channel(book, event->edit.channel);
        if (event->edit.adopted && listing && channel)
            need_stock(need, listing->item, channel->location);
        break;
    }
    case EVENT_ITEM_CREATED:
    case EVENT_ITEM_CHANGED:
        if (event->item.item > need->highest_item)
            need->highest_item = event->item.item;
        break;
    case EVENT_BARCODE_LINKED:
        need->codes++;
        need->code_bytes += event->barcode.code.length + 1;
        break;
    default:
        break;
    }
}

static int need_rows(struct need *need, const struct changes *changes)
{
    for (uint32_t i = 0; i < changes->row_count; i++) {
        const struct change *row = &changes->rows[i];
        if (row->kind == CHANGE_OP)
            need->ops++;
        if (row->kind == CHANGE_CHANNEL && (row->channel.alias == 0 || row->channel.alias > CHANNELS_MAX))
            return -E2BIG;
        if (row->kind != CHANGE_LISTING)
            continue;
        if (row->listing.channel == 0 || row->listing.channel > CHANNELS_MAX || row->listing.alias == 0)
            return -E2BIG;
        need->listings++;
        uint32_t *highest = &need->highest_alias[row->listing.channel - 1];
        if (row->listing.alias > *highest)
            *highest = row->listing.alias;
        if (row->listing.item > need->highest_item)
            need->highest_item = row->listing.item;
    }
    return 0;
}

static int reserve_need(struct book *book, const struct need *need)
{
    int result = need->locations[0] ? -E2BIG : reserve_items(book, need->highest_item);
    for (uint32_t location = 1; result == 0 && location <= LOCATIONS_MAX; location++)
        if (need->locations[location])
            result = reserve_location(book, location, book->item_capacity);
    return result == 0 && need->codes ? reserve_codes(book, need->codes, need->code_bytes) : result;
}

int book_reserve_event(struct book *book, const struct event *event)
{
    struct need need = {0};
    need_event(&need, book, event);
    return reserve_need(book, &need);
}

int book_reserve(struct book *book, const struct changes *changes)
{
    struct need need = {0};
    const uint8_t *bytes;
    size_t at = 0, length;
    while (changes_next_event(changes, &at, &bytes, &length)) {
        struct event event;
        int result = event_decode(bytes, length, &event);
        if (result < 0)
            return result;
        need_event(&need, book, &event);
    }
    int result = need_rows(&need, changes);
    if (result == 0)
        result = reserve_need(book, &need);
    return result == 0 ? book_reserve_channels(book, need.listings, need.highest_alias, need.ops) : result;
}

static int apply_row(struct book *book, const struct change *row)
{
    switch (row->kind) {
    case CHANGE_LISTING:
        return book_put_listing(book, &row->listing);
    case CHANGE_OP:
        return book_put_op(book, &row->op);
    case CHANGE_CHANNEL:
        return book_put_channel(book, &row->channel);
    case CHANGE_ORDER_LINE:
    case CHANGE_CARD:
        break; /* on disk only */
    }
    return 0;
}

int book_apply(struct book *book, const struct changes *changes)
{
    const uint8_t *bytes;
    size_t at = 0, length;
    while (changes_next_event(changes, &at, &bytes, &length)) {
        struct event event;
        int result = event_decode(bytes, length, &event);
        if (result == 0)
            result = book_apply_event(book, &event);
        if (result < 0)
            return result;
    }
    for (uint32_t i = 0; i < changes->row_count; i++) {
        int result = apply_row(book, &changes->rows[i]);
        if (result < 0)
            return result;
    }
    return 0;
}
