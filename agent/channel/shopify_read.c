#include "channel/shopify_read.h"

#include <string.h>

#include "channel/shopify_time.h"

void shopify_read_fail(struct shopify_reader *reader, const char *name)
{
    if (!reader->wrong)
        reader->wrong = name;
}

/* The member, whatever it is; NULL after any failure. */
static const struct json *member(struct shopify_reader *reader, const struct json *object, const char *name)
{
    if (reader->wrong || !object)
        return NULL;
    const struct json *value = json_get(object, name);
    if (!value)
        shopify_read_fail(reader, name);
    return value;
}

const struct json *shopify_read_object(struct shopify_reader *reader, const struct json *object,
                                       const char *name)
{
    const struct json *value = member(reader, object, name);
    if (!value || json_is_object(value))
        return value;
    shopify_read_fail(reader, name);
    return NULL;
}

const struct json *shopify_read_nullable(struct shopify_reader *reader, const struct json *object,
                                         const char *name)
{
    const struct json *value = member(reader, object, name);
    return json_is_null(value) ? NULL : shopify_read_object(reader, object, name);
}

const struct json *shopify_read_array(struct shopify_reader *reader, const struct json *object,
                                      const char *name)
{
    const struct json *value = member(reader, object, name);
    if (!value || json_is_array(value))
        return value;
    shopify_read_fail(reader, name);
    return NULL;
}

bool shopify_read_bool(struct shopify_reader *reader, const struct json *object, const char *name)
{
    bool flag = false;
    if (member(reader, object, name) && json_get_bool(object, name, &flag) < 0)
        shopify_read_fail(reader, name);
    return flag;
}

int64_t shopify_read_int(struct shopify_reader *reader, const struct json *object, const char *name)
{
    int64_t number = 0;
    const struct json *value = member(reader, object, name);
    if (!value)
        return 0;
    if (json_int_value(value, &number) < 0 || number < INT32_MIN || number > INT32_MAX) {
        shopify_read_fail(reader, name);
        return 0;
    }
    return number;
}

const char *shopify_read_text(struct shopify_reader *reader, const struct json *object, const char *name)
{
    const struct json *value = member(reader, object, name);
    const char *text = json_text_value(value);
    if (value && !text)
        shopify_read_fail(reader, name);
    return text ? text : "";
}

int64_t shopify_read_time(struct shopify_reader *reader, const struct json *object, const char *name)
{
    int64_t ms = 0;
    const char *text = shopify_read_text(reader, object, name);
    if (!reader->wrong && object && shopify_time_parse(text, &ms) < 0)
        shopify_read_fail(reader, name);
    return ms;
}

void shopify_read_id(struct shopify_reader *reader, const struct json *object, const char *name, char *id,
                     size_t size)
{
    const char *text = shopify_read_text(reader, object, name);
    size_t length = strlen(text);
    if (!reader->wrong && object && (length == 0 || length >= size))
        shopify_read_fail(reader, name);
    id[0] = '\0';
    if (length < size)
        memcpy(id, text, length + 1);
}

void shopify_read_code(struct shopify_reader *reader, const struct json *object, const char *name, char *code,
                       size_t size)
{
    const struct json *value = member(reader, object, name);
    code[0] = '\0';
    if (!value || json_is_null(value))
        return;
    const char *text = shopify_read_text(reader, object, name);
    if (strlen(text) < size)
        memcpy(code, text, strlen(text) + 1);
}

void shopify_read_cut(char *to, size_t size, const char *text)
{
    size_t length = strlen(text);
    if (length >= size) {
        length = size - 1;
        while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80)
            length--;
    }
    memcpy(to, text, length);
    to[length] = '\0';
}
