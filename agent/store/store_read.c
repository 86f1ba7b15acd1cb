/* Reading: every call is bounded and copies rows out. */
#include <errno.h>
#include <string.h>

#include "domain/gtin.h"
#include "store/store_internal.h"

struct book *store_book(struct store *store)
{
    return store->book;
}

struct id128 store_device(const struct store *store)
{
    return store->device;
}

bool store_is_practice(const struct store *store)
{
    return store->practice;
}

uint64_t store_event_time(const struct store *store, int64_t boottime_ms)
{
    return boottime_ms > store->boottime_ms ? (uint64_t)(boottime_ms - store->boottime_ms) : 0;
}

uint64_t store_last_position(const struct store *store)
{
    return store->waiting ? store->mark.last_position : store->last_position;
}

/* --- identity
 * ---------------------------------------------------------------------------------------------------------------
 */

struct epoch_row {
    uint64_t first_position, generation;
    struct id128 id;
};

static int epoch_of(struct store *store, uint64_t position, struct epoch_row *row)
{
    if (position >= store->epoch_position && store->epoch_position) {
        *row = (struct epoch_row){store->epoch_position, store->generation, store->epoch};
        return 0;
    }
    sqlite3_stmt *get = store_use(store, SQL_EPOCH_OF);
    store_bind_u(get, 1, position);
    int result = store_step(get);
    if (result == 1)
        *row = (struct epoch_row){(uint64_t)sqlite3_column_int64(get, 0),
                                  (uint64_t)sqlite3_column_int64(get, 1), store_column_id(get, 2)};
    (void)sqlite3_reset(get);
    return result == 1 ? 0 : result < 0 ? result : -ENOENT;
}

/* An epoch that no row names, or whose row is damaged, is zeros: what stands in the event says more. */
static int read_id(struct store *store, uint64_t position, struct event_id *id)
{
    struct epoch_row row = {0};
    *id = (struct event_id){.device = store->device};
    int result = epoch_of(store, position, &row);
    if (result == 0)
        *id = (struct event_id){store->device, row.id, position - row.first_position};
    return result == -ENOENT || result == -EUCLEAN ? 0 : result;
}

struct event_id store_event_id(struct store *store, uint64_t position)
{
    struct event_id id;
    (void)read_id(store, position, &id);
    return id;
}

int store_ref(struct store *store, uint64_t position, struct event_ref *ref)
{
    struct epoch_row row;
    if (position == 0 || position > store->last_position)
        return -ENOENT;
    int result = epoch_of(store, position, &row);
    if (result == 0)
        *ref = (struct event_ref){store->generation - row.generation, position - row.first_position};
    return result;
}

int store_resolve_ref(struct store *store, uint64_t position, struct event_ref ref, uint64_t *target)
{
    struct epoch_row row;
    int result = epoch_of(store, position, &row);
    if (result < 0)
        return result;
    if (ref.generations_back > row.generation || (!ref.generations_back && !ref.sequence))
        return -ENOENT;
    sqlite3_stmt *get = store_use(store, SQL_EPOCH_GENERATION);
    store_bind_u(get, 1, row.generation - ref.generations_back);
    result = store_step(get);
    uint64_t found = result == 1 ? (uint64_t)sqlite3_column_int64(get, 0) + ref.sequence : 0;
    (void)sqlite3_reset(get);
    if (result != 1 || found >= position)
        return result < 0 ? result : -ENOENT;
    *target = found;
    return 0;
}

int store_find_event(struct store *store, struct event_id id, uint64_t *position)
{
    if (!id128_equal(id.device, store->device))
        return -ENOENT;
    sqlite3_stmt *get = store_use(store, SQL_EPOCH_BY_ID);
    store_bind_id(get, 1, &id.epoch);
    int result = store_step(get);
    uint64_t first = 0, end = store->last_position + 1;
    if (result == 1) {
        first = (uint64_t)sqlite3_column_int64(get, 0);
        if (sqlite3_column_type(get, 1) != SQLITE_NULL)
            end = (uint64_t)sqlite3_column_int64(get, 1);
    }
    (void)sqlite3_reset(get);
    if (result != 1 || id.sequence >= end - first)
        return result < 0 ? result : -ENOENT;
    *position = first + id.sequence;
    return 0;
}

/* --- events
 * ------------------------------------------------------------------------------------------------------------------
 */

int store_event(struct store *store, uint64_t position, uint8_t *bytes, size_t *length)
{
    sqlite3_stmt *get = store_use(store, SQL_EVENT_GET);
    store_bind_u(get, 1, position);
    int result = store_step(get);
    if (result == 1) {
        int size = sqlite3_column_bytes(get, 0) - TAG_BYTES;
        if (size <= 0)
            result = -EUCLEAN;
        else if ((size_t)size > *length)
            result = -E2BIG;
        else {
            memcpy(bytes, sqlite3_column_blob(get, 0), (size_t)size);
            *length = (size_t)size;
        }
    }
    (void)sqlite3_reset(get);
    return result == 1 ? 0 : result == 0 ? -ENOENT : result;
}

static int indexed_events(struct store *store, uint32_t item, uint64_t after, uint64_t *positions, int n)
{
    sqlite3_stmt *get = store_use(store, SQL_ITEM_EVENTS);
    store_bind_u(get, 1, item);
    store_bind_u(get, 2, after);
    store_bind_i(get, 3, n);
    int count = 0, result = 0;
    while (count < n && (result = store_step(get)) == 1)
        positions[count++] = (uint64_t)sqlite3_column_int64(get, 0);
    (void)sqlite3_reset(get);
    return result < 0 ? result : count;
}

/* The tail that no snapshot has indexed yet. */
static int tail_events(struct store *store, uint32_t item, uint64_t after, uint64_t *positions, int n)
{
    uint64_t from = after > store->snapshot_position ? after : store->snapshot_position;
    sqlite3_stmt *rows = store_use(store, SQL_EVENTS_AFTER);
    store_bind_u(rows, 1, from);
    int count = 0, result = 0;
    while (count < n && (result = store_step(rows)) == 1) {
        struct event event;
        uint32_t items[EVENT_ITEMS_MAX];
        int size = sqlite3_column_bytes(rows, 1);
        if (size <= TAG_BYTES ||
            event_decode(sqlite3_column_blob(rows, 1), (size_t)size - TAG_BYTES, &event) < 0)
            continue; /* damage is the verifier's to name */
        int found = store_event_items(store, &event, items);
        for (int i = 0; i < found; i++) {
            if (items[i] != item)
                continue;
            positions[count++] = (uint64_t)sqlite3_column_int64(rows, 0);
            break;
        }
    }
    (void)sqlite3_reset(rows);
    return result < 0 ? result : count;
}

int store_item_events(struct store *store, uint32_t item, uint64_t after, uint64_t *positions, int n)
{
    int count = indexed_events(store, item, after, positions, n);
    if (count < 0 || count == n)
        return count;
    int more = tail_events(store, item, after, positions + count, n - count);
    return more < 0 ? more : count + more;
}

int store_walk(struct store *store, uint64_t after, store_event_fn *fn, void *user)
{
    sqlite3_stmt *rows = NULL;
    /* While a commit waits for the disk its connection is at work on another thread. */
    sqlite3 *db = store->waiting ? store->reader->db : store->db;
    int prepared = sqlite3_prepare_v2(db, store_sql[SQL_EVENTS_AFTER], -1, &rows, NULL);
    if (prepared != SQLITE_OK)
        return store_errno(prepared);
    store_bind_u(rows, 1, after);
    int result;
    while ((result = store_step(rows)) == 1) {
        uint64_t position = (uint64_t)sqlite3_column_int64(rows, 0);
        const uint8_t *body = sqlite3_column_blob(rows, 1);
        int size = sqlite3_column_bytes(rows, 1);
        struct event_id id;
        result = size > TAG_BYTES ? read_id(store, position, &id) : -EUCLEAN;
        if (result == 0)
            result = fn(user, position, id, body, (size_t)size - TAG_BYTES, body + size - TAG_BYTES);
        if (result)
            break;
    }
    (void)sqlite3_finalize(rows);
    return result;
}

/* --- catalogue
 * ---------------------------------------------------------------------------------------------------------------
 */

static void read_item(sqlite3_stmt *row, struct item *item)
{
    *item = (struct item){
        .alias = store_column_u32(row, 0),
        .price_minor = sqlite3_column_int64(row, 3),
        .cost_minor = sqlite3_column_int64(row, 4),
        .flags = store_column_u32(row, 6),
        .reorder_point = store_column_u32(row, 7),
        .lead_days = store_column_u32(row, 8),
    };
    store_column_text(row, 1, item->sku, sizeof item->sku);
    store_column_text(row, 2, item->title, sizeof item->title);
    store_column_text(row, 5, item->currency, sizeof item->currency);
}

static int one_item(sqlite3_stmt *get, struct item *item)
{
    int result = store_step(get);
    if (result == 1)
        read_item(get, item);
    (void)sqlite3_reset(get);
    return result == 1 ? 0 : result == 0 ? -ENOENT : result;
}

int store_item(struct store *store, uint32_t alias, struct item *item)
{
    sqlite3_stmt *get = store_use(store, SQL_ITEM_GET);
    store_bind_u(get, 1, alias);
    return one_item(get, item);
}

int store_item_by_sku(struct store *store, const char *sku, struct item *item)
{
    sqlite3_stmt *get = store_use(store, SQL_ITEM_BY_SKU);
    store_bind_text(get, 1, sku);
    return one_item(get, item);
}

/* The last one takes the rest, blanks and all. Those that are missing are empty, which every text contains.
 */
static void split_words(const char *text, char (*words)[TITLE_MAX_BYTES + 1], int n)
{
    for (int i = 0; i < n; i++) {
        text += strspn(text, " ");
        size_t length = i + 1 < n ? strcspn(text, " ") : strlen(text);
        if (length > TITLE_MAX_BYTES)
            length = TITLE_MAX_BYTES;
        memcpy(words[i], text, length);
        words[i][length] = '\0';
        text += length;
    }
}

int store_items(struct store *store, const char *search, uint32_t after, struct item *items, int n)
{
    enum { WORDS = 4, FIRST_WORD = 2, CODE = FIRST_WORD + WORDS, LIMIT };
    sqlite3_stmt *get = store_use(store, SQL_ITEMS);
    char words[WORDS][TITLE_MAX_BYTES + 1], code[CODE_MAX_BYTES + 1];
    split_words(search ? search : "", words, WORDS);
    gtin_normalise(words[0], code, sizeof code);
    store_bind_u(get, 1, after);
    for (int i = 0; i < WORDS; i++)
        store_bind_text(get, FIRST_WORD + i, words[i]);
    store_bind_text(get, CODE, code);
    store_bind_i(get, LIMIT, n);
    int count = 0, result = 0;
    while (count < n && (result = store_step(get)) == 1)
        read_item(get, &items[count++]);
    (void)sqlite3_reset(get);
    return result < 0 ? result : count;
}

int store_item_codes(struct store *store, uint32_t item, char (*codes)[CODE_MAX_BYTES + 1], uint32_t *packs,
                     int n)
{
    sqlite3_stmt *get = store_use(store, SQL_BARCODES_OF);
    store_bind_u(get, 1, item);
    store_bind_i(get, 2, n);
    int count = 0, result = 0;
    while (count < n && (result = store_step(get)) == 1) {
        store_column_text(get, 0, codes[count], sizeof codes[count]);
        packs[count++] = store_column_u32(get, 1);
    }
    (void)sqlite3_reset(get);
    return result < 0 ? result : count;
}

int store_location_name(struct store *store, uint32_t location, char name[NAME_MAX_BYTES + 1])
{
    sqlite3_stmt *get = store_use(store, SQL_LOCATION_GET);
    store_bind_u(get, 1, location);
    int result = store_step(get);
    if (result == 1)
        store_column_text(get, 0, name, NAME_MAX_BYTES + 1);
    (void)sqlite3_reset(get);
    return result == 1 ? 0 : result == 0 ? -ENOENT : result;
}

int store_location_by_name(struct store *store, const char *name, uint32_t *location)
{
    sqlite3_stmt *get = store_use(store, SQL_LOCATION_BY_NAME);
    store_bind_text(get, 1, name);
    int result = store_step(get);
    if (result == 1)
        *location = store_column_u32(get, 0);
    (void)sqlite3_reset(get);
    return result == 1 ? 0 : result == 0 ? -ENOENT : result;
}

/* --- orders and cards
 * ----------------------------------------------------------------------------------------------------------
 */

static void read_order(sqlite3_stmt *row, struct order_line *line)
{
    *line = (struct order_line){
        .channel = store_column_u32(row, 0),
        .listing = store_column_u32(row, 5),
        .item = store_column_u32(row, 6),
        .pack = store_column_u32(row, 7),
        .location = store_column_u32(row, 8),
        .lines_in_order = store_column_u32(row, 9),
        .version = sqlite3_column_int64(row, 10),
        .created_wall_ms = sqlite3_column_int64(row, 11),
        .booked = {sqlite3_column_int64(row, 12), sqlite3_column_int64(row, 13),
                   sqlite3_column_int64(row, 14), sqlite3_column_int64(row, 15),
                   sqlite3_column_int64(row, 16), sqlite3_column_int64(row, 17),
                   sqlite3_column_int64(row, 18)},
    };
    store_column_text(row, 1, line->source_key, sizeof line->source_key);
    store_column_text(row, 2, line->order, sizeof line->order);
    store_column_text(row, 3, line->order_name, sizeof line->order_name);
    store_column_text(row, 4, line->remote_id, sizeof line->remote_id);
}

static int many_orders(sqlite3_stmt *get, struct order_line *lines, int n)
{
    int count = 0, result = 0;
    while (count < n && (result = store_step(get)) == 1)
        read_order(get, &lines[count++]);
    (void)sqlite3_reset(get);
    return result < 0 ? result : count;
}

int store_order_line(struct store *store, uint32_t channel, const char *source_key, struct order_line *line)
{
    sqlite3_stmt *get = store_use(store, SQL_ORDER_GET);
    store_bind_u(get, 1, channel);
    store_bind_text(get, 2, source_key);
    int count = many_orders(get, line, 1);
    return count == 1 ? 0 : count == 0 ? -ENOENT : count;
}

int store_open_order_lines(struct store *store, uint32_t channel, const char *after, struct order_line *lines,
                           int n)
{
    sqlite3_stmt *get = store_use(store, SQL_ORDERS_OPEN);
    store_bind_u(get, 1, channel);
    store_bind_text(get, 2, after);
    store_bind_i(get, 3, n);
    return many_orders(get, lines, n);
}

int store_item_order_lines(struct store *store, uint32_t item, struct order_line *lines, int n)
{
    sqlite3_stmt *get = store_use(store, SQL_ORDERS_OF_ITEM);
    store_bind_u(get, 1, item);
    store_bind_i(get, 2, n);
    return many_orders(get, lines, n);
}

static void read_card(sqlite3_stmt *row, struct card *card)
{
    *card = (struct card){
        .id = (uint64_t)sqlite3_column_int64(row, 0),
        .kind = (enum card_kind)store_column_u32(row, 1),
        .state = (enum card_state)store_column_u32(row, 2),
        .channel = store_column_u32(row, 4),
        .item = store_column_u32(row, 5),
        .listing = store_column_u32(row, 6),
        .origin = (uint64_t)sqlite3_column_int64(row, 7),
        .units = sqlite3_column_int64(row, 8),
        .chosen = (enum card_option)store_column_u32(row, 10),
        .opened_wall_ms = sqlite3_column_int64(row, 12),
    };
    store_column_text(row, 3, card->key, sizeof card->key);
    store_column_text(row, 9, card->text, sizeof card->text);
    store_column_text(row, 11, card->detail, sizeof card->detail);
}

int store_card(struct store *store, uint64_t id, struct card *card)
{
    sqlite3_stmt *get = store_use(store, SQL_CARD_GET);
    store_bind_u(get, 1, id);
    int result = store_step(get);
    if (result == 1)
        read_card(get, card);
    (void)sqlite3_reset(get);
    return result == 1 ? 0 : result == 0 ? -ENOENT : result;
}

int store_cards(struct store *store, bool all, struct card *cards, int n)
{
    sqlite3_stmt *get = store_use(store, all ? SQL_CARDS : SQL_CARDS_UNSETTLED);
    store_bind_i(get, 1, n);
    int count = 0, result = 0;
    while (count < n && (result = store_step(get)) == 1)
        read_card(get, &cards[count++]);
    (void)sqlite3_reset(get);
    return result < 0 ? result : count;
}

int store_open_card_count(struct store *store)
{
    if (store->open_cards >= 0 && !store->waiting)
        return store->open_cards;
    sqlite3_stmt *get = store_use(store, SQL_CARDS_OPEN);
    int result = store_step(get);
    int count = result == 1 ? sqlite3_column_int(get, 0) : result;
    (void)sqlite3_reset(get);
    if (!store->waiting) /* else it is that of before the commit */
        store->open_cards = count >= 0 ? count : -1;
    return count;
}
