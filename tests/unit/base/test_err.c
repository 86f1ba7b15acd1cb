/* Errors: the sentence and the code that travel up. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"

static void a_sentence_gains_prefixes_on_the_way_up(void **state)
{
    (void)state;
    struct err err = {0};
    assert_string_equal(err_text(&err), "");
    assert_int_equal(err_set(&err, -EINVAL, "line %d is bad", 3), -EINVAL);
    assert_string_equal(err_text(&err), "line 3 is bad");
    assert_int_equal(err_prefix(&err, -EINVAL, "%s", "items.csv"), -EINVAL);
    assert_int_equal(err_prefix(&err, -EINVAL, "import"), -EINVAL);
    assert_string_equal(err_text(&err), "import: items.csv: line 3 is bad");
    assert_int_equal(err_set(&err, -EIO, "new"), -EIO);
    assert_string_equal(err_text(&err), "new");
}

static void the_systems_words_are_added(void **state)
{
    (void)state;
    struct err err = {0};
    assert_int_equal(err_set_errno(&err, -ENOENT, "cannot read %s", "x"), -ENOENT);
    assert_string_equal(err_text(&err), "cannot read x: No such file or directory");
    assert_int_equal(err_set_errno(&err, -4000, "odd"), -4000); /* no errno: say the number */
    assert_string_equal(err_text(&err), "odd: error 4000");
}

static void nobody_has_to_listen(void **state)
{
    (void)state;
    assert_int_equal(err_set(NULL, -EINVAL, "%d", 1), -EINVAL);
    assert_int_equal(err_set_errno(NULL, -EIO, "%d", 1), -EIO);
    assert_int_equal(err_prefix(NULL, -EPERM, "%d", 1), -EPERM);
    assert_string_equal(err_text(NULL), "");
}

static void long_sentences_are_cut_not_overrun(void **state)
{
    (void)state;
    char text[2 * ERR_TEXT_MAX_BYTES];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    struct {
        struct err err;
        char guard[8];
    } box = {.guard = "guarded"};
    assert_int_equal(err_set(&box.err, -E2BIG, "%s", text), -E2BIG);
    assert_int_equal(strlen(box.err.text), ERR_TEXT_MAX_BYTES - 1);
    assert_int_equal(err_prefix(&box.err, -E2BIG, "head"), -E2BIG);
    assert_int_equal(strlen(box.err.text), ERR_TEXT_MAX_BYTES - 1);
    assert_memory_equal(box.err.text, "head: xxx", 9);
    assert_int_equal(err_prefix(&box.err, -E2BIG, "%s", text), -E2BIG);
    assert_int_equal(err_set_errno(&box.err, -E2BIG, "%s", text), -E2BIG);
    assert_int_equal(strlen(box.err.text), ERR_TEXT_MAX_BYTES - 1);
    assert_string_equal(box.guard, "guarded");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sentence_gains_prefixes_on_the_way_up),
        cmocka_unit_test(the_systems_words_are_added),
        cmocka_unit_test(nobody_has_to_listen),
        cmocka_unit_test(long_sentences_are_cut_not_overrun),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
