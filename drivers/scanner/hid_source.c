#include "scanner/hid_source.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"

static void tell(struct hid_source *source, enum scanner_notice notice, const char *words)
{
    source->sink.notice(source->sink.user, source->number, notice, words);
}

static void deliver(struct hid_source *source, const struct hid_result *result)
{
    struct scan *scan = &source->scan;
    memcpy(scan->code, result->code, result->length + 1);
    scan->length = result->length;
    scan->source = source->number;
    scan->at_ms = result->last_ms;
    if (result->left_out && !source->told_left_out) {
        source->told_left_out = true;
        tell(source, SCANNER_REJECTED,
             "This scanner sends keys that are not printable characters; they are left out of its codes. "
             "Set it to the US keyboard in its manual.");
    }
    source->sink.scan(source->sink.user, scan);
}

static void decoded(void *user, const struct hid_result *result)
{
    struct hid_source *source = user;
    switch (result->event) {
    case HID_CODE:
        deliver(source, result);
        break;
    case HID_OVERLONG:
        tell(source, SCANNER_OVERLONG, "A code was longer than any code may be and was discarded.");
        break;
    case HID_BROKEN:
        tell(source, SCANNER_REJECTED,
             "The cable or the scanner faltered in the middle of a code. Scan it again.");
        break;
    }
}

void hid_source_init(struct hid_source *source, uint32_t number, const struct scanner_sink *sink)
{
    *source = (struct hid_source){.number = number, .sink = *sink};
    hid_decoder_init(&source->decoder, decoded, source);
    if (sink->gap_ms)
        hid_decoder_set_gap(&source->decoder, sink->gap_ms);
}

void hid_source_report(struct hid_source *source, const uint8_t *bytes, size_t length, int64_t at_ms)
{
    hid_decoder_report(&source->decoder, bytes, length, at_ms);
}

void hid_source_resume(struct hid_source *source, int64_t now_ms)
{
    hid_decoder_resume(&source->decoder, now_ms);
}

int64_t hid_source_deadline(const struct hid_source *source)
{
    return hid_decoder_deadline(&source->decoder);
}

void hid_source_timeout(struct hid_source *source, int64_t now_ms)
{
    hid_decoder_timeout(&source->decoder, now_ms);
}

void hid_source_break(struct hid_source *source)
{
    hid_decoder_break(&source->decoder);
}

void hid_source_stop(struct hid_source *source, enum scanner_notice notice, const char *words)
{
    char text[CARD_TEXT_MAX_BYTES];
    bool partial = hid_decoder_reset(&source->decoder);
    source->told_left_out = false;
    (void)snprintf(text, sizeof text, "%s%s%s", words, partial && *words ? " " : "",
                   partial ? "A code that was not complete was discarded; scan it again." : "");
    tell(source, notice, text);
}
