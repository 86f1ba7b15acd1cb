/* The other direction of the decoder, for tests and recordings: what a scanner that types on a US keyboard
 * sends for a text. Written from the usage tables on its own, so that a mistake in the decoder's table shows.
 */
#ifndef FAIRSTOCK_TESTS_HID_ENCODE_H
#define FAIRSTOCK_TESTS_HID_ENCODE_H

#include <stddef.h>
#include <stdint.h>

enum { HID_ENCODE_REPORT_BYTES = 8, HID_ENCODE_REPORTS_MAX = 2048 };

enum hid_style {
    HID_STYLE_PLAIN,    /* press, release, press, release… */
    HID_STYLE_ROLLOVER, /* the next key goes down before the last goes up, where keys and shift allow */
    HID_STYLE_KEYPAD,   /* digits on the keypad */
    HID_STYLE_ALT,      /* each character as Alt and three keypad digits in one report */
};

enum hid_suffix { HID_SUFFIX_NONE, HID_SUFFIX_ENTER, HID_SUFFIX_TAB, HID_SUFFIX_KEYPAD_ENTER };

struct hid_reports {
    uint8_t bytes[HID_ENCODE_REPORTS_MAX][HID_ENCODE_REPORT_BYTES];
    size_t count;
};

/* Appends the reports of one code. 0; -EINVAL: a character no US keyboard types; -E2BIG: reports is full. */
int hid_encode(const char *text, enum hid_style style, enum hid_suffix suffix, struct hid_reports *reports);

#endif
