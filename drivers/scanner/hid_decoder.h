/* Turns the reports of a USB boot keyboard, which is what a barcode scanner pretends to be, into codes. Pure:
 * time comes in, nothing is allocated, no system call is made. One decoder per attached device.
 *
 * Sources of fact: report layout, phantom state: Device Class Definition for HID 1.11, appendix B.1 and C.
 * Key numbers: HID Usage Tables 1.4, page 0x07. Characters: US layout, as HID Usage Tables name the keys; we
 * read usages, so the layout of the host plays no part.
 *
 * What it does:
 * - Printable ASCII, shift, keypad (always digits). Caps Lock as a host would: it toggles the case of letters
 * until the code ends.
 * - Roll-over: keys that the report before did not hold are new, in array order. A scanner may put the same
 * key twice into one report.
 * - Enter, Tab and keypad Enter end a code (as do Ctrl+M, Ctrl+J, Ctrl+I and Alt+013…: the same characters by
 * other keys). An end with nothing before it is ignored, so Enter+Tab or CR+LF is one end.
 * - Alt held with keypad digits types the character of that number when Alt goes up (scanners in "Alt mode"
 * send this).
 * - Without a suffix a pause ends the code: the gap (HID_GAP_MS, or what hid_decoder_set_gap says) until this
 * device has sent a suffix, HID_GAP_SUFFIX_MS or the gap after, whichever is longer.
 * - A report with usages 1–3 (roll-over and self-test errors, "phantom state") is ignored as a whole.
 * - More than CODE_MAX_BYTES: HID_OVERLONG once, then everything up to the next end is discarded. */
#ifndef FAIRSTOCK_SCANNER_HID_DECODER_H
#define FAIRSTOCK_SCANNER_HID_DECODER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"

enum {
    HID_KEYBOARD_REPORT_BYTES = 8, /* modifiers, reserved, six keys */
    HID_GAP_MS = 100,              /* pause that ends a code of a device that has not sent a suffix yet */
    HID_GAP_SUFFIX_MS =
        1000, /* the same once it has: a pause is then more likely a slow scanner than an end */
};

enum hid_event {
    HID_CODE = 1, /* code, length, first_ms, last_ms and left_out are set */
    HID_OVERLONG, /* input longer than a code may be; the rest is discarded up to its end */
    HID_BROKEN,   /* hid_decoder_break met a code in the making; the rest is discarded up to its end */
};

/* What the decoder has to say. Borrowed for the call. */
struct hid_result {
    enum hid_event event;
    const char *code;  /* printable ASCII, NUL-terminated; "" unless HID_CODE */
    size_t length;     /* bytes, 1…CODE_MAX_BYTES for HID_CODE */
    int64_t first_ms;  /* time of the report with its first character */
    int64_t last_ms;   /* time of the last report of it */
    uint32_t left_out; /* keys of this code that stand for no printable character */
};

/* Must not call the decoder. */
typedef void hid_decoder_fn(void *user, const struct hid_result *result);

/* The fields are the decoder's own; the struct is open so that it can live inside its device. */
struct hid_decoder {
    hid_decoder_fn *fn;
    void *user;
    uint64_t held; /* the keys of the report before, one a byte */
    int64_t first_ms, last_ms;
    uint32_t length, left_out;
    uint32_t gap_ms;
    uint16_t alt_value;
    bool alt_pending, caps, suffix_seen, discarding;
    char text[CODE_MAX_BYTES + 1];
};

/* fn is called from hid_decoder_report, _timeout and _break. */
void hid_decoder_init(struct hid_decoder *decoder, hid_decoder_fn *fn, void *user);
/* The pause that ends a code without suffix, in milliseconds, > 0; kept over a reset. */
void hid_decoder_set_gap(struct hid_decoder *decoder, uint32_t gap_ms);

/* One interrupt transfer. Shorter than HID_KEYBOARD_REPORT_BYTES: ignored; of a longer one the first eight
 * bytes count. at_ms: when it arrived, on any clock that does not run backwards. A pause before it that was
 * long enough ends the code before it, so decoding does not depend on when the caller gets to run
 * hid_decoder_timeout. */
void hid_decoder_report(struct hid_decoder *decoder, const uint8_t *bytes, size_t length, int64_t at_ms);

/* The transport could not listen until now_ms, and what it brings next was sent before: the time until then
 * is no pause. */
void hid_decoder_resume(struct hid_decoder *decoder, int64_t now_ms);

/* When hid_decoder_timeout has something to do; INT64_MAX: never, on what it knows now. */
int64_t hid_decoder_deadline(const struct hid_decoder *decoder);
/* Ends the code if its deadline has passed. */
void hid_decoder_timeout(struct hid_decoder *decoder, int64_t now_ms);

/* The transport lost something (stall, bus error): a code in the making may have a hole, so it is dropped up
 * to its end. */
void hid_decoder_break(struct hid_decoder *decoder);

/* The device went away: forgets everything, also that it sent suffixes. True when a code in the making was
 * discarded. */
bool hid_decoder_reset(struct hid_decoder *decoder);

#endif
