/* The book's inside, shared by book.c (items, codes, stock) and book_channels.c (channels, listings, ops). */
#ifndef FAIRSTOCK_DOMAIN_BOOK_INTERNAL_H
#define FAIRSTOCK_DOMAIN_BOOK_INTERNAL_H

#include "domain/book.h"

/* Open-addressing hash table of numbers; the text a number stands for lies elsewhere. Kept at most half full.
 */
struct table {
    uint32_t *slots; /* number + 1; 0 empty */
    uint32_t size;   /* power of two */
    uint32_t used;
};

struct code {
    uint32_t text; /* offset in code_texts */
    uint32_t hash, item, pack;
    bool dead; /* unlinked */
};

struct book {
    struct book_item *items; /* alias - 1 */
    uint32_t *item_first;    /* first listing of the item, index + 1 */
    uint32_t item_count, item_capacity;

    struct publish_limits *limits; /* item_capacity long; NULL until the first is put */
    struct publishing publishing;

    struct stock *stock[LOCATIONS_MAX]; /* by location - 1, each item_capacity long once used */

    struct code *codes;
    uint32_t code_count, code_capacity;
    char *code_texts;
    size_t code_texts_length, code_texts_capacity;
    struct table code_table;

    struct channel channels[CHANNELS_MAX];
    uint32_t channel_count;
    uint32_t *aliases[CHANNELS_MAX]; /* listing alias - 1 → index + 1 */
    uint32_t alias_count[CHANNELS_MAX], alias_capacity[CHANNELS_MAX];

    struct listing *listings;
    uint32_t *listing_next;   /* next listing of the same item, index + 1 */
    struct op **listing_op;   /* its unsettled op, or NULL */
    uint16_t *listing_weight; /* NULL until the first is put */
    uint32_t listing_count, listing_capacity;
    struct table remote_table;

    struct op **ops; /* oldest first */
    struct op **spare_ops;
    uint32_t op_count, op_capacity, spare_count, spare_capacity;

    struct suspicion suspicion;
};

uint32_t book_hash(const char *text, uint32_t seed);
/* Grows *array (of elements of `size` bytes) to hold at least `need`; new elements are zero. 0 or -ENOMEM. */
MUST_CHECK int book_grow(void *array, uint32_t *capacity, uint32_t need, size_t size);
/* Room for `more` further numbers; when the table grows, `hash_of` gives each number's hash. */
MUST_CHECK int book_table_reserve(struct table *table, uint32_t more,
                                  uint32_t (*hash_of)(const struct book *, uint32_t),
                                  const struct book *book);
void book_table_add(struct table *table, uint32_t hash, uint32_t number);
/* Walks the numbers of one hash: start with *at = hash; false at the end. */
static inline bool book_table_next(const struct table *table, uint32_t *at, uint32_t *number)
{
    if (!table->size)
        return false;
    uint32_t slot = table->slots[*at & (table->size - 1)];
    *at += 1;
    *number = slot - 1;
    return slot != 0;
}

MUST_CHECK int book_reserve_channels(struct book *book, uint32_t listings,
                                     const uint32_t highest_alias[CHANNELS_MAX], uint32_t ops);
void book_free_channels(struct book *book);

/* Room for aliases up to `highest`, for the stock of a location, for further codes of `bytes` bytes in all.
 */
MUST_CHECK int book_reserve_items(struct book *book, uint32_t highest);
/* capacity: the items that there is room for, at least 1. */
MUST_CHECK int book_reserve_location(struct book *book, uint32_t location, uint32_t capacity);
MUST_CHECK int book_reserve_codes(struct book *book, uint32_t more, size_t bytes);
MUST_CHECK int book_put_item_as(struct book *book, uint32_t alias, const struct book_item *item);
/* Moves units; item 0 (an unknown code) moves nothing. */
MUST_CHECK int book_move(struct book *book, uint32_t item, uint32_t location, int64_t on_hand,
                         int64_t committed);

#endif
