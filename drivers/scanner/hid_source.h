/* One attached keyboard-like scanner: its decoder, its number, and where its codes go. Turns decoder results
 * into the calls of struct scanner_sink. Owns no descriptor and no timer: its caller does, and asks
 * hid_source_deadline. */
#ifndef FAIRSTOCK_SCANNER_HID_SOURCE_H
#define FAIRSTOCK_SCANNER_HID_SOURCE_H

#include "scanner/hid_decoder.h"
#include "scanner/scanner.h"

struct hid_source {
    struct hid_decoder decoder;
    struct scanner_sink sink;
    uint32_t number;
    bool told_left_out; /* a wrongly set up scanner is named once, not at every scan */
    struct scan scan;
};

/* number: 1…, what the sink gets as source. The source must not move afterwards: its decoder points at it. */
void hid_source_init(struct hid_source *source, uint32_t number, const struct scanner_sink *sink);
/* See hid_decoder_report. */
void hid_source_report(struct hid_source *source, const uint8_t *bytes, size_t length, int64_t at_ms);
void hid_source_resume(struct hid_source *source, int64_t now_ms);
int64_t hid_source_deadline(const struct hid_source *source);
void hid_source_timeout(struct hid_source *source, int64_t now_ms);
void hid_source_break(struct hid_source *source);
/* The device is gone or the source ends for good: a code in the making is discarded. Tells the sink notice,
 * with words and, when something was discarded, a sentence that says so. */
void hid_source_stop(struct hid_source *source, enum scanner_notice notice, const char *words);

#endif
