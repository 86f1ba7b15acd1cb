#include "scanner/hid_decoder.h"

#include <endian.h>
#include <string.h>

/* Modifier bits of byte 0, HID 1.11 section 8.3. */
enum {
    MOD_CTRL = 0x11,
    MOD_SHIFT = 0x22,
    MOD_ALT = 0x44,
    MOD_GUI = 0x88,
};

/* Usages of page 0x07 that are named here; the others are in the table. */
enum {
    KEY_PHANTOM_LAST = 0x03, /* 1 ErrorRollOver, 2 POSTFail, 3 ErrorUndefined */
    KEY_A = 0x04,
    KEY_Z = 0x1d,
    KEY_SLASH = 0x38,
    KEY_CAPS_LOCK = 0x39,
    KEY_KEYPAD_SLASH = 0x54,
    KEY_KEYPAD_1 = 0x59,
    KEY_KEYPAD_0 = 0x62,
    KEY_KEYPAD_EQUALS = 0x67,
};

enum { ALT_VALUE_MAX = 1000 }; /* where it stops counting: no character has that number */

/* The characters of usages KEY_A… and KEY_KEYPAD_SLASH…, in order. '\n' ends a code; '\0' is a key without a
 * character. */
static const char plain_characters[] = "abcdefghijklmnopqrstuvwxyz1234567890\n\0\0\n -=[]\\\\;'`,./";
static const char shift_characters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ!@#$%^&*()\n\0\0\n _+{}||:\"~<>?";
static const char keypad_characters[] = "/*-+\n1234567890.\0\0\0=";
_Static_assert(sizeof plain_characters == KEY_SLASH - KEY_A + 2, "one character a key, and NUL");
_Static_assert(sizeof shift_characters == sizeof plain_characters, "the same keys with shift");
_Static_assert(sizeof keypad_characters == KEY_KEYPAD_EQUALS - KEY_KEYPAD_SLASH + 2,
               "one character a key, and NUL");

void hid_decoder_init(struct hid_decoder *decoder, hid_decoder_fn *fn, void *user)
{
    memset(decoder, 0, sizeof *decoder);
    decoder->fn = fn;
    decoder->user = user;
    decoder->gap_ms = HID_GAP_MS;
}

void hid_decoder_set_gap(struct hid_decoder *decoder, uint32_t gap_ms)
{
    decoder->gap_ms = gap_ms;
}

/* Forgets the code in the making. */
static void start_over(struct hid_decoder *d)
{
    d->length = 0;
    d->left_out = 0;
    d->alt_pending = false;
    d->caps = false;
}

static void tell(struct hid_decoder *d, enum hid_event event)
{
    d->text[d->length] = '\0';
    struct hid_result result = {.event = event,
                                .code = event == HID_CODE ? d->text : "",
                                .length = event == HID_CODE ? d->length : 0,
                                .first_ms = d->first_ms,
                                .last_ms = d->last_ms,
                                .left_out = d->left_out};
    d->fn(d->user, &result);
}

static void end_code(struct hid_decoder *d)
{
    if (d->length)
        tell(d, HID_CODE);
    start_over(d);
    d->discarding = false;
}

static void add_character(struct hid_decoder *d, char character)
{
    if (d->discarding)
        return;
    if (d->length == CODE_MAX_BYTES) {
        start_over(d);
        tell(d, HID_OVERLONG);
        d->discarding = true;
        return;
    }
    if (d->length == 0)
        d->first_ms = d->last_ms;
    d->text[d->length++] = character;
}

/* A character that arrived by its number: typed with Ctrl, or with Alt and digits. */
static void add_value(struct hid_decoder *d, unsigned value)
{
    if (value == '\t' || value == '\n' || value == '\r') {
        d->suffix_seen = true;
        end_code(d);
    } else if (value >= ' ' && value <= '~') {
        add_character(d, (char)value);
    } else {
        d->left_out++;
    }
}

static void finish_alt(struct hid_decoder *d)
{
    if (!d->alt_pending)
        return;
    d->alt_pending = false;
    add_value(d, d->alt_value);
}

static void add_alt_digit(struct hid_decoder *d, unsigned digit)
{
    unsigned value = (d->alt_pending ? d->alt_value * 10u : 0) + digit;
    d->alt_value = value > ALT_VALUE_MAX ? ALT_VALUE_MAX : (uint16_t)value;
    d->alt_pending = true;
}

/* A key pressed while Ctrl, Alt or the GUI key is held. */
static void chord(struct hid_decoder *d, unsigned modifiers, unsigned key)
{
    if (modifiers & MOD_ALT && key >= KEY_KEYPAD_1 && key <= KEY_KEYPAD_0)
        add_alt_digit(d, (key - KEY_KEYPAD_1 + 1) % 10);
    else if (modifiers & MOD_CTRL && key >= KEY_A && key <= KEY_Z)
        add_value(d, key - KEY_A + 1);
    else
        d->left_out++;
}

static char character_of(unsigned key, bool shift)
{
    if (key >= KEY_A && key <= KEY_SLASH)
        return (shift ? shift_characters : plain_characters)[key - KEY_A];
    if (key >= KEY_KEYPAD_SLASH && key <= KEY_KEYPAD_EQUALS)
        return keypad_characters[key - KEY_KEYPAD_SLASH];
    return '\0';
}

static void press(struct hid_decoder *d, unsigned modifiers, unsigned key)
{
    if (modifiers & (MOD_CTRL | MOD_ALT | MOD_GUI)) {
        chord(d, modifiers, key);
        return;
    }
    if (key == KEY_CAPS_LOCK) {
        d->caps = !d->caps;
        return;
    }
    bool shift = modifiers & MOD_SHIFT;
    if (d->caps && key <= KEY_Z)
        shift = !shift;
    char character = character_of(key, shift);
    if (character == '\n') {
        d->suffix_seen = true;
        end_code(d);
    } else if (character) {
        add_character(d, character);
    } else {
        d->left_out++;
    }
}

static bool holds(uint64_t keys, unsigned key)
{
    for (; keys; keys >>= 8)
        if ((keys & 0xff) == key)
            return true;
    return false;
}

/* The whole report stands for "I cannot tell": which keys are held stays as it was. */
static bool is_phantom(uint64_t keys)
{
    for (; keys; keys >>= 8)
        if ((keys & 0xff) && (keys & 0xff) <= KEY_PHANTOM_LAST)
            return true;
    return false;
}

void hid_decoder_report(struct hid_decoder *d, const uint8_t *bytes, size_t length, int64_t at_ms)
{
    if (length < HID_KEYBOARD_REPORT_BYTES)
        return;
    hid_decoder_timeout(d, at_ms);
    d->last_ms = at_ms;

    uint64_t report;
    memcpy(&report, bytes, sizeof report);
    report = le64toh(report);
    unsigned modifiers = report & 0xff;
    uint64_t keys = report >> 16;
    if (is_phantom(keys))
        return;
    if (!(modifiers & MOD_ALT))
        finish_alt(d);
    uint64_t before = d->held;
    d->held = keys;
    for (; keys; keys >>= 8) {
        unsigned key = keys & 0xff;
        if (key && !holds(before, key))
            press(d, modifiers, key);
    }
}

void hid_decoder_resume(struct hid_decoder *d, int64_t now_ms)
{
    d->last_ms = now_ms;
}

int64_t hid_decoder_deadline(const struct hid_decoder *d)
{
    if (!d->length && !d->discarding && !d->alt_pending)
        return INT64_MAX;
    return d->last_ms + (d->suffix_seen && d->gap_ms < HID_GAP_SUFFIX_MS ? HID_GAP_SUFFIX_MS : d->gap_ms);
}

void hid_decoder_timeout(struct hid_decoder *d, int64_t now_ms)
{
    if (now_ms < hid_decoder_deadline(d))
        return;
    finish_alt(d);
    end_code(d);
}

void hid_decoder_break(struct hid_decoder *d)
{
    d->held = 0;
    if (!d->length && !d->alt_pending)
        return;
    start_over(d);
    tell(d, HID_BROKEN);
    d->discarding = true;
}

bool hid_decoder_reset(struct hid_decoder *d)
{
    bool partial = d->length || d->alt_pending;
    uint32_t gap_ms = d->gap_ms;
    hid_decoder_init(d, d->fn, d->user);
    d->gap_ms = gap_ms;
    return partial;
}
