/* A decoder on a clock that the test holds, and the keys that its tests press. */
#ifndef FAIRSTOCK_TESTS_HID_BENCH_H
#define FAIRSTOCK_TESTS_HID_BENCH_H

#include "scanner/hid_decoder.h"

enum { CTRL = 0x01, SHIFT = 0x02, ALT = 0x04, GUI = 0x08 };
enum {
    KEY_A = 0x04,
    KEY_1 = 0x1e,
    KEY_2,
    KEY_3,
    KEY_ENTER = 0x28,
    KEY_ESCAPE = 0x29,
    KEY_TAB = 0x2b,
    KEY_CAPS = 0x39
};
enum { PAD_ENTER = 0x58, PAD_1 = 0x59, PAD_0 = 0x62 };

/* A decoder, its clock, and what it said, as text: "code:123 " "overlong " "broken ". */
struct hid_bench {
    struct hid_decoder decoder;
    int64_t now_ms;
    char said[2048];
    struct hid_result last;
};

/* The one bench of the program, made new. */
struct hid_bench *hid_bench_new(void);
/* One report: modifiers and three keys; the clock goes on by 2 ms. */
void hid_bench_report(struct hid_bench *b, int modifiers, int k0, int k1, int k2);
/* A key pressed and released. */
void hid_bench_tap(struct hid_bench *b, int modifiers, int key);
/* What was said since the last call. */
void hid_bench_expect(struct hid_bench *b, const char *said);
/* Silence, and the timer of the caller. */
void hid_bench_pause(struct hid_bench *b, int64_t ms);

#endif
