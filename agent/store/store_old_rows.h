/* What the rows of a damaged file can still say: names of items and places whose making is lost, cards,
 * unfinished ops. For this folder's files; never writes the damaged file. */
#ifndef FAIRSTOCK_STORE_STORE_OLD_ROWS_H
#define FAIRSTOCK_STORE_STORE_OLD_ROWS_H

#include "store/store_internal.h"

/* Large: on the heap, zeroed before it is opened. */
struct store_old_rows {
    struct store *target;
    sqlite3 *db;               /* the damaged file, for names only; NULL: it cannot be opened */
    bool items[ITEMS_MAX + 1]; /* created by an event that is there */
    bool locations[LOCATIONS_MAX + 1];
    bool named_items[ITEMS_MAX + 1]; /* spoken of */
    bool named_locations[LOCATIONS_MAX + 1];
};

/* 0 even when the file cannot be opened: then nothing has its old name. -ENOMEM: nobody knows. */
MUST_CHECK int store_old_rows_open(struct store_old_rows *rows, struct store *target, const char *file);
void store_old_rows_close(struct store_old_rows *rows); /* accepts one that was never opened */
/* An event that is there: what it makes and what it speaks of. */
void store_old_rows_note(struct store_old_rows *rows, const struct event *event);
/* Makes, by events in target's transaction, what was spoken of and never made: with the name that a row of
 * the damaged file still has, else with one that says that it was lost. */
MUST_CHECK int store_old_rows_name(struct store_old_rows *rows);
/* Cards and unfinished ops, of which events say nothing, from the damaged file into target. False: not all of
 * it could be read. */
bool store_old_rows_take(struct store *target, const char *file);

#endif
