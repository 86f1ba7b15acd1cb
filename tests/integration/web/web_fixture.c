/* The web server with a small stall behind it, without ledger and shops: for the tests of the server, and to
 * look at the page. Prints "ready ADDRESS LINK" when it serves; each line of standard input is a scanned
 * code; SIGTERM ends it with 0.
 *
 * web_fixture [--listen ADDRESS:PORT] [--unix PATH] [--view-key KEY] [--hosts NAMES] [--request-ms N]
 * [--beat-ms N] */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "crypto/crypto.h"
#include "fixture_model.h"

enum { LINE_MAX_BYTES = 64 * 1024 };

struct fixture {
    struct loop *loop;
    struct turns *turns;
    struct loop_source *input;
    struct fixture_model *model;
    struct web *web;
    uint8_t secret[32];
    char line[LINE_MAX_BYTES];
    size_t used;
};

/* Lines are scans. "publish NAME JSON" sends an event as it is. */
static void take_line(struct fixture *fixture, char *line)
{
    if (strncmp(line, "publish ", 8) == 0) {
        char *name = line + 8;
        char *json = strchr(name, ' ');
        if (json) {
            *json++ = '\0';
            web_publish(fixture->web, name, json);
        }
    } else if (*line) {
        (void)fixture_model_scan(fixture->model, line, 1);
    }
}

static int on_input(void *user, int fd, uint32_t events)
{
    struct fixture *fixture = user;
    (void)events;
    ssize_t got = read(fd, fixture->line + fixture->used, sizeof fixture->line - 1 - fixture->used);
    if (got <= 0) {
        loop_remove(fixture->input);
        fixture->input = NULL;
        return 0;
    }
    fixture->used += (size_t)got;
    fixture->line[fixture->used] = '\0';
    char *at = fixture->line;
    for (char *end; (end = strchr(at, '\n')); at = end + 1) {
        *end = '\0';
        take_line(fixture, at);
    }
    fixture->used = strlen(at);
    memmove(fixture->line, at, fixture->used);
    return fixture->used < sizeof fixture->line - 1 ? 0 : -E2BIG;
}

static void read_options(int argc, char **argv, struct web_settings *settings)
{
    static const struct option options[] = {{"listen", required_argument, NULL, 'l'},
                                            {"unix", required_argument, NULL, 'u'},
                                            {"view-key", required_argument, NULL, 'k'},
                                            {"hosts", required_argument, NULL, 'h'},
                                            {"request-ms", required_argument, NULL, 'r'},
                                            {"beat-ms", required_argument, NULL, 'b'},
                                            {0}};
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (option) {
        case 'l':
            settings->listen = optarg;
            break;
        case 'u':
            settings->unix_path = optarg;
            break;
        case 'k':
            settings->view_key = optarg;
            break;
        case 'h':
            settings->extra_hosts = optarg;
            break;
        case 'r':
            settings->request_ms = strtoll(optarg, NULL, 10);
            break;
        case 'b':
            settings->beat_ms = strtoll(optarg, NULL, 10);
            break;
        default:
            exit(2);
        }
    }
}

static int serve(struct fixture *fixture, const struct web_settings *settings)
{
    struct err err = {0};
    int result = web_new(fixture->loop, settings, &fixture->web, &err);
    if (result < 0) {
        log_error("%s", err_text(&err));
        return result == -EADDRINUSE ? 4 : 1;
    }
    fixture_model_publish_to(fixture->model, fixture->web);
    if (loop_add_fd(fixture->loop, "input", LOOP_SCAN, STDIN_FILENO, LOOP_READ, on_input, fixture,
                    &fixture->input) < 0)
        log_info("standard input is no pipe; nothing is read from it");
    (void)printf("ready %s %s\n", web_address(fixture->web), web_view_link(fixture->web));
    (void)fflush(stdout);
    return loop_run(fixture->loop) < 0 ? 1 : 0;
}

int main(int argc, char **argv)
{
    struct fixture fixture = {0};
    struct err err = {0};
    struct web_settings settings = {.listen = "",
                                    .view_key = "",
                                    .csrf_secret = fixture.secret,
                                    .extra_hosts = "",
                                    .api = fixture_model_api,
                                    .practice = true,
                                    .currency = "EUR"};
    crypto_random(fixture.secret, sizeof fixture.secret);
    read_options(argc, argv, &settings);
    fixture.model = fixture_model_new();
    settings.user = fixture.model;
    int code = 1;
    if (fixture.model && loop_new(&fixture.loop, &err) == 0 &&
        turns_new(fixture.loop, TURNS_CHOOSE, &fixture.turns, &err) == 0) {
        settings.turns = fixture.turns;
        code = serve(&fixture, &settings);
    }
    web_free(fixture.web);
    loop_remove(fixture.input);
    turns_free(fixture.turns);
    loop_free(fixture.loop);
    fixture_model_free(fixture.model);
    return code;
}
