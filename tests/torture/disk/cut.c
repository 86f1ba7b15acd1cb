#include "cut.h"

#include <stdio.h>
#include <string.h>

#include "law.h"
#include "weaken.h"

/* --- a run
 * ---------------------------------------------------------------------------------------------------------------------
 */

void run_init(struct run *run, struct image start, const struct witness *before, uint32_t at, uint64_t seed,
              const struct weakness *weakness)
{
    *run = (struct run){.start = start, .disk = disk_new(&start, seed)};
    run->witness = witness_fork(before, at);
    run->witness.light_before_commit = weakness->light_before_commit;
    run->disk->powersafe_overwrite = weakness->powersafe_overwrite;
    run->disk->believes_second_sync = weakness->believes_second_sync;
    run->disk->folder_never_synced = run->disk->made_under_final_name = weakness->folder_unsafe;
    weaken_synchronous(weakness->synchronous_normal);
    /* ids of their own: what is drawn here must not repeat what the base's starts drew */
    stall_init(&run->stall, run->disk, &run->witness, ~seed);
}

void run_free(struct run *run)
{
    if (run->stall.store)
        stall_vanish(&run->stall, false);
    witness_use(NULL);
    disk_free(run->disk);
    image_free(&run->start);
    witness_free(&run->witness);
}

static void lose_start(struct run *run, int result, const struct err *err, struct err *words)
{
    (void)run;
    (void)err_set(words, -1, "LOST: the ledger cannot be opened: %d %s", result, err_text(err));
}

int run_recover(struct run *run, struct err *words)
{
    struct stall *stall = &run->stall;
    struct err err = {0};
    run->disk->step = "recovery";
    int result = stall_start(stall, &err);
    if (result < 0) {
        lose_start(run, result, &err, words);
        return -1;
    }
    result = law_check(stall, words);
    if (result == 0) {
        run->disk->step = "the sale after recovery";
        uint64_t last = store_last_position(stall->store);
        intake_scan(stall->intake, "CODE-5", 1, 1, stall->now_ms, 5, 1790000000000);
        if (stall->first_error || store_last_position(stall->store) == last)
            result = err_set(words, -1, "the ledger does not sell on: %d", stall->first_error);
    }
    stall_vanish(stall, false);
    return result;
}

/* --- a cut
 * --------------------------------------------------------------------------------------------------------------------
 */

static void explain(const struct platter *platter, const struct damage *damage)
{
    enum { TAIL = 10 };
    static const char *const acts[] = {"",      "create",   "remove", "rename",     "sync of the folder",
                                       "write", "truncate", "sync",   "failed sync"};
    uint32_t at = platter->done;
    for (uint32_t i = at > TAIL ? at - TAIL : 0; i < at; i++) {
        const struct disk_entry *entry = &platter->disk->log[i];
        (void)printf("  operation %u, %s: %s", i + 1, entry->step, acts[entry->act]);
        if (entry->act == DISK_CREATE || entry->act == DISK_REMOVE || entry->act == DISK_RENAME)
            (void)printf(" %s", entry->name);
        else if (entry->act != DISK_SYNC_NAMES)
            (void)printf(" %s %llu+%zu", platter_file_name(platter, entry->file),
                         (unsigned long long)entry->at, entry->length);
        (void)printf("\n");
    }
    (void)printf("  cut after operation %u:\n", at);
    damage_print(damage, platter, stdout);
    if (!damage->count)
        (void)printf("    everything that waited had arrived\n");
}

int cutter_try(struct cutter *cutter, const struct platter *platter, const struct witness *witness,
               const struct damage *damage, uint64_t seed, struct err *words)
{
    struct run run;
    cutter->cuts++;
    run_init(&run, platter_cut(platter, damage), witness, platter->done, seed, cutter->weakness);
    int result = run_recover(&run, words);
    run_free(&run);
    return result;
}

/* A second cut, anywhere in the recovery that just went well. */
static int cut_again(struct cutter *cutter, const struct run *run, struct random *random, struct err *words)
{
    struct platter platter;
    platter_init(&platter, &run->start, run->disk);
    uint32_t at = random_below(random, run->disk->log_count + 1);
    while (platter.done < at)
        platter_step(&platter);
    int result = cutter_cut(cutter, &platter, &run->witness, random, words);
    platter_free(&platter);
    return result;
}

int cutter_cut(struct cutter *cutter, const struct platter *platter, const struct witness *witness,
               struct random *random, struct err *words)
{
    struct damage damage = {0};
    struct run run;
    uint32_t block = cutter->block_bytes && random_chance(random, 4) ? cutter->block_bytes : 0;
    if (block == 4096 && random_chance(random, 4))
        block = DISK_SECTOR_BYTES;
    platter_draw(platter, random, block, &damage);
    cutter->cuts++;
    uint64_t seed = random_next(random);
    run_init(&run, platter_cut(platter, &damage), witness, platter->done, seed, cutter->weakness);
    int result = run_recover(&run, words);
    if (result < 0 && cutter->explain)
        (void)printf("  %s\n", words->text);
    if (result == 0 && cutter->again && random_chance(random, cutter->again))
        result = cut_again(cutter, &run, random, words);
    if (result < 0 && cutter->explain)
        explain(platter, &damage);
    run_free(&run);
    damage_free(&damage);
    return result;
}
