/* GET /metrics (OpenMetrics, base/openmetrics.h) and GET /latency (the same durations for people). Labels are
 * the names of configured channels and fixed words; nothing of buyers, orders, items or places is in it. */
#include <inttypes.h>
#include <stdio.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "app/api.h"
#include "base/cleanup.h"
#include "base/openmetrics.h"
#include "store/store_meter.h"

/* --- the process and its disk ------------------------------------------------------------------------ */

/* 0 when the kernel does not tell. */
static uint64_t resident_bytes(void)
{
    unsigned long total, resident;
    FILE_AUTO FILE *file = fopen("/proc/self/statm", "re"); /* pages, proc(5) */
    if (!file || fscanf(file, "%lu %lu", &total, &resident) != 2)
        return 0;
    return (uint64_t)resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void write_process(struct daemon *daemon, struct openmetrics *metrics)
{
    const struct openmetrics_label version[] = {{"version", FAIRSTOCK_VERSION}, {NULL, NULL}};
    struct statvfs disk;
    openmetrics_family(metrics, "fairstock_build", OPENMETRICS_INFO, "", "The program that answers.");
    openmetrics_info(metrics, version);
    openmetrics_family(metrics, "process_resident_memory_bytes", OPENMETRICS_GAUGE, "bytes",
                       "Resident memory.");
    openmetrics_count(metrics, NULL, resident_bytes());
    if (statvfs(daemon->state, &disk) < 0)
        return;
    openmetrics_family(metrics, "fairstock_disk_free_bytes", OPENMETRICS_GAUGE, "bytes",
                       "Free for the agent on the ledger's disk.");
    openmetrics_count(metrics, NULL, (uint64_t)disk.f_bavail * disk.f_frsize);
}

/* --- the stall and its ledger ------------------------------------------------------------------------ */

static void write_scans(struct daemon *daemon, struct openmetrics *metrics)
{
    static const char *const names[] = {[INTAKE_SOLD] = "sold",
                                        [INTAKE_UNKNOWN] = "unknown",
                                        [INTAKE_REFUSED] = "refused",
                                        [INTAKE_FAULT] = "fault"};
    openmetrics_family(metrics, "fairstock_scans", OPENMETRICS_COUNTER, "",
                       "Codes scanned or typed since the start, by what the light said.");
    for (int signal = INTAKE_SOLD; signal <= INTAKE_FAULT; signal++) {
        const struct openmetrics_label labels[] = {{"signal", names[signal]}, {NULL, NULL}};
        openmetrics_count(metrics, labels, daemon->scan_counts[signal]);
    }
}

static void write_ledger(struct daemon *daemon, struct openmetrics *metrics)
{
    struct store_meter meter;
    store_meter(daemon->store, &meter);
    int cards = store_open_card_count(daemon->store);
    openmetrics_family(metrics, "fairstock_sales", OPENMETRICS_COUNTER, "", "Sales booked since the start.");
    openmetrics_count(metrics, NULL, daemon->sold_this_start);
    openmetrics_family(metrics, "fairstock_commits", OPENMETRICS_COUNTER, "",
                       "Commits of the ledger that are safe on the disk, since it was opened.");
    openmetrics_count(metrics, NULL, meter.commits);
    openmetrics_family(metrics, "fairstock_ledger_events", OPENMETRICS_GAUGE, "", "Events in the ledger.");
    openmetrics_count(metrics, NULL, meter.events);
    openmetrics_family(metrics, "fairstock_ledger_log_bytes", OPENMETRICS_GAUGE, "bytes",
                       "Of the write-ahead log, not yet in the ledger's file.");
    openmetrics_count(metrics, NULL, meter.wal_bytes);
    openmetrics_family(metrics, "fairstock_open_cards", OPENMETRICS_GAUGE, "",
                       "Cards that wait for the seller.");
    openmetrics_count(metrics, NULL, cards > 0 ? (uint64_t)cards : 0);
    openmetrics_family(metrics, "fairstock_unsent_sales", OPENMETRICS_GAUGE, "",
                       "Sales since every shop was last up to date.");
    openmetrics_count(metrics, NULL, daemon->unsent);
}

/* --- channels ---------------------------------------------------------------------------------------- */

static const char *channel_name(struct daemon *daemon, uint32_t i)
{
    const struct channel *channel =
        book_channel(store_book(daemon->store), courier_channel(daemon->couriers[i]));
    return channel ? channel->name : "";
}

static void write_counts(struct daemon *daemon, struct openmetrics *metrics)
{
    openmetrics_family(metrics, "fairstock_channel_requests", OPENMETRICS_COUNTER, "",
                       "Requests sent to a shop since the start.");
    for (uint32_t i = 0; i < daemon->courier_count; i++)
        for (int kind = REQUEST_CHECK; kind < TRAFFIC_KINDS; kind++) {
            const struct openmetrics_label labels[] = {{"channel", channel_name(daemon, i)},
                                                       {"kind", traffic_kind_name((enum request_kind)kind)},
                                                       {NULL, NULL}};
            openmetrics_count(metrics, labels,
                              traffic_counts(courier_traffic(daemon->couriers[i]))->requests[kind]);
        }
    openmetrics_family(metrics, "fairstock_channel_failures", OPENMETRICS_COUNTER, "",
                       "Answers of a shop, or of the way to it, that were not what was asked for.");
    for (uint32_t i = 0; i < daemon->courier_count; i++)
        for (int outcome = ANSWER_OFFLINE; outcome < TRAFFIC_OUTCOMES; outcome++) {
            const struct openmetrics_label labels[] = {
                {"channel", channel_name(daemon, i)},
                {"outcome", traffic_outcome_name((enum answer_outcome)outcome)},
                {NULL, NULL}};
            openmetrics_count(metrics, labels,
                              traffic_counts(courier_traffic(daemon->couriers[i]))->answers[outcome]);
        }
    openmetrics_family(metrics, "fairstock_sales_not_timed", OPENMETRICS_COUNTER, "",
                       "Sales that are not in fairstock_sale_acknowledged_seconds, because too many waited.");
    for (uint32_t i = 0; i < daemon->courier_count; i++) {
        const struct openmetrics_label labels[] = {{"channel", channel_name(daemon, i)}, {NULL, NULL}};
        openmetrics_count(metrics, labels, courier_sale_lag(daemon->couriers[i])->missed);
    }
}

static void write_owed(struct daemon *daemon, struct openmetrics *metrics)
{
    struct engine_view views[CHANNELS_MAX];
    for (uint32_t i = 0; i < daemon->courier_count; i++)
        courier_view(daemon->couriers[i], &views[i]);
    openmetrics_family(metrics, "fairstock_owed", OPENMETRICS_GAUGE, "",
                       "Listings of a shop that do not show what they should yet.");
    for (uint32_t i = 0; i < daemon->courier_count; i++) {
        const struct openmetrics_label labels[] = {{"channel", channel_name(daemon, i)}, {NULL, NULL}};
        openmetrics_count(metrics, labels, views[i].owed);
    }
    openmetrics_family(metrics, "fairstock_owed_age_seconds", OPENMETRICS_GAUGE, "seconds",
                       "Since when something is owed without a break.");
    for (uint32_t i = 0; i < daemon->courier_count; i++) {
        const struct openmetrics_label labels[] = {{"channel", channel_name(daemon, i)}, {NULL, NULL}};
        openmetrics_ms(metrics, labels,
                       views[i].oldest_owed_ms ? loop_now_ms(daemon->loop) - views[i].oldest_owed_ms : 0);
    }
}

/* The durations of one channel: what they are called in JSON, and in metrics family and kind. */
enum { DURATION_READ, DURATION_WRITE, DURATION_SALE, DURATION_ORDER, DURATIONS };

static const struct histogram *duration(const struct courier *courier, int which)
{
    const struct traffic_counts *counts = traffic_counts(courier_traffic(courier));
    const struct histogram *const all[DURATIONS] = {&counts->reads, &counts->writes,
                                                    &courier_sale_lag(courier)->took, &counts->booked};
    return all[which];
}

static void write_durations(struct daemon *daemon, struct openmetrics *metrics)
{
    static const char *const kinds[] = {[DURATION_READ] = "read", [DURATION_WRITE] = "write"};
    openmetrics_family(metrics, "fairstock_request_duration_seconds", OPENMETRICS_HISTOGRAM, "seconds",
                       "From a request to its answer, of requests that reached the shop or may have.");
    for (uint32_t i = 0; i < daemon->courier_count; i++)
        for (int which = DURATION_READ; which <= DURATION_WRITE; which++) {
            const struct openmetrics_label labels[] = {
                {"channel", channel_name(daemon, i)}, {"kind", kinds[which]}, {NULL, NULL}};
            openmetrics_histogram(metrics, labels, duration(daemon->couriers[i], which));
        }
    static const struct {
        const char *name, *help;
        int which;
    } families[] = {
        {"fairstock_sale_acknowledged_seconds",
         "From a sale at the stall until the shop showed what it should after it.", DURATION_SALE},
        {"fairstock_order_booked_seconds",
         "From an answer with news of orders until they were safe in the ledger.", DURATION_ORDER}};
    for (size_t f = 0; f < sizeof families / sizeof families[0]; f++) {
        openmetrics_family(metrics, families[f].name, OPENMETRICS_HISTOGRAM, "seconds", families[f].help);
        for (uint32_t i = 0; i < daemon->courier_count; i++) {
            const struct openmetrics_label labels[] = {{"channel", channel_name(daemon, i)}, {NULL, NULL}};
            openmetrics_histogram(metrics, labels, duration(daemon->couriers[i], families[f].which));
        }
    }
}

int api_metrics(struct api_call *call)
{
    struct openmetrics metrics = openmetrics_new(call->out);
    write_process(call->daemon, &metrics);
    write_scans(call->daemon, &metrics);
    write_ledger(call->daemon, &metrics);
    write_counts(call->daemon, &metrics);
    write_owed(call->daemon, &metrics);
    write_durations(call->daemon, &metrics);
    openmetrics_end(&metrics);
    *call->content_type = OPENMETRICS_CONTENT_TYPE;
    return HTTP_OK;
}

/* --- the same for people ----------------------------------------------------------------------------- */

static void write_duration(struct json_writer *json, const char *key, const struct histogram *histogram)
{
    json_begin_object(json, key);
    json_int(json, "count", (int64_t)histogram->count);
    json_int(json, "p50_ms", histogram_quantile_ms(histogram, 500));
    json_int(json, "p95_ms", histogram_quantile_ms(histogram, 950));
    json_int(json, "p99_ms", histogram_quantile_ms(histogram, 990));
    json_begin_array(json, "buckets");
    uint64_t before = 0;
    for (uint32_t octave = HISTOGRAM_OCTAVES_FIRST; octave <= HISTOGRAM_OCTAVES_LAST; octave++) {
        uint64_t until = histogram_until(histogram, octave);
        if (until > before) {
            json_begin_object(json, NULL);
            json_int(json, "until_ms", INT64_C(1) << octave);
            json_int(json, "count", (int64_t)(until - before));
            json_end_object(json);
        }
        before = until;
    }
    json_end_array(json);
    json_end_object(json);
}

int api_latency(struct api_call *call)
{
    static const char *const names[DURATIONS] = {"read", "write", "sale_acknowledged", "order_booked"};
    struct daemon *daemon = call->daemon;
    json_begin_object(call->json, NULL);
    json_begin_array(call->json, "channels");
    for (uint32_t i = 0; i < daemon->courier_count; i++) {
        json_begin_object(call->json, NULL);
        json_text(call->json, "name", channel_name(daemon, i));
        for (int which = 0; which < DURATIONS; which++)
            write_duration(call->json, names[which], duration(daemon->couriers[i], which));
        json_end_object(call->json);
    }
    json_end_array(call->json);
    json_end_object(call->json);
    return HTTP_OK;
}
