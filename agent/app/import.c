#include "app/import.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "domain/catalogue_csv.h"

enum { EVENTS_AT_ONCE = 512, ROWS_PER_BREATH = 128 };

/* A run over a file: first pass looks for bad rows, second books (strict needs to know before anything is
 * booked). */
struct run {
    struct daemon *daemon;
    struct import_report *report;
    struct changes changes;
    uint64_t commit_ms; /* event time of what is in changes */
    uint32_t next_alias, next_location, rows;
    uint32_t first_alias, new_items; /* the first free alias before the import; new items of this pass */
    uint32_t first_location;         /* the first free location before the import */
    bool book;                       /* second pass */
    struct event event;
    const struct catalogue_csv *catalogue; /* of this pass */
    struct catalogue_row row;
    struct item item;
    /* SKUs, codes and new locations of this file seen so far, sorted by insertion; files are bounded by
     * CSV_FILE_MAX_BYTES
     */
    struct seen {
        char **texts;
        size_t count, capacity;
    } skus, codes, locations;
};

void import_report_free(struct import_report *report)
{
    free(report->bad);
    *report = (struct import_report){0};
}

static int add_bad(struct import_report *report, uint32_t line, const char *reason)
{
    if (report->bad_count == IMPORT_BAD_MAX) {
        report->more_bad = true;
        return 0;
    }
    if (!report->bad)
        report->bad = calloc(IMPORT_BAD_MAX, sizeof *report->bad);
    if (!report->bad)
        return -ENOMEM;
    struct import_bad *bad = &report->bad[report->bad_count++];
    bad->line = line;
    (void)snprintf(bad->reason, sizeof bad->reason, "%s", reason);
    return 0;
}

/* --- duplicates within the file
 * ---------------------------------------------------------------------------------------- */

/* Position of text in the sorted list, or where it belongs. */
static bool find_seen(const struct seen *seen, const char *text, size_t *at)
{
    size_t low = 0, high = seen->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = strcmp(seen->texts[middle], text);
        if (order == 0)
            return true;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *at = low;
    return false;
}

/* 1 new, 0 seen before, -ENOMEM. */
static int note_seen(struct seen *seen, const char *text)
{
    size_t at = 0;
    if (find_seen(seen, text, &at))
        return 0;
    if (seen->count == seen->capacity) {
        size_t capacity = seen->capacity ? seen->capacity * 2 : 256;
        char **texts = reallocarray(seen->texts, capacity, sizeof *texts);
        if (!texts)
            return -ENOMEM;
        seen->texts = texts;
        seen->capacity = capacity;
    }
    char *copy = strdup(text);
    if (!copy)
        return -ENOMEM;
    memmove(seen->texts + at + 1, seen->texts + at, (seen->count - at) * sizeof *seen->texts);
    seen->texts[at] = copy;
    seen->count++;
    return 1;
}

static void free_seen(struct seen *seen)
{
    for (size_t i = 0; i < seen->count; i++)
        free(seen->texts[i]);
    free(seen->texts);
}

/* --- checks that need the ledger
 * ------------------------------------------------------------------------------------------- */

/* A location that does not exist yet needs room; those of this file get theirs in the order of its rows, in
 * both passes alike. */
static int check_location(struct run *run, const char *name, struct err *err)
{
    uint32_t location = 0;
    size_t at = 0;
    int result = *name ? store_location_by_name(run->daemon->store, name, &location) : 0;
    if (result != -ENOENT || find_seen(&run->locations, name, &at))
        return result == -ENOENT ? 0 : result;
    if (run->first_location + run->locations.count > LOCATIONS_MAX)
        return err_set(err, -EINVAL, "there is room for %d locations only", LOCATIONS_MAX);
    result = note_seen(&run->locations, name);
    return result < 0 ? result : 0;
}

/* 0, -EINVAL with a sentence, or another errno. */
static int check_row(struct run *run, uint32_t alias, struct err *err)
{
    int new_sku = note_seen(&run->skus, run->row.item.sku);
    if (new_sku <= 0)
        return new_sku < 0 ? new_sku
                           : err_set(err, -EINVAL, "the sku %s is in this file twice", run->row.item.sku);
    for (int i = 0; i < run->row.code_count; i++) {
        struct book_item owner;
        int new_code = note_seen(&run->codes, run->row.codes[i]);
        if (new_code <= 0)
            return new_code < 0
                       ? new_code
                       : err_set(err, -EINVAL, "the barcode %s is in this file twice", run->row.codes[i]);
        if (book_find_code(store_book(run->daemon->store), run->row.codes[i], &owner) && owner.alias != alias)
            return err_set(err, -EINVAL, "the barcode %s already belongs to another item", run->row.codes[i]);
    }
    if (!alias && run->first_alias + run->new_items > ITEMS_MAX)
        return err_set(err, -EINVAL, "there is room for %d items only", ITEMS_MAX);
    int result = alias ? 0 : check_location(run, run->row.location, err);
    run->new_items += !alias && result == 0;
    return result;
}

/* --- booking
 * ------------------------------------------------------------------------------------------------------------------
 */

/* Events of one commit happened at one time. */
static void add_event(struct run *run, uint32_t kind)
{
    if (!run->changes.event_count)
        run->commit_ms = daemon_event_ms(run->daemon);
    run->event.kind = kind;
    run->event.version = 1;
    run->event.time_ms = run->commit_ms;
    changes_add_event(&run->changes, &run->event);
}

static void add_item(struct run *run, uint32_t kind, uint32_t alias)
{
    item_fill_event(&run->row.item, &run->event);
    run->event.item.item = alias;
    add_event(run, kind);
}

/* The location's alias, made when it is new. */
static int find_location(struct run *run, const char *name, uint32_t *location)
{
    if (!*name) {
        *location = run->daemon->shop_location;
        return 0;
    }
    int result = store_location_by_name(run->daemon->store, name, location);
    if (result != -ENOENT)
        return result;
    *location = run->next_location++; /* check_location saw that there is room */
    run->event.location.location = *location;
    run->event.location.name = text_of(name);
    run->event.location.kind = LOCATION_STUDIO;
    add_event(run, EVENT_LOCATION_CREATED);
    return daemon_commit(run->daemon, &run->changes); /* so that the next row finds it */
}

static uint32_t add_codes(struct run *run, uint32_t alias)
{
    uint32_t added = 0;
    for (int i = 0; i < run->row.code_count; i++) {
        struct book_item owner;
        if (book_find_code(store_book(run->daemon->store), run->row.codes[i], &owner) &&
            owner.pack == run->row.packs[i])
            continue;
        run->event.barcode.item = alias;
        run->event.barcode.code = text_of(run->row.codes[i]);
        run->event.barcode.pack = run->row.packs[i];
        add_event(run, EVENT_BARCODE_LINKED);
        added++;
    }
    return added;
}

static bool same_item(const struct item *a, const struct item *b)
{
    return strcmp(a->title, b->title) == 0 && a->price_minor == b->price_minor &&
           a->cost_minor == b->cost_minor && strcmp(a->currency, b->currency) == 0 && a->flags == b->flags &&
           a->reorder_point == b->reorder_point && a->lead_days == b->lead_days;
}

static int book_new_item(struct run *run)
{
    uint32_t location = 0, alias = run->next_alias;
    int result = find_location(run, run->row.location, &location);
    if (result < 0)
        return result;
    run->next_alias++;
    add_item(run, EVENT_ITEM_CREATED, alias);
    (void)add_codes(run, alias);
    if (run->row.has_on_hand && run->row.on_hand) {
        run->event.adjustment.item = alias;
        run->event.adjustment.location = location;
        run->event.adjustment.delta = run->row.on_hand;
        run->event.adjustment.reason = ADJUST_OPENING;
        run->event.adjustment.unit_cost_minor = run->row.item.cost_minor;
        add_event(run, EVENT_ADJUSTMENT);
    }
    run->report->added++;
    return 0;
}

/* on_hand of a known item is left alone: the ledger knows better than yesterday's file. */
static int book_known_item(struct run *run, uint32_t alias)
{
    catalogue_csv_keep(run->catalogue, &run->item, &run->row.item);
    bool same = same_item(&run->item, &run->row.item);
    if (!same)
        add_item(run, EVENT_ITEM_CHANGED, alias);
    bool linked = add_codes(run, alias) > 0;
    if (same && !linked)
        run->report->same++;
    else
        run->report->changed++;
    return 0;
}

static int take_row(struct run *run)
{
    struct err err = {0};
    int known = store_item_by_sku(run->daemon->store, run->row.item.sku, &run->item);
    if (known < 0 && known != -ENOENT)
        return known;
    uint32_t alias = known == 0 ? run->item.alias : 0;
    int result = check_row(run, alias, &err);
    if (result == -EINVAL)
        return run->book ? 0 : add_bad(run->report, run->row.line, err_text(&err));
    if (result < 0 || !run->book)
        return result;
    result = alias ? book_known_item(run, alias) : book_new_item(run);
    if (result == 0 && run->changes.event_count >= EVENTS_AT_ONCE)
        result = daemon_commit(run->daemon, &run->changes);
    return result;
}

static int pass(struct run *run, const char *csv, size_t length, struct err *err)
{
    FREE_AUTO struct catalogue_csv *catalogue = calloc(1, sizeof *catalogue);
    if (!catalogue)
        return err_set(err, -ENOMEM, "out of memory");
    run->new_items = 0;
    run->catalogue = catalogue;
    int result = catalogue_csv_start(catalogue, csv, length, run->daemon->config->currency, err);
    while (result >= 0) {
        struct err why = {0};
        int row = catalogue_csv_next(catalogue, &run->row, &why);
        /* A large file on a small computer takes long; selling goes on. */
        if (++run->rows % ROWS_PER_BREATH == 0)
            daemon_scans_breathe(run->daemon);
        if (row == 0)
            break;
        if (row < 0)
            result = run->book ? 0 : add_bad(run->report, catalogue_csv_line(catalogue), err_text(&why));
        else
            result = take_row(run);
        if (result < 0)
            return err_set_errno(err, result, "line %u", catalogue_csv_line(catalogue));
    }
    free_seen(&run->skus);
    free_seen(&run->codes);
    free_seen(&run->locations);
    run->skus = run->codes = run->locations = (struct seen){0};
    return result < 0 ? result : 0;
}

static uint32_t next_location(struct daemon *daemon)
{
    char name[NAME_MAX_BYTES + 1];
    uint32_t location = 1;
    while (location <= LOCATIONS_MAX && store_location_name(daemon->store, location, name) == 0)
        location++;
    return location;
}

int import_csv(struct daemon *daemon, const char *csv, size_t length, bool strict,
               struct import_report *report, struct err *err)
{
    struct run *run = calloc(1, sizeof *run);
    if (!run)
        return err_set(err, -ENOMEM, "out of memory");
    *run = (struct run){.daemon = daemon, .report = report, .changes = changes_new()};
    run->first_alias = run->next_alias = book_item_count(store_book(daemon->store)) + 1;
    run->first_location = run->next_location = next_location(daemon);
    int result = pass(run, csv, length, err);
    if (result == 0 && strict && report->bad_count)
        result = err_set(err, -ECANCELED, "there are bad rows, so nothing was imported");
    if (result == 0) {
        run->book = true;
        result = pass(run, csv, length, err);
    }
    if (result == 0) {
        result = daemon_commit(daemon, &run->changes);
        if (result < 0)
            (void)err_set_errno(err, result, "the import could not be saved");
    }
    changes_free(&run->changes);
    free(run);
    return result;
}
