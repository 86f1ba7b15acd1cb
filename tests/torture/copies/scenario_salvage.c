/* Salvage: of a file with damage, of file and log as kill -9 leaves them, and of a ledger that is sound. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "crypto/crypto.h"
#include "scenario.h"
#include "store/store_internal.h"

static void damaged_prepare(struct stage *stage)
{
    stage_place(stage, stage->damaged);
}

static void killed_prepare(struct stage *stage)
{
    char from[STAGE_PATH_BYTES], to[STAGE_PATH_BYTES];
    stage_path(from, stage->killed, "ledger.db");
    stage_place(stage, from);
    stage_path(from, stage->killed, "ledger.db-wal");
    stage_path(to, stage->place, "ledger.db-wal");
    stage_copy(from, to);
}

static void sound_prepare(struct stage *stage)
{
    stage_place(stage, stage->closed);
}

static int act(struct stage *stage, struct err *err)
{
    struct store_install install = {
        .directory = stage->place, .wall_ms = 1790086400000, .sha256 = crypto_sha256_two};
    struct store_start start = stage_start(1);
    struct store_salvaged salvaged;
    int result = store_salvage(NULL, &install, &start, &salvaged, err);
    return result == 0 && !salvaged.cards ? 1
                                          : result; /* 1: said to the seller, who looks at the cards then */
}

/* Where SQLite cannot open what is left, cards are lost. */
static int killed_act(struct stage *stage, struct err *err)
{
    int result = act(stage, err);
    return result == 1 ? 0 : result;
}

/* The same command again; after a failure behind the renaming there is nothing left to do. */
static int again(struct stage *stage, struct err *err)
{
    int result = killed_act(stage, err);
    return result == -EALREADY ? 0 : result;
}

/* Reading that fails loses what could not be read: then only what was saved must be whole. */
static bool must_be_all(const struct trial *trial)
{
    return trial->fault != GATE_EIO && trial->fault != GATE_ROT;
}

static int judge_placed(struct stage *stage, const struct digest *old, int result, const struct trial *trial,
                        struct err *words)
{
    char path[STAGE_PATH_BYTES];
    struct digest bytes, rows;
    stage_path(path, stage->place, "ledger.db");
    bool there = stage_bytes(path, &bytes) && !stage_same(&bytes, old);
    if (!there)
        return result >= 0 ? err_set(words, -1, "answered as done, but nothing is there") : 0;
    if (stage_whole(path, &rows, NULL, words) < 0)
        return -1;
    if (!stage->have_expected) {
        stage->expected = rows;
        stage->have_expected = true;
    }
    if (result == 0 && must_be_all(trial) && !stage_same(&rows, &stage->expected))
        return err_set(words, -1, "what was saved is not what could be saved");
    return result >= 0 ? stage_sells(stage, words) : 0;
}

static int judge_of(struct stage *stage, const struct digest *old, int result, const struct trial *trial,
                    struct err *words)
{
    struct store_start start = stage_start(78);
    struct store *store = NULL;
    char path[STAGE_PATH_BYTES];
    struct digest bytes;
    if (!stage_still_has(stage, old, NULL))
        return err_set(words, -1, "the damaged ledger is lost");
    if (judge_placed(stage, old, result, trial, words) < 0)
        return -1;
    stage_path(path, stage->place, "ledger.db");
    if (stage_bytes(path, &bytes) || store_open(stage->place, &start, &store, NULL) < 0)
        return stage_unchanged(stage, words);
    store_close(store);
    return err_set(words, -1, "a start made an empty ledger in the place of one that was being moved");
}

static int damaged_judge(struct stage *stage, int result, const struct trial *trial, struct err *words)
{
    return judge_of(stage, &stage->damaged_bytes, result, trial, words);
}

static int killed_judge(struct stage *stage, int result, const struct trial *trial, struct err *words)
{
    return judge_of(stage, &stage->killed_bytes, result, trial, words);
}

/* A sound ledger stays where it is, unless the disk does not let it be read. */
static int sound_act(struct stage *stage, struct err *err)
{
    int result = act(stage, err);
    return result == -EALREADY ? 0 : result == 0 ? 1 : result;
}

static int sound_judge(struct stage *stage, int result, const struct trial *trial, struct err *words)
{
    if (result == 1 && trial->fault != GATE_EIO)
        return err_set(words, -1, "a sound ledger was taken for a damaged one");
    if (!stage_still_has(stage, &stage->closed_bytes, NULL))
        return err_set(words, -1, "the sound ledger is lost");
    return stage_unchanged(stage, words);
}

const struct copies_scenario scenario_salvage = {"salvage", false,         damaged_prepare,
                                                 act,       damaged_judge, again};
const struct copies_scenario scenario_salvage_log = {"salvage of a log", false,        killed_prepare,
                                                     killed_act,         killed_judge, again};
const struct copies_scenario scenario_salvage_sound = {"salvage of nothing", false, sound_prepare, sound_act,
                                                       sound_judge,          NULL};
