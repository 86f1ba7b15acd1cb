/* The command's blocking request: no loop. */
#include <errno.h>

#include "net/http_internal.h"

static int error_of(CURLcode code)
{
    switch (code) {
    case CURLE_COULDNT_CONNECT:
        return -ECONNREFUSED;
    case CURLE_OPERATION_TIMEDOUT:
        return -ETIMEDOUT;
    case CURLE_OUT_OF_MEMORY:
        return -ENOMEM;
    default:
        return -EIO;
    }
}

int http_call(const char *unix_socket, const char *method, const char *url, const char *headers,
              const char *body, size_t length, int64_t timeout_ms, struct http_reply *reply, struct err *err)
{
    struct http_easy easy;
    struct http_ask ask = {.method = method,
                           .url = url,
                           .headers = headers,
                           .ca_file = HTTP_SYSTEM_CA,
                           .body = body,
                           .length = length,
                           .timeout_ms = timeout_ms,
                           .connect_ms = HTTP_CONNECT_SLOW_MAX_MS};
    *reply = (struct http_reply){.body = buf_new(HTTP_CALL_BODY_MAX_BYTES)};
    CURLcode code = http_easy_set_up(&easy, &ask, reply);
    if (code == CURLE_OK && unix_socket)
        code = curl_easy_setopt(easy.curl, CURLOPT_UNIX_SOCKET_PATH, unix_socket);
    if (code == CURLE_OK) {
        code = curl_easy_perform(easy.curl);
        http_easy_conclude(&easy, code);
    }
    if (code != CURLE_OK)
        (void)err_set(err, error_of(code), "%s",
                      reply->network_words[0] ? reply->network_words : curl_easy_strerror(code));
    http_easy_free(&easy);
    return code == CURLE_OK ? 0 : error_of(code);
}
