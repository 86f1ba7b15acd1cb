/* One power cut and what follows: the image it leaves, the real store's recovery from it, the law, a sale. */
#ifndef TORTURE_DISK_CUT_H
#define TORTURE_DISK_CUT_H

#include "base.h"
#include "platter.h"
#include "scenario.h"

/* What a control weakens; all false: the product as it is. */
struct weakness {
    const char *name;
    bool synchronous_normal, light_before_commit, folder_unsafe, powersafe_overwrite, believes_second_sync;
};

/* A scenario being run, or that was: disk with its log, witness, the image it began with. */
struct run {
    struct image start;
    struct disk *disk;
    struct witness witness;
    struct stall stall;
};

/* Prepares; takes the image over. before, at: what the witness knew (witness_fork). */
void run_init(struct run *run, struct image start, const struct witness *before, uint32_t at, uint64_t seed,
              const struct weakness *weakness);
void run_free(struct run *run);

/* Starts the store on what a cut left, checks the law, sells, checks that the sale is there. Leaves the run
 * vanished. 0, or -1 with words. */
int run_recover(struct run *run, struct err *words);

struct cutter {
    const struct weakness *weakness;
    uint32_t block_bytes; /* of the block that may turn to garbage, drawn one time in four; 0 never */
    uint32_t again;       /* a cut in the recovery follows one time in so many; 0 never */
    uint64_t cuts;
    bool explain; /* print the story of a failure */
};
/* Cuts where the platter stands. witness: of the run that the platter follows. 0, or -1 with words. */
int cutter_cut(struct cutter *cutter, const struct platter *platter, const struct witness *witness,
               struct random *random, struct err *words);
/* The same with given damage, and without a second cut. */
int cutter_try(struct cutter *cutter, const struct platter *platter, const struct witness *witness,
               const struct damage *damage, uint64_t seed, struct err *words);

#endif
