/* Why no answer came, in words for a seller. By curl's codes and times; where one code stands for several
 * reasons, by the TLS library's own words in curl's error text, which is all that every back end offers. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "domain/time_fact.h"
#include "net/http_internal.h"

static bool happened(CURL *curl, CURLINFO info)
{
    curl_off_t us = 0;
    return curl_easy_getinfo(curl, info, &us) == CURLE_OK && us > 0;
}

static const char *timed_out(const struct http_easy *easy)
{
    if (!happened(easy->curl, CURLINFO_NAMELOOKUP_TIME_T))
        return "the shop's name cannot be looked up: the name server does not answer";
    if (!easy->met && !happened(easy->curl, CURLINFO_CONNECT_TIME_T))
        return "the shop cannot be reached: nothing answers";
    if (!happened(easy->curl, CURLINFO_PRETRANSFER_TIME_T))
        return "something answers in the shop's place or too slowly: no secure connection in time";
    return "no answer in time";
}

static const char *not_connected(CURL *curl)
{
    long error = 0;
    (void)curl_easy_getinfo(curl, CURLINFO_OS_ERRNO, &error);
    switch (error) {
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ENETDOWN:
        return "the shop cannot be reached: this device has no way to the internet";
    case ECONNREFUSED:
        return "the shop cannot be reached: the connection is refused";
    default:
        return "the shop cannot be reached";
    }
}

/* OpenSSL: "certificate has expired", "certificate is not yet valid"; mbed TLS: "BADCERT_EXPIRED",
 * "BADCERT_FUTURE"; GnuTLS: "expired", "not yet activated". */
static bool is_not_yet(const char *curl_words)
{
    return strcasestr(curl_words, "not yet") || strcasestr(curl_words, "FUTURE");
}

static bool is_expired(const char *curl_words)
{
    return strcasestr(curl_words, "expired") != NULL;
}

/* Such a clock finds no certificate valid, and some back ends then name another reason. */
static bool is_unset(time_t now_s)
{
    return now_s < time_fact_written_ms() / 1000;
}

static bool is_about_name(const char *curl_words)
{
    return strcasestr(curl_words, "host") || strcasestr(curl_words, "CN_MISMATCH");
}

static void not_trusted(char *words, size_t size, const char *curl_words, time_t now_s)
{
    struct tm now = {0};
    char date[32] = "?";
    (void)gmtime_r(&now_s, &now); /* fails for years beyond an int only: then it is the zero one */
    if (is_unset(now_s)) {
        (void)strftime(date, sizeof date, "%-d %B %Y %H:%M", &now);
        (void)snprintf(
            words, size,
            "clock: this device's clock says %s UTC, so no certificate is valid and no shop can prove "
            "that it is itself. A time server sets it once there is internet; fairstock status says how "
            "to set it by hand. Sales go on",
            date);
    } else if (is_not_yet(curl_words) || is_expired(curl_words)) {
        (void)strftime(date, sizeof date, "%Y-%m-%d %H:%M", &now);
        (void)snprintf(
            words, size,
            "%sthe certificate is not valid at this device's time, %s UTC: if that is wrong, set the "
            "clock; if it is right, the certificate is not the shop's",
            is_not_yet(curl_words) ? "clock: " : "", date);
    } else if (is_about_name(curl_words)) {
        (void)snprintf(words, size,
                       "the certificate is not the shop's but somebody else's: a login page of the network, "
                       "or a wrong address in the configuration");
    } else {
        (void)snprintf(words, size,
                       "the certificate is not the shop's: somebody answers in its place, as a login page of "
                       "the network does");
    }
}

static const char *plain_words(const struct http_easy *easy, CURLcode code)
{
    switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
        return "the shop's name cannot be looked up: no internet, or a broken name server";
    case CURLE_COULDNT_CONNECT:
        return not_connected(easy->curl);
    case CURLE_OPERATION_TIMEDOUT:
        return timed_out(easy);
    case CURLE_SSL_CONNECT_ERROR:
        return "what answers makes no secure connection, as the shop would: a login page of the network does "
               "this";
    case CURLE_UNSUPPORTED_PROTOCOL: /* also an answer without any HTTP header */
    case CURLE_WEIRD_SERVER_REPLY:
        return "what answers does not speak as a shop does: a login page of the network may be in the way";
    case CURLE_SSL_CACERT_BADFILE:
        return "the file of trusted certificates cannot be read; install ca-certificates or correct ca_file";
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_PARTIAL_FILE:
        return "the connection broke before the answer was there";
    case CURLE_OUT_OF_MEMORY:
        return "out of memory";
    case CURLE_WRITE_ERROR:
        return "the answer is larger than the limit";
    default:
        return curl_easy_strerror(code);
    }
}

void http_words(const struct http_easy *easy, CURLcode code, time_t now_s, char *words, size_t size)
{
    if (code == CURLE_PEER_FAILED_VERIFICATION)
        not_trusted(words, size, easy->curl_words, now_s);
    else
        (void)snprintf(words, size, "%s", plain_words(easy, code));
}
