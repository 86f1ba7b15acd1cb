#include "web_client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "web/address.h"

enum { REPLY_MAX_BYTES = 8 * 1024 * 1024 };

int64_t web_client_now_ms(void)
{
    struct timespec now;
    assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &now), 0);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* --- the process
 * -------------------------------------------------------------------------------------------------------------
 */

static pid_t spawn(const char *const *arguments, int *input, int *output, bool with_errors)
{
    int in[2], out[2];
    char *argv[WEB_CLIENT_ARGUMENTS + 2] = {strdup(WEB_FIXTURE)};
    for (int i = 0; arguments[i]; i++) {
        assert_true(i < WEB_CLIENT_ARGUMENTS);
        argv[i + 1] = strdup(arguments[i]);
    }
    assert_int_equal(pipe(in), 0);
    assert_int_equal(pipe(out), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        (void)dup2(in[0], STDIN_FILENO);
        (void)dup2(out[1], with_errors ? STDERR_FILENO : STDOUT_FILENO);
        for (int i = 0; i < 2; i++) {
            (void)close(in[i]);
            (void)close(out[i]);
        }
        (void)execv(argv[0], argv);
        _exit(127);
    }
    for (int i = 0; argv[i]; i++)
        free(argv[i]);
    (void)close(in[0]);
    (void)close(out[1]);
    *input = in[1];
    *output = out[0];
    return pid;
}

static void bound_reads(int fd)
{
    struct timeval patience = {.tv_sec = WEB_CLIENT_PATIENCE_MS / 1000};
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience), 0);
}

/* One line from a pipe. */
static void read_line(int fd, char *line, size_t size)
{
    size_t used = 0;
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    while (used < size - 1) {
        if (poll(&wait, 1, WEB_CLIENT_PATIENCE_MS) != 1 || read(fd, line + used, 1) != 1 ||
            line[used] == '\n')
            break;
        used++;
    }
    line[used] = '\0';
}

static void fetch_token(struct web_client *client)
{
    struct web_reply reply;
    web_client_ask(client, "GET", "/api/v1/session", "", NULL, &reply);
    const char *at = strstr(reply.body, "\"csrf\":\"");
    assert_non_null(at);
    at += strlen("\"csrf\":\"");
    (void)snprintf(client->csrf, sizeof client->csrf, "%.*s", (int)strcspn(at, "\""), at);
    web_client_reply_free(&reply);
}

void web_client_start(struct web_client *client, const char *const *arguments)
{
    char line[512], word[16] = "";
    (void)signal(SIGPIPE, SIG_IGN);
    *client = (struct web_client){0};
    client->pid = spawn(arguments, &client->input, &client->output, false);
    read_line(client->output, line, sizeof line);
    assert_true(sscanf(line, "%15s %127s %255s", word, client->address, client->link) >= 1);
    assert_string_equal(word, "ready");
    if (strncmp(client->address, "http://", 7) != 0)
        return;
    (void)snprintf(client->host, sizeof client->host, "%.*s", (int)strcspn(client->address + 7, "/"),
                   client->address + 7);
    if (!*client->link)
        fetch_token(client);
}

int web_client_start_fails(const char *const *arguments, char *said, size_t size)
{
    int input, output, status;
    pid_t pid = spawn(arguments, &input, &output, true);
    read_line(output, said, size);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    (void)close(input);
    (void)close(output);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

void web_client_stop(struct web_client *client)
{
    int status;
    assert_int_equal(kill(client->pid, SIGTERM), 0);
    assert_int_equal(waitpid(client->pid, &status, 0), client->pid);
    (void)close(client->input);
    (void)close(client->output);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* --- sockets
 * -----------------------------------------------------------------------------------------------------------------
 */

int web_client_connect(const char *host)
{
    struct sockaddr_storage to;
    socklen_t length;
    assert_int_equal(address_parse(host, &to, &length, NULL), 0);
    int fd = socket(to.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    bound_reads(fd);
    if (connect(fd, (const struct sockaddr *)&to, length) < 0)
        fail_msg("cannot connect to %s: %s", host, strerror(errno));
    return fd;
}

int web_client_connect_unix(const char *path)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    (void)snprintf(to.sun_path, sizeof to.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    bound_reads(fd);
    if (connect(fd, (const struct sockaddr *)&to, sizeof to) < 0)
        fail_msg("cannot connect to %s: %s", path, strerror(errno));
    return fd;
}

void web_client_send(int fd, const char *format, ...)
{
    char *text;
    va_list args;
    va_start(args, format);
    int length = vasprintf(&text, format, args);
    va_end(args);
    assert_true(length >= 0);
    for (int sent = 0; sent < length;) {
        ssize_t now = send(fd, text + sent, (size_t)(length - sent), MSG_NOSIGNAL);
        if (now < 0)
            break; /* the server closed: what it answered is read next */
        sent += (int)now;
    }
    free(text);
}

static void read_head(int fd, struct web_reply *reply)
{
    size_t used = 0;
    while (used < sizeof reply->head - 1 && !strstr(reply->head, "\r\n\r\n")) {
        if (recv(fd, reply->head + used, 1, 0) != 1) {
            reply->closed = true;
            return;
        }
        reply->head[++used] = '\0';
    }
    (void)sscanf(reply->head, "HTTP/1.1 %d", &reply->status);
}

void web_client_read(int fd, struct web_reply *reply)
{
    *reply = (struct web_reply){.body = malloc(REPLY_MAX_BYTES + 1)};
    assert_non_null(reply->body);
    read_head(fd, reply);
    const char *announced = web_client_header(reply, "Content-Length");
    size_t wanted = *announced ? strtoul(announced, NULL, 10) : REPLY_MAX_BYTES;
    while (!reply->closed && reply->status != 304 && reply->length < wanted) {
        ssize_t got = recv(fd, reply->body + reply->length, wanted - reply->length, 0);
        if (got <= 0)
            reply->closed = true;
        else
            reply->length += (size_t)got;
    }
    reply->body[reply->length] = '\0';
    if (strcasecmp(web_client_header(reply, "Connection"), "close") == 0)
        reply->closed = true;
}

void web_client_reply_free(struct web_reply *reply)
{
    free(reply->body);
    reply->body = NULL;
}

const char *web_client_header(const struct web_reply *reply, const char *name)
{
    static char value[1024];
    size_t length = strlen(name);
    value[0] = '\0';
    for (const char *line = strstr(reply->head, "\r\n"); line && line[2]; line = strstr(line + 2, "\r\n")) {
        if (strncasecmp(line + 2, name, length) != 0 || line[2 + length] != ':')
            continue;
        const char *from = line + 2 + length + 1 + strspn(line + 2 + length + 1, " ");
        (void)snprintf(value, sizeof value, "%.*s", (int)strcspn(from, "\r"), from);
        break;
    }
    return value;
}

/* --- requests
 * ------------------------------------------------------------------------------------------------------------------
 */

void web_client_ask(const struct web_client *client, const char *method, const char *path, const char *extra,
                    const char *body, struct web_reply *reply)
{
    int fd = web_client_connect(client->host);
    const char *host = strstr(extra, "Host:") ? "" : client->host;
    web_client_send(fd, "%s %s HTTP/1.1\r\n%s%s%s%s", method, path, *host ? "Host: " : "", host,
                    *host ? "\r\n" : "", extra);
    if (body)
        web_client_send(fd, "Content-Length: %zu\r\n\r\n%s", strlen(body), body);
    else
        web_client_send(fd, "\r\n");
    web_client_read(fd, reply);
    (void)close(fd);
}

int web_client_status(const struct web_client *client, const char *method, const char *path,
                      const char *extra, const char *body)
{
    struct web_reply reply;
    web_client_ask(client, method, path, extra, body, &reply);
    web_client_reply_free(&reply);
    return reply.status;
}

int web_client_act(const struct web_client *client, const char *path, const char *body)
{
    char extra[512];
    (void)snprintf(extra, sizeof extra,
                   "Origin: http://%s\r\nX-Fairstock-CSRF: %s\r\nContent-Type: application/json\r\n",
                   client->host, client->csrf);
    return web_client_status(client, "POST", path, extra, body);
}

bool web_client_wait_for(int fd, char *text, size_t size, const char *what)
{
    size_t used = strlen(text);
    while (!strstr(text, what)) {
        ssize_t got = recv(fd, text + used, size - 1 - used, 0);
        if (got <= 0)
            return false;
        used += (size_t)got;
        text[used] = '\0';
    }
    return true;
}

bool web_client_sees_end(int fd)
{
    char bytes[65536];
    for (;;) {
        ssize_t got = recv(fd, bytes, sizeof bytes, 0);
        if (got == 0 || (got < 0 && errno == ECONNRESET))
            return true;
        if (got < 0)
            return false;
    }
}
