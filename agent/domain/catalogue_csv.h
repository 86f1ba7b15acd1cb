/* A catalogue as CSV: header-named columns → item rows. Pure. docs/commands.md describes the file for
 * sellers. Columns (any order, others ignored): sku, title, barcode (several separated by ";" or by repeating
 * the column; "CODE*4" is a pack of 4), price, cost, currency, on_hand, location, one_of_a_kind (yes/no),
 * reorder_point, lead_days. sku and title are needed. What `fairstock export` writes is read back as it was.
 */
#ifndef FAIRSTOCK_DOMAIN_CATALOGUE_CSV_H
#define FAIRSTOCK_DOMAIN_CATALOGUE_CSV_H

#include "base/err.h"
#include "domain/csv.h"
#include "domain/model.h"

enum { CATALOGUE_CODES_MAX = 32 };

/* A spreadsheet takes a cell that begins with = + - @ for a formula. Such a text is written with a ' before
 * it (and so is one that already has some ' there, so that reading takes back exactly what writing added).
 * Whether text needs it, as a cell of its own. */
bool catalogue_csv_guarded(const char *text);

struct catalogue_row {
    uint32_t line;
    struct item item;                                    /* alias 0 */
    char codes[CATALOGUE_CODES_MAX][CODE_MAX_BYTES + 1]; /* normalised */
    uint32_t packs[CATALOGUE_CODES_MAX];
    int code_count;
    bool has_on_hand;
    int64_t on_hand;
    char location[NAME_MAX_BYTES + 1]; /* "" : the default */
};

struct catalogue_csv {
    struct csv csv;
    int columns[CSV_FIELDS_MAX]; /* enum of catalogue_csv.c; -1 ignored */
    int column_count;
    char currency[CURRENCY_TEXT_BYTES]; /* for rows without one */
};

/* Reads the header. -EINVAL with a sentence when sku or title is missing. text is borrowed. */
MUST_CHECK int catalogue_csv_start(struct catalogue_csv *catalogue, const char *text, size_t length,
                                   const char *currency, struct err *err);
/* 1: a row. 0: the end. -EINVAL: a bad row; err says why, catalogue_csv_line which; the next call goes on
 * behind it. */
MUST_CHECK int catalogue_csv_next(struct catalogue_csv *catalogue, struct catalogue_row *row,
                                  struct err *err);
/* What the file has no column for stays as `known` has it: a file of prices must not wipe costs. */
void catalogue_csv_keep(const struct catalogue_csv *catalogue, const struct item *known, struct item *item);
uint32_t catalogue_csv_line(const struct catalogue_csv *catalogue);

#endif
