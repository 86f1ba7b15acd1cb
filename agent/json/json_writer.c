#include <inttypes.h>
#include <string.h>

#include "base/utf8.h"
#include "json/json.h"

struct json_writer json_writer_new(struct buf *out)
{
    return (struct json_writer){.out = out};
}

static void add_quoted(struct buf *out, const char *text, size_t length)
{
    buf_add_byte(out, '"');
    for (size_t i = 0; i < length;) {
        unsigned char first = (unsigned char)text[i];
        size_t used = 1;
        if (first < 0x20 || first == 0x7f)
            buf_printf(out, "\\u%04x", first);
        else if (first == '"' || first == '\\')
            buf_printf(out, "\\%c", first);
        else if ((used = utf8_sequence(text + i, length - i)) > 0)
            buf_add(out, text + i, used);
        else
            buf_add_text(out, "\xef\xbf\xbd");
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
