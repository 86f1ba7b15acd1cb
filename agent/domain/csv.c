#include "domain/csv.h"

#include <string.h>

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
    const char *newline = memchr(text, '\n', length);
    size_t header = newline ? (size_t)(newline - text) : length;
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
        csv->next_line += c == '\n';
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
    } else if (c != '\r') {
        if (p->was_quoted || c == '"')
            p->result = CSV_BAD_QUOTES;
        put(csv, p, c);
    }
    p->field_start = false;
}

enum csv_result csv_next(struct csv *csv)
{
    while (csv->at < csv->end && (*csv->at == '\n' || *csv->at == '\r')) {
        csv->next_line += *csv->at == '\n';
        csv->at++;
    }
    if (csv->at == csv->end)
        return CSV_END;
    struct position p = {.result = CSV_ROW};
    csv->line = csv->next_line;
    csv->field_count = 0;
    begin_field(csv, &p);
    while (csv->at < csv->end) {
        char c = *csv->at++;
        if (p.quoted) {
            in_quotes(csv, &p, c);
        } else if (c == '\n') {
            csv->next_line++;
            break;
        } else {
            outside_quotes(csv, &p, c);
        }
    }
    end_field(csv, &p);
    if (p.quoted)
        p.result = CSV_BAD_QUOTES;
    csv->row[sizeof csv->row - 1] = '\0';
    return p.result;
}
