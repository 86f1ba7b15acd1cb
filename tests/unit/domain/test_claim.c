/* What a claim at a shop means: two ledgers, A and its copy B, meet there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "domain/claim.h"

static struct event_id at(uint8_t epoch, uint64_t sequence)
{
    return (struct event_id){.device.bytes = {9}, .epoch.bytes = {epoch}, .sequence = sequence};
}

enum { EPOCH_A = 1, EPOCH_B };

/* A ledger as far as claims go. */
struct ledger {
    struct suspicion suspicion;
    struct event_id last;
};

static void see(struct ledger *ledger, const struct claim *claim)
{
    struct event event = {.kind = EVENT_WITNESS, .version = 1, .witness = {.seen = claim->holder}};
    suspicion_apply(&ledger->suspicion, &event);
}

static void answer(struct ledger *ledger, bool goes_on)
{
    struct event event = {.kind = EVENT_RESTORE_DECISION, .version = 1, .restore = {.accepted = goes_on}};
    suspicion_apply(&ledger->suspicion, &event);
}

static enum claim_verdict judge(const struct ledger *ledger, const struct claim *claim)
{
    bool known = id128_equal(claim->holder.epoch, ledger->last.epoch) &&
                 claim->holder.sequence <= ledger->last.sequence;
    return claim_judge(&ledger->suspicion, claim, known, ledger->last);
}

/* As engine_claim.c does it. */
static enum claim_verdict meet(struct ledger *ledger, struct claim *claim)
{
    enum claim_verdict verdict = judge(ledger, claim);
    if (verdict == CLAIM_SUSPECT)
        see(ledger, claim);
    else if (verdict == CLAIM_DOUBT)
        claim->word = CLAIM_DOUBTED;
    else if (verdict == CLAIM_WRITE)
        *claim = (struct claim){claim_own_word(&ledger->suspicion), ledger->last};
    return verdict;
}

struct two {
    struct ledger a, b;
    struct claim claim;
};

/* A holds the claim, B is its copy, and they have met. */
static struct two met(void)
{
    struct two two = {.a.last = at(EPOCH_A, 5), .b.last = at(EPOCH_B, 3)};
    assert_int_equal(meet(&two.a, &two.claim), CLAIM_WRITE);
    assert_int_equal(meet(&two.a, &two.claim), CLAIM_FINE);
    assert_int_equal(meet(&two.b, &two.claim), CLAIM_SUSPECT);
    assert_int_equal(meet(&two.b, &two.claim), CLAIM_DOUBT);
    assert_int_equal(meet(&two.b, &two.claim), CLAIM_FINE);
    assert_int_equal(meet(&two.a, &two.claim), CLAIM_SUSPECT);
    assert_int_equal(meet(&two.a, &two.claim), CLAIM_FINE);
    assert_true(suspicion_stops(&two.a.suspicion) && suspicion_stops(&two.b.suspicion));
    return two;
}

static void both_stop_and_each_answer_holds(void **state)
{
    (void)state;
    for (int copy_goes_on = 0; copy_goes_on < 2; copy_goes_on++) {
        struct two two = met();
        struct ledger *one = copy_goes_on ? &two.b : &two.a;
        struct ledger *other = copy_goes_on ? &two.a : &two.b;
        answer(one, true);
        assert_int_equal(meet(one, &two.claim), CLAIM_WRITE);
        assert_int_equal(two.claim.word, CLAIM_DECIDED);
        for (int i = 0; i < 4; i++) { /* and there is no ping-pong */
            enum claim_verdict verdict = meet(other, &two.claim);
            assert_true(verdict == CLAIM_FINE || verdict == CLAIM_SUSPECT);
            assert_int_equal(meet(one, &two.claim), CLAIM_FINE);
        }
        assert_true(suspicion_stops(&other->suspicion));
        assert_false(suspicion_stops(&one->suspicion));
    }
}

static void renewals_and_new_starts_are_no_news(void **state)
{
    (void)state;
    struct two two = met();
    answer(&two.a, true);
    assert_int_equal(meet(&two.a, &two.claim), CLAIM_WRITE);
    two.a.last.sequence = 900;
    assert_int_equal(meet(&two.a, &two.claim), CLAIM_FINE);
    struct ledger later = two.a; /* its next start: the claim is known, and taken over */
    later.last = at(7, 0);
    assert_int_equal(claim_judge(&later.suspicion, &two.claim, true, later.last), CLAIM_WRITE);
}

static void a_yes_on_both_asks_again(void **state)
{
    (void)state;
    struct two two = met();
    answer(&two.a, true);
    assert_int_equal(meet(&two.a, &two.claim), CLAIM_WRITE);
    two.a.last.sequence++;
    two.claim.holder = two.a.last; /* renewed */
    answer(&two.b, true);
    assert_int_equal(meet(&two.b, &two.claim), CLAIM_SUSPECT); /* the other one was chosen: is that so? */
    answer(&two.b, true);
    assert_int_equal(meet(&two.b, &two.claim), CLAIM_WRITE);
    assert_int_equal(meet(&two.a, &two.claim), CLAIM_SUSPECT);
}

static void a_copy_leaves_the_claim_alone(void **state)
{
    (void)state;
    struct two two = {.a.last = at(EPOCH_A, 5), .b.last = at(EPOCH_B, 3)};
    (void)meet(&two.a, &two.claim);
    (void)meet(&two.b, &two.claim);
    answer(&two.b, false);
    assert_int_equal(meet(&two.b, &two.claim), CLAIM_FINE);
    assert_int_equal(two.claim.word, CLAIM_HELD);
    assert_int_equal(meet(&two.a, &two.claim), CLAIM_FINE);
}

/* What a yes answers: the very event that was seen, whoever wrote it; more of the same start, unless that is
 * another yes. */
static void what_a_yes_answers(void **state)
{
    (void)state;
    struct event_id seen = {{{1}}, {{2}}, 5}, last = {{{1}}, {{9}}, 1}, later = seen, other = seen,
                    elsewhere = seen;
    struct suspicion yes = {.state = SUSPICION_GOES_ON, .witness = seen};
    later.sequence = 6;
    other.epoch.bytes[0] = 3;
    elsewhere.device.bytes[0] = 4;
    const struct {
        enum claim_word word;
        struct event_id holder;
        enum claim_verdict verdict;
    } rows[] = {
        {CLAIM_HELD, seen, CLAIM_WRITE},        {CLAIM_DECIDED, seen, CLAIM_WRITE},
        {CLAIM_HELD, later, CLAIM_WRITE},       {CLAIM_DECIDED, later, CLAIM_SUSPECT},
        {CLAIM_HELD, other, CLAIM_SUSPECT},     {CLAIM_DECIDED, other, CLAIM_SUSPECT},
        {CLAIM_HELD, elsewhere, CLAIM_SUSPECT}, {CLAIM_DECIDED, elsewhere, CLAIM_SUSPECT},
        {CLAIM_DOUBTED, later, CLAIM_WRITE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct claim claim = {rows[i].word, rows[i].holder};
        assert_int_equal(claim_judge(&yes, &claim, false, last), rows[i].verdict);
    }
    /* Not answered yet: another ledger, or another start of it, is one more witness; the one that was seen is
     * told. */
    struct suspicion open = {.state = SUSPICION_OPEN, .witness = seen};
    assert_int_equal(claim_judge(&open, &(struct claim){CLAIM_HELD, elsewhere}, false, last), CLAIM_SUSPECT);
    assert_int_equal(claim_judge(&open, &(struct claim){CLAIM_HELD, other}, false, last), CLAIM_SUSPECT);
    assert_int_equal(claim_judge(&open, &(struct claim){CLAIM_HELD, seen}, false, last), CLAIM_DOUBT);
    assert_int_equal(claim_judge(&open, &(struct claim){CLAIM_DOUBTED, seen}, false, last), CLAIM_FINE);
    assert_int_equal(claim_judge(&open, &(struct claim){.word = CLAIM_NONE}, false, last), CLAIM_FINE);
}

static void a_text_of_another_length_is_held_by_nobody_we_know(void **state)
{
    (void)state;
    struct claim claim = {CLAIM_HELD, {{{1}}, {{2}}, 5}}, read;
    char text[CLAIM_TEXT_MAX_BYTES], longer[CLAIM_TEXT_MAX_BYTES + 128];
    claim_text(&claim, text);
    size_t form = (size_t)(strrchr(text, ' ') - text);
    (void)snprintf(longer, sizeof longer, "%.*s%0100d%s", (int)form, text, 0, strrchr(text, ' '));
    claim_parse(longer, &read);
    assert_int_equal(read.word, CLAIM_HELD);
    assert_true(id128_is_zero(read.holder.device));
}

static void its_text_is_read_back(void **state)
{
    (void)state;
    char text[CLAIM_TEXT_MAX_BYTES];
    for (enum claim_word word = CLAIM_HELD; word <= CLAIM_DOUBTED; word++) {
        struct claim claim = {word, at(3, UINT64_MAX)}, read;
        claim_text(&claim, text);
        claim_parse(text, &read);
        assert_int_equal(read.word, word);
        assert_int_equal(read.holder.sequence, UINT64_MAX);
        assert_true(id128_equal(read.holder.epoch, claim.holder.epoch));
    }
    static const char *const strange[] = {"", "fairstock 2 x held", "fairstock 1 x held", "fairstock 1 ",
                                          "another app's words"};
    for (size_t i = 0; i < sizeof strange / sizeof strange[0]; i++) {
        struct claim read;
        claim_parse(strange[i], &read); /* somebody holds it, and not us */
        assert_int_equal(read.word, CLAIM_HELD);
        assert_true(id128_is_zero(read.holder.device));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_stop_and_each_answer_holds),
        cmocka_unit_test(renewals_and_new_starts_are_no_news),
        cmocka_unit_test(a_yes_on_both_asks_again),
        cmocka_unit_test(a_copy_leaves_the_claim_alone),
        cmocka_unit_test(what_a_yes_answers),
        cmocka_unit_test(a_text_of_another_length_is_held_by_nobody_we_know),
        cmocka_unit_test(its_text_is_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
