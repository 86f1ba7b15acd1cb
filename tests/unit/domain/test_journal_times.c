// link: crypto
/* The times in an exported journal: what any line knows; and what is named when they were changed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/crypto.h"
#include "journal_fixture.h"

/* Start 2 never learns the time; 4 does so late, first from a phone, then from a time server. */
static void make_times(struct making *making)
{
    journal_make_begin(making);
    journal_make_sell(making, 1, 2);
    journal_make_start(making, 2);
    journal_make_shop(making);
    journal_make_start(making, 4);
    journal_make_sell(making, 1, 1);
    journal_make_learn(making, 4, CLOCK_PHONE, 1790000100000);
    journal_make_learn(making, 4, CLOCK_NTP, 1790000200000);
    journal_make_sell(making, 1, 1);
    journal_make_start(making, 6);
    journal_make_sell(making, 1, 1);
    journal_make_start(making, 8);
    journal_make_learn(making, 8, CLOCK_BY_HAND, 1790000900000);
    journal_make_seal(making);
    journal_make_finish(making);
}

/* The fourth of the six parts of the `n`th line with these words, and the third before it. */
static void assert_when(const struct making *making, const char *words, int n, const char *when)
{
    const char *at = buf_text(&making->text);
    char should[128];
    (void)snprintf(should, sizeof should, "\t%s\t%s", when, words);
    for (int i = 0; at && i < n; i++)
        at = strstr(at + 1, words);
    assert_non_null(at);
    size_t back = strlen(when) + 2;
    if (strncmp(at - back, should, back) != 0)
        print_error("%.60s is not%s\n", at - back, should);
    assert_memory_equal(at - back, should, back);
}

static void each_line_has_the_time_that_any_line_knows(void **state)
{
    (void)state;
    struct making making;
    make_times(&making);
    assert_when(&making, "location created", 1, "2026-09-21 14:13:21 ntp");
    assert_when(&making, "channel connected", 1, "2026-09-21 14:13:23 to 2026-09-21 14:16:40");
    assert_when(&making, "start 2 ", 1, "2026-09-21 14:16:41 ntp"); /* as later lines of it say */
    assert_when(&making, "sold at", 2, "2026-09-21 14:16:42 ntp");
    assert_when(&making, "time learnt from \"phone\"", 1, "2026-09-21 14:16:42 ntp");
    assert_when(&making, "start 3 ", 1, "2026-09-21 14:16:43 to 2026-09-21 14:28:18");
    assert_when(&making, "time learnt from \"by hand\"", 1, "2026-09-21 14:28:22 by hand");
    assert_when(&making, "seal", 2, "-");
    journal_make_drop(&making);
    journal_make_begin(&making); /* one in which nobody ever says */
    journal_make_start(&making, 2);
    journal_make_sell(&making, 1, 1);
    journal_make_finish(&making);
    assert_when(&making, "sold at", 1, "after 2026-09-21 14:13:23");
    journal_make_drop(&making);
}

/* A time that was changed is named itself; a line that times above it rest on too. */
static void a_changed_time_is_told_from_a_changed_source_of_times(void **state)
{
    (void)state;
    struct making making;
    make_times(&making);
    char *text = strdup(buf_text(&making.text)), *at = strstr(text, "14:16:42 ntp\tsold");
    assert_non_null(at);
    at[7] = '3';
    struct journal_check said = journal_check_text(text, strlen(text));
    assert_int_equal(said.line, journal_line_at(text, (size_t)(at - text)));
    assert_int_equal(said.position, 16);
    assert_non_null(strstr(said.words, "the time says something else"));
    at[7] = '2';
    at = strstr(strstr(strstr(text, "time learnt from \"ntp\""), "\t") + 1, "\t");
    at[-7] = at[-7] == '0' ? '1' : '0'; /* in the bytes of the source, before its length and the tag */
    said = journal_check_text(text, strlen(text));
    assert_int_equal(said.line, journal_line_at(text, (size_t)(at - text)));
    assert_int_equal(said.position, 18);
    free(text);
    journal_make_drop(&making);
}

static void version_1_is_checked_still(void **state)
{
    (void)state;
    static const uint8_t header[HASH_BYTES] = {
        0x17, 0x52, 0xb3, 0x3d, 0xf3, 0xb4, 0xce, 0xf6, 0x74, 0xcc, 0x23, 0x3e, 0x96, 0x55, 0xe7, 0x5a,
        0xfa, 0xca, 0xad, 0xa3, 0x1d, 0x3a, 0x9c, 0xdd, 0x25, 0xb3, 0x0f, 0x82, 0x4a, 0x87, 0xdb, 0x71};
    struct making making;
    uint8_t hash[HASH_BYTES];
    make_times(&making);
    journal_make_write(&making, 1);
    const char *text = buf_text(&making.text);
    size_t length = (size_t)(strstr(text, "\n1\t") + 1 - text);
    crypto_sha256_two(text, length, NULL, 0, hash);
    assert_memory_equal(hash, header, HASH_BYTES); /* as version 1 was written */
    assert_when(&making, "channel connected", 1, "2026-09-21 14:13:21 ?");
    assert_int_equal(journal_check_text(text, making.text.length).line, 0);
    char *changed = strdup(text), *at = strstr(changed, "14:13:21 ?");
    at[7] = '3';
    assert_int_equal(journal_check_text(changed, making.text.length).line,
                     journal_line_at(changed, (size_t)(at - changed)));
    free(changed);
    journal_make_drop(&making);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_line_has_the_time_that_any_line_knows),
        cmocka_unit_test(a_changed_time_is_told_from_a_changed_source_of_times),
        cmocka_unit_test(version_1_is_checked_still),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
