/* CSV as RFC 4180 and as spreadsheets write it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "domain/csv.h"
#include "event_fixture.h"

/* Every row as "LINE:field|field\n", a bad one as "LINE!RESULT\n". */
static const char *read_all(const char *text, size_t length)
{
    static char out[65536];
    static struct csv csv;
    size_t used = 0;
    enum csv_result result;
    csv_start(&csv, text, length);
    out[0] = '\0';
    while ((result = csv_next(&csv)) != CSV_END) {
        used += (size_t)snprintf(out + used, sizeof out - used, "%u", csv.line);
        if (result != CSV_ROW)
            used += (size_t)snprintf(out + used, sizeof out - used, "!%d", (int)result);
        for (int i = 0; result == CSV_ROW && i < csv.field_count; i++)
            used += (size_t)snprintf(out + used, sizeof out - used, "%c%s", i ? '|' : ':', csv.fields[i]);
        used += (size_t)snprintf(out + used, sizeof out - used, "\n");
    }
    assert_int_equal(csv_next(&csv), CSV_END);
    return out;
}

static void reads(const char *text, const char *rows)
{
    assert_string_equal(read_all(text, strlen(text)), rows);
}

static void rows_end_as_the_system_writes_them(void **state)
{
    (void)state;
    reads("", "");
    reads("\n\r\n\r", "");
    reads("a,b\n1,2\n", "1:a|b\n2:1|2\n");
    reads("a,b\n1,2", "1:a|b\n2:1|2\n");
    reads("a,b\r\n1,2\r\n", "1:a|b\n2:1|2\n");
    reads("a,b\r1,2\r3,4", "1:a|b\n2:1|2\n3:3|4\n"); /* CR alone */
    reads("a\n\n\nb\r\n\r\nc\r\rd", "1:a\n4:b\n6:c\n8:d\n");
    reads("\xef\xbb\xbf"
          "a\n\xef\xbb\xbf"
          "b",
          "1:a\n2:\xef\xbb\xbf"
          "b\n"); /* only the first is a mark */
    reads("\xef\xbb\xbf", "");
}

static void fields_may_be_empty_and_quoted(void **state)
{
    (void)state;
    reads(",\n,,", "1:|\n2:||\n");
    reads("\"\",\"a\"", "1:|a\n");
    reads("\"a,b\",\"say \"\"hi\"\"\"", "1:a,b|say \"hi\"\n");
    reads("\"\"\"\"", "1:\"\n");
    reads("a, b ,c", "1:a| b |c\n"); /* spaces are part of it */
    reads("\"two\nlines\",x\ny", "1:two\nlines|x\n3:y\n");
    reads("\"two\r\nlines\"\r\ny", "1:two\r\nlines\n3:y\n");
    reads("\"two\rlines\"\ry", "1:two\rlines\n3:y\n");
    reads("\"\n\n\n\",a\nb", "1:\n\n\n|a\n5:b\n");
}

static void the_header_chooses_the_separator(void **state)
{
    (void)state;
    reads("a;b\n1,5;2\n", "1:a|b\n2:1,5|2\n");
    reads("a,b;c\n1;2,3\n", "1:a|b;c\n2:1;2|3\n");
    reads("a\n1,2\n", "1:a\n2:1|2\n");
    reads("a;b\r1;2,0\r", "1:a|b\n2:1|2,0\n"); /* the header ends at a CR too */
    reads("\xef\xbb\xbf"
          "a;b\n1;2",
          "1:a|b\n2:1|2\n");
}

static void a_bad_row_ends_with_its_line(void **state)
{
    (void)state;
    reads("a\n\"b\" c\nd", "1:a\n2!4\n3:d\n");
    reads("a\nb\"c\nd", "1:a\n2!4\n3:d\n");
    reads("a\n\"b\"\"\nd", "1:a\n2!4\n3:d\n"); /* never closed: the rows behind are kept */
    reads("a\n\"b\nd\ne,f", "1:a\n2!4\n3:d\n4:e|f\n");
    reads("a\n\"b\n\"c\"\nd", "1:a\n2!4\n3:c\n4:d\n"); /* closed by the next row's */
    reads("\"", "1!4\n");
    reads("a\r\"b\rc\r", "1:a\n2!4\n3:c\n");
    assert_string_equal(read_all("a\nb\0c\nd", 7), "1:a\n2!5\n3:d\n");
    assert_string_equal(read_all("a\nb\0c\0\nd", 8), "1:a\n2!5\n3:d\n"); /* two of them are one reason */
    assert_string_equal(read_all("a\n\"b\0c\n\"\nd", 10), "1:a\n2!5\n3!4\n4:d\n");
}

static void rows_have_a_length_and_a_width(void **state)
{
    (void)state;
    static char text[3 * CSV_ROW_MAX_BYTES];
    /* a row of N bytes and its NUL */
    memset(text, 'x', CSV_ROW_MAX_BYTES - 1);
    (void)snprintf(text + CSV_ROW_MAX_BYTES - 2, 10, "\nend");
    const char *rows = read_all(text, strlen(text));
    assert_int_equal(strlen(rows), 2 + CSV_ROW_MAX_BYTES - 2 + 1 + strlen("2:end\n"));
    memset(text, 'x', CSV_ROW_MAX_BYTES - 1);
    (void)snprintf(text + CSV_ROW_MAX_BYTES - 1, 10, "\nend");
    reads(text, "1!2\n2:end\n");
    memset(text, 'x', 2 * CSV_ROW_MAX_BYTES);
    (void)snprintf(text + 2 * CSV_ROW_MAX_BYTES, 10, "\nend");
    reads(text, "1!2\n2:end\n");
    text[0] = '"';
    (void)snprintf(text + 2 * CSV_ROW_MAX_BYTES, 10, "\"\nend");
    reads(text, "1!2\n2:end\n");
    memset(text, ',', CSV_FIELDS_MAX);
    (void)snprintf(text + CSV_FIELDS_MAX - 1, 10, "\nend");
    assert_non_null(strstr(read_all(text, strlen(text)), "\n2:end\n"));
    assert_memory_equal(read_all(text, strlen(text)), "1:|", 3);
    memset(text, ',', CSV_FIELDS_MAX);
    (void)snprintf(text + CSV_FIELDS_MAX, 10, "\nend");
    reads(text, "1!3\n2:end\n");
}

/* One quote that is never closed in front of very many rows: each is still given, in little time. */
static void an_open_quote_costs_one_row(void **state)
{
    (void)state;
    static char text[400000];
    size_t used = (size_t)snprintf(text, sizeof text, "a\n\"open\n");
    while (used < sizeof text - 16)
        used += (size_t)snprintf(text + used, sizeof text - used, "\"\"\"x\"\"\",1\n");
    static struct csv csv;
    unsigned rows = 0, bad = 0;
    enum csv_result result;
    csv_start(&csv, text, used);
    while ((result = csv_next(&csv)) != CSV_END) {
        rows += result == CSV_ROW;
        bad += result != CSV_ROW;
    }
    assert_int_equal(bad, 1);
    assert_int_equal(rows, 1 + (used - 8) / 10);
}

/* Each line is bad, and leaves a quote open that the next lines would never close: none may be read to the
 * end of the text. (As many steps as the square of the lines would not end within the test's time.) */
static void bad_rows_cost_their_own_length(void **state)
{
    (void)state;
    static char text[1200000];
    static struct csv csv;
    enum { LINES = sizeof text / 6 };
    for (size_t i = 0; i < LINES; i++)
        memcpy(text + 6 * i, "a\"b,\"\n", 6);
    csv_start(&csv, text, sizeof text);
    for (unsigned i = 1; i <= LINES; i++) {
        assert_int_equal(csv_next(&csv), CSV_BAD_QUOTES);
        assert_int_equal(csv.line, i);
    }
    assert_int_equal(csv_next(&csv), CSV_END);
}

/* Fields of any bytes but NUL, written as RFC 4180 section 2 says, are read back as they were. */
static void what_is_written_by_the_rules_is_read(void **state)
{
    (void)state;
    static const char alphabet[] = "ab,;\"\n\r \xc3\xa9";
    struct random random = {.state = 4180};
    for (int round = 0; round < 3000; round++) {
        static struct csv csv;
        char text[4000] = "h,h\n", fields[6][40];
        size_t used = 4, count = 1 + random_next(&random) % 6;
        for (size_t i = 0; i < count; i++) {
            size_t length = random_next(&random) % 20;
            text[used++] = '"';
            for (size_t k = 0; k < length; k++) {
                fields[i][k] = alphabet[random_next(&random) % (sizeof alphabet - 1)];
                text[used++] = fields[i][k];
                if (fields[i][k] == '"')
                    text[used++] = '"';
            }
            fields[i][length] = '\0';
            text[used++] = '"';
            text[used++] = i + 1 < count ? ',' : '\n';
        }
        csv_start(&csv, text, used);
        assert_int_equal(csv_next(&csv), CSV_ROW);
        assert_int_equal(csv_next(&csv), CSV_ROW);
        assert_int_equal(csv.field_count, count);
        for (size_t i = 0; i < count; i++)
            assert_string_equal(csv.fields[i], fields[i]);
        assert_int_equal(csv_next(&csv), CSV_END);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_end_as_the_system_writes_them),
        cmocka_unit_test(fields_may_be_empty_and_quoted),
        cmocka_unit_test(the_header_chooses_the_separator),
        cmocka_unit_test(a_bad_row_ends_with_its_line),
        cmocka_unit_test(rows_have_a_length_and_a_width),
        cmocka_unit_test(an_open_quote_costs_one_row),
        cmocka_unit_test(bad_rows_cost_their_own_length),
        cmocka_unit_test(what_is_written_by_the_rules_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
