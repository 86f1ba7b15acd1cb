// link: crypto
/* The exported journal: any one-byte change in it is found, and the first changed line is named. Every place
 * of a small one, with every kind of event in it; a large sample of a big one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/crypto.h"
#include "journal_fixture.h"

enum { LINES_MAX = 64 };

/* --- laws --- */

static void what_is_written_is_right(void **state)
{
    (void)state;
    struct making making;
    journal_make_small(&making);
    struct journal_check said = journal_check_text(buf_text(&making.text), making.text.length);
    assert_int_equal(said.line, 0);
    assert_int_equal(said.events, making.position);
    assert_int_equal(said.seals, 2);
    assert_int_equal(said.epochs, 2);
    assert_false(said.times_open);
    assert_non_null(
        strstr(buf_text(&making.text), "sold at location 1 \"booth\": 2 of \"MUG\" (item 1) at 24.00 EUR"));
    assert_non_null(strstr(buf_text(&making.text), "unknown code \"what?\\x09\\\"\\x0a\\xc2\\x9b\""));
    assert_non_null(strstr(buf_text(&making.text), "Blue \\xe2\\x80\\xaemug \xc3\xa4"));
    journal_make_drop(&making);
}

static void must_find(const char *changed, size_t length, uint64_t line, const char *what)
{
    struct journal_check said = journal_check_text(changed, length);
    if (said.line != line)
        print_error("%s in line %llu: said line %llu %s\n", what, (unsigned long long)line,
                    (unsigned long long)said.line, said.words);
    assert_int_equal(said.line, line);
}

static void every_byte_changed_is_found_and_its_line_named(void **state)
{
    (void)state;
    struct making making;
    journal_make_small(&making);
    size_t length = making.text.length;
    char *changed = malloc(length + 1);
    assert_non_null(changed);
    memcpy(changed, buf_text(&making.text), length);
    static const char others[] = {'\t', '\n'};
    for (size_t at = 0; at < length; at++) {
        char was = changed[at];
        uint64_t line = journal_line_at(buf_text(&making.text), at);
        for (int bit = 0; bit < 8; bit++) {
            changed[at] = (char)(was ^ 1 << bit);
            must_find(changed, length, line, "a flipped bit");
        }
        for (size_t i = 0; i < sizeof others; i++) {
            changed[at] = others[i];
            if (others[i] != was)
                must_find(changed, length, line, "another byte");
        }
        changed[at] = was;
    }
    free(changed);
    journal_make_drop(&making);
}

static void every_byte_deleted_inserted_or_cut_off_is_found(void **state)
{
    (void)state;
    struct making making;
    journal_make_small(&making);
    const char *text = buf_text(&making.text);
    size_t length = making.text.length;
    char *changed = malloc(length + 2);
    assert_non_null(changed);
    for (size_t at = 0; at < length; at++) {
        memcpy(changed, text, at);
        memcpy(changed + at, text + at + 1, length - at - 1);
        assert_true(journal_check_text(changed, length - 1).line > 0);
        assert_true(journal_check_text(text, at).line > 0);
        for (const char *added = "0\n"; *added; added++) {
            memcpy(changed, text, at);
            changed[at] = *added;
            memcpy(changed + at + 1, text + at, length - at);
            assert_true(journal_check_text(changed, length + 1).line > 0);
        }
    }
    memcpy(changed, text, length);
    changed[length] = '\n';
    assert_true(journal_check_text(changed, length + 1).line > 0);
    free(changed);
    journal_make_drop(&making);
}

/* --- whole lines --- */

struct lines {
    const char *at[LINES_MAX];
    size_t length[LINES_MAX]; /* with the newline */
    int count;
};

static void split(const struct buf *text, struct lines *lines)
{
    const char *at = buf_text(text);
    while (*at) {
        size_t length = strcspn(at, "\n") + 1;
        assert_true(lines->count < LINES_MAX);
        lines->at[lines->count] = at;
        lines->length[lines->count++] = length;
        at += length;
    }
}

static uint64_t check_order(const struct lines *lines, const int *order, int count)
{
    BUF_AUTO struct buf text = buf_new(JOURNAL_FILE_MAX_BYTES);
    for (int i = 0; i < count; i++)
        buf_add(&text, lines->at[order[i]], lines->length[order[i]]);
    assert_int_equal(buf_error(&text), 0);
    return journal_check_text(buf_text(&text), text.length).line;
}

static void lines_removed_doubled_or_swapped_are_found(void **state)
{
    (void)state;
    struct making making;
    struct lines lines = {0};
    int order[LINES_MAX + 1];
    journal_make_small(&making);
    split(&making.text, &lines);
    for (int line = 0; line < lines.count; line++) {
        int count = 0;
        for (int i = 0; i < lines.count; i++)
            if (i != line)
                order[count++] = i;
        assert_true(check_order(&lines, order, count) > 0);
        count = 0;
        for (int i = 0; i < lines.count; i++) {
            order[count++] = i;
            if (i == line)
                order[count++] = i;
        }
        uint64_t said = check_order(&lines, order, count);
        bool comment = lines.length[line] == 2; /* "#": two stand one behind the other already */
        assert_true(comment ? said > 0 : said == (uint64_t)line + 2);
        for (int other = line + 1; other < lines.count; other++) {
            if (lines.length[line] == lines.length[other] &&
                memcmp(lines.at[line], lines.at[other], lines.length[line]) == 0)
                continue;
            for (int i = 0; i < lines.count; i++)
                order[i] = i == line ? other : i == other ? line : i;
            assert_int_equal(check_order(&lines, order, lines.count), (uint64_t)line + 1);
        }
    }
    journal_make_drop(&making);
}

/* --- a big one --- */

static uint64_t next_random(uint64_t *random)
{
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    return *random;
}

static void a_sample_of_a_big_one_is_found(void **state)
{
    (void)state;
    const char *longer = getenv("FAIRSTOCK_LONG");
    int events = longer ? 100000 : 3000, samples = longer ? 2000 : 100;
    struct making making;
    uint64_t random = 88172645463325252U;
    journal_make_begin(&making);
    for (int i = 0; i < events; i++) {
        journal_make_sell(&making, i % 17 ? 1 : 0, i % 5 + 1);
        if (i % 200 == 199)
            journal_make_seal(&making);
    }
    journal_make_finish(&making);
    size_t length = making.text.length;
    char *changed = malloc(length);
    assert_non_null(changed);
    memcpy(changed, buf_text(&making.text), length);
    assert_int_equal(journal_check_text(changed, length).line, 0);
    for (int i = 0; i < samples; i++) {
        size_t at = next_random(&random) % length;
        char was = changed[at], now = (char)next_random(&random);
        changed[at] = now == was ? (char)(was ^ 1) : now;
        must_find(changed, length, journal_line_at(buf_text(&making.text), at), "a random byte");
        changed[at] = was;
    }
    print_message("%d random changes of %zu bytes, %d events: all found, the line named\n", samples, length,
                  events);
    free(changed);
    journal_make_drop(&making);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_right),
        cmocka_unit_test(every_byte_changed_is_found_and_its_line_named),
        cmocka_unit_test(every_byte_deleted_inserted_or_cut_off_is_found),
        cmocka_unit_test(lines_removed_doubled_or_swapped_are_found),
        cmocka_unit_test(a_sample_of_a_big_one_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
