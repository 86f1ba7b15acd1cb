// link: domain crypto
/* Any bytes as an exported journal and as a witness file: checked line by line, never more than refused. What
 * is accepted as a journal has at least its header and its end. */
#include <stdlib.h>
#include <string.h>

#include "crypto/crypto.h"
#include "domain/journal.h"
#include "domain/witness.h"

static void look_at_journal(struct journal *journal, const char *text, size_t length)
{
    while (length) {
        const char *end = memchr(text, '\n', length);
        size_t line = end ? (size_t)(end - text) : length;
        if (journal_look_line(journal, text, line) < 0)
            return; /* out of memory */
        text += line + (end ? 1 : 0);
        length -= line + (end ? 1 : 0);
    }
}

static void check_journal(const char *text, size_t length)
{
    struct journal *journal = journal_new(crypto_sha256_two);
    struct journal_check check;
    bool good = true;
    int error = 0;
    if (!journal)
        return;
    size_t whole = length;
    look_at_journal(journal, text, length);
    while (good && length) {
        const char *end = memchr(text, '\n', length);
        size_t line = end ? (size_t)(end - text) : length;
        good = journal_check_line(journal, text, line, end != NULL, &check, &error);
        text += line + (end ? 1 : 0);
        length -= line + (end ? 1 : 0);
    }
    if (good && journal_check_end(journal, &check) && (check.line || whole < 1000))
        abort();
    if (!good && !error && (!check.line || !*check.words))
        abort();
    journal_free(journal);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct witness witness;
    char *text = malloc(size + 1);
    if (!text)
        return 0;
    memcpy(text, bytes, size);
    text[size] = '\0';
    check_journal(text, size);
    if (witness_parse(text, crypto_sha256_two, &witness, NULL) == 0 && witness.position == UINT64_MAX)
        abort();
    free(text);
    return 0;
}
