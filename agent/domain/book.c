#include "domain/book.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "domain/book_internal.h"

/* --- memory
 * ----------------------------------------------------------------------------------------------------------------
 */

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
    enum { FIRST = 16, MANY = 4096 }; /* many: what stays empty weighs more than a copy now and then */
    if (need <= *capacity)
        return 0;
    uint32_t grown = *capacity ? *capacity : FIRST;
    while (grown < need) /* no need is near 2^31: every number of the book has a limit */
        grown += grown < MANY ? grown / 2 + 1 : grown / 16;
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

void book_table_add(struct table *table, uint32_t hash, uint32_t number)
{
    uint32_t at = hash & (table->size - 1);
    while (table->slots[at])
        at = (at + 1) & (table->size - 1);
    table->slots[at] = number + 1;
    table->used++;
}

int book_table_reserve(struct table *table, uint32_t more, uint32_t (*hash_of)(const struct book *, uint32_t),
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
            book_table_add(&grown, hash_of(book, table->slots[i] - 1), table->slots[i] - 1);
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
    free(book->limits);
    free(book->codes);
    free(book->code_texts);
    free(book->code_table.slots);
    free(book);
}

void book_swap(struct book *a, struct book *b)
{
    struct book old = *a;
    *a = *b;
    *b = old;
}

int book_reserve_location(struct book *book, uint32_t location, uint32_t capacity)
{
    if (location < 1 || location > LOCATIONS_MAX)
        return -E2BIG;
    uint32_t none = 0;
    if (book->stock[location - 1])
        return 0;
    return book_grow(&book->stock[location - 1], &none, capacity, sizeof(struct stock));
}

int book_reserve_items(struct book *book, uint32_t highest)
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
    uint32_t limits = book->item_capacity;
    if (result == 0 && book->limits)
        result = book_grow(&book->limits, &limits, items, sizeof *book->limits);
    for (int i = 0; result == 0 && i < LOCATIONS_MAX; i++) {
        uint32_t now = book->item_capacity;
        if (book->stock[i])
            result = book_grow(&book->stock[i], &now, items, sizeof(struct stock));
    }
    if (result == 0)
        book->item_capacity = items;
    return result;
}

int book_reserve_codes(struct book *book, uint32_t more, size_t bytes)
{
    if (book->code_count + more > CODES_MAX)
        return -E2BIG;
    int result = book_grow(&book->codes, &book->code_capacity, book->code_count + more, sizeof *book->codes);
    if (result == 0)
        result = book_table_reserve(&book->code_table, more, code_hash, book);
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

/* --- items and codes
 * ---------------------------------------------------------------------------------------------------------
 */

int book_put_item_as(struct book *book, uint32_t alias, const struct book_item *item)
{
    if (alias == 0)
        return -EINVAL;
    int result = book_reserve_items(book, alias);
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
    return book_put_item_as(book, item->alias, &made);
}

static struct code *find_code(const struct book *book, const char *text)
{
    uint32_t hash = book_hash(text, 0), at = hash, number;
    while (book_table_next(&book->code_table, &at, &number)) {
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
        int result = book_reserve_codes(book, 1, bytes);
        if (result < 0)
            return result;
        code = &book->codes[book->code_count];
        code->hash = book_hash(text, 0);
        code->text = (uint32_t)book->code_texts_length;
        memcpy(book->code_texts + code->text, text, bytes);
        book->code_texts_length += bytes;
        book_table_add(&book->code_table, code->hash, book->code_count++);
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

/* --- stock
 * -------------------------------------------------------------------------------------------------------------------
 */

struct stock book_stock(const struct book *book, uint32_t item, uint32_t location)
{
    if (item == 0 || item > book->item_capacity || location == 0 || location > LOCATIONS_MAX ||
        !book->stock[location - 1])
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
    int result = book_reserve_items(book, item);
    if (result == 0)
        result = book_reserve_location(book, location, book->item_capacity);
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

int book_move(struct book *book, uint32_t item, uint32_t location, int64_t on_hand, int64_t committed)
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

/* --- how items are shown
 * ------------------------------------------------------------------------------------------------------ */

const struct publishing *book_publishing(const struct book *book)
{
    return &book->publishing;
}

void book_put_publishing(struct book *book, const struct publishing *publishing)
{
    book->publishing = *publishing;
}

enum publish_mode book_mode(const struct book *book, uint32_t item)
{
    struct book_item found;
    enum publish_mode mode = book_item(book, item, &found) ? publish_mode_of(found.flags) : PUBLISH_INHERIT;
    return mode == PUBLISH_INHERIT ? book->publishing.mode : mode;
}

struct publish_limits book_limits(const struct book *book, uint32_t item)
{
    if (!book->limits || item == 0 || item > book->item_count)
        return (struct publish_limits){0};
    return book->limits[item - 1];
}

int book_put_limits(struct book *book, uint32_t item, struct publish_limits limits)
{
    uint32_t none = 0;
    if (item == 0 || item > book->item_count)
        return -EINVAL;
    int result =
        book->limits ? 0 : book_grow(&book->limits, &none, book->item_capacity, sizeof *book->limits);
    if (result == 0)
        book->limits[item - 1] = limits;
    return result;
}

/* --- may it be a copy
 * -------------------------------------------------------------------------------------------------------- */

const struct suspicion *book_suspicion(const struct book *book)
{
    return &book->suspicion;
}

void book_put_suspicion(struct book *book, const struct suspicion *suspicion)
{
    book->suspicion = *suspicion;
}
