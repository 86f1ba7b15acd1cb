#include "status/status.h"

#include <stddef.h>
#include <string.h>

static const struct {
    const char *name, *words;
} texts[] = {
    [STATUS_STARTING] = {"starting", "Starting. Please wait a moment before scanning."},
    [STATUS_READY] = {"ready", "Ready. Sales are safe on this device."},
    [STATUS_OFFLINE] = {"offline",
                        "No network. Go on selling: sales are safe here and the shops are told later."},
    [STATUS_SYNCING] = {"syncing", "Bringing the shops up to date."},
    [STATUS_HEARD] = {"heard", "Heard, but not safe yet: the card is slow. Wait for the light."},
    [STATUS_SOLD] = {"sold", "Sold, and safe on this device."},
    [STATUS_UNKNOWN] = {"unknown", "Sold, but nobody knows this code. Name it when you have time."},
    [STATUS_LOW] = {"low", "Sold. Few are left of it."},
    [STATUS_ATTENTION] = {"attention", "Something needs your decision: look at the cards."},
    [STATUS_REFUSED] = {"refused", "Not booked. Scan it again within 10 seconds if it really is a sale."},
    [STATUS_GONE] = {"gone", "No scanner is there. Plug it in."},
    [STATUS_FAULT] = {"fault", "Sales cannot be saved. Write them on paper and look at the page."},
    [STATUS_OFF] = {"off", "Stopped."},
};

static bool flashing(const struct status_facts *facts)
{
    return facts->flash && facts->now_ms - facts->flash_at_ms < STATUS_FLASH_MS;
}

/* Highest first: what she must not miss, then the answer to her hand, then the background. */
enum status_lamp status_lamp(const struct status_facts *facts)
{
    if (facts->stopping)
        return STATUS_OFF;
    if (facts->fault)
        return STATUS_FAULT;
    if (facts->starting)
        return STATUS_STARTING;
    if (facts->waiting_commit)
        return STATUS_HEARD;
    if (flashing(facts))
        return facts->flash;
    if (facts->broken) /* behind the answers to her hand: what she scans is still booked */
        return STATUS_FAULT;
    if (facts->scanner_expected && !facts->scanner_ready)
        return STATUS_GONE;
    if (facts->open_cards)
        return STATUS_ATTENTION;
    if (facts->any_channel && !facts->online)
        return STATUS_OFFLINE;
    return facts->syncing ? STATUS_SYNCING : STATUS_READY;
}

int64_t status_next_ms(const struct status_facts *facts)
{
    if (!flashing(facts))
        return -1;
    return STATUS_FLASH_MS - (facts->now_ms - facts->flash_at_ms);
}

const char *status_words(enum status_lamp lamp)
{
    return texts[lamp].words;
}

const char *status_sentence(const struct status_facts *facts, enum status_lamp lamp)
{
    if (lamp == STATUS_FAULT && !facts->fault && facts->broken)
        return "A part of Fairstock failed. Sales that light up are safe; restart the device when you can.";
    return status_words(lamp);
}

const char *status_name(enum status_lamp lamp)
{
    return texts[lamp].name;
}

enum status_lamp status_parse(const char *name)
{
    for (size_t i = STATUS_STARTING; i < sizeof texts / sizeof texts[0]; i++)
        if (strcmp(texts[i].name, name) == 0)
            return (enum status_lamp)i;
    return STATUS_OFF;
}
