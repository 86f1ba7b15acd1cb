/* Lines out of bytes, however the bytes arrive. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "scanner/line_reader.h"

/* Everything the reader gives, as "1:text|2:text|3!|". */
struct heard {
    char text[64 * 1024];
    size_t used;
};

static void note(struct heard *heard, const struct line_reader *reader, enum line_state state,
                 const char *line, size_t length)
{
    int n = state == LINE_READY ? snprintf(heard->text + heard->used, sizeof heard->text - heard->used,
                                           "%u:%.*s|", reader->number, (int)length, line)
                                : snprintf(heard->text + heard->used, sizeof heard->text - heard->used,
                                           "%u!|", reader->number);
    heard->used += (size_t)n;
}

/* Feeds text in pieces of at most piece bytes, as read(2) would, and drains after each. */
static void feed(struct line_reader *reader, const char *text, size_t length, size_t piece,
                 struct heard *heard)
{
    const char *line;
    size_t at = 0, line_length, room;
    while (at < length) {
        char *space = line_reader_space(reader, &room);
        assert_true(room > 0);
        size_t count = length - at < piece ? length - at : piece;
        count = count < room ? count : room;
        memcpy(space, text + at, count);
        line_reader_added(reader, count);
        at += count;
        enum line_state state;
        while ((state = line_reader_next(reader, &line, &line_length)) != LINE_NONE)
            note(heard, reader, state, line, line_length);
    }
}

static void finish(struct line_reader *reader, struct heard *heard)
{
    const char *line;
    size_t length;
    enum line_state state;
    while ((state = line_reader_last(reader, &line, &length)) != LINE_NONE)
        note(heard, reader, state, line, length);
}

static void pieces_of_any_size_give_the_same_lines(void **state)
{
    (void)state;
    static const char text[] = "one\ntwo\r\n\n\nfive\r6\nlast";
    for (size_t piece = 1; piece <= sizeof text; piece++) {
        struct line_reader reader = {0};
        struct heard heard = {0};
        feed(&reader, text, sizeof text - 1, piece, &heard);
        finish(&reader, &heard);
        assert_string_equal(heard.text, "1:one|2:two|3:|4:|5:five\r6|6:last|");
    }
}

static void a_last_line_with_an_end_is_not_given_twice(void **state)
{
    (void)state;
    struct line_reader reader = {0};
    struct heard heard = {0};
    feed(&reader, "a\n", 2, 2, &heard);
    finish(&reader, &heard);
    assert_string_equal(heard.text, "1:a|");
}

static void a_line_that_just_fits_is_given(void **state)
{
    (void)state;
    char text[LINE_MAX_BYTES];
    memset(text, 'x', sizeof text);
    text[LINE_MAX_BYTES - 1] = '\n';
    struct line_reader reader = {0};
    struct heard heard = {0};
    feed(&reader, text, sizeof text, 1000, &heard);
    assert_int_equal(heard.used, 2 + LINE_MAX_BYTES - 1 + 1);
}

static void a_line_too_long_is_numbered_and_skipped(void **state)
{
    (void)state;
    static char text[3 * LINE_MAX_BYTES];
    for (size_t piece = 1; piece < 5000; piece = piece * 3 + 1) {
        memset(text, 'x', sizeof text);
        memcpy(text, "a\n", 2);
        memcpy(text + sizeof text - 3, "\nb\n", 3);
        struct line_reader reader = {0};
        struct heard heard = {0};
        feed(&reader, text, sizeof text, piece, &heard);
        assert_string_equal(heard.text, "1:a|2!|3:b|");
    }
}

static void a_line_too_long_at_the_end_is_told(void **state)
{
    (void)state;
    static char text[LINE_MAX_BYTES];
    memset(text, 'x', sizeof text);
    struct line_reader reader = {0};
    struct heard heard = {0};
    feed(&reader, text, sizeof text, sizeof text, &heard);
    finish(&reader, &heard);
    assert_string_equal(heard.text, "1!|");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_of_any_size_give_the_same_lines),
        cmocka_unit_test(a_last_line_with_an_end_is_not_given_twice),
        cmocka_unit_test(a_line_that_just_fits_is_given),
        cmocka_unit_test(a_line_too_long_is_numbered_and_skipped),
        cmocka_unit_test(a_line_too_long_at_the_end_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
