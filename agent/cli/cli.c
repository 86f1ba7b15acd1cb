#include "cli/cli.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "net/http.h"

enum { CALL_TIMEOUT_MS = 60000, URL_MAX_BYTES = 4096 };

void cli_complain(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)fputs("fairstock: ", stderr);
    (void)vfprintf(stderr, format, args);
    (void)fputc('\n', stderr);
    va_end(args);
}

static void explain_no_daemon(const struct cli *cli, int result)
{
    if (access(cli->socket, W_OK) < 0 && errno == EACCES)
        cli_complain("no permission for %s; join the group fairstock (sudo adduser $USER fairstock, then log "
                     "in again)",
                     cli->socket);
    else if (result == -ETIMEDOUT)
        cli_complain(
            "fairstockd at %s did not answer within %d seconds; fairstock status says whether it lives",
            cli->socket, CALL_TIMEOUT_MS / 1000);
    else
        cli_complain("no fairstockd answers at %s. Start it (sudo systemctl start fairstock; to practise: "
                     "toolchain/run), or name its state directory with --state DIR.",
                     cli->socket);
}

static int code_for(int status)
{
    return status >= 200 && status < 300                     ? CLI_OK
           : status == 404 || status == 409 || status == 403 ? CLI_REFUSED
           : status == 400                                   ? CLI_USAGE
                                                             : CLI_FAILED;
}

bool cli_call(struct cli *cli, const char *method, const char *path, const char *body, struct json **answer,
              struct buf *text, int *code)
{
    char url[URL_MAX_BYTES];
    struct http_reply reply;
    struct err err = {0};
    *answer = NULL;
    (void)snprintf(url, sizeof url, "http://localhost/api/v1%s", path);
    int result = http_call(cli->socket, method, url, "Content-Type: application/json\n", body, strlen(body),
                           CALL_TIMEOUT_MS, &reply, &err);
    if (result < 0) {
        explain_no_daemon(cli, result);
        buf_free(&reply.body);
        *code = CLI_NO_DAEMON;
        return false;
    }
    *code = code_for(reply.status);
    result = json_parse(buf_text(&reply.body), reply.body.length, answer, &err);
    json_blank_controls(*answer);
    if (text)
        buf_add(text, buf_text(&reply.body), reply.body.length);
    buf_free(&reply.body);
    if (result == 0 && *code == CLI_OK)
        return true;
    const char *words = result == 0 ? json_get_text(*answer, "error") : NULL;
    if (words)
        cli_complain("%s", words);
    else if (*code != CLI_REFUSED || result < 0)
        cli_complain("fairstockd answered strangely (status %d)", reply.status);
    if (*code == CLI_OK)
        *code = CLI_FAILED;
    if (result == 0 && words) {
        json_free(*answer);
        *answer = NULL;
    }
    return false;
}

int cli_words(struct cli *cli, const char *path, const char *body)
{
    struct json *answer;
    int code;
    if (!cli_call(cli, "POST", path, body, &answer, NULL, &code)) {
        json_free(answer);
        return code;
    }
    (void)puts(cli_text(answer, "words"));
    json_free(answer);
    return CLI_OK;
}

const char *cli_ledger_directory(const struct cli *cli)
{
    if (cli->argc)
        return cli->argv[0];
    return cli_state(cli);
}

int cli_open_ledger(const char *directory, struct store **store, struct err *err)
{
    char path[4096 + 16];
    int result = store_open_readonly(directory, store, err);
    (void)snprintf(path, sizeof path, "%s/ledger.db", directory);
    int why = result < 0 && access(path, R_OK) < 0 ? errno : 0;
    if (why == EACCES)
        return err_set(err, -EPERM,
                       "only the agent's own user and root may read the ledger; put sudo before it");
    if (why == ENOENT)
        return err_set(err, -ENOENT, "there is no ledger in it");
    return result;
}

int cli_code_of(int result)
{
    return result == -EUCLEAN ? CLI_DAMAGED : result == -ENOTSUP ? CLI_NEWER : CLI_FAILED;
}

void cli_encode(const char *text, struct buf *out)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    for (; *text; text++) {
        if (strchr(plain, *text))
            buf_add_byte(out, (unsigned char)*text);
        else
            buf_printf(out, "%%%02X", (unsigned char)*text);
    }
}

const char *cli_text(const struct json *value, const char *key)
{
    const char *text = json_get_text(value, key);
    return text ? text : "";
}

int64_t cli_int(const struct json *value, const char *key)
{
    int64_t number = 0;
    return json_get_int(value, key, &number) == 0 ? number : 0;
}

bool cli_bool(const struct json *value, const char *key)
{
    bool flag = false;
    (void)json_get_bool(value, key, &flag);
    return flag;
}

void cli_column(const char *text, int columns)
{
    int used = 0;
    for (; *text && used < columns; used++) {
        (void)putchar(*text++);
        while ((*text & 0xc0) == 0x80)
            (void)putchar(*text++);
    }
    for (; used < columns; used++)
        (void)putchar(' ');
}
