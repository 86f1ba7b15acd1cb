#include "stall.h"

#include <string.h>

#include "crypto/crypto.h"
#include "disk_vfs.h"

void stall_init(struct stall *stall, struct disk *disk, struct witness *witness, uint64_t seed)
{
    *stall = (struct stall){.disk = disk, .witness = witness, .random = {seed}, .now_ms = 1000};
    witness->disk = disk;
    disk_calls_init(&stall->calls, disk);
    stall_at_work(stall);
}

void stall_at_work(struct stall *stall)
{
    disk_vfs_use(stall->disk);
    witness_use(stall->witness);
}

static struct id128 draw_id(struct stall *stall)
{
    struct id128 id;
    for (size_t i = 0; i < sizeof id.bytes; i += 8) {
        uint64_t part = random_next(&stall->random);
        memcpy(id.bytes + i, &part, sizeof part);
    }
    return id;
}

static struct store_start describe_start(struct stall *stall)
{
    return (struct store_start){.new_device = draw_id(stall),
                                .epoch = draw_id(stall),
                                .boot = draw_id(stall),
                                .wall_ms = 1790000000000,
                                .boottime_ms = stall->now_ms,
                                .program = "torture",
                                .sha256 = crypto_sha256_two,
                                .disk = &stall->calls.table};
}

static void ignore_outcome(void *user, const struct intake_outcome *outcome)
{
    struct stall *stall = user;
    if (outcome->error && !stall->first_error)
        stall->first_error = outcome->error;
}

int stall_start(struct stall *stall, struct err *err)
{
    struct store_start start = describe_start(stall);
    uint32_t number = witness_start(stall->witness, start.epoch, false);
    int result = store_open(DISK_FOLDER, &start, &stall->store, err);
    witness_started(stall->witness, number, result);
    if (result < 0)
        return result;
    if (id128_is_zero(stall->witness->device))
        stall->witness->device = store_device(stall->store);
    struct intake_settings settings = {stall->store, 1, ignore_outcome, stall};
    result = intake_new(&settings, &stall->intake, err);
    if (result < 0)
        stall_stop(stall);
    return result;
}

static void put_down(struct stall *stall)
{
    intake_free(stall->intake);
    stall->intake = NULL;
    store_close(stall->store);
    stall->store = NULL;
}

void stall_stop(struct stall *stall)
{
    stall->gave_up |=
        stall->disk->fault != FAULT_NONE && stall->disk->fault_for_good && stall->disk->fault_hits > 0;
    put_down(stall);
}

void stall_vanish(struct stall *stall, bool power_back)
{
    stall->disk->off = true;
    put_down(stall);
    stall->disk->off = !power_back;
}

bool stall_mend(struct stall *stall)
{
    if (!stall->store)
        return stall->carry_on && stall_start(stall, &stall->refusal) == 0;
    if (!store_is_dead(stall->store))
        return true;
    struct store_start start = describe_start(stall);
    uint32_t number = witness_start(stall->witness, start.epoch, true);
    int result = store_reopen(stall->store, &start, &stall->refusal);
    witness_started(stall->witness, number, result);
    return result == 0;
}
