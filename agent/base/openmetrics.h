/* Writes OpenMetrics 1.0 text (the specification of March 2022,
 * https://prometheus.io/docs/specs/om/open_metrics_spec/: sections "Text Format", "Metric Types"): families
 * with their metadata, then their samples, then "# EOF". Owns escaping, suffixes and units; the caller owns
 * what is counted, and that names and label values are few and bounded. The buffer keeps the first error. */
#ifndef FAIRSTOCK_BASE_OPENMETRICS_H
#define FAIRSTOCK_BASE_OPENMETRICS_H

#include "base/buf.h"
#include "base/histogram.h"

#define OPENMETRICS_CONTENT_TYPE "application/openmetrics-text; version=1.0.0; charset=utf-8"

enum openmetrics_type { OPENMETRICS_COUNTER, OPENMETRICS_GAUGE, OPENMETRICS_HISTOGRAM, OPENMETRICS_INFO };

struct openmetrics {
    struct buf *out;
    const char *name; /* of the family that is being written */
    enum openmetrics_type type;
};

/* A label; the list ends with one whose name is NULL. Values may be any UTF-8 text. */
struct openmetrics_label {
    const char *name, *value;
};

struct openmetrics openmetrics_new(struct buf *out);
/* Begins a family; each name once. name: [a-zA-Z_][a-zA-Z0-9_]*, with the unit at its end when there is one
 * (as the specification demands), without "_total" or another suffix. unit: "seconds", "bytes" or "".
 * Borrowed. */
void openmetrics_family(struct openmetrics *metrics, const char *name, enum openmetrics_type type,
                        const char *unit, const char *help);
/* One sample of a counter or a gauge. labels NULL: none. */
void openmetrics_count(struct openmetrics *metrics, const struct openmetrics_label *labels, uint64_t value);
/* A duration as seconds. */
void openmetrics_ms(struct openmetrics *metrics, const struct openmetrics_label *labels, int64_t value_ms);
/* The one sample of an info: its labels are what it says. */
void openmetrics_info(struct openmetrics *metrics, const struct openmetrics_label *labels);
/* All samples of a histogram in seconds: buckets at the powers of two of a millisecond, which it counts
 * exactly. */
void openmetrics_histogram(struct openmetrics *metrics, const struct openmetrics_label *labels,
                           const struct histogram *histogram);
void openmetrics_end(struct openmetrics *metrics);

#endif
