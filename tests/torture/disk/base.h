/* What scenarios start with: images of disks at rest, and what the witness knows of them. Made once, by the
 * real code. */
#ifndef TORTURE_DISK_BASE_H
#define TORTURE_DISK_BASE_H

#include "disk.h"
#include "witness.h"

enum { BASES_MAX = 8 };

struct base {
    char name[24]; /* "", "booth", "schema 1"… */
    struct image image;
    struct witness witness;
};
struct bases {
    struct base list[BASES_MAX];
    uint32_t count;
    uint32_t schemas; /* of the program; "schema n" exists for each earlier one */
};

/* migrations: the folder with the store's .sql files. 0, or -1 and a sentence on standard error. */
int bases_make(struct bases *bases, const char *migrations);
void bases_free(struct bases *bases);
/* NULL: none of that name. */
const struct base *bases_find(const struct bases *bases, const char *name);

#endif
