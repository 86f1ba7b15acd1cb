/* Looking only: verify, witness, place, at a sound file and at a damaged one. Nothing is changed; no disk and
 * no memory that fails makes a sound ledger look damaged, or a damaged one sound. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "crypto/crypto.h"
#include "scenario.h"
#include "store/store_internal.h"
#include "store/store_place.h"
#include "store/store_verify.h"

static void prepare(struct stage *stage)
{
    (void)stage;
}

static int check_file(const char *path, struct store_check *check, char words[REASON_MAX_BYTES + 1],
                      struct err *err)
{
    struct store *copy;
    struct store_origin origin;
    BUF_AUTO struct buf text = buf_new(256);
    int result = store_copy_open(path, &copy, err);
    if (result < 0)
        return result;
    result = store_verify(copy, crypto_sha256_two, check);
    if (result == 0)
        result = store_verify_rows(copy, words);
    int marked = result == 0 ? store_origin(copy, &origin) : 0;
    int with = result == 0 ? store_copy_text(copy, "fairstock.conf", &text) : 0;
    if (marked < 0 && marked != -ENOENT)
        result = marked;
    if (with < 0 && with != -ENOENT)
        result = with;
    store_close(copy);
    return result < 0 ? err_set_errno(err, result, "cannot check") : result;
}

static int compare(struct stage *stage, enum store_witness_verdict *verdict, struct err *err)
{
    struct witness witness;
    struct store *ledger;
    int result = store_witness_read(stage->witness, crypto_sha256_two, &witness, err);
    if (result < 0)
        return result;
    result = store_open_readonly(stage->seller.directory, &ledger, err);
    if (result < 0)
        return result;
    result = store_witness_compare(ledger, crypto_sha256_two, &witness, verdict);
    store_close(ledger);
    return result < 0 ? err_set_errno(err, result, "cannot compare") : result;
}

static int look_place(struct stage *stage, struct err *err)
{
    enum store_place place = PLACE_FINE;
    enum store_file kind = FILE_IS_LEDGER;
    const char *file_system;
    int result = store_place(stage->seller.directory, &place, &file_system);
    if (result == 0)
        result = store_place_file(stage->seller.directory, &kind);
    if (result < 0)
        return err_set_errno(err, result, "cannot look");
    return place == PLACE_FINE && kind == FILE_IS_LEDGER ? 0 : 1;
}

/* 1: something is wrong with it. */
static int sound_act(struct stage *stage, struct err *err)
{
    struct store_check check;
    enum store_witness_verdict verdict;
    char words[REASON_MAX_BYTES + 1] = "";
    int result = check_file(stage->backup, &check, words, err);
    if (result < 0)
        return result;
    if (check.first_bad_position || strcmp(words, "ok") != 0)
        return 1;
    result = compare(stage, &verdict, err);
    if (result < 0)
        return result;
    return verdict == WITNESS_AGREES ? look_place(stage, err) : 1;
}

static int sound_judge(struct stage *stage, int result, const struct trial *trial, struct err *words)
{
    (void)trial;
    if (result > 0)
        return err_set(words, -1, "a sound ledger was called damaged");
    return stage_unchanged(stage, words);
}

/* 0: the damage was found, and nothing else. */
static int damaged_act(struct stage *stage, struct err *err)
{
    struct store_check check;
    char words[REASON_MAX_BYTES + 1] = "";
    int result = check_file(stage->damaged, &check, words, err);
    if (result < 0)
        return result;
    struct digest now;
    crypto_sha256_two(&check.first_bad_position, sizeof check.first_bad_position, words, strlen(words),
                      now.bytes);
    if (!stage->have_expected && check.first_bad_position && strcmp(words, "ok") == 0) {
        stage->expected = now;
        stage->have_expected = true;
    }
    return stage_same(&now, &stage->expected) ? 0 : 1;
}

static int damaged_judge(struct stage *stage, int result, const struct trial *trial, struct err *words)
{
    (void)trial;
    if (result > 0)
        return err_set(words, -1, "a damaged ledger was called sound, or damaged elsewhere");
    return stage_unchanged(stage, words);
}

const struct copies_scenario scenario_look = {"verify", false, prepare, sound_act, sound_judge, NULL};
const struct copies_scenario scenario_look_damaged = {"verify damage", false,         prepare,
                                                      damaged_act,     damaged_judge, NULL};
