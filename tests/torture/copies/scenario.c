/* Backup and restore. */
#include "scenario.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "crypto/crypto.h"
#include "store/store_internal.h"

static const int64_t wall_ms = 1790086400000;

/* --- backup: beside an older one, of which one is kept --- */

static void backup_prepare(struct stage *stage)
{
    char from[STAGE_PATH_BYTES], to[STAGE_PATH_BYTES];
    DIR *kept = opendir(stage->kept);
    const struct dirent *entry;
    stage_empty(stage->folder);
    while (kept && (entry = readdir(kept))) {
        if (*entry->d_name == '.')
            continue;
        stage_path(from, stage->kept, entry->d_name);
        stage_path(to, stage->folder, entry->d_name);
        stage_copy(from, to);
    }
    if (kept)
        (void)closedir(kept);
}

static int backup_act(struct stage *stage, struct err *err)
{
    struct store_copy_text text = {"fairstock.conf", "[agent]\nname = x\n"};
    struct store_backup_request request = {.directory = stage->folder,
                                           .wall_ms = wall_ms,
                                           .keep = 1,
                                           .sha256 = crypto_sha256_two,
                                           .texts = &text,
                                           .text_count = 1};
    struct store_backup_report report;
    struct store *source;
    int result = store_open_readonly(stage->seller.directory, &source, err);
    if (result < 0)
        return result;
    result = store_backup(source, &request, &report, err);
    store_close(source);
    return result;
}

struct found {
    unsigned backups, parts, fresh;
    char name[STAGE_PATH_BYTES]; /* of the fresh one */
};

/* Every file with a backup's name is whole, and one of the two that can be there. */
static int look_through(struct stage *stage, struct found *found, struct err *words)
{
    char path[STAGE_PATH_BYTES];
    struct digest rows;
    DIR *folder = opendir(stage->folder);
    const struct dirent *entry;
    int result = folder ? 0 : err_set(words, -1, "the folder is gone");
    *found = (struct found){0};
    while (result == 0 && (entry = readdir(folder))) {
        const char *end = strrchr(entry->d_name, '.');
        stage_path(path, stage->folder, entry->d_name);
        found->parts += end && strcmp(end, ".part") == 0;
        if (!end || strcmp(end, ".ledger") != 0)
            continue;
        found->backups++;
        result = stage_whole(path, &rows, NULL, words);
        if (result == 0 && stage_same(&rows, &stage->source_rows)) {
            found->fresh++;
            memcpy(found->name, path, sizeof path);
        } else if (result == 0 && !stage_same(&rows, &stage->backup_rows)) {
            result = err_set(words, -1, "%s has rows that no ledger had", entry->d_name);
        }
    }
    if (folder)
        (void)closedir(folder);
    return result;
}

/* Of the old backup, or of the new one. */
static int judge_witness(struct stage *stage, bool *fresh, struct err *words)
{
    struct witness witness;
    enum store_witness_verdict verdict;
    const char *name = strrchr(stage->witness, '/') + 1;
    char path[STAGE_PATH_BYTES];
    stage_path(path, stage->folder, name);
    int result = store_witness_read(path, crypto_sha256_two, &witness, words);
    if (result == 0)
        result = store_witness_compare(stage->seller.store, crypto_sha256_two, &witness, &verdict);
    if (result < 0 || verdict != WITNESS_AGREES)
        return err_set(words, -1, "the witness is not one of this ledger: %d", result);
    *fresh = witness.position == store_last_position(stage->seller.store);
    return 0;
}

static int judge_text(const char *path, struct err *words)
{
    struct store *copy = NULL;
    BUF_AUTO struct buf text = buf_new(256);
    struct store_origin origin = {0};
    int result = store_copy_open(path, &copy, words);
    if (result == 0)
        result = store_copy_text(copy, "fairstock.conf", &text);
    if (result == 0)
        result = store_origin(copy, &origin);
    store_close(copy);
    if (result < 0 || strcmp(buf_text(&text), "[agent]\nname = x\n") != 0 ||
        origin.kind != STORE_ORIGIN_BACKUP)
        return err_set(words, -1, "the backup does not have its text or its mark: %d", result);
    return 0;
}

static int backup_judge(struct stage *stage, int result, const struct trial *trial, struct err *words)
{
    struct found found;
    bool fresh = false;
    (void)trial;
    if (look_through(stage, &found, words) < 0 || judge_witness(stage, &fresh, words) < 0)
        return -1;
    if (found.backups == 0)
        return err_set(words, -1, "no backup is left");
    if (fresh && !found.fresh)
        return err_set(words, -1, "the witness is of a backup that is not there");
    if (result == 0 && (found.fresh != 1 || found.backups != 1 || !fresh))
        return err_set(words, -1, "answered as done, but %u backups, %u new, its witness %s", found.backups,
                       found.fresh, fresh ? "new" : "old");
    if (result == 0 && judge_text(found.name, words) < 0)
        return -1;
    return stage_unchanged(stage, words);
}

/* Nothing fails any more: what was left by the one that failed is gone too. */
static int backup_again(struct stage *stage, struct err *err)
{
    struct found found;
    int result = backup_act(stage, err);
    if (result == 0 && look_through(stage, &found, err) == 0 && found.parts)
        result = err_set(err, -EILSEQ, "what a failed backup left is never removed");
    return result;
}

/* --- restore --- */

static void restore_prepare(struct stage *stage)
{
    stage_place(stage, NULL);
    (void)rmdir(stage->place); /* it is made */
}

static void restore_over_prepare(struct stage *stage)
{
    char path[STAGE_PATH_BYTES];
    stage_place(stage, stage->closed);
    stage_path(path, stage->place, "ledger.db-wal");
    stage_copy(stage->witness, path); /* any bytes: the log goes along unread */
}

static int restore(struct stage *stage, bool set_aside, struct err *err)
{
    struct store_install install = {
        .directory = stage->place, .wall_ms = wall_ms, .sha256 = crypto_sha256_two, .set_aside = set_aside};
    struct store_installed installed;
    return store_restore(stage->backup, &install, &installed, err);
}

static int restore_act(struct stage *stage, struct err *err)
{
    return restore(stage, false, err);
}

static int restore_over_act(struct stage *stage, struct err *err)
{
    return restore(stage, true, err);
}

/* A folder that the last step could not sync holds the new ledger all the same: then there is one already. */
static int restore_again(struct stage *stage, struct err *err)
{
    int result = restore(stage, false, err);
    return result == -EEXIST ? restore(stage, true, err) : result;
}

/* 1: the new ledger is in place, whole; 0: it is not. */
static int judge_place(struct stage *stage, struct err *words)
{
    char path[STAGE_PATH_BYTES], log[STAGE_PATH_BYTES];
    struct digest rows, bytes;
    stage_path(path, stage->place, "ledger.db");
    stage_path(log, stage->place, "ledger.db-wal");
    if (!stage_bytes(path, &bytes))
        return 0;
    if (stage_same(&bytes, &stage->closed_bytes)) /* the old one, not moved yet */
        return 0;
    if (stage_whole(path, &rows, NULL, words) < 0)
        return -1;
    if (!stage_same(&rows, &stage->backup_rows))
        return err_set(words, -1, "what was put in place has other rows than the backup");
    return stage_bytes(log, &bytes) ? err_set(words, -1, "the new ledger lies beside the old one's log") : 1;
}

/* Between the old one and the new one a start must refuse. */
static int judge_between(struct stage *stage, struct err *words)
{
    char path[STAGE_PATH_BYTES];
    struct digest bytes;
    struct store_start start = stage_start(78);
    struct store *store = NULL;
    stage_path(path, stage->place, "ledger.db");
    if (stage_bytes(path, &bytes))
        return 0;
    if (store_open(stage->place, &start, &store, NULL) == 0) {
        store_close(store);
        return err_set(words, -1, "a start made an empty ledger in the place of one that was being moved");
    }
    return 0;
}

static int restore_judge(struct stage *stage, int result, const struct trial *trial, struct err *words)
{
    (void)trial;
    int there = judge_place(stage, words);
    if (there < 0)
        return -1;
    if (result == 0 && !there)
        return err_set(words, -1, "answered as done, but nothing is there");
    if (there && result == 0 && stage_sells(stage, words) < 0)
        return -1;
    return stage_unchanged(stage, words);
}

static int restore_over_judge(struct stage *stage, int result, const struct trial *trial, struct err *words)
{
    if (!stage_still_has(stage, &stage->closed_bytes, NULL))
        return err_set(words, -1, "the old ledger is lost");
    if (result < 0 && judge_between(stage, words) < 0)
        return -1;
    return restore_judge(stage, result, trial, words);
}

/* --- a small file --- */

static void file_prepare(struct stage *stage)
{
    char path[STAGE_PATH_BYTES];
    stage_place(stage, NULL);
    stage_path(path, stage->place, "fairstock.conf");
    stage_copy(stage->witness, path);
}

static int file_act(struct stage *stage, struct err *err)
{
    return store_restore_file(stage->place, "fairstock.conf", "[agent]\n", err);
}

static int file_judge(struct stage *stage, int result, const struct trial *trial, struct err *words)
{
    char path[STAGE_PATH_BYTES];
    struct digest bytes, old, fresh;
    (void)trial;
    crypto_sha256_two("[agent]\n", 8, NULL, 0, fresh.bytes);
    stage_path(path, stage->place, "fairstock.conf");
    if (!stage_bytes(path, &bytes) || !stage_bytes(stage->witness, &old))
        return err_set(words, -1, "the file is gone");
    if (!stage_same(&bytes, &fresh) && (result == 0 || !stage_same(&bytes, &old)))
        return err_set(words, -1, "the file is neither the old nor the new one");
    return 0;
}

const struct copies_scenario scenario_backup = {"backup",   false,        backup_prepare,
                                                backup_act, backup_judge, backup_again};
const struct copies_scenario scenario_restore = {"restore",   true,          restore_prepare,
                                                 restore_act, restore_judge, restore_again};
const struct copies_scenario scenario_restore_over = {
    "restore over", false, restore_over_prepare, restore_over_act, restore_over_judge, restore_over_act};
const struct copies_scenario scenario_file = {"file", true, file_prepare, file_act, file_judge, NULL};
