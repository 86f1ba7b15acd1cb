/* The capped buffer: what fits, what does not, and what a secret leaves behind. */
#undef _FORTIFY_SOURCE /* its explicit_bzero is inline, and could not be watched */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include <cmocka.h>

#include "base/buf.h"

/* The C library's wipe, watched: freed memory cannot be looked at afterwards. */
static struct {
    const void *last;
    size_t calls, bytes;
} wiped;

void explicit_bzero(void *bytes, size_t length)
{
    wiped.last = bytes;
    wiped.calls++;
    wiped.bytes += length;
    volatile unsigned char *at = bytes;
    while (length--)
        *at++ = 0;
}

/* What it becomes where the code under test was built with _FORTIFY_SOURCE. */
void __explicit_bzero_chk(void *bytes, size_t length, size_t size);
void __explicit_bzero_chk(void *bytes, size_t length, size_t size)
{
    assert_true(length <= size);
    explicit_bzero(bytes, length);
}

static void an_empty_buffer_is_a_text(void **state)
{
    (void)state;
    BUF_AUTO struct buf buf = buf_new(10);
    assert_string_equal(buf_text(&buf), "");
    assert_null(buf.data);
    assert_int_equal(buf_error(&buf), 0);
    buf_add(&buf, NULL, 0);
    assert_int_equal(buf_error(&buf), 0);
    assert_string_equal(buf_text(&buf), "");
}

static void it_grows_and_stays_a_text(void **state)
{
    (void)state;
    BUF_AUTO struct buf buf = buf_new(5000);
    for (size_t i = 0; i < 5000; i++) {
        buf_add_byte(&buf, (unsigned char)('a' + i % 26));
        assert_int_equal(buf.length, i + 1);
        assert_int_equal(buf.data[i + 1], '\0');
    }
    assert_int_equal(buf_error(&buf), 0);
    for (size_t i = 0; i < 5000; i++)
        assert_int_equal(buf.data[i], 'a' + i % 26);
}

static void bytes_may_hold_nul(void **state)
{
    (void)state;
    BUF_AUTO struct buf buf = buf_new(10);
    buf_add(&buf, "a\0b", 3);
    buf_add_text(&buf, "c");
    assert_int_equal(buf.length, 4);
    assert_memory_equal(buf.data, "a\0bc", 5);
}

static void the_cap_is_exact(void **state)
{
    (void)state;
    for (size_t cap = 0; cap < 600; cap++) {
        BUF_AUTO struct buf buf = buf_new(cap);
        char bytes[601] = {0};
        buf_add(&buf, bytes, cap);
        assert_int_equal(buf_error(&buf), 0);
        assert_true(buf.capacity <= cap + 1);
        buf_add_byte(&buf, 'x');
        assert_int_equal(buf_error(&buf), -E2BIG);
        assert_int_equal(buf.length, cap);
    }
}

static void after_an_error_nothing_is_added(void **state)
{
    (void)state;
    BUF_AUTO struct buf buf = buf_new(4);
    buf_add_text(&buf, "abc");
    buf_add_text(&buf, "de"); /* none of it, not a part */
    buf_add_text(&buf, "f");  /* would fit */
    buf_printf(&buf, "%c", 'g');
    assert_string_equal(buf_text(&buf), "abc");
    assert_int_equal(buf_error(&buf), -E2BIG);
    assert_null(buf_take(&buf));
    assert_int_equal(buf_error(&buf), 0); /* empty and usable again */
    buf_add_text(&buf, "hij");
    assert_string_equal(buf_text(&buf), "hij");
}

static void reset_forgets_text_and_error(void **state)
{
    (void)state;
    BUF_AUTO struct buf buf = buf_new(3);
    buf_add_text(&buf, "abcd");
    buf_reset(&buf);
    assert_int_equal(buf_error(&buf), 0);
    buf_add_text(&buf, "abc");
    const char *memory = buf.data;
    buf_reset(&buf);
    assert_string_equal(buf_text(&buf), "");
    buf_add_text(&buf, "de");
    assert_ptr_equal(buf.data, memory);
    assert_string_equal(buf_text(&buf), "de");
}

static void printf_meets_the_cap_too(void **state)
{
    (void)state;
    BUF_AUTO struct buf buf = buf_new(8);
    buf_printf(&buf, "%d-%s", 12, "xyz");
    assert_string_equal(buf_text(&buf), "12-xyz");
    buf_printf(&buf, "%s", "ab");
    assert_int_equal(buf_error(&buf), 0);
    buf_printf(&buf, "%s", "");
    assert_int_equal(buf_error(&buf), 0);
    buf_printf(&buf, "%s", "c");
    assert_int_equal(buf_error(&buf), -E2BIG);
    assert_string_equal(buf_text(&buf), "12-xyzab");
}

static void what_cannot_be_formatted_is_an_error(void **state)
{
    (void)state;
    BUF_AUTO struct buf buf = buf_new(100);
    buf_printf(&buf, "%lc", (wint_t)0x20ac); /* the C locale has no such character */
    assert_int_equal(buf_error(&buf), -EINVAL);
    assert_string_equal(buf_text(&buf), "");
}

static void take_hands_the_bytes_over(void **state)
{
    (void)state;
    BUF_AUTO struct buf buf = buf_new(10);
    char *none = buf_take(&buf);
    assert_string_equal(none, "");
    free(none);
    buf_add_text(&buf, "mug");
    char *taken = buf_take(&buf);
    assert_string_equal(taken, "mug");
    assert_null(buf.data);
    assert_int_equal(buf.length, 0);
    assert_int_equal(buf.cap, 10);
    free(taken);
}

static void a_secret_is_wiped_wherever_it_was(void **state)
{
    (void)state;
    struct buf buf = buf_new_secret(10000);
    wiped.calls = wiped.bytes = 0;
    for (int i = 0; i < 10000; i++) {
        const void *before = buf.data;
        size_t capacity = buf.capacity;
        buf_add_byte(&buf, 's');
        if (capacity && buf.capacity != capacity) /* grown: the smaller copy is gone */
            assert_ptr_equal(wiped.last, before);
    }
    assert_int_equal(buf.length, 10000);
    for (size_t i = 0; i < buf.length; i++)
        assert_int_equal(buf.data[i], 's');
    assert_int_equal(wiped.calls, 6); /* 256, 512 … 8192 */
    const void *last = buf.data;
    size_t capacity = buf.capacity;
    wiped.bytes = 0;
    buf_free(&buf);
    assert_ptr_equal(wiped.last, last);
    assert_int_equal(wiped.bytes, capacity);
    assert_true(buf.secret);
}

static void a_secret_that_is_reset_is_wiped(void **state)
{
    (void)state;
    BUF_AUTO struct buf buf = buf_new_secret(100);
    buf_add_text(&buf, "shpat_secret");
    buf_reset(&buf);
    assert_memory_equal(buf.data, "\0\0\0\0\0\0\0\0\0\0\0\0", 12);
}

static void what_is_no_secret_is_not_wiped(void **state)
{
    (void)state;
    struct buf buf = buf_new(1000);
    wiped.calls = 0;
    for (int i = 0; i < 1000; i++)
        buf_add_byte(&buf, 'x');
    buf_reset(&buf);
    buf_free(&buf);
    buf_free(&buf); /* again: nothing left */
    assert_int_equal(wiped.calls, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_buffer_is_a_text),
        cmocka_unit_test(it_grows_and_stays_a_text),
        cmocka_unit_test(bytes_may_hold_nul),
        cmocka_unit_test(the_cap_is_exact),
        cmocka_unit_test(after_an_error_nothing_is_added),
        cmocka_unit_test(reset_forgets_text_and_error),
        cmocka_unit_test(printf_meets_the_cap_too),
        cmocka_unit_test(what_cannot_be_formatted_is_an_error),
        cmocka_unit_test(take_hands_the_bytes_over),
        cmocka_unit_test(a_secret_is_wiped_wherever_it_was),
        cmocka_unit_test(a_secret_that_is_reset_is_wiped),
        cmocka_unit_test(what_is_no_secret_is_not_wiped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
