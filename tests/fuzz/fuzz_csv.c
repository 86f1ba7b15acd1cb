// link: domain base
/* Any bytes as a CSV file and as a catalogue: each row lies within its limits and its lines only grow; what
 * was read and is written by the rules of RFC 4180 is read the same; an item that is taken keeps every rule.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "domain/catalogue_csv.h"
#include "domain/gtin.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void write_field(struct buf *out, const char *field, char end)
{
    buf_add_byte(out, '"');
    for (; *field; field++) {
        if (*field == '"')
            buf_add_byte(out, '"');
        buf_add_byte(out, (unsigned char)*field);
    }
    buf_add_byte(out, '"');
    buf_add_byte(out, (unsigned char)end);
}

/* Written by RFC 4180 section 2, the fields are one row again. */
static void require_same_again(const char *const *fields, int count)
{
    static struct csv again;
    BUF_AUTO struct buf text = buf_new(4 * CSV_ROW_MAX_BYTES);
    buf_add_text(&text, "a,b\n");
    for (int i = 0; i < count; i++)
        write_field(&text, fields[i], i + 1 < count ? ',' : '\n');
    require(buf_error(&text) == 0);
    csv_start(&again, buf_text(&text), text.length);
    require(csv_next(&again) == CSV_ROW && csv_next(&again) == CSV_ROW);
    require(again.field_count == count && again.line == 2);
    for (int i = 0; i < count; i++)
        require(strcmp(again.fields[i], fields[i]) == 0);
    require(csv_next(&again) == CSV_END);
}

/* The bytes as fields, each up to the next line end, so that fields of any bytes are met too. */
static void check_fields(const uint8_t *data, size_t size)
{
    char bytes[CSV_ROW_MAX_BYTES];
    const char *fields[CSV_FIELDS_MAX] = {bytes};
    int count = 1;
    if (size + 2 > sizeof bytes) /* with its NULs it must fit a row */
        return;
    for (size_t i = 0; i < size; i++) {
        bytes[i] = data[i] ? (char)data[i] : '"';
        if (data[i] == '\n' && count < CSV_FIELDS_MAX) {
            bytes[i] = '\0';
            fields[count++] = bytes + i + 1;
        }
    }
    bytes[size] = '\0';
    require_same_again(fields, count);
}

static void check_rows(const char *text, size_t size, uint32_t lines)
{
    static struct csv csv;
    uint32_t last = 0;
    enum csv_result result;
    csv_start(&csv, text, size);
    while ((result = csv_next(&csv)) != CSV_END) {
        require(csv.line > last && csv.line <= lines);
        last = csv.line;
        require(csv.field_count >= 1 && csv.field_count <= CSV_FIELDS_MAX);
        for (int i = 0; i < csv.field_count; i++)
            require(csv.fields[i] >= csv.row && csv.fields[i] < csv.row + sizeof csv.row &&
                    memchr(csv.fields[i], '\0', (size_t)(csv.row + sizeof csv.row - csv.fields[i])));
        if (result == CSV_ROW)
            require_same_again(csv.fields, csv.field_count);
    }
}

static void require_text(const char *text, size_t size)
{
    size_t length = strnlen(text, size);
    require(length < size && utf8_valid(text, length));
    for (size_t i = 0; i < length; i++)
        require((unsigned char)text[i] >= ' ' && text[i] != 0x7f);
}

static void require_item(const struct catalogue_row *row)
{
    require_text(row->item.sku, sizeof row->item.sku);
    require_text(row->item.title, sizeof row->item.title);
    require_text(row->location, sizeof row->location);
    require(row->item.sku[0] && row->item.title[0] && strlen(row->item.currency) == 3);
    require(row->item.price_minor >= 0 && row->item.cost_minor >= 0 && row->item.alias == 0);
    require(row->on_hand >= 0 && row->on_hand <= 1000000 && (row->has_on_hand || !row->on_hand));
    require(row->code_count >= 0 && row->code_count <= CATALOGUE_CODES_MAX);
    for (int i = 0; i < row->code_count; i++) {
        char code[CODE_MAX_BYTES + 1];
        require_text(row->codes[i], sizeof row->codes[i]);
        gtin_normalise(row->codes[i], code, sizeof code);
        require(row->codes[i][0] && strcmp(code, row->codes[i]) == 0);
        require(!gtin_like(code) || gtin_valid(code) || strlen(code) > 14);
        require(row->packs[i] >= 1 && row->packs[i] <= 10000);
    }
}

static void check_catalogue(const char *text, size_t size, uint32_t lines)
{
    static struct catalogue_csv catalogue;
    static struct catalogue_row row;
    struct err err = {0};
    if (catalogue_csv_start(&catalogue, text, size, "EUR", &err) < 0) {
        require(err.text[0]);
        return;
    }
    uint32_t last = 0;
    for (int result; (result = catalogue_csv_next(&catalogue, &row, &err)) != 0; err.text[0] = '\0') {
        uint32_t line = catalogue_csv_line(&catalogue);
        require(line > last && line <= lines);
        last = line;
        require(result == 1 || err.text[0]);
        if (result == 1)
            require_item(&row);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    uint32_t lines = 1;
    for (size_t i = 0; i < size; i++)
        lines += text[i] == '\n' || (text[i] == '\r' && (i + 1 == size || text[i + 1] != '\n'));
    check_rows(text, size, lines);
    check_catalogue(text, size, lines);
    check_fields(data, size);
    return 0;
}
