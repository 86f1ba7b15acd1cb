/* Shared by the benchmark's files: a stall in a directory, and the scan path from HID reports to the light
 * call. */
#ifndef FAIRSTOCK_BENCH_BENCH_H
#define FAIRSTOCK_BENCH_BENCH_H

#include "intake/intake.h"
#include "light/light.h"
#include "loop/turn.h"
#include "scanner/hid_source.h"
#include "store/store.h"

struct bench {
    struct store *store;
    struct intake *intake;
    struct light *light;
    struct hid_source source;
    struct loop *loop;
    struct turns *turns;
    struct turn turn;
    const struct scan *scan; /* of the turn */
    uint64_t sold;
    char code[16];
};

/* What the disk was asked to do. */
struct disk_count {
    uint64_t syncs, writes, bytes;
};

/* Ends the program with a sentence. */
void bench_die(const char *what, int error) __attribute__((noreturn));
int64_t bench_now_ns(void);

/* Opens DIRECTORY's ledger (made when missing, with one item of 10^9 units) and the scan path in front of it.
 */
void bench_open(struct bench *bench, const char *directory);
/* The same with turns at another place than the agent would choose. */
void bench_open_at(struct bench *bench, const char *directory, enum turns_place place);
void bench_close(struct bench *bench);
/* Commits and empties changes; *error gets the result. */
void bench_commit(struct store *store, struct changes *changes, int *error);
/* 28 HID reports (an EAN-13 and Enter) → decoder → intake → commit → light. Counted by callgrind under this
 * name. */
void bench_one_sale(struct bench *bench);

/* bench_disk.c: counts what SQLite writes, through a VFS that passes everything on. Call before bench_open.
 */
void bench_count_disk(struct disk_count *count);
/* One 4 KiB overwrite and fdatasync of a file that exists already: the disk's own price of a durable sale.
 * Nanoseconds. */
int64_t bench_floor_ns(int fd, int round);

/* bench_fill.c: fills an empty ledger with items and events, for the measures that depend on history. */
void bench_fill(const char *directory, uint32_t items, uint64_t events);

#endif
