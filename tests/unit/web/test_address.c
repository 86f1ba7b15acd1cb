/* Addresses as people write them, and back. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "web/address.h"

static struct address read_back(const char *text)
{
    struct sockaddr_storage socket_address;
    socklen_t length = 0;
    struct err err = {0};
    struct address address = {0};
    if (address_parse(text, &socket_address, &length, &err) != 0)
        fail_msg("%s: %s", text, err_text(&err));
    assert_true(length == sizeof(struct sockaddr_in) || length == sizeof(struct sockaddr_in6));
    assert_int_equal(address_read((const struct sockaddr *)&socket_address, &address), 0);
    return address;
}

static void is(const char *text, const char *host, int port, bool loopback, bool any)
{
    struct address address = read_back(text);
    assert_string_equal(address.host, host);
    assert_int_equal(address.port, port);
    assert_int_equal(address.loopback, loopback);
    assert_int_equal(address.any, any);
}

static void test_addresses_read_back(void **state)
{
    (void)state;
    is("127.0.0.1:8377", "127.0.0.1", 8377, true, false);
    is("localhost:8377", "127.0.0.1", 8377, true, false);
    is("127.9.8.7:1", "127.9.8.7", 1, true, false);
    is("128.0.0.1:65535", "128.0.0.1", 65535, false, false);
    is("0.0.0.0:0", "0.0.0.0", 0, false, true);
    is("[::1]:80", "[::1]", 80, true, false);
    is("[::]:80", "[::]", 80, false, true);
    is("[2001:db8::5]:443", "[2001:db8::5]", 443, false, false);
    is("[fe80:0:0:0:1:2:3:4]:9", "[fe80::1:2:3:4]", 9, false, false);
}

static void test_anything_else_is_refused(void **state)
{
    static const char *const wrong[] = {"",
                                        ":",
                                        "8377",
                                        ":8377",
                                        "127.0.0.1",
                                        "127.0.0.1:",
                                        "127.0.0.1:65536",
                                        "127.0.0.1:-1",
                                        "127.0.0.1:+1",
                                        "127.0.0.1:1x",
                                        "127.0.0.1: 1",
                                        "127.1:80",
                                        "256.0.0.1:80",
                                        "::1:80",
                                        "[::1]",
                                        "[]:80",
                                        "[127.0.0.1]:80",
                                        "[::1:80",
                                        "fair.local:80",
                                        "*:80",
                                        "[0000:0000:0000:0000:0000:0000:0000:00000000000001]:80"};
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct sockaddr_storage socket_address;
        socklen_t length;
        struct err err = {0};
        if (address_parse(wrong[i], &socket_address, &length, &err) != -EINVAL)
            fail_msg("\"%s\" is taken for an address", wrong[i]);
        assert_non_null(strstr(err_text(&err), "127.0.0.1:8377")); /* shows how */
    }
}

static void test_other_families_are_no_addresses(void **state)
{
    struct sockaddr_storage other = {.ss_family = AF_UNIX};
    struct address address;
    (void)state;
    assert_int_equal(address_read((const struct sockaddr *)&other, &address), -EAFNOSUPPORT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses_read_back),
        cmocka_unit_test(test_anything_else_is_refused),
        cmocka_unit_test(test_other_families_are_no_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
