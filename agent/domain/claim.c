#include "domain/claim.h"

#include <stdio.h>
#include <string.h>

#define CLAIM_FORM "fairstock 1 "

static const char *const words[] = {
    [CLAIM_HELD] = "held", [CLAIM_DECIDED] = "decided", [CLAIM_DOUBTED] = "doubted"};

enum claim_word claim_own_word(const struct suspicion *suspicion)
{
    return suspicion->state == SUSPICION_GOES_ON ? CLAIM_DECIDED : CLAIM_HELD;
}

static bool event_id_equal(struct event_id a, struct event_id b)
{
    return id128_equal(a.device, b.device) && id128_equal(a.epoch, b.epoch) && a.sequence == b.sequence;
}

/* The seller's yes answers what was seen then, and what the same start of that ledger did since; not what her
 * yes on the other ledger did. */
static bool is_answered(const struct suspicion *suspicion, const struct claim *claim)
{
    if (suspicion->state != SUSPICION_GOES_ON)
        return false;
    return event_id_equal(claim->holder, suspicion->witness) ||
           (claim->word != CLAIM_DECIDED && id128_equal(claim->holder.device, suspicion->witness.device) &&
            id128_equal(claim->holder.epoch, suspicion->witness.epoch));
}

static enum claim_verdict judge_stopped(const struct suspicion *suspicion, const struct claim *claim,
                                        bool known)
{
    if (known || claim->word == CLAIM_NONE || suspicion->state != SUSPICION_OPEN)
        return CLAIM_FINE;
    if (!suspicion_names(suspicion, claim->holder))
        return CLAIM_SUSPECT; /* one more witness */
    return claim->word == CLAIM_HELD ? CLAIM_DOUBT : CLAIM_FINE;
}

enum claim_verdict claim_judge(const struct suspicion *suspicion, const struct claim *claim, bool known,
                               struct event_id last)
{
    if (suspicion_stops(suspicion))
        return judge_stopped(suspicion, claim, known);
    bool trouble = claim->word != CLAIM_NONE && (!known || claim->word == CLAIM_DOUBTED);
    if (trouble)
        return is_answered(suspicion, claim) ? CLAIM_WRITE : CLAIM_SUSPECT;
    bool current = claim->word == claim_own_word(suspicion) && id128_equal(claim->holder.epoch, last.epoch);
    return current ? CLAIM_FINE : CLAIM_WRITE;
}

void claim_text(const struct claim *claim, char text[CLAIM_TEXT_MAX_BYTES])
{
    char id[EVENT_ID_TEXT_BYTES];
    event_id_text(claim->holder, id);
    (void)snprintf(text, CLAIM_TEXT_MAX_BYTES, CLAIM_FORM "%s %s", id, words[claim->word]);
}

void claim_parse(const char *text, struct claim *claim)
{
    char id[EVENT_ID_TEXT_BYTES];
    size_t length;
    *claim = (struct claim){.word = CLAIM_HELD};
    if (strncmp(text, CLAIM_FORM, strlen(CLAIM_FORM)) != 0)
        return;
    text += strlen(CLAIM_FORM);
    length = strcspn(text, " ");
    if (length >= sizeof id)
        return;
    memcpy(id, text, length);
    id[length] = '\0';
    text += length + (text[length] == ' ');
    for (enum claim_word word = CLAIM_HELD; word <= CLAIM_DOUBTED; word++)
        if (strcmp(words[word], text) == 0 && event_id_parse(id, &claim->holder) == 0)
            claim->word = word;
}
