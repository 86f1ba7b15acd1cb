/* The disk fails under the real agent: test_disk FAIRSTOCKD PRELOAD. A scan that cannot be saved is answered
 * `fault`, never `sold`; when the disk works again, the lamp says so and scans sell, without a restart; and
 * the ledger has exactly what was answered `sold`. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "crypto/crypto.h"
#include "store/store.h"

enum { PATIENCE_MS = 20000, LOG_MAX_BYTES = 65536, PATH_BYTES = 160, SOLD_MAX = 64 };

#define CODE "2900000010024\n" /* a mug of the sample catalogue, eight of them */

struct agent {
    const char *program, *preload;
    char state[64], light[PATH_BYTES], fault[PATH_BYTES], words[PATH_BYTES];
    pid_t pid;
    int input;
    char log[LOG_MAX_BYTES]; /* the light's, so far */
};

static _Noreturn void fail(const struct agent *agent, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)fprintf(stderr, "FAIL ");
    (void)vfprintf(stderr, format, args);
    (void)fprintf(stderr, "\nlight:\n%s\n", agent->log);
    va_end(args);
    if (agent->pid > 0)
        (void)kill(agent->pid, SIGKILL);
    exit(1);
}

static void start(struct agent *agent)
{
    int in[2];
    char light[PATH_BYTES + 8];
    (void)snprintf(light, sizeof light, "log:%s", agent->light);
    if (pipe2(in, O_CLOEXEC) < 0 || (agent->pid = fork()) < 0)
        fail(agent, "cannot start: %s", strerror(errno));
    if (agent->pid == 0) {
        (void)dup2(in[0], STDIN_FILENO);
        int null = open("/dev/null", O_WRONLY);
        (void)dup2(null, STDOUT_FILENO);
        int words = open(agent->words, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        (void)dup2(words, STDERR_FILENO);
        (void)setenv("LD_PRELOAD", agent->preload, 1);
        (void)setenv("FAIRSTOCK_DISK_FAULT", agent->fault, 1);
        (void)execl(agent->program, agent->program, "--practice", "--state", agent->state, "--scanner",
                    "stdin", "--light", light, "--listen", "none", (char *)NULL);
        _exit(127);
    }
    (void)close(in[0]);
    agent->input = in[1];
}

static void read_log(struct agent *agent)
{
    FILE *file = fopen(agent->light, "r");
    size_t length = file ? fread(agent->log, 1, sizeof agent->log - 1, file) : 0;
    agent->log[length] = '\0';
    if (file)
        (void)fclose(file);
}

/* Lines of the light's log with this name; *last is where the newest begins. */
static int lines(const struct agent *agent, const char *name, const char **last)
{
    int count = 0;
    char word[32];
    (void)snprintf(word, sizeof word, " %s", name);
    for (const char *at = agent->log; (at = strstr(at, word)); at++) {
        char after = at[strlen(word)];
        if (after != '\n' && after != ' ')
            continue;
        count++;
        if (last)
            *last = at;
    }
    return count;
}

static int64_t now_ms(void)
{
    struct timespec time;
    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* Until the log has `want` lines of this name. More is a failure too. */
static void wait_for(struct agent *agent, const char *name, int want)
{
    for (int64_t end = now_ms() + PATIENCE_MS; now_ms() < end;) {
        read_log(agent);
        int have = lines(agent, name, NULL);
        if (have > want)
            fail(agent, "%d times %s, not %d", have, name, want);
        if (have == want)
            return;
        if (waitpid(agent->pid, NULL, WNOHANG) != 0)
            fail(agent, "the agent ended while waiting for %s", name);
        (void)poll(NULL, 0, 10);
    }
    fail(agent, "no %s in %d ms", name, PATIENCE_MS);
}

static void scan(struct agent *agent)
{
    if (write(agent->input, CODE, strlen(CODE)) != (ssize_t)strlen(CODE))
        fail(agent, "cannot type");
}

static void disk_fails(struct agent *agent, int error)
{
    FILE *file = fopen(agent->fault, "w");
    if (!file || fprintf(file, "%d\n", error) < 0 || fclose(file) != 0)
        fail(agent, "cannot write %s", agent->fault);
}

/* The lamp has left `fault` by itself. */
static void wait_for_lamp(struct agent *agent)
{
    for (int64_t end = now_ms() + PATIENCE_MS; now_ms() < end; (void)poll(NULL, 0, 10)) {
        const char *fault = NULL, *ready = NULL, *attention = NULL;
        read_log(agent);
        (void)lines(agent, "fault", &fault);
        (void)lines(agent, "ready", &ready);
        (void)lines(agent, "attention", &attention);
        if ((ready && ready > fault) || (attention && attention > fault))
            return;
    }
    fail(agent, "the lamp stayed at fault");
}

/* Until there is one more fault than at the last look. */
static void wait_for_fault(struct agent *agent, int *fault)
{
    int before = *fault;
    for (int64_t end = now_ms() + PATIENCE_MS; *fault <= before; (void)poll(NULL, 0, 10)) {
        if (now_ms() > end)
            fail(agent, "no fault in %d ms", PATIENCE_MS);
        read_log(agent);
        *fault = lines(agent, "fault", NULL);
    }
}

/* Two scans, two faults. A third one is right when the sync met the disk's failure before the first scan did:
 * then the lamp turned to fault by itself. */
static void one_failure(struct agent *agent, int error, int *sold, int *fault)
{
    int before = *fault;
    disk_fails(agent, error);
    scan(agent);
    wait_for_fault(agent, fault);
    scan(agent);
    wait_for_fault(agent, fault);
    wait_for(agent, "sold", *sold);
    if (unlink(agent->fault) < 0)
        fail(agent, "cannot remove %s", agent->fault);
    wait_for_lamp(agent);
    scan(agent);
    wait_for(agent, "sold", ++*sold);
    *fault = lines(agent, "fault", NULL);
    if (*fault > before + 3)
        fail(agent, "%d times fault for two scans", *fault - before);
}

/* --- afterwards: the ledger against the log
 * ------------------------------------------------------------------- */

struct compared {
    struct agent *agent;
    int sales;
};

static int compare(void *user, uint64_t position, struct event_id id, const uint8_t *bytes, size_t length,
                   const uint8_t tag[4])
{
    struct compared *compared = user;
    static struct event event;
    char text[EVENT_ID_TEXT_BYTES], line[EVENT_ID_TEXT_BYTES + 16];
    (void)tag;
    if (event_decode(bytes, length, &event) < 0)
        fail(compared->agent, "event %llu is damaged", (unsigned long long)position);
    if (event.kind != EVENT_SALE)
        return 0;
    event_id_text(id, text);
    (void)snprintf(line, sizeof line, " sold %s\n", text);
    if (!strstr(compared->agent->log, line))
        fail(compared->agent, "a sale that was not answered sold: %s", text);
    compared->sales++;
    return 0;
}

static void check_ledger(struct agent *agent, int sold)
{
    struct store *store;
    struct store_check check;
    struct compared compared = {agent, 0};
    struct err err = {0};
    read_log(agent);
    if (store_open_readonly(agent->state, &store, &err) < 0)
        fail(agent, "%s", err_text(&err));
    if (store_verify(store, crypto_sha256_two, &check) < 0 || check.first_bad_position)
        fail(agent, "event %llu: %s", (unsigned long long)check.first_bad_position, check.words);
    if (store_walk(store, 0, compare, &compared) < 0 || compared.sales != sold)
        fail(agent, "%d sales in the ledger, %d answered sold", compared.sales, sold);
    store_close(store);
}

/* While the disk fails the sync tries now and then, not in every turn of the loop: it says so at most this
 * often in the three failures of about a second. */
static void check_words(const struct agent *agent)
{
    enum { COMPLAINTS_MAX = 20 };
    char line[512];
    int complaints = 0;
    FILE *file = fopen(agent->words, "r");
    while (file && fgets(line, sizeof line, file)) {
        (void)fputs(line, stderr);
        complaints += strstr(line, "cannot book") != NULL;
    }
    if (!file || fclose(file) != 0)
        fail(agent, "cannot read %s", agent->words);
    if (complaints > COMPLAINTS_MAX)
        fail(agent, "the sync tried %d times to book", complaints);
}

static void remove_files(const struct agent *agent)
{
    static const char *const names[] = {"ledger.db", "ledger.db-wal", "ledger.db-shm",     "lock",
                                        "light.log", "fault",         "practice-shop.txt", "control.sock",
                                        "words"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[PATH_BYTES];
        (void)snprintf(path, sizeof path, "%s/%s", agent->state, names[i]);
        (void)unlink(path);
    }
    (void)rmdir(agent->state);
}

int main(int argc, char **argv)
{
    static struct agent agent;
    int sold = 0, fault = 0, status;
    if (argc != 3)
        return 2;
    agent.program = argv[1];
    agent.preload = argv[2];
    (void)snprintf(agent.state, sizeof agent.state, "/tmp/fairstock-disk-XXXXXX");
    if (!mkdtemp(agent.state))
        return 2;
    (void)snprintf(agent.light, sizeof agent.light, "%s/light.log", agent.state);
    (void)snprintf(agent.fault, sizeof agent.fault, "%s/fault", agent.state);
    (void)snprintf(agent.words, sizeof agent.words, "%s/words", agent.state);
    start(&agent);
    scan(&agent); /* waits in the pipe until the agent is up */
    wait_for(&agent, "sold", ++sold);
    one_failure(&agent, EIO, &sold, &fault);
    one_failure(&agent, EROFS, &sold, &fault);
    one_failure(&agent, ENOSPC, &sold, &fault);
    (void)kill(agent.pid, SIGTERM);
    if (waitpid(agent.pid, &status, 0) != agent.pid || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
        fail(&agent, "it did not stop in order");
    agent.pid = 0;
    check_ledger(&agent, sold);
    check_words(&agent);
    remove_files(&agent);
    return 0;
}
