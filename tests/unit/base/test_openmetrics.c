/* The text of metrics, byte by byte. That a reader understands it is shown by
 * tests/integration/app/metrics.test.mjs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/openmetrics.h"

static void families_have_their_metadata_and_suffixes(void **state)
{
    (void)state;
    BUF_AUTO struct buf out = buf_new(4096);
    struct openmetrics metrics = openmetrics_new(&out);
    const struct openmetrics_label labels[] = {{"channel", "a\"b\\c\nd"}, {"kind", "read"}, {NULL, NULL}};
    openmetrics_family(&metrics, "x", OPENMETRICS_COUNTER, "", "One \"x\"\nand \\.");
    openmetrics_count(&metrics, NULL, 0);
    openmetrics_count(&metrics, labels, UINT64_MAX);
    openmetrics_family(&metrics, "age_seconds", OPENMETRICS_GAUGE, "seconds", "Age.");
    openmetrics_ms(&metrics, NULL, -4);
    openmetrics_ms(&metrics, NULL, 1500);
    openmetrics_ms(&metrics, NULL, 70);
    openmetrics_family(&metrics, "build", OPENMETRICS_INFO, "", "B.");
    openmetrics_info(&metrics, labels);
    openmetrics_end(&metrics);
    assert_int_equal(buf_error(&out), 0);
    assert_string_equal(buf_text(&out),
                        "# TYPE x counter\n"
                        "# HELP x One \\\"x\\\"\\nand \\\\.\n"
                        "x_total 0\n"
                        "x_total{channel=\"a\\\"b\\\\c\\nd\",kind=\"read\"} 18446744073709551615\n"
                        "# TYPE age_seconds gauge\n"
                        "# UNIT age_seconds seconds\n"
                        "# HELP age_seconds Age.\n"
                        "age_seconds 0.0\n"
                        "age_seconds 1.5\n"
                        "age_seconds 0.07\n"
                        "# TYPE build info\n"
                        "# HELP build B.\n"
                        "build_info{channel=\"a\\\"b\\\\c\\nd\",kind=\"read\"} 1\n"
                        "# EOF\n");
}

static void a_histogram_has_every_bucket_and_what_is_beyond(void **state)
{
    (void)state;
    BUF_AUTO struct buf out = buf_new(8192);
    struct openmetrics metrics = openmetrics_new(&out);
    struct histogram histogram = {0};
    histogram_add(&histogram, 1);
    histogram_add(&histogram, 1024);
    histogram_add(&histogram, INT64_C(1) << 30);
    openmetrics_family(&metrics, "t_seconds", OPENMETRICS_HISTOGRAM, "seconds", "T.");
    openmetrics_histogram(&metrics, NULL, &histogram);
    const char *text = buf_text(&out);
    assert_non_null(strstr(text, "t_seconds_bucket{le=\"0.001\"} 1\n"));
    assert_non_null(strstr(text, "t_seconds_bucket{le=\"0.512\"} 1\nt_seconds_bucket{le=\"1.024\"} 2\n"));
    assert_non_null(strstr(text, "t_seconds_bucket{le=\"134217.728\"} 2\nt_seconds_bucket{le=\"+Inf\"} 3\n"
                                 "t_seconds_count 3\nt_seconds_sum 1073742.849\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(families_have_their_metadata_and_suffixes),
        cmocka_unit_test(a_histogram_has_every_bucket_and_what_is_beyond),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
