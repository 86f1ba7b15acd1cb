#include <inttypes.h>
#include <string.h>

#include "json/json.h"

struct json_writer json_writer_new(struct buf *out)
{
    return (struct json_writer){.out = out};
}

/* Bytes of the UTF-8 sequence at `at`, 0 when there is none (RFC 3629 section 4). */
static size_t utf8_length(const uint8_t *at, size_t left)
{
    uint8_t first = at[0];
    if (first < 0x80)
        return 1;
    size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || length > left)
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    uint8_t low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    uint8_t high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    return at[1] >= low && at[1] <= high ? length : 0;
}

static void add_quoted(struct buf *out, const char *text, size_t length)
{
    buf_add_byte(out, '"');
    const uint8_t *at = (const uint8_t *)text;
    for (size_t i = 0; i < length;) {
        size_t used = utf8_length(at + i, length - i);
        if (!used)
            buf_add_text(out, "\xef\xbf\xbd");
        else if (at[i] == '"' || at[i] == '\\')
            buf_printf(out, "\\%c", at[i]);
        else if (at[i] < 0x20 || at[i] == 0x7f)
            buf_printf(out, "\\u%04x", at[i]);
        else
            buf_add(out, at + i, used);
        i += used ? used : 1;
    }
    buf_add_byte(out, '"');
}

static void begin_value(struct json_writer *json, const char *key)
{
    if (json->comma)
        buf_add_byte(json->out, ',');
    if (key) {
        add_quoted(json->out, key, strlen(key));
        buf_add_byte(json->out, ':');
    }
    json->comma = true;
}

void json_begin_object(struct json_writer *json, const char *key)
{
    begin_value(json, key);
    buf_add_byte(json->out, '{');
    json->comma = false;
}

void json_end_object(struct json_writer *json)
{
    buf_add_byte(json->out, '}');
    json->comma = true;
}

void json_begin_array(struct json_writer *json, const char *key)
{
    begin_value(json, key);
    buf_add_byte(json->out, '[');
    json->comma = false;
}

void json_end_array(struct json_writer *json)
{
    buf_add_byte(json->out, ']');
    json->comma = true;
}

void json_text_n(struct json_writer *json, const char *key, const char *text, size_t length)
{
    begin_value(json, key);
    add_quoted(json->out, text, length);
}

void json_text(struct json_writer *json, const char *key, const char *text)
{
    json_text_n(json, key, text, strlen(text));
}

void json_int(struct json_writer *json, const char *key, int64_t number)
{
    begin_value(json, key);
    buf_printf(json->out, "%" PRId64, number);
}

void json_bool(struct json_writer *json, const char *key, bool flag)
{
    begin_value(json, key);
    buf_add_text(json->out, flag ? "true" : "false");
}

void json_null(struct json_writer *json, const char *key)
{
    begin_value(json, key);
    buf_add_text(json->out, "null");
}
