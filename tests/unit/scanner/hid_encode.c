#include "hid_encode.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

enum { SHIFT_LEFT = 0x02, ALT_LEFT = 0x04 };

struct stroke {
    uint8_t modifiers, usage;
};

/* HID Usage Tables 1.4, page 0x07: each key's usage with its unshifted and shifted character. */
static const struct {
    uint8_t usage;
    char plain, shifted;
} symbol_keys[] = {
    {0x1e, '1', '!'},  {0x1f, '2', '@'}, {0x20, '3', '#'},  {0x21, '4', '$'}, {0x22, '5', '%'},
    {0x23, '6', '^'},  {0x24, '7', '&'}, {0x25, '8', '*'},  {0x26, '9', '('}, {0x27, '0', ')'},
    {0x2c, ' ', 0},    {0x2d, '-', '_'}, {0x2e, '=', '+'},  {0x2f, '[', '{'}, {0x30, ']', '}'},
    {0x31, '\\', '|'}, {0x33, ';', ':'}, {0x34, '\'', '"'}, {0x35, '`', '~'}, {0x36, ',', '<'},
    {0x37, '.', '>'},  {0x38, '/', '?'},
};

static int stroke_of(char c, enum hid_style style, struct stroke *stroke)
{
    if (style == HID_STYLE_KEYPAD && c >= '0' && c <= '9') {
        *stroke = (struct stroke){0, (uint8_t)(c == '0' ? 0x62 : 0x59 + (c - '1'))};
        return 0;
    }
    if (c >= 'a' && c <= 'z') {
        *stroke = (struct stroke){0, (uint8_t)(0x04 + (c - 'a'))};
        return 0;
    }
    if (c >= 'A' && c <= 'Z') {
        *stroke = (struct stroke){SHIFT_LEFT, (uint8_t)(0x04 + (c - 'A'))};
        return 0;
    }
    for (size_t i = 0; i < sizeof symbol_keys / sizeof *symbol_keys; i++) {
        if (c && (c == symbol_keys[i].plain || c == symbol_keys[i].shifted)) {
            *stroke = (struct stroke){c == symbol_keys[i].plain ? 0 : SHIFT_LEFT, symbol_keys[i].usage};
            return 0;
        }
    }
    return -EINVAL;
}

static int add(struct hid_reports *reports, uint8_t modifiers, uint8_t first, uint8_t second, uint8_t third)
{
    if (reports->count == HID_ENCODE_REPORTS_MAX)
        return -E2BIG;
    uint8_t *bytes = reports->bytes[reports->count++];
    memset(bytes, 0, HID_ENCODE_REPORT_BYTES);
    bytes[0] = modifiers;
    bytes[2] = first;
    bytes[3] = second;
    bytes[4] = third;
    return 0;
}

static int add_release(struct hid_reports *reports)
{
    return add(reports, 0, 0, 0, 0);
}

static uint8_t keypad_digit(int digit)
{
    return (uint8_t)(digit == 0 ? 0x62 : 0x58 + digit);
}

static int add_alt(struct hid_reports *reports, char c)
{
    int r =
        add(reports, ALT_LEFT, keypad_digit(c / 100 % 10), keypad_digit(c / 10 % 10), keypad_digit(c % 10));
    return r ? r : add_release(reports);
}

/* One character; held is the stroke still down before it (usage 0: none). */
static int add_stroke(struct hid_reports *reports, enum hid_style style, struct stroke next,
                      struct stroke *held)
{
    int r = 0;
    if (style != HID_STYLE_ROLLOVER) {
        r = add(reports, next.modifiers, next.usage, 0, 0);
        return r ? r : add_release(reports);
    }
    bool together = held->usage && held->usage != next.usage && held->modifiers == next.modifiers;
    if (together)
        r = add(reports, next.modifiers, held->usage, next.usage, 0);
    else if (held->usage)
        r = add_release(reports);
    if (r == 0)
        r = add(reports, next.modifiers, next.usage, 0, 0);
    *held = next;
    return r;
}

int hid_encode(const char *text, enum hid_style style, enum hid_suffix suffix, struct hid_reports *reports)
{
    static const uint8_t suffix_usages[] = {
        [HID_SUFFIX_ENTER] = 0x28, [HID_SUFFIX_TAB] = 0x2b, [HID_SUFFIX_KEYPAD_ENTER] = 0x58};
    struct stroke held = {0};
    for (; *text; text++) {
        struct stroke next;
        int r = style == HID_STYLE_ALT ? add_alt(reports, *text) : stroke_of(*text, style, &next);
        if (r == 0 && style != HID_STYLE_ALT)
            r = add_stroke(reports, style, next, &held);
        if (r)
            return r;
    }
    int r = held.usage ? add_release(reports) : 0;
    if (r == 0 && suffix != HID_SUFFIX_NONE)
        r = add_stroke(reports, HID_STYLE_PLAIN, (struct stroke){0, suffix_usages[suffix]}, &held);
    return r;
}
