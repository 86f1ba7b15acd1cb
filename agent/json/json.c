#include "json/json.h"

#include <cjson/cJSON.h>
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/utf8.h"

enum { DEPTH_MAX = 64 };

/* struct json is cJSON seen through a keyhole. */
static const cJSON *in(const struct json *value)
{
    return (const cJSON *)(const void *)value;
}

static const struct json *out(const cJSON *value)
{
    return (const struct json *)(const void *)value;
}

/* cJSON recurses on parsing and deleting; a cap found by one flat pass keeps hostile nesting off the stack.
 */
static bool too_deep(const char *text, size_t length)
{
    int depth = 0;
    bool quoted = false;
    for (size_t i = 0; i < length; i++) {
        if (quoted && text[i] == '\\')
            i++;
        else if (text[i] == '"')
            quoted = !quoted;
        else if (!quoted && (text[i] == '{' || text[i] == '['))
            depth++;
        else if (!quoted && (text[i] == '}' || text[i] == ']'))
            depth--;
        if (depth > DEPTH_MAX)
            return true;
    }
    return false;
}

/* Whether `u` and what follows it in an escape stand for U+0000: four zeros, or, to cJSON, no four digits. */
static bool is_nul(const char *escape, size_t left)
{
    bool zero = true;
    if (*escape != 'u')
        return false;
    for (size_t i = 1; i <= 4; i++) {
        if (i >= left || !isxdigit((unsigned char)escape[i]))
            return true;
        zero &= escape[i] == '0';
    }
    return zero;
}

/* Whether a string carries U+0000, which cJSON would make the end of the text: "42\u0000x" is not "42". */
static bool has_nul(const char *text, size_t length)
{
    bool quoted = false;
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '"') {
            quoted = !quoted;
        } else if (quoted && text[i] == '\\' && ++i < length && is_nul(text + i, length - i)) {
            return true;
        }
    }
    return false;
}

int json_parse(const char *text, size_t length, struct json **root, struct err *err)
{
    if (too_deep(text, length))
        return err_set(err, -EINVAL, "nested deeper than %d", DEPTH_MAX);
    if (!utf8_valid(text, length)) /* RFC 8259 section 8.1; cJSON would hand the bytes on */
        return err_set(err, -EINVAL, "not UTF-8");
    if (has_nul(text, length))
        return err_set(err, -EINVAL, "U+0000 or half an escape in a text");
    const char *end = NULL;
    cJSON *parsed = cJSON_ParseWithLengthOpts(text, length, &end, 0);
    if (!parsed)
        return err_set(err, -EINVAL, "not JSON at byte %zu", end ? (size_t)(end - text) : (size_t)0);
    for (; end < text + length; end++) {
        if (!strchr(" \t\r\n", *end)) {
            cJSON_Delete(parsed);
            return err_set(err, -EINVAL, "unexpected text at byte %zu", (size_t)(end - text));
        }
    }
    *root = (struct json *)(void *)parsed;
    return 0;
}

void json_free(struct json *root)
{
    cJSON_Delete((cJSON *)(void *)root);
}

static void blank_text(char *text)
{
    for (; text && *text; text++)
        if (utf8_control(text) && *text != '\n')
            for (size_t left = utf8_control(text); left; left--)
                text[left - 1] = ' ';
}

void json_blank_controls(struct json *root)
{
    cJSON *value = (cJSON *)(void *)root;
    if (!value)
        return;
    blank_text(value->valuestring);
    for (cJSON *child = value->child; child; child = child->next)
        json_blank_controls((struct json *)(void *)child); /* as deep as json_parse allows */
}

const struct json *json_get(const struct json *value, const char *key)
{
    return out(cJSON_GetObjectItemCaseSensitive(in(value), key));
}

const struct json *json_path(const struct json *value, const char *path)
{
    while (value && *path) {
        char key[64];
        size_t length = strcspn(path, ".");
        if (length >= sizeof key)
            return NULL;
        memcpy(key, path, length);
        key[length] = '\0';
        value = json_get(value, key);
        path += length + (path[length] == '.');
    }
    return value;
}

const struct json *json_first(const struct json *value)
{
    return json_is_array(value) ? out(in(value)->child) : NULL;
}

const struct json *json_next(const struct json *element)
{
    return out(in(element)->next);
}

size_t json_count(const struct json *value)
{
    return json_is_array(value) ? (size_t)cJSON_GetArraySize(in(value)) : 0;
}

bool json_is_null(const struct json *value)
{
    return cJSON_IsNull(in(value));
}

bool json_is_object(const struct json *value)
{
    return cJSON_IsObject(in(value));
}

bool json_is_array(const struct json *value)
{
    return cJSON_IsArray(in(value));
}

const char *json_text_value(const struct json *value)
{
    return cJSON_IsString(in(value)) ? in(value)->valuestring : NULL;
}

const char *json_get_text(const struct json *value, const char *key)
{
    return json_text_value(json_get(value, key));
}

int json_int_value(const struct json *value, int64_t *number)
{
    static const double exact = 9007199254740991.0; /* 2^53 - 1: 2^53 may stand for 2^53 + 1 */
    if (!value)
        return -ENOENT;
    if (!cJSON_IsNumber(in(value)))
        return -EINVAL;
    double read = in(value)->valuedouble;
    if (!(read >= -exact && read <= exact))
        return -EINVAL;
    int64_t whole = (int64_t)read;
    if ((double)whole < read || (double)whole > read)
        return -EINVAL;
    *number = whole;
    return 0;
}

int json_get_int(const struct json *value, const char *key, int64_t *number)
{
    return json_int_value(json_get(value, key), number);
}

int json_get_bool(const struct json *value, const char *key, bool *flag)
{
    const struct json *member = json_get(value, key);
    if (!member)
        return -ENOENT;
    if (!cJSON_IsBool(in(member)))
        return -EINVAL;
    *flag = cJSON_IsTrue(in(member));
    return 0;
}

static void write_number(struct json_writer *json, const char *key, const struct json *value)
{
    int64_t number;
    if (json_int_value(value, &number) == 0)
        json_int(json, key, number);
    else if (!json->out->error)
        json->out->error = -EINVAL;
}

/* Recursion is bounded by DEPTH_MAX of what can be parsed. */
void json_value(struct json_writer *json, const char *key, const struct json *value)
{
    const cJSON *item = in(value);
    if (cJSON_IsObject(item) || cJSON_IsArray(item)) {
        bool object = cJSON_IsObject(item);
        (object ? json_begin_object : json_begin_array)(json, key);
        for (const cJSON *child = item->child; child; child = child->next)
            json_value(json, object ? child->string : NULL, out(child));
        (object ? json_end_object : json_end_array)(json);
    } else if (cJSON_IsString(item)) {
        json_text(json, key, item->valuestring);
    } else if (cJSON_IsBool(item)) {
        json_bool(json, key, cJSON_IsTrue(item));
    } else if (cJSON_IsNumber(item)) {
        write_number(json, key, value);
    } else {
        json_null(json, key);
    }
}
