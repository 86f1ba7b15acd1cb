#include "base/openmetrics.h"

#include <inttypes.h>
#include <stdio.h>

enum { NUMBER_BYTES = 48 };

/* Label values and help: backslash, quote and line feed are escaped (ABNF: escaped-char). */
static void add_escaped(struct buf *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '\n')
            buf_add_text(out, "\\n");
        else if (*text == '"' || *text == '\\')
            buf_printf(out, "\\%c", *text);
        else
            buf_add(out, text, 1);
    }
}

/* Milliseconds as seconds: exact, and a whole number with ".0", which is the canonical form for `le`. */
static void seconds(uint64_t ms, char text[NUMBER_BYTES])
{
    int used = snprintf(text, NUMBER_BYTES, "%" PRIu64 ".%03" PRIu64, ms / 1000, ms % 1000);
    while (used > 2 && text[used - 1] == '0' && text[used - 2] != '.')
        text[--used] = '\0';
}

static void sample(struct openmetrics *metrics, const char *suffix, const struct openmetrics_label *labels,
                   const char *le, const char *value)
{
    struct buf *out = metrics->out;
    const char *before = "{";
    buf_printf(out, "%s%s", metrics->name, suffix);
    for (; labels && labels->name; labels++) {
        buf_printf(out, "%s%s=\"", before, labels->name);
        add_escaped(out, labels->value);
        buf_add_text(out, "\"");
        before = ",";
    }
    if (le) {
        buf_printf(out, "%sle=\"%s\"", before, le);
        before = ",";
    }
    buf_printf(out, "%s %s\n", *before == ',' ? "}" : "", value);
}

static void count(struct openmetrics *metrics, const char *suffix, const struct openmetrics_label *labels,
                  const char *le, uint64_t value)
{
    char text[NUMBER_BYTES];
    (void)snprintf(text, sizeof text, "%" PRIu64, value);
    sample(metrics, suffix, labels, le, text);
}

struct openmetrics openmetrics_new(struct buf *out)
{
    return (struct openmetrics){.out = out, .name = ""};
}

void openmetrics_family(struct openmetrics *metrics, const char *name, enum openmetrics_type type,
                        const char *unit, const char *help)
{
    static const char *const types[] = {"counter", "gauge", "histogram", "info"};
    metrics->name = name;
    metrics->type = type;
    buf_printf(metrics->out, "# TYPE %s %s\n", name, types[type]);
    if (*unit)
        buf_printf(metrics->out, "# UNIT %s %s\n", name, unit);
    buf_printf(metrics->out, "# HELP %s ", name);
    add_escaped(metrics->out, help);
    buf_add_text(metrics->out, "\n");
}

static const char *suffix_of(const struct openmetrics *metrics)
{
    return metrics->type == OPENMETRICS_COUNTER ? "_total" : "";
}

void openmetrics_count(struct openmetrics *metrics, const struct openmetrics_label *labels, uint64_t value)
{
    count(metrics, suffix_of(metrics), labels, NULL, value);
}

void openmetrics_ms(struct openmetrics *metrics, const struct openmetrics_label *labels, int64_t value_ms)
{
    char text[NUMBER_BYTES];
    seconds(value_ms > 0 ? (uint64_t)value_ms : 0, text);
    sample(metrics, suffix_of(metrics), labels, NULL, text);
}

void openmetrics_info(struct openmetrics *metrics, const struct openmetrics_label *labels)
{
    count(metrics, "_info", labels, NULL, 1);
}

void openmetrics_histogram(struct openmetrics *metrics, const struct openmetrics_label *labels,
                           const struct histogram *histogram)
{
    char text[NUMBER_BYTES];
    for (uint32_t octave = HISTOGRAM_OCTAVES_FIRST; octave <= HISTOGRAM_OCTAVES_LAST; octave++) {
        seconds((uint64_t)1 << octave, text);
        count(metrics, "_bucket", labels, text, histogram_until(histogram, octave));
    }
    count(metrics, "_bucket", labels, "+Inf", histogram->count);
    count(metrics, "_count", labels, NULL, histogram->count);
    seconds(histogram->sum_ms, text);
    sample(metrics, "_sum", labels, NULL, text);
}

void openmetrics_end(struct openmetrics *metrics)
{
    buf_add_text(metrics->out, "# EOF\n");
}
