#include "domain/csv.h"

#include <string.h>

/* Behind the end of the line in which `at` is: LF, CR LF, or CR alone as some spreadsheets for the Mac write.
 */
static const char *line_end(const struct csv *csv, const char *at)
{
    while (at < csv->end && *at != '\n' && *at != '\r')
        at++;
    if (at < csv->end && *at == '\r' && at + 1 < csv->end && at[1] == '\n')
        at++;
    return at < csv->end ? at + 1 : at;
}

static bool is_line_end(char c)
{
    return c == '\n' || c == '\r';
}

void csv_start(struct csv *csv, const char *text, size_t length)
{
    static const char mark[] = "\xef\xbb\xbf";
    if (length >= 3 && memcmp(text, mark, 3) == 0) {
        text += 3;
        length -= 3;
    }
    csv->at = text;
    csv->end = text + length;
    csv->line = 0;
    csv->next_line = 1;
    csv->field_count = 0;
    size_t header = (size_t)(line_end(csv, text) - text);
    csv->separator = !memchr(text, ',', header) && memchr(text, ';', header) ? ';' : ',';
}

/* Where the parsing of one row stands. */
struct position {
    size_t used;
    bool quoted, was_quoted, field_start;
    enum csv_result result;
};

static void put(struct csv *csv, struct position *p, char c)
{
    if (p->used + 1 < sizeof csv->row)
        csv->row[p->used++] = c;
    else if (p->result == CSV_ROW)
        p->result = CSV_TOO_LONG;
}

static void begin_field(struct csv *csv, struct position *p)
{
    if (csv->field_count == CSV_FIELDS_MAX) {
        if (p->result == CSV_ROW)
            p->result = CSV_TOO_MANY_FIELDS;
        csv->field_count--;
    }
    csv->fields[csv->field_count++] = csv->row + p->used;
    p->field_start = true;
    p->was_quoted = false;
}

static void end_field(struct csv *csv, struct position *p)
{
    put(csv, p, '\0');
}

static void in_quotes(struct csv *csv, struct position *p, char c)
{
    if (c != '"') {
        csv->next_line += c == '\n' || (c == '\r' && (csv->at == csv->end || *csv->at != '\n'));
        put(csv, p, c);
    } else if (csv->at < csv->end && *csv->at == '"') {
        csv->at++;
        put(csv, p, '"');
    } else {
        p->quoted = false;
        p->was_quoted = true;
    }
}

static void outside_quotes(struct csv *csv, struct position *p, char c)
{
    if (c == csv->separator) {
        end_field(csv, p);
        begin_field(csv, p);
        return;
    }
    if (c == '"' && p->field_start) {
        p->quoted = true;
    } else {
        if (p->was_quoted || c == '"')
            p->result = CSV_BAD_QUOTES;
        put(csv, p, c);
    }
    p->field_start = false;
}

/* Reads to the end of the row, or to where it is known to be bad and no end can be trusted. */
static void read_row(struct csv *csv, struct position *p)
{
    begin_field(csv, p);
    while (csv->at < csv->end && !(p->quoted && p->result != CSV_ROW)) {
        char c = *csv->at++;
        if (c == '\0' && p->result == CSV_ROW)
            p->result = CSV_NO_TEXT;
        if (p->quoted) {
            in_quotes(csv, p, c);
        } else if (is_line_end(c)) {
            csv->at = line_end(csv, csv->at - 1);
            csv->next_line++;
            break;
        } else {
            outside_quotes(csv, p, c);
        }
    }
    end_field(csv, p);
    if (p->quoted && (p->result == CSV_ROW || (p->result == CSV_TOO_LONG && csv->next_line > csv->line)))
        p->result = CSV_BAD_QUOTES; /* also when it is too long only because it took further lines along */
}

enum csv_result csv_next(struct csv *csv)
{
    while (csv->at < csv->end && is_line_end(*csv->at)) {
        csv->at = line_end(csv, csv->at);
        csv->next_line++;
    }
    if (csv->at == csv->end)
        return CSV_END;
    struct position p = {.result = CSV_ROW};
    const char *start = csv->at;
    csv->line = csv->next_line;
    csv->field_count = 0;
    read_row(csv, &p);
    csv->row[sizeof csv->row - 1] = '\0';
    if (p.result != CSV_ROW) { /* a quote that is never closed must not take the rows behind it along */
        csv->at = line_end(csv, start);
        csv->next_line = csv->line + 1;
    }
    return p.result;
}
