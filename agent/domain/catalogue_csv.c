#include "domain/catalogue_csv.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/utf8.h"
#include "domain/gtin.h"
#include "domain/money.h"

enum column {
    COLUMN_SKU,
    COLUMN_TITLE,
    COLUMN_BARCODE,
    COLUMN_PRICE,
    COLUMN_COST,
    COLUMN_CURRENCY,
    COLUMN_ON_HAND,
    COLUMN_LOCATION,
    COLUMN_ONE_OF_A_KIND,
    COLUMN_REORDER_POINT,
    COLUMN_LEAD_DAYS,
    COLUMN_COUNT,
};

static const char *const names[COLUMN_COUNT] = {
    "sku",     "title",    "barcode",       "price",         "cost",      "currency",
    "on_hand", "location", "one_of_a_kind", "reorder_point", "lead_days",
};

/* Without white space at both ends, in place. */
static char *cut(char *text)
{
    while (isspace((unsigned char)*text))
        text++;
    size_t length = strlen(text);
    while (length && isspace((unsigned char)text[length - 1]))
        text[--length] = '\0';
    return text;
}

static const char *field(const struct csv *csv, int index)
{
    /* csv.fields point into csv.row, which is ours to cut. */
    union {
        const char *in;
        char *out;
    } cast = {csv->fields[index]};
    return cut(cast.out);
}

bool catalogue_csv_guarded(const char *text)
{
    char first = text[strspn(text, "'")];
    return first == '=' || first == '+' || first == '-' || first == '@';
}

static const char *unguarded(const char *text)
{
    return *text == '\'' && catalogue_csv_guarded(text) ? text + 1 : text;
}

static const char *csv_words(enum csv_result result)
{
    switch (result) {
    case CSV_TOO_LONG:
        return "the row is longer than 4096 bytes";
    case CSV_TOO_MANY_FIELDS:
        return "the row has more than 32 columns";
    case CSV_BAD_QUOTES:
        return "quotes are not closed, or text follows a closing quote";
    case CSV_NO_TEXT:
        return "the row has a NUL byte; save the file as UTF-8";
    case CSV_END:
    case CSV_ROW:
        break;
    }
    return "the row cannot be read";
}

int catalogue_csv_start(struct catalogue_csv *catalogue, const char *text, size_t length,
                        const char *currency, struct err *err)
{
    bool seen[COLUMN_COUNT] = {false};
    csv_start(&catalogue->csv, text, length);
    (void)snprintf(catalogue->currency, sizeof catalogue->currency, "%s", currency);
    enum csv_result result = csv_next(&catalogue->csv);
    if (result != CSV_ROW)
        return err_set(err, -EINVAL, "%s", result == CSV_END ? "the file is empty" : csv_words(result));
    catalogue->column_count = catalogue->csv.field_count;
    for (int i = 0; i < catalogue->column_count; i++) {
        catalogue->columns[i] = -1;
        for (int column = 0; column < COLUMN_COUNT; column++) {
            if (strcasecmp(field(&catalogue->csv, i), names[column]) != 0)
                continue;
            if (seen[column] && column != COLUMN_BARCODE)
                return err_set(err, -EINVAL, "the column %s is there twice", names[column]);
            catalogue->columns[i] = column;
            seen[column] = true;
        }
    }
    if (!seen[COLUMN_SKU] || !seen[COLUMN_TITLE])
        return err_set(err, -EINVAL, "the first line must name the columns, at least sku and title");
    return 0;
}

/* --- one field
 * -----------------------------------------------------------------------------------------------------------
 */

/* No label, page or log can show these. */
static bool has_control(const char *text)
{
    for (; *text; text++)
        if (utf8_control(text))
            return true;
    return false;
}

static int take_text(const char *text, const char *name, char *to, size_t size, struct err *err)
{
    size_t length = strlen(text);
    if (length >= size)
        return err_set(err, -EINVAL, "%s is longer than %zu bytes", name, size - 1);
    if (!utf8_valid(text, length))
        return err_set(err, -EINVAL, "%s is not UTF-8 text", name);
    if (has_control(text))
        return err_set(err, -EINVAL, "%s has a line end or another control character", name);
    memcpy(to, text, length + 1);
    return 0;
}

static int take_money(const char *text, const char *name, const char *currency, int64_t *minor,
                      struct err *err)
{
    if (!*text)
        return 0;
    int result = money_parse(text, currency, minor);
    if (result < 0 || *minor < 0)
        return err_set(err, -EINVAL, "%s \"%.40s\" is not an amount of %s like 24.50", name, text, currency);
    return 0;
}

static int take_range(const char *text, const char *name, int64_t min, int64_t max, int64_t *value,
                      struct err *err)
{
    if (!*text)
        return 0;
    char *end;
    errno = 0;
    long long read = strtoll(text, &end, 10);
    if (errno || *end || read < min || read > max)
        return err_set(err, -EINVAL, "%s \"%.40s\" is not a whole number from %lld to %lld", name, text,
                       (long long)min, (long long)max);
    *value = read;
    return 0;
}

static int take_whole(const char *text, const char *name, int64_t max, int64_t *value, struct err *err)
{
    return take_range(text, name, 0, max, value, err);
}

static int take_flag(const char *text, uint32_t *flags, struct err *err)
{
    static const char *const yes[] = {"yes", "true", "1", "x"}, *const no[] = {"", "no", "false", "0"};
    for (size_t i = 0; i < 4; i++) {
        if (strcasecmp(text, yes[i]) == 0) {
            *flags |= ITEM_ONE_OF_A_KIND;
            return 0;
        }
        if (strcasecmp(text, no[i]) == 0)
            return 0;
    }
    return err_set(err, -EINVAL, "one_of_a_kind \"%.40s\" is neither yes nor no", text);
}

/* "4,00638E+12": what a spreadsheet writes for a long number in a column that is not text. */
static bool is_rounded(const char *text)
{
    size_t whole = strspn(text, "0123456789");
    const char *at = text + whole;
    if (*at == '.' || *at == ',')
        at += 1 + strspn(at + 1, "0123456789");
    if (!whole || (*at != 'E' && *at != 'e') || at[1] != '+')
        return false;
    size_t exponent = strspn(at + 2, "0123456789");
    return exponent && at[2 + exponent] == '\0';
}

static int take_code(struct catalogue_row *row, char *text, struct err *err)
{
    uint32_t pack = 1;
    char *star = strrchr(text, '*');
    int64_t count = 1;
    if (star && star[1] && strspn(star + 1, "0123456789") == strlen(star + 1)) {
        if (take_whole(star + 1, "the pack", 10000, &count, err) < 0 || count < 1)
            return err_set(err, -EINVAL, "the pack in barcode \"%.40s\" is not 1 to 10000", text);
        *star = '\0';
        pack = (uint32_t)count;
        text = cut(text);
    }
    if (!*text)
        return err_set(err, -EINVAL, "a pack without a barcode");
    if (strlen(text) > CODE_MAX_BYTES)
        return err_set(err, -EINVAL, "a barcode is longer than %d characters", CODE_MAX_BYTES);
    if (!utf8_valid(text, strlen(text)))
        return err_set(err, -EINVAL, "a barcode is not UTF-8 text");
    if (has_control(text))
        return err_set(err, -EINVAL, "a barcode has a line end or another control character");
    if (is_rounded(text))
        return err_set(
            err, -EINVAL,
            "barcode %.20s is a number that a spreadsheet rounded; make the column text and enter it again",
            text);
    if (gtin_like(text) && !gtin_valid(text))
        return err_set(err, -EINVAL, "barcode %.20s has a wrong check digit; compare it with the label",
                       text);
    if (row->code_count == CATALOGUE_CODES_MAX)
        return err_set(err, -EINVAL, "more than %d barcodes", CATALOGUE_CODES_MAX);
    gtin_normalise(text, row->codes[row->code_count], sizeof row->codes[0]);
    row->packs[row->code_count++] = pack;
    return 0;
}

static int take_codes(struct catalogue_row *row, const char *text, struct err *err)
{
    char copy[CSV_ROW_MAX_BYTES];
    (void)snprintf(copy, sizeof copy, "%s", text); /* a field is shorter than its row */
    for (char *at = copy; at;) {
        char *next = strchr(at, ';');
        if (next)
            *next++ = '\0';
        char *code = cut(at);
        if (*code) {
            int result = take_code(row, code, err);
            if (result < 0)
                return result;
        }
        at = next;
    }
    return 0;
}

static int take_field(struct catalogue_row *row, int column, const char *text, struct err *err)
{
    int64_t whole = 0;
    int result = 0;
    switch (column) {
    case COLUMN_SKU:
        return take_text(unguarded(text), "sku", row->item.sku, sizeof row->item.sku, err);
    case COLUMN_TITLE:
        return take_text(unguarded(text), "title", row->item.title, sizeof row->item.title, err);
    case COLUMN_BARCODE:
        return take_codes(row, unguarded(text), err);
    case COLUMN_PRICE:
        return take_money(text, "price", row->item.currency, &row->item.price_minor, err);
    case COLUMN_COST:
        return take_money(text, "cost", row->item.currency, &row->item.cost_minor, err);
    case COLUMN_ON_HAND:
        row->has_on_hand = *text != '\0';
        /* Below zero: sold before it was counted; an export says so. */
        return take_range(text, "on_hand", -1000000, 1000000, &row->on_hand, err);
    case COLUMN_LOCATION:
        return take_text(unguarded(text), "location", row->location, sizeof row->location, err);
    case COLUMN_ONE_OF_A_KIND:
        return take_flag(text, &row->item.flags, err);
    case COLUMN_REORDER_POINT:
        result = take_whole(text, "reorder_point", 1000000, &whole, err);
        row->item.reorder_point = (uint32_t)whole;
        return result;
    case COLUMN_LEAD_DAYS:
        result = take_whole(text, "lead_days", 3650, &whole, err);
        row->item.lead_days = (uint32_t)whole;
        return result;
    default:
        return 0;
    }
}

/* The currency first: prices are read with its number of digits. */
static int take_currency(const struct catalogue_csv *catalogue, struct catalogue_row *row, struct err *err)
{
    memcpy(row->item.currency, catalogue->currency, sizeof row->item.currency);
    for (int i = 0; i < catalogue->column_count && i < catalogue->csv.field_count; i++) {
        const char *text = field(&catalogue->csv, i);
        if (catalogue->columns[i] != COLUMN_CURRENCY || !*text)
            continue;
        if (strlen(text) != 3 || strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 3)
            return err_set(err, -EINVAL, "currency \"%.10s\" is not a code of three capital letters like EUR",
                           text);
        memcpy(row->item.currency, text, 4);
    }
    return 0;
}

int catalogue_csv_next(struct catalogue_csv *catalogue, struct catalogue_row *row, struct err *err)
{
    enum csv_result result = csv_next(&catalogue->csv);
    if (result == CSV_END)
        return 0;
    if (result != CSV_ROW)
        return err_set(err, -EINVAL, "%s", csv_words(result));
    *row = (struct catalogue_row){.line = catalogue->csv.line};
    int bad = 0;
    for (int i = catalogue->column_count; bad == 0 && i < catalogue->csv.field_count; i++)
        if (*field(&catalogue->csv, i)) /* else 24,50 would be a price of 24 and a cost of 50 */
            bad = err_set(err, -EINVAL,
                          "the row has more columns than the first line; put quotes around a comma");
    if (bad == 0)
        bad = take_currency(catalogue, row, err);
    for (int i = 0; bad == 0 && i < catalogue->column_count && i < catalogue->csv.field_count; i++)
        if (catalogue->columns[i] >= 0)
            bad = take_field(row, catalogue->columns[i], field(&catalogue->csv, i), err);
    if (bad < 0)
        return bad;
    if (!row->item.sku[0])
        return err_set(err, -EINVAL, "the sku is missing");
    if (!row->item.title[0])
        return err_set(err, -EINVAL, "the title is missing");
    if ((row->item.flags & ITEM_ONE_OF_A_KIND) && row->on_hand > 1)
        return err_set(err, -EINVAL, "a one-of-a-kind piece cannot be there %lld times",
                       (long long)row->on_hand);
    return 1;
}

static bool has_column(const struct catalogue_csv *catalogue, int column)
{
    for (int i = 0; i < catalogue->column_count; i++)
        if (catalogue->columns[i] == column)
            return true;
    return false;
}

void catalogue_csv_keep(const struct catalogue_csv *catalogue, const struct item *known, struct item *item)
{
    if (!has_column(catalogue, COLUMN_PRICE))
        item->price_minor = known->price_minor;
    if (!has_column(catalogue, COLUMN_COST))
        item->cost_minor = known->cost_minor;
    if (!has_column(catalogue, COLUMN_PRICE) && !has_column(catalogue, COLUMN_CURRENCY))
        memcpy(item->currency, known->currency, sizeof item->currency);
    uint32_t said = has_column(catalogue, COLUMN_ONE_OF_A_KIND) ? ITEM_ONE_OF_A_KIND : 0;
    item->flags = (item->flags & said) | (known->flags & ~said); /* a file knows no other flag */
    if (!has_column(catalogue, COLUMN_REORDER_POINT))
        item->reorder_point = known->reorder_point;
    if (!has_column(catalogue, COLUMN_LEAD_DAYS))
        item->lead_days = known->lead_days;
}

uint32_t catalogue_csv_line(const struct catalogue_csv *catalogue)
{
    return catalogue->csv.line;
}
