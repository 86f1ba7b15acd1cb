/* A catalogue file: columns by name, every bad row with its line and reason. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "domain/catalogue_csv.h"

static struct catalogue_csv catalogue;
static struct catalogue_row row;

static int start(const char *text, struct err *err)
{
    memset(&catalogue, 0xee, sizeof catalogue); /* the caller need not clear it */
    return catalogue_csv_start(&catalogue, text, strlen(text), "EUR", err);
}

static void has_header(const char *text)
{
    struct err err = {0};
    if (start(text, &err) < 0)
        fail_msg("%s: %s", text, err_text(&err));
}

static void bad_header(const char *text, const char *words)
{
    struct err err = {0};
    assert_int_equal(start(text, &err), -EINVAL);
    if (!strstr(err_text(&err), words))
        fail_msg("\"%s\" lacks \"%s\"", err_text(&err), words);
}

static void good(uint32_t line)
{
    struct err err = {0};
    if (catalogue_csv_next(&catalogue, &row, &err) != 1)
        fail_msg("line %u: %s", catalogue_csv_line(&catalogue), err_text(&err));
    assert_int_equal(row.line, line);
    assert_int_equal(catalogue_csv_line(&catalogue), line);
}

static void bad(uint32_t line, const char *words)
{
    struct err err = {0};
    assert_int_equal(catalogue_csv_next(&catalogue, &row, &err), -EINVAL);
    assert_int_equal(catalogue_csv_line(&catalogue), line);
    if (!strstr(err_text(&err), words))
        fail_msg("line %u: \"%s\" lacks \"%s\"", line, err_text(&err), words);
}

static void at_end(void)
{
    assert_int_equal(catalogue_csv_next(&catalogue, &row, NULL), 0);
}

/* One field of the column, in a row that is otherwise good. */
static void field_is_bad(const char *column, const char *value, const char *words)
{
    char text[3000];
    (void)snprintf(text, sizeof text, "sku,title,%s\nA,B,%s\nC,D,\n", column, value);
    has_header(text);
    bad(2, words);
    good(strchr(value, '\n') ? 4 : 3); /* and the next row is none the worse */
    at_end();
}

static void all_columns_are_read(void **state)
{
    (void)state;
    has_header(
        "sku,title,barcode,price,cost,currency,on_hand,location,one_of_a_kind,reorder_point,lead_days\n"
        "MUG,\"Mug, blue\",4006381333931,24.50,7,USD,6,studio,no,2,14\n");
    good(2);
    assert_string_equal(row.item.sku, "MUG");
    assert_string_equal(row.item.title, "Mug, blue");
    assert_int_equal(row.code_count, 1);
    assert_string_equal(row.codes[0], "4006381333931");
    assert_int_equal(row.packs[0], 1);
    assert_int_equal(row.item.price_minor, 2450);
    assert_int_equal(row.item.cost_minor, 700);
    assert_string_equal(row.item.currency, "USD");
    assert_true(row.has_on_hand);
    assert_int_equal(row.on_hand, 6);
    assert_string_equal(row.location, "studio");
    assert_int_equal(row.item.flags, 0);
    assert_int_equal(row.item.reorder_point, 2);
    assert_int_equal(row.item.lead_days, 14);
    assert_int_equal(row.item.alias, 0);
    at_end();
}

static void order_and_spelling_of_columns_do_not_matter(void **state)
{
    (void)state;
    has_header("\xef\xbb\xbf"
               "Colour; TITLE ;On_Hand;sku\r\nred; Mug ;3; M \r\n");
    good(2);
    assert_string_equal(row.item.sku, "M");
    assert_string_equal(row.item.title, "Mug");
    assert_int_equal(row.on_hand, 3);
    assert_string_equal(row.item.currency, "EUR");
    assert_int_equal(row.code_count, 0);
    assert_string_equal(row.location, "");
    at_end();
    has_header("sku,title,price\r"
               "A,B,1.00\r"
               "C,D,2.00\r");
    good(2);
    good(3);
    assert_int_equal(row.item.price_minor, 200);
    at_end();
}

static void what_a_short_row_lacks_is_empty(void **state)
{
    (void)state;
    has_header("sku,title,price,on_hand\nA,B\nC,D,,,,,\nE,F,1,0\n");
    good(2);
    assert_false(row.has_on_hand);
    assert_int_equal(row.item.price_minor, 0);
    good(3); /* empty columns beyond the header, as spreadsheets add them */
    assert_false(row.has_on_hand);
    good(4);
    assert_true(row.has_on_hand); /* 0 is not nothing */
    assert_int_equal(row.on_hand, 0);
    at_end();
}

static void headers_that_cannot_be_read(void **state)
{
    (void)state;
    bad_header("", "the file is empty");
    bad_header("\n\n", "the file is empty");
    bad_header("title,price\n", "at least sku and title");
    bad_header("sku,price\n", "at least sku and title");
    bad_header("A,B\nC,D\n", "at least sku and title"); /* no header at all */
    bad_header("sku,title,price,Price\n", "the column price is there twice");
    bad_header("sku,title,\"x\n", "quotes are not closed");
    bad_header("sku,title,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,\n", "more than 32 columns");
}

static void every_bad_field_says_why(void **state)
{
    (void)state;
    field_is_bad("price", "\"1,000.00\"", "price \"1,000.00\" is not an amount of EUR like 24.50");
    field_is_bad("price", "-1", "price \"-1\" is not an amount");
    field_is_bad("price", "1.999", "price \"1.999\" is not an amount");
    field_is_bad("cost", "99999999999999999999", "cost \"99999999999999999999\" is not an amount");
    field_is_bad("currency", "eur", "currency \"eur\" is not a code of three capital letters");
    field_is_bad("currency", "EURO", "currency \"EURO\" is not");
    field_is_bad("on_hand", "-1000001",
                 "on_hand \"-1000001\" is not a whole number from -1000000 to 1000000");
    field_is_bad("on_hand", "1000001", "on_hand");
    field_is_bad("on_hand", "1.5", "on_hand");
    field_is_bad("on_hand", "many", "on_hand");
    field_is_bad("on_hand", "99999999999999999999", "on_hand");
    field_is_bad("reorder_point", "x", "reorder_point");
    field_is_bad("lead_days", "3651", "lead_days \"3651\" is not a whole number from 0 to 3650");
    field_is_bad("one_of_a_kind", "maybe", "one_of_a_kind \"maybe\" is neither yes nor no");
    field_is_bad("location", "\"a\nb\"", "location has a line end");
    field_is_bad("location", "b\xff", "location is not UTF-8");
    field_is_bad("barcode", "4006381333930", "barcode 4006381333930 has a wrong check digit");
}

static void sku_and_title_are_needed_and_bounded(void **state)
{
    (void)state;
    char text[2000];
    (void)snprintf(text, sizeof text, "sku,title\n%064d,%0200d\n%065d,a\na,%0201d\n,a\na,\n \t , a\n", 0, 0,
                   0, 0);
    has_header(text);
    good(2);
    bad(3, "sku is longer than 64 bytes");
    bad(4, "title is longer than 200 bytes");
    bad(5, "the sku is missing");
    bad(6, "the title is missing");
    bad(7, "the sku is missing");
    at_end();
    has_header("sku,title\n\"A\nB\",x\nA,\"B\nC\"\nA,B\x1b[31m\nA,\xc3\x28\nD,E\n");
    bad(2, "sku has a line end or another control character");
    bad(4, "title has a line end");
    bad(6, "title has a line end");
    bad(7, "title is not UTF-8 text");
    good(8);
    at_end();
}

static void a_comma_that_lacks_its_quotes_moves_no_columns(void **state)
{
    (void)state;
    has_header("sku,title,price,cost\nA,B,24,50,7\nC,D,24.50,7\n");
    bad(2, "more columns than the first line");
    good(3);
    at_end();
}

static void packs_and_several_codes(void **state)
{
    (void)state;
    has_header("sku,title,barcode,Barcode\n"
               "A,B,036000291452*6; 4006381333931 ;,X-1\n"
               "C,D,96385074 *4,\n"
               "E,F,A*B,2*x\n");
    good(2);
    assert_int_equal(row.code_count, 3);
    assert_string_equal(row.codes[0], "0036000291452"); /* in its one form */
    assert_int_equal(row.packs[0], 6);
    assert_string_equal(row.codes[1], "4006381333931");
    assert_int_equal(row.packs[1], 1);
    assert_string_equal(row.codes[2], "X-1");
    good(3);
    assert_string_equal(row.codes[0], "96385074");
    assert_int_equal(row.packs[0], 4);
    good(4); /* a star that is part of the code */
    assert_string_equal(row.codes[0], "A*B");
    assert_string_equal(row.codes[1], "2*x");
    at_end();
    field_is_bad("barcode", "*4", "a pack without a barcode");
    field_is_bad("barcode", " *4", "a pack without a barcode");
    field_is_bad("barcode", "X*0", "the pack in barcode \"X*0\" is not 1 to 10000");
    field_is_bad("barcode", "X*10001", "is not 1 to 10000");
    field_is_bad("barcode", "X*99999999999999999999", "is not 1 to 10000");
    field_is_bad("barcode", "96385075 *4", "wrong check digit");
    field_is_bad("barcode",
                 "1;2;3;4;5;6;7;a;9;10;11;12;13;14;15;16;17;18;19;20;21;22;23;24;25;26;27;28;29;30;31;32;33",
                 "more than 32 barcodes");
    field_is_bad("barcode", "\xff", "a barcode is not UTF-8");
    field_is_bad("barcode", "\"a\nb\"", "a barcode has a line end");
    field_is_bad("barcode", "a\xc2\x9b!m", "a barcode has a line end or another control character");
    char code[200];
    (void)snprintf(code, sizeof code, "%0129d", 0);
    field_is_bad("barcode", code, "a barcode is longer than 128");
    code[128] = '\0';
    char text[400];
    (void)snprintf(text, sizeof text, "sku,title,barcode\nA,B,%s\n", code);
    has_header(text);
    good(2);
    assert_int_equal(strlen(row.codes[0]), 128);
}

static void what_a_spreadsheet_takes_for_a_formula_is_guarded(void **state)
{
    (void)state;
    static const struct {
        const char *text, *cell;
        bool guarded;
    } cases[] = {
        {"=1+1", "'=1+1", true}, {"+49", "'+49", true}, {"-x", "'-x", true},
        {"@b", "'@b", true},     {"'=a", "''=a", true}, {"''@", "'''@", true},
        {"'70s", "'70s", false}, {"''", "''", false},   {"a=b", "a=b", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[200];
        assert_int_equal(catalogue_csv_guarded(cases[i].text), cases[i].guarded);
        (void)snprintf(text, sizeof text, "sku,title,barcode,location\nA%s,%s,%s,%s\n%s,B,,\n", cases[i].cell,
                       cases[i].cell, cases[i].cell, cases[i].cell, cases[i].cell);
        has_header(text);
        good(2);
        assert_string_equal(row.item.title, cases[i].text);
        assert_string_equal(row.codes[0], cases[i].text);
        assert_string_equal(row.location, cases[i].text);
        assert_string_equal(row.item.sku + 1, cases[i].cell); /* within a text nothing is taken away */
        good(3);
        assert_string_equal(row.item.sku, cases[i].text);
    }
}

static void stock_may_be_below_zero(void **state)
{
    (void)state;
    has_header("sku,title,on_hand\nA,B,-3\n");
    good(2);
    assert_int_equal(row.on_hand, -3);
}

static void one_of_a_kind_is_there_once(void **state)
{
    (void)state;
    has_header("sku,title,one_of_a_kind,on_hand\nA,B,yes,1\nA,B,X,0\nA,B,TRUE,\nA,B,1,2\nA,B,no,2\nA,B,0,"
               "2\nA,B,,2\n");
    for (uint32_t line = 2; line <= 4; line++) {
        good(line);
        assert_int_equal(row.item.flags, ITEM_ONE_OF_A_KIND);
    }
    bad(5, "a one-of-a-kind piece cannot be there 2 times");
    for (uint32_t line = 6; line <= 8; line++) {
        good(line);
        assert_int_equal(row.item.flags, 0);
    }
    at_end();
}

static void prices_have_the_digits_of_their_currency(void **state)
{
    (void)state;
    has_header("price,currency,sku,title\n1200,JPY,A,B\n1.234,KWD,A,B\n1200.5,JPY,A,B\n\"3,5\",,A,B\n");
    good(2);
    assert_int_equal(row.item.price_minor, 1200);
    good(3);
    assert_int_equal(row.item.price_minor, 1234);
    bad(4, "is not an amount of JPY");
    good(5); /* the caller's currency */
    assert_int_equal(row.item.price_minor, 350);
    assert_string_equal(row.item.currency, "EUR");
    at_end();
}

static void broken_rows_are_named_and_the_others_kept(void **state)
{
    (void)state;
    char text[12000];
    int used = snprintf(text, sizeof text, "sku,title\nA,B\n\"C,D\nE,F\n%05000d\nG,\"H\"x\n", 0);
    (void)snprintf(text + used, sizeof text - (size_t)used, "I,J\n");
    has_header(text);
    good(2);
    bad(3, "quotes are not closed");
    good(4);
    bad(5, "longer than 4096 bytes");
    bad(6, "text follows a closing quote");
    good(7);
    assert_string_equal(row.item.sku, "I");
    at_end();
    assert_int_equal(catalogue_csv_start(&catalogue, "sku,title\nA,B\0C\nD,E\n", 20, "EUR", NULL), 0);
    bad(2, "save the file as UTF-8");
    good(3);
    at_end();
}

static void a_barcode_that_a_spreadsheet_rounded_is_named(void **state)
{
    (void)state;
    has_header(
        "sku,title,barcode\nA,B,4.00638E+12\nC,D,\"4,00638e+12\"\nE,F,4E+\nQ,R,4E+x\nG,H,E+12\nI,J,4E12\n");
    bad(2, "a spreadsheet rounded");
    bad(3, "a spreadsheet rounded");
    for (unsigned line = 4; line <= 7; line++) /* codes that only look like it */
        good(line);
    at_end();
}

/* A file of prices changes prices; what it has no column for stays. */
static void what_the_file_does_not_say_stays(void **state)
{
    (void)state;
    static const struct item known = {.price_minor = 100,
                                      .cost_minor = 40,
                                      .currency = "CHF",
                                      .flags = ITEM_ONE_OF_A_KIND,
                                      .reorder_point = 3,
                                      .lead_days = 9};
    has_header("sku,title\nA,B\n");
    good(2);
    catalogue_csv_keep(&catalogue, &known, &row.item);
    assert_int_equal(row.item.price_minor, 100);
    assert_int_equal(row.item.cost_minor, 40);
    assert_string_equal(row.item.currency, "CHF");
    assert_int_equal(row.item.flags, ITEM_ONE_OF_A_KIND);
    assert_int_equal(row.item.reorder_point, 3);
    assert_int_equal(row.item.lead_days, 9);
    has_header("sku,title,price,cost,one_of_a_kind,reorder_point,lead_days\nA,B,2.50,1,no,1,2\n");
    good(2);
    catalogue_csv_keep(&catalogue, &known, &row.item);
    assert_int_equal(row.item.price_minor, 250);
    assert_int_equal(row.item.cost_minor, 100);
    assert_string_equal(row.item.currency, "EUR"); /* a price without a currency is in the file's */
    assert_int_equal(row.item.flags, 0);
    assert_int_equal(row.item.reorder_point, 1);
    assert_int_equal(row.item.lead_days, 2);
    has_header("sku,title,currency\nA,B,USD\n");
    good(2);
    catalogue_csv_keep(&catalogue, &known, &row.item);
    assert_int_equal(row.item.price_minor, 100);
    assert_string_equal(row.item.currency, "USD");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_columns_are_read),
        cmocka_unit_test(order_and_spelling_of_columns_do_not_matter),
        cmocka_unit_test(what_a_short_row_lacks_is_empty),
        cmocka_unit_test(headers_that_cannot_be_read),
        cmocka_unit_test(every_bad_field_says_why),
        cmocka_unit_test(sku_and_title_are_needed_and_bounded),
        cmocka_unit_test(a_comma_that_lacks_its_quotes_moves_no_columns),
        cmocka_unit_test(packs_and_several_codes),
        cmocka_unit_test(what_a_spreadsheet_takes_for_a_formula_is_guarded),
        cmocka_unit_test(stock_may_be_below_zero),
        cmocka_unit_test(one_of_a_kind_is_there_once),
        cmocka_unit_test(prices_have_the_digits_of_their_currency),
        cmocka_unit_test(a_barcode_that_a_spreadsheet_rounded_is_named),
        cmocka_unit_test(what_the_file_does_not_say_stays),
        cmocka_unit_test(broken_rows_are_named_and_the_others_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
