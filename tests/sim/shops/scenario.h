/* A scenario: one shop, lines of actions and expectations, run against the models
 * (tests/sim/scenarios/README.md is the language). Owns the shop it runs. */
#ifndef FAIRSTOCK_TESTS_SIM_SHOPS_SCENARIO_H
#define FAIRSTOCK_TESTS_SIM_SHOPS_SCENARIO_H

#include <stdbool.h>

enum { SCENARIO_WORDS_MAX_BYTES = 400 };

enum scenario_result {
    SCENARIO_FINE,
    SCENARIO_WRONG,     /* the shop did something else */
    SCENARIO_MALFORMED, /* the line says nothing that can be done */
    SCENARIO_BROKEN,    /* out of memory */
};

struct scenario_report {
    enum scenario_result result;
    unsigned line; /* of the file; where it stopped */
    unsigned expectations;
    char words[SCENARIO_WORDS_MAX_BYTES];
};

/* Runs a whole text. seed_line: 0, or the line of an expectation that is turned into a wrong one first; a
 * line without one gives SCENARIO_FINE, expectations 0. */
void scenario_run(const char *text, unsigned seed_line, struct scenario_report *report);
/* The line holds an expectation. */
bool scenario_expects(const char *text, unsigned line);

#endif
