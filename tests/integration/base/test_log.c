/* Log lines as they reach standard error, seen through a pipe. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"

struct ear {
    int saved, read_end;
};

static struct ear listen_to_stderr(void)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    struct ear ear = {dup(STDERR_FILENO), ends[0]};
    assert_true(ear.saved >= 0);
    assert_int_equal(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
    (void)close(ends[1]);
    return ear;
}

/* Everything written since, as a text. */
static void heard(struct ear ear, char text[8192])
{
    assert_int_equal(dup2(ear.saved, STDERR_FILENO), STDERR_FILENO);
    (void)close(ear.saved);
    size_t used = 0;
    for (ssize_t got = 1; got > 0 && used < 8191; used += (size_t)got)
        got = read(ear.read_end, text + used, 8191 - used);
    (void)close(ear.read_end);
    text[used] = '\0';
}

static int no_environment(void **state)
{
    (void)state;
    return unsetenv("JOURNAL_STREAM") || unsetenv("FAIRSTOCK_DEBUG");
}

static void each_call_is_one_line_with_its_word(void **state)
{
    (void)state;
    char text[8192];
    struct ear ear = listen_to_stderr();
    log_error("no %s", "disk");
    log_warning("%d left", 3);
    log_info("ready");
    log_debug("not wanted");
    heard(ear, text);
    assert_string_equal(text, "fairstock: error: no disk\nfairstock: warning: 3 left\nfairstock: ready\n");
}

static void the_journal_gets_priorities(void **state)
{
    (void)state;
    char text[8192];
    assert_int_equal(setenv("JOURNAL_STREAM", "8:1", 1), 0);
    assert_int_equal(setenv("FAIRSTOCK_DEBUG", "1", 1), 0);
    struct ear ear = listen_to_stderr();
    log_error("a");
    log_warning("b");
    log_info("c");
    log_debug("d");
    heard(ear, text);
    assert_string_equal(text, "<3>a\n<4>b\n<6>c\n<7>d\n");
}

/* A shop's words, or a label's, must not forge a line, a priority or a colour. */
static void texts_from_outside_stay_on_their_line(void **state)
{
    (void)state;
    char text[8192];
    struct ear ear = listen_to_stderr();
    log_warning("shop says %s", "no\n<0>kernel: panic\r\x1b[31m\x7f t\xc3\xa9\xc2\x9b"
                                "2J");
    heard(ear, text);
    assert_string_equal(text, "fairstock: warning: shop says no <0>kernel: panic  [31m  t\xc3\xa9  2J\n");
}

static void a_long_line_is_cut_and_ended(void **state)
{
    (void)state;
    char text[8192], words[3000];
    memset(words, 'w', sizeof words);
    words[sizeof words - 1] = '\0';
    struct ear ear = listen_to_stderr();
    log_info("%s", words);
    log_info("next");
    heard(ear, text);
    char *end = strchr(text, '\n');
    assert_non_null(end);
    assert_int_equal(end - text, 1022);
    assert_int_equal(end[-1], 'w');
    assert_string_equal(end + 1, "fairstock: next\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(each_call_is_one_line_with_its_word, no_environment),
        cmocka_unit_test_setup_teardown(the_journal_gets_priorities, no_environment, no_environment),
        cmocka_unit_test_setup(texts_from_outside_stay_on_their_line, no_environment),
        cmocka_unit_test_setup(a_long_line_is_cut_and_ended, no_environment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
