/* The other side: starts the fixture as a process and speaks to it over plain sockets, byte for byte. Every
 * wait is bounded by WEB_CLIENT_PATIENCE_MS and ends the test when it is not met. */
#ifndef WEB_CLIENT_H
#define WEB_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { WEB_CLIENT_PATIENCE_MS = 20000, WEB_CLIENT_ARGUMENTS = 16 };

struct web_client {
    pid_t pid;
    int input, output;
    char address[128]; /* "http://127.0.0.1:PORT/", "" without --listen */
    char link[256];
    char host[64]; /* "127.0.0.1:PORT" */
    char csrf[80];
};

/* What a server sent in answer to one request. */
struct web_reply {
    int status;
    char head[4096];
    char *body; /* NUL-terminated; freed by web_client_reply_free */
    size_t length;
    bool closed; /* the server closed the connection afterwards */
};

/* arguments: NULL-terminated, after the program's name. Waits until it serves; fills csrf when it listens on
 * loopback. */
void web_client_start(struct web_client *client, const char *const *arguments);
/* For a start that must fail: returns its exit code and what it said on standard error. */
int web_client_start_fails(const char *const *arguments, char *said, size_t size);
/* SIGTERM; it must end with 0 (a leak found by the sanitizer is not 0). */
void web_client_stop(struct web_client *client);

/* Both return a connected socket whose reads are bounded in time. */
int web_client_connect(const char *host);
int web_client_connect_unix(const char *path);
void web_client_send(int fd, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Reads one reply: head and Content-Length bytes, or to the end. */
void web_client_read(int fd, struct web_reply *reply);
void web_client_reply_free(struct web_reply *reply);
/* Value of a header, "" when absent; static until the next call. */
const char *web_client_header(const struct web_reply *reply, const char *name);

/* One request on a connection of its own. extra: further header lines with \r\n; body NULL: GET, else POST.
 */
void web_client_ask(const struct web_client *client, const char *method, const char *path, const char *extra,
                    const char *body, struct web_reply *reply);
/* Status of it alone. */
int web_client_status(const struct web_client *client, const char *method, const char *path,
                      const char *extra, const char *body);
/* A POST as our own page sends it. */
int web_client_act(const struct web_client *client, const char *path, const char *body);

/* Reads from fd into text until it contains what, or the connection ends (false). */
bool web_client_wait_for(int fd, char *text, size_t size, const char *what);
/* Whether the server closes the connection within the patience, reading away what comes before. */
bool web_client_sees_end(int fd);
int64_t web_client_now_ms(void);

#endif
