/* The folders that copies are made of and put into, on real files, and the laws of what lies in them. One
 * ledger, whose agent is selling, is the origin of all; nothing may change it. */
#ifndef TORTURE_COPIES_STAGE_H
#define TORTURE_COPIES_STAGE_H

#include "ledger.h"
#include "store/store_backup.h"
#include "store/store_salvage.h"

enum { STAGE_PATH_BYTES = 192 };

struct digest {
    uint8_t bytes[HASH_BYTES];
};

struct stage {
    char root[64];
    struct ledger seller;        /* its agent runs */
    char kept[STAGE_PATH_BYTES]; /* a folder with an older backup, its witness, and what a cut backup left */
    char backup[STAGE_PATH_BYTES];  /* that backup */
    char witness[STAGE_PATH_BYTES]; /* the witness beside it */
    char closed[STAGE_PATH_BYTES];  /* the ledger's file as an orderly stop leaves it */
    char damaged[STAGE_PATH_BYTES]; /* the same with an event and a tag ruined */
    char killed[STAGE_PATH_BYTES];  /* folder: file and log as kill -9 leaves them, the file's first page
                                       ruined */
    char folder[STAGE_PATH_BYTES];  /* of this run: where a backup goes */
    char place[STAGE_PATH_BYTES];   /* of this run: where a ledger is run */
    struct digest source_rows, source_events, backup_rows, closed_bytes, damaged_bytes, killed_bytes;
    struct digest expected; /* rows of what this scenario puts in place when nothing fails */
    bool have_expected;
    unsigned checks,
        starts; /* what is dear and shows a wrong later just as well is not looked at each time */
};

void stage_make(struct stage *stage);
void stage_remove(struct stage *stage);

void stage_path(char path[STAGE_PATH_BYTES], const char *folder, const char *name);
void stage_copy(const char *from, const char *to);
/* A folder with nothing in it. */
void stage_empty(const char *folder);
/* The place with this file as its ledger; NULL: an empty one. */
void stage_place(struct stage *stage, const char *file);

/* --- laws --- */
/* Of a file's bytes; false: there is none. */
bool stage_bytes(const char *path, struct digest *digest);
/* Whether a file of these bytes is the place's ledger, or was set aside from it; where NULL: not asked. */
bool stage_still_has(struct stage *stage, const struct digest *bytes, char where[STAGE_PATH_BYTES]);
/* A file that can be opened, whose chain and structure are whole. rows, events may be NULL. 0, or -1 with
 * words. */
int stage_whole(const char *path, struct digest *rows, uint64_t *events, struct err *words);
/* Everything but the marks that a copy has more than its origin. */
struct digest stage_rows(struct store *store);
bool stage_same(const struct digest *a, const struct digest *b);
/* The selling ledger, and the files that copies are made of, are what they were. */
int stage_unchanged(struct stage *stage, struct err *words);
/* The place's ledger opens and sells. */
int stage_sells(struct stage *stage, struct err *words);
struct store_start stage_start(uint8_t epoch);

#endif
