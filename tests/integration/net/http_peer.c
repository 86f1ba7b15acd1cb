#include "http_peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    REQUEST_BYTES = 8192,
    PIECE_BYTES = 16384,
    LARGE_BYTES = 600 * 1024,
    MANY_LINES = 400,
    LONG_LINES = 90,
    LORIS_MS = 50,
    SLOW_MS = 400,
};

struct visit {
    int fd;
    struct http_peer_seen *seen;
};

static void pause_ms(long ms)
{
    (void)nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

/* false: the client went, which is what it should do with most of this. */
static bool put(struct visit *visit, const char *bytes, size_t length)
{
    while (length) {
        ssize_t sent = send(visit->fd, bytes, length, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        atomic_fetch_add(&visit->seen->sent_bytes, (uint64_t)sent);
        bytes += sent;
        length -= (size_t)sent;
    }
    return true;
}

static bool say(struct visit *visit, const char *format, ...) __attribute__((format(printf, 2, 3)));
static bool say(struct visit *visit, const char *format, ...)
{
    char text[2048];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return put(visit, text, (size_t)length);
}

static bool answer(struct visit *visit, const char *headers, const char *body)
{
    return say(visit, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n%sContent-Length: %zu\r\n\r\n%s",
               headers, strlen(body), body);
}

/* --- the ways to behave; true: the connection stays open --------------------------------------------- */

static bool ok(struct visit *visit)
{
    return answer(visit, "", "{\"ok\":1}");
}

static bool chunked(struct visit *visit)
{
    return say(visit,
               "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
               "5\r\n{\"ok\"\r\n3;extension=1\r\n:1}\r\n0\r\nX-Trailer: 1\r\n\r\n");
}

static bool fill(struct visit *visit, size_t bytes)
{
    char piece[PIECE_BYTES];
    memset(piece, 'x', sizeof piece);
    while (bytes) {
        size_t now = bytes < sizeof piece ? bytes : sizeof piece;
        if (!put(visit, piece, now))
            return false;
        bytes -= now;
    }
    return true;
}

static bool large(struct visit *visit)
{
    return say(visit, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", LARGE_BYTES) &&
           fill(visit, LARGE_BYTES);
}

static bool endless(struct visit *visit)
{
    bool open = say(visit, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    while (open)
        open = say(visit, "%x\r\n", PIECE_BYTES) && fill(visit, PIECE_BYTES) && say(visit, "\r\n");
    return false;
}

static bool many_headers(struct visit *visit)
{
    bool open = say(visit, "HTTP/1.1 200 OK\r\n");
    for (int i = 0; open && i < MANY_LINES; i++)
        open = say(visit, "X-%d: 1\r\n", i);
    return open && say(visit, "Content-Length: 0\r\n\r\n");
}

static bool long_headers(struct visit *visit)
{
    bool open = say(visit, "HTTP/1.1 200 OK\r\n");
    for (int i = 0; open && i < LONG_LINES; i++)
        open = say(visit, "X-%d: ", i) && fill(visit, 1000) && say(visit, "\r\n");
    return open && say(visit, "Content-Length: 0\r\n\r\n");
}

static bool endless_headers(struct visit *visit)
{
    bool open = say(visit, "HTTP/1.1 200 OK\r\n");
    while (open)
        open = say(visit, "X-More: 1\r\n");
    return false;
}

static bool loris(struct visit *visit)
{
    const char *text = "HTTP/1.1 200 OK\r\nX-Slow: ";
    for (bool open = true; open; text += text[1] != '\0') {
        open = put(visit, text, 1);
        pause_ms(LORIS_MS);
    }
    return false;
}

static bool redirect(struct visit *visit)
{
    return say(visit, "HTTP/1.1 302 Found\r\nLocation: /ok\r\nContent-Length: 0\r\n\r\n");
}

static bool html(struct visit *visit)
{
    return say(
        visit,
        "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: 6\r\n\r\n<html>");
}

/* 1000 zeros, compressed though nobody asked. */
static bool gzip(struct visit *visit)
{
    static const unsigned char zeros[] = {0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03,
                                          0x63, 0x60, 0x18, 0x05, 0xa3, 0x60, 0x14, 0x0c, 0x77, 0x00,
                                          0x00, 0x80, 0x17, 0x0b, 0x06, 0xe8, 0x03, 0x00, 0x00};
    return say(visit, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %zu\r\n\r\n",
               sizeof zeros) &&
           put(visit, (const char *)zeros, sizeof zeros);
}

static bool cut_short(struct visit *visit)
{
    (void)say(visit, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this");
    return false;
}

static bool nothing(struct visit *visit)
{
    (void)visit;
    return false;
}

static bool reset(struct visit *visit)
{
    struct linger now = {.l_onoff = 1};
    (void)setsockopt(visit->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    return false;
}

static bool dated(struct visit *visit)
{
    return answer(
        visit, "Date: Tue, 24 Nov 2026 08:00:00 GMT\r\nRetry-After: Tue, 24 Nov 2026 08:00:07 GMT\r\n", "{}");
}

static bool seconds(struct visit *visit)
{
    return answer(visit, "Date: Tue, 24 Nov 2026 08:00:00 GMT\r\nRetry-After: 999999999\r\n", "{}");
}

static bool strange_times(struct visit *visit)
{
    return answer(visit, "Date: yesterday\r\nRetry-After: -5\r\n", "{}");
}

static bool slow(struct visit *visit)
{
    pause_ms(SLOW_MS);
    return ok(visit);
}

static bool garbage(struct visit *visit)
{
    (void)say(visit, "\x15\x03\x01 this is not HTTP\r\n\r\n");
    return false;
}

static const struct {
    const char *path;
    bool (*behave)(struct visit *visit);
} ways[] = {
    {"/ok", ok},
    {"/chunked", chunked},
    {"/large", large},
    {"/endless", endless},
    {"/many_headers", many_headers},
    {"/long_headers", long_headers},
    {"/endless_headers", endless_headers},
    {"/loris", loris},
    {"/redirect", redirect},
    {"/html", html},
    {"/gzip", gzip},
    {"/cut_short", cut_short},
    {"/nothing", nothing},
    {"/reset", reset},
    {"/dated", dated},
    {"/seconds", seconds},
    {"/strange_times", strange_times},
    {"/slow", slow},
    {"/garbage", garbage},
};

/* --- connections ------------------------------------------------------------------------------------- */

/* Head and body of one request; false at the end. */
static bool read_request(struct visit *visit, char text[REQUEST_BYTES])
{
    size_t used = 0;
    for (;;) {
        ssize_t got = recv(visit->fd, text + used, REQUEST_BYTES - 1 - used, 0);
        if (got <= 0)
            return false;
        used += (size_t)got;
        text[used] = '\0';
        const char *end = strstr(text, "\r\n\r\n");
        const char *length = strcasestr(text, "\r\ncontent-length:");
        if (end && used >= (size_t)(end + 4 - text) + (length ? strtoul(length + 17, NULL, 10) : 0))
            return true;
        if (used == REQUEST_BYTES - 1)
            return false;
    }
}

static void serve(struct visit *visit)
{
    char text[REQUEST_BYTES];
    bool open = true;
    while (open && read_request(visit, text)) {
        atomic_fetch_add(&visit->seen->requests, 1);
        atomic_fetch_add(&visit->seen->encodings, strcasestr(text, "\r\naccept-encoding:") != NULL);
        atomic_fetch_add(&visit->seen->continues, strcasestr(text, "\r\nexpect:") != NULL);
        const char *path = strchr(text, ' ');
        size_t length = path ? strcspn(path + 1, " ") : 0;
        open = false;
        for (size_t i = 0; path && i < sizeof ways / sizeof ways[0]; i++)
            if (strlen(ways[i].path) == length && strncmp(ways[i].path, path + 1, length) == 0)
                open = ways[i].behave(visit);
    }
    (void)close(visit->fd);
}

_Noreturn static void listen_for_ever(int listener, struct http_peer_seen *seen)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)signal(SIGCHLD, SIG_IGN);
    for (;;) {
        struct visit visit = {accept(listener, NULL, NULL), seen};
        if (visit.fd < 0)
            _exit(1);
        atomic_fetch_add(&seen->connections, 1);
        if (fork() == 0) {
            (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
            serve(&visit);
            _exit(0);
        }
        (void)close(visit.fd);
    }
}

static void must(bool holds, const char *what)
{
    if (holds)
        return;
    (void)fprintf(stderr, "http peer: %s: %s\n", what, strerror(errno));
    exit(1);
}

void http_peer_start(struct http_peer *peer)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(listener >= 0 && bind(listener, (struct sockaddr *)&address, length) == 0 &&
             listen(listener, 16) == 0 && getsockname(listener, (struct sockaddr *)&address, &length) == 0,
         "cannot listen");
    peer->port = ntohs(address.sin_port);
    peer->seen = mmap(NULL, sizeof *peer->seen, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    must(peer->seen != MAP_FAILED, "no shared memory");
    peer->pid = fork();
    must(peer->pid >= 0, "cannot fork");
    if (peer->pid == 0)
        listen_for_ever(listener, peer->seen);
    (void)close(listener);
}

void http_peer_stop(struct http_peer *peer)
{
    (void)kill(peer->pid, SIGKILL);
    (void)waitpid(peer->pid, NULL, 0);
    (void)munmap(peer->seen, sizeof *peer->seen);
}
