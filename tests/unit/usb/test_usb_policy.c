/* Which devices are used, what they are called, what to type next. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "usb/known_scanners.h"
#include "usb/usb_policy.h"

static const struct usb_learnt learnt[] = {{0x1a2c, 0x0042, "Blue scanner"}, {0x1a2c, 0x0043, ""}};

static struct usb_facts keyboard(uint16_t vendor, uint16_t product)
{
    return (struct usb_facts){.id = 1, .vendor = vendor, .product = product, .has_keyboard = true};
}

static void an_unknown_keyboard_is_never_used(void **state)
{
    (void)state;
    struct usb_facts facts = keyboard(0x046d, 0xc31c);
    assert_int_equal(usb_policy_judge(&facts, learnt, 2), USB_STATE_NOT_KNOWN);
    facts.has_mouse = true;
    assert_int_equal(usb_policy_judge(&facts, learnt, 2), USB_STATE_NOT_KNOWN);
}

static void each_known_scanner_is_used(void **state)
{
    (void)state;
    assert_true(known_scanners_count > 30);
    for (size_t i = 0; i < known_scanners_count; i++) {
        struct usb_facts facts = keyboard(known_scanners[i].vendor, known_scanners[i].product);
        assert_int_equal(usb_policy_judge(&facts, NULL, 0), USB_STATE_CHOSEN);
    }
}

static void the_table_is_sorted_without_twins_and_named(void **state)
{
    (void)state;
    uint32_t before = 0;
    for (size_t i = 0; i < known_scanners_count; i++) {
        uint32_t number = (uint32_t)known_scanners[i].vendor << 16 | known_scanners[i].product;
        assert_true(number > before);
        assert_in_range(strlen(known_scanners[i].name), 1, NAME_MAX_BYTES);
        before = number;
    }
}

static void a_number_of_the_same_maker_is_not_enough(void **state)
{
    (void)state;
    struct usb_facts facts = keyboard(0x0c2e, 0x0b62);
    assert_int_equal(usb_policy_judge(&facts, learnt, 2), USB_STATE_NOT_KNOWN);
    facts = keyboard(0x0b61, 0x0c2e);
    assert_int_equal(usb_policy_judge(&facts, learnt, 2), USB_STATE_NOT_KNOWN);
}

static void a_learnt_scanner_is_used(void **state)
{
    (void)state;
    struct usb_facts facts = keyboard(0x1a2c, 0x0042);
    assert_int_equal(usb_policy_judge(&facts, learnt, 0), USB_STATE_NOT_KNOWN);
    assert_int_equal(usb_policy_judge(&facts, learnt, 1), USB_STATE_CHOSEN);
    facts.product = 0x0043;
    assert_int_equal(usb_policy_judge(&facts, learnt, 1), USB_STATE_NOT_KNOWN);
    assert_int_equal(usb_policy_judge(&facts, learnt, 2), USB_STATE_CHOSEN);
}

static void what_does_not_type_is_ignored(void **state)
{
    (void)state;
    char next[USB_NEXT_MAX_BYTES];
    struct usb_facts facts = {.vendor = 0x046d, .product = 0xc077, .has_mouse = true};
    assert_int_equal(usb_policy_judge(&facts, learnt, 2), USB_STATE_IGNORED);
    usb_policy_next(&facts, USB_STATE_IGNORED, "users", next);
    assert_string_equal(next, "");
    facts = (struct usb_facts){.vendor = 0x05e0, .product = 0x1200}; /* a known scanner in another mode */
    assert_int_equal(usb_policy_judge(&facts, learnt, 2), USB_STATE_IGNORED);
    usb_policy_next(&facts, USB_STATE_IGNORED, "users", next);
    assert_non_null(strstr(next, "keyboard mode"));
}

static void expect_name(struct usb_facts facts, const char *want)
{
    char name[NAME_MAX_BYTES + 1];
    usb_policy_name(&facts, learnt, 2, name);
    assert_string_equal(name, want);
}

static void the_best_name_wins(void **state)
{
    (void)state;
    struct usb_facts facts = keyboard(0x1a2c, 0x0042);
    facts = (struct usb_facts){.vendor = 0x1a2c, .product = 0x0042, .name = "USB KEYBOARD"};
    expect_name(facts, "Blue scanner");
    facts.product = 0x0043;
    expect_name(facts, "USB KEYBOARD");
    facts.name[0] = '\0';
    expect_name(facts, "HID device");
    expect_name(keyboard(0x05e0, 0x1200), "Symbol/Zebra Bar Code Scanner");
}

static void no_permission_gives_two_exact_commands(void **state)
{
    (void)state;
    char next[USB_NEXT_MAX_BYTES];
    struct usb_facts facts = keyboard(0x05e0, 0x1200);
    usb_policy_next(&facts, USB_STATE_NO_PERMISSION, "maker", next);
    assert_string_equal(next, "echo 'SUBSYSTEM==\"usb\", ENV{DEVTYPE}==\"usb_device\", "
                              "ATTR{idVendor}==\"05e0\", ATTR{idProduct}==\"1200\", "
                              "GROUP=\"maker\", MODE=\"0660\", TAG+=\"uaccess\"' | sudo tee -a "
                              "/etc/udev/rules.d/71-fairstock-learnt.rules\n"
                              "sudo udevadm control --reload && sudo udevadm trigger --subsystem-match=usb "
                              "--attr-match=idVendor=05e0 "
                              "--attr-match=idProduct=1200");
}

static void every_state_has_a_word_and_trouble_has_a_next(void **state)
{
    (void)state;
    struct usb_facts facts = keyboard(0x05e0, 0x1200);
    char next[USB_NEXT_MAX_BYTES];
    for (int s = USB_STATE_NOT_KNOWN; s <= USB_STATE_FAILED; s++) {
        assert_true(usb_policy_state_text((enum usb_state)s)[0] != '\0');
        usb_policy_next(&facts, (enum usb_state)s, "maker", next);
        bool trouble = s == USB_STATE_NOT_KNOWN || s >= USB_STATE_NO_PERMISSION || s == USB_STATE_IGNORED;
        assert_int_equal(next[0] != '\0', trouble);
    }
    usb_policy_next(&facts, USB_STATE_NOT_KNOWN, "maker", next);
    assert_non_null(strstr(next, "fairstock learn"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_unknown_keyboard_is_never_used),
        cmocka_unit_test(each_known_scanner_is_used),
        cmocka_unit_test(the_table_is_sorted_without_twins_and_named),
        cmocka_unit_test(a_number_of_the_same_maker_is_not_enough),
        cmocka_unit_test(a_learnt_scanner_is_used),
        cmocka_unit_test(what_does_not_type_is_ignored),
        cmocka_unit_test(the_best_name_wins),
        cmocka_unit_test(no_permission_gives_two_exact_commands),
        cmocka_unit_test(every_state_has_a_word_and_trouble_has_a_next),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
