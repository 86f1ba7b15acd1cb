#include "json/json.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <string.h>

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

int json_parse(const char *text, size_t length, struct json **root, struct err *err)
{
    if (too_deep(text, length))
        return err_set(err, -EINVAL, "nested deeper than %d", DEPTH_MAX);
    const char *end = NULL;
    cJSON *parsed = cJSON_ParseWithLengthOpts(text, length, &end, 0);
    if (!parsed)
        return err_set(err, -EINVAL, "not JSON at byte %zu", end ? (size_t)(end - text) : (size_t)0);
    for (; end < text + length; end++) {
        if (*end == '\0' || !strchr(" \t\r\n", *end)) {
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
    static const double exact = 9007199254740992.0; /* 2^53 */
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
