/* The practice shop's state as text, and back. One record a line, fields separated by tabs:
 *
 *   practice shop 2
 *   listing SKU BARCODE TITLE LEVEL
 *   order NUMBER LISTING CREATED_MS VERSION ORDERED CANCELLED HANDED_OVER RESTORED
 *   key HEX USED_MS CONTENT_HEX APPLIED LEVEL…
 *   claim VERSION TEXT
 *   end
 *
 * `end` shows that nothing was cut off; a file of an earlier program has none. In a text field a tab, a line
 * feed and a backslash are written as \t, \n and \\. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "channel/practice_internal.h"

#define PRACTICE_FIRST_LINE "practice shop 2"
#define PRACTICE_OLD_LINE   "practice shop 1" /* without a last line */
#define PRACTICE_LAST_LINE  "end"

/* --- saving ------------------------------------------------------------------------------------------ */

static void add_field(struct buf *text, const char *field)
{
    buf_add_byte(text, '\t');
    for (; *field; field++) {
        const char *escaped = *field == '\t'   ? "\\t"
                              : *field == '\n' ? "\\n"
                              : *field == '\\' ? "\\\\"
                                               : NULL;
        if (escaped)
            buf_add_text(text, escaped);
        else
            buf_add(text, field, 1);
    }
}

static void save_key(const struct practice_key *key, struct buf *text)
{
    char hex[ID128_TEXT_BYTES];
    id128_text(key->key, hex);
    buf_printf(text, "key\t%s\t%" PRId64 "\t%" PRIx64 "\t%d", hex, key->used_ms, key->content, key->applied);
    for (uint32_t i = 0; i < key->count; i++)
        buf_printf(text, "\t%" PRId64, key->levels[i]);
    buf_add_byte(text, '\n');
}

void practice_shop_save(const struct practice_shop *shop, struct buf *text)
{
    buf_add_text(text, PRACTICE_FIRST_LINE "\n");
    for (uint32_t i = 0; i < shop->listing_count; i++) {
        const struct practice_listing *listing = &shop->listings[i];
        buf_add_text(text, "listing");
        add_field(text, listing->sku);
        add_field(text, listing->barcode);
        add_field(text, listing->title);
        buf_printf(text, "\t%" PRId64 "\n", listing->level);
    }
    for (uint32_t i = 0; i < shop->order_count; i++) {
        const struct practice_order *order = &shop->orders[i];
        const struct order_vector *state = &order->state;
        buf_printf(text,
                   "order\t%" PRIu32 "\t%" PRIu32 "\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%" PRId64
                   "\t%" PRId64 "\t%" PRId64 "\n",
                   order->number, order->listing, order->created_ms, order->version, state->ordered,
                   state->cancelled, state->handed_over, state->restored);
    }
    for (uint32_t i = 0; i < shop->key_count; i++)
        save_key(&shop->keys[i], text);
    if (shop->claim[0]) {
        buf_printf(text, "claim\t%" PRId64, shop->claim_version);
        add_field(text, shop->claim);
        buf_add_byte(text, '\n');
    }
    buf_add_text(text, PRACTICE_LAST_LINE "\n");
}

/* --- loading ----------------------------------------------------------------------------------------- */

/* The fields of one line that are not read yet; points into a copy of it. */
struct fields {
    char *rest; /* NULL: no more */
};

static bool next_field(struct fields *fields, char **field)
{
    if (!fields->rest)
        return false;
    *field = fields->rest;
    fields->rest = strchr(fields->rest, '\t');
    if (fields->rest)
        *fields->rest++ = '\0';
    return true;
}

static bool next_number(struct fields *fields, int64_t least, int64_t most, int64_t *number)
{
    char *field;
    char *end;
    if (!next_field(fields, &field) || !*field)
        return false;
    errno = 0;
    long long value = strtoll(field, &end, 10);
    if (errno || *end || value < least || value > most)
        return false;
    *number = value;
    return true;
}

static bool next_text(struct fields *fields, char *to, size_t size)
{
    char *field;
    size_t length = 0;
    if (!next_field(fields, &field))
        return false;
    for (; *field; field++) {
        char byte = *field;
        if (byte == '\\') {
            field++;
            if (*field != 't' && *field != 'n' && *field != '\\')
                return false;
            byte = *field == 't' ? '\t' : *field == 'n' ? '\n' : '\\';
        }
        if (length + 1 >= size)
            return false;
        to[length++] = byte;
    }
    to[length] = '\0';
    return true;
}

static int load_listing(struct practice_shop *shop, struct fields *fields)
{
    struct practice_listing read;
    if (!next_text(fields, read.sku, sizeof read.sku) ||
        !next_text(fields, read.barcode, sizeof read.barcode) ||
        !next_text(fields, read.title, sizeof read.title) ||
        !next_number(fields, -PRACTICE_LEVEL_MAX, PRACTICE_LEVEL_MAX, &read.level) || fields->rest)
        return -EBADMSG;
    int result = practice_shop_add(shop, read.sku, read.barcode, read.title, read.level);
    return result == -EEXIST || result == -EINVAL ? -EBADMSG : result;
}

static int load_order(struct practice_shop *shop, struct fields *fields)
{
    struct practice_order order = {0};
    int64_t number;
    int64_t listing;
    struct order_vector *state = &order.state;
    int64_t next = (int64_t)PRACTICE_FIRST_ORDER + shop->order_count;
    if (!next_number(fields, next, next, &number) ||
        !next_number(fields, 0, (int64_t)shop->listing_count - 1, &listing) ||
        !next_number(fields, INT64_MIN, INT64_MAX, &order.created_ms) ||
        !next_number(fields, INT64_MIN, INT64_MAX - 1, &order.version) ||
        !next_number(fields, 1, PRACTICE_LEVEL_MAX, &state->ordered) ||
        !next_number(fields, 0, state->ordered, &state->cancelled) ||
        !next_number(fields, 0, state->ordered - state->cancelled, &state->handed_over) ||
        !next_number(fields, 0, state->cancelled, &state->restored) || fields->rest)
        return -EBADMSG;
    int result = practice_grow((void **)&shop->orders, &shop->order_capacity, shop->order_count,
                               PRACTICE_ORDERS_MAX, sizeof *shop->orders);
    if (result < 0)
        return result;
    order.number = (uint32_t)number;
    order.listing = (uint32_t)listing;
    if (order.version > shop->newest_version)
        shop->newest_version = order.version;
    shop->orders[shop->order_count++] = order;
    return 0;
}

static bool next_hex64(struct fields *fields, uint64_t *number)
{
    char *field;
    char *end;
    if (!next_field(fields, &field) || !*field || strlen(field) > 16)
        return false;
    *number = strtoull(field, &end, 16);
    return !*end;
}

static int load_key(struct practice_shop *shop, struct fields *fields)
{
    struct practice_key key = {0};
    char hex[ID128_UUID_TEXT_BYTES];
    int64_t applied;
    if (!next_text(fields, hex, sizeof hex) || id128_parse(hex, &key.key) < 0 ||
        !next_number(fields, INT64_MIN, INT64_MAX, &key.used_ms) || !next_hex64(fields, &key.content) ||
        !next_number(fields, 0, 1, &applied))
        return -EBADMSG;
    key.applied = applied;
    FREE_AUTO int64_t *levels = calloc(OPS_PER_REQUEST_MAX, sizeof *levels);
    int result = levels ? practice_grow((void **)&shop->keys, &shop->key_capacity, shop->key_count,
                                        PRACTICE_KEYS_MAX, sizeof *shop->keys)
                        : -ENOMEM;
    if (result < 0)
        return result;
    while (fields->rest) {
        if (key.count == OPS_PER_REQUEST_MAX ||
            !next_number(fields, INT64_MIN, INT64_MAX, &levels[key.count]))
            return -EBADMSG;
        key.count++;
    }
    key.levels = levels;
    levels = NULL; /* the shop owns them now */
    shop->keys[shop->key_count++] = key;
    return 0;
}

static int load_claim(struct practice_shop *shop, struct fields *fields)
{
    if (shop->claim[0] || !next_number(fields, 1, INT64_MAX - 1, &shop->claim_version) ||
        !next_text(fields, shop->claim, sizeof shop->claim) || !shop->claim[0] || fields->rest)
        return -EBADMSG;
    return 0;
}

static int load_line(struct practice_shop *shop, char *line)
{
    struct fields fields = {line};
    char *kind;
    if (!next_field(&fields, &kind))
        return -EBADMSG;
    if (strcmp(kind, "listing") == 0)
        return load_listing(shop, &fields);
    if (strcmp(kind, "order") == 0)
        return load_order(shop, &fields);
    if (strcmp(kind, "key") == 0)
        return load_key(shop, &fields);
    if (strcmp(kind, "claim") == 0)
        return load_claim(shop, &fields);
    return -EBADMSG;
}

/* How far the file was read. */
struct progress {
    unsigned line;
    bool old, ended;
};

static int load_next(struct practice_shop *shop, char *line, struct progress *progress)
{
    if (progress->line == 1) {
        progress->old = strcmp(line, PRACTICE_OLD_LINE) == 0;
        return progress->old || strcmp(line, PRACTICE_FIRST_LINE) == 0 ? 0 : -EBADMSG;
    }
    if (progress->ended)
        return -EBADMSG;
    progress->ended = !progress->old && strcmp(line, PRACTICE_LAST_LINE) == 0;
    return progress->ended ? 0 : load_line(shop, line);
}

static int load_lines(struct practice_shop *shop, const char *text, struct err *err)
{
    struct progress progress = {0};
    while (*text) {
        size_t length = strcspn(text, "\n");
        FREE_AUTO char *line = strndup(text, length);
        progress.line++;
        int result = line ? load_next(shop, line, &progress) : -ENOMEM;
        if (result == 0 && text[length] != '\n')
            result = -EBADMSG; /* cut off in this line */
        if (result < 0)
            return err_set(err, result, "line %u of the practice shop's file cannot be read", progress.line);
        text += length + 1;
    }
    if (!progress.old && !progress.ended)
        return err_set(err, -EBADMSG, "line %u: the practice shop's file was cut off", progress.line);
    return 0;
}

int practice_shop_load(struct practice_shop *shop, const char *text, struct err *err)
{
    struct practice_shop *read = practice_shop_new();
    if (!read)
        return err_set(err, -ENOMEM, "out of memory");
    int result = *text ? load_lines(read, text, err)
                       : err_set(err, -EBADMSG, "line 1: the practice shop's file is empty");
    if (result == 0) {
        struct practice_shop old = *shop;
        *shop = *read;
        *read = old;
        shop->fault = old.fault;
        shop->fault_times = old.fault_times;
    }
    practice_shop_free(read);
    return result;
}
