// link: json base
/* Any bytes as a document, and as a text to write: a document that is taken has only UTF-8 texts and whole
 * numbers that are exact; a text that is written is read back as it was, damaged characters replaced. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "json/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* The value as far as its lists go; members are looked up, not listed. */
static void write_value(struct json_writer *json, const char *key, const struct json *value, int depth)
{
    const char *text = json_text_value(value);
    int64_t number = 0;
    require(depth <= 64 || !(json_is_array(value) || json_is_object(value)));
    if (text) {
        require(utf8_valid(text, strlen(text)));
        json_text(json, key, text);
    } else if (json_int_value(value, &number) == 0) {
        require(number > -(INT64_C(1) << 53) && number < INT64_C(1) << 53);
        json_int(json, key, number);
    } else if (json_is_array(value)) {
        size_t count = 0;
        json_begin_array(json, key);
        for (const struct json *at = json_first(value); at; at = json_next(at), count++)
            write_value(json, NULL, at, depth + 1);
        json_end_array(json);
        require(count == json_count(value));
    } else if (json_is_object(value)) {
        json_begin_object(json, key);
        const struct json *member = json_get(value, "a");
        require(member == json_path(value, "a"));
        if (member)
            write_value(json, "a", member, depth + 1);
        json_end_object(json);
    } else {
        json_null(json, key);
    }
}

static void write_document(struct buf *out, const struct json *root)
{
    struct json_writer json = json_writer_new(out);
    write_value(&json, NULL, root, 1);
    require(buf_error(out) == 0);
}

static void check_document(const char *text, size_t size)
{
    struct json *root = NULL, *again = NULL;
    struct err err = {0};
    int result = json_parse(text, size, &root, &err);
    require(result == 0 || (result == -EINVAL && !root && err.text[0]));
    if (result < 0)
        return;
    require(utf8_valid(text, size));
    BUF_AUTO struct buf out = buf_new(8 * size + 64), same = buf_new(8 * size + 64);
    write_document(&out, root);
    require(json_parse(buf_text(&out), out.length, &again, NULL) == 0);
    write_document(&same, again);
    require(strcmp(buf_text(&out), buf_text(&same)) == 0);
    json_free(root);
    json_free(again);
}

static void check_text(const char *text, size_t size)
{
    BUF_AUTO struct buf out = buf_new(6 * size + 2);
    struct json_writer json = json_writer_new(&out);
    json_text_n(&json, NULL, text, size);
    require(buf_error(&out) == 0 && utf8_valid(buf_text(&out), out.length));
    struct json *root = NULL;
    int result = json_parse(buf_text(&out), out.length, &root, NULL);
    if (memchr(text, '\0', size)) {
        require(result == -EINVAL); /* U+0000 can be written, but nothing of ours reads it */
        return;
    }
    require(result == 0 && json_text_value(root));
    if (utf8_valid(text, size))
        require(strlen(json_text_value(root)) == size && memcmp(json_text_value(root), text, size) == 0);
    json_free(root);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 65536)
        return 0;
    check_document((const char *)data, size);
    check_text((const char *)data, size);
    return 0;
}
