/* What is left after a power cut. A platter follows the log of a run: what is durable, what still waits for a
 * sync. A cut leaves the durable part and, of what waits, whatever the damage says: each 512-byte sector in
 * any of its versions, torn between two, or not at all, in any order; the size old or new; each name change
 * made or not; one block that was being rewritten turned to garbage. Without damage everything that waits
 * arrived. */
#ifndef TORTURE_DISK_PLATTER_H
#define TORTURE_DISK_PLATTER_H

#include <stdio.h>

#include "disk.h"

struct platter_file {
    struct content synced;
    struct platter_wait {
        const struct disk_entry *entry;
        bool given_up; /* its sync failed: no later sync writes it */
    } * waiting;
    uint32_t waiting_count, waiting_capacity;
};

struct platter {
    const struct disk *disk;
    uint32_t done; /* entries of the log that happened */
    struct platter_file files[DISK_FILES_MAX];
    uint32_t file_count;
    char names[DISK_NAMES_MAX][DISK_NAME_BYTES]; /* durable */
    uint32_t name_files[DISK_NAMES_MAX];
    uint32_t name_count;
    const struct disk_entry **renames; /* name changes that wait, in order */
    uint32_t rename_count, rename_capacity;
};

enum wound_kind { WOUND_SECTOR, WOUND_SIZE, WOUND_NAME, WOUND_GARBAGE };
/* One way in which the disk is not as the program left it. */
struct wound {
    enum wound_kind kind;
    uint32_t file;
    uint64_t at;   /* SECTOR: its number. NAME: index in renames. GARBAGE: byte */
    uint32_t keep; /* SECTOR: so many of the waiting writes to it arrived. SIZE: so many of the file's waiting
                      entries */
    uint32_t tear; /* SECTOR: the first so many bytes are of the write after these */
    uint32_t length; /* GARBAGE */
    uint64_t seed;   /* GARBAGE */
};
struct damage {
    struct wound *wounds;
    uint32_t count, capacity;
};

/* start: what the run began with; borrowed for the call. disk: borrowed as long as the platter. */
void platter_init(struct platter *platter, const struct image *start, const struct disk *disk);
void platter_free(struct platter *platter);
/* One more entry of the log happened. */
void platter_step(struct platter *platter);
/* Draws the damage of a cut here. block_bytes: size of the block that may turn to garbage, 0 none. */
void platter_draw(const struct platter *platter, struct random *random, uint32_t block_bytes,
                  struct damage *damage);
struct image platter_cut(const struct platter *platter, const struct damage *damage);

/* The name it has, or had when it was made. */
const char *platter_file_name(const struct platter *platter, uint32_t file);

void damage_free(struct damage *damage);
/* A line a wound, for people. */
void damage_print(const struct damage *damage, const struct platter *platter, FILE *to);

#endif
