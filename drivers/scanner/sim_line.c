#include "scanner/sim_line.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

/* What is left of a line. */
struct cursor {
    const char *at, *end;
};

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

static void skip_space(struct cursor *c)
{
    while (c->at < c->end && is_space(*c->at))
        c->at++;
}

static bool take_word(struct cursor *c, const char *word)
{
    size_t length = strlen(word);
    if ((size_t)(c->end - c->at) <= length || memcmp(c->at, word, length) != 0 || !is_space(c->at[length]))
        return false;
    c->at += length;
    skip_space(c);
    return true;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* Up to the end of the line. bytes may be NULL: only counts. Returns the number of bytes or -EINVAL. */
static int take_hex(struct cursor *c, uint8_t *bytes, int max, const char *what, struct err *err)
{
    int count = 0;
    for (; c->at < c->end; c->at += 2, count++) {
        int high = hex_digit(c->at[0]);
        int low = c->end - c->at > 1 ? hex_digit(c->at[1]) : -1;
        if (high < 0 || low < 0)
            return err_set(err, -EINVAL,
                           "the %s must be pairs of hex digits without spaces, like 00001e0000000000", what);
        if (count == max)
            return err_set(err, -EINVAL, "the %s is longer than %d bytes", what, max);
        if (bytes)
            bytes[count] = (uint8_t)(high << 4 | low);
    }
    if (count == 0)
        return err_set(err, -EINVAL, "the %s is missing", what);
    return count;
}

static bool take_id(struct cursor *c, uint16_t *id)
{
    unsigned value = 0;
    for (int i = 0; i < 4; i++, c->at++) {
        int digit = c->at < c->end ? hex_digit(*c->at) : -1;
        if (digit < 0)
            return false;
        value = value << 4 | (unsigned)digit;
    }
    *id = (uint16_t)value;
    return true;
}

static int parse_device(struct cursor *c, struct sim_line *line, struct err *err)
{
    bool read = take_id(c, &line->vendor) && c->at < c->end && *c->at == ':';
    c->at += read;
    if (!read || !take_id(c, &line->product) || (c->at < c->end && !is_space(*c->at)))
        return err_set(err, -EINVAL,
                       "a device line is: device VID:PID NAME, like device 0c2e:0b61 Till scanner");
    skip_space(c);
    size_t length = (size_t)(c->end - c->at);
    if (length > NAME_MAX_BYTES)
        return err_set(err, -EINVAL, "the name is longer than %d bytes", NAME_MAX_BYTES);
    memcpy(line->name, c->at, length);
    line->name[length] = '\0';
    line->kind = SIM_DEVICE;
    return 0;
}

static int parse_descriptor(struct cursor *c, struct sim_line *line, struct err *err)
{
    int count = take_hex(c, NULL, SIM_DESCRIPTOR_MAX_BYTES, "descriptor", err);
    if (count < 0)
        return count;
    line->kind = SIM_DESCRIPTOR;
    line->length = (size_t)count;
    return 0;
}

static int parse_transfer(struct cursor *c, struct sim_line *line, struct err *err)
{
    int64_t wait_ms = 0;
    const char *digits = c->at;
    for (; c->at < c->end && *c->at >= '0' && *c->at <= '9'; c->at++) {
        wait_ms = wait_ms * 10 + (*c->at - '0');
        if (wait_ms > SIM_WAIT_MAX_MS)
            return err_set(err, -EINVAL, "the wait is longer than a day");
    }
    if (c->at == digits || c->at == c->end || !is_space(*c->at))
        return err_set(err, -EINVAL, "a line is: MILLISECONDS HEXBYTES, like 10 00001e0000000000");
    skip_space(c);
    int count = take_hex(c, line->bytes, SIM_TRANSFER_MAX_BYTES, "transfer", err);
    if (count < 0)
        return count;
    line->kind = SIM_TRANSFER;
    line->wait_ms = wait_ms;
    line->length = (size_t)count;
    return 0;
}

int sim_line_parse(const char *text, size_t length, struct sim_line *line, struct err *err)
{
    struct cursor c = {text, text + length};
    struct sim_line read = {.kind = SIM_BLANK};
    int r = 0;
    while (c.end > c.at && is_space(c.end[-1]))
        c.end--;
    skip_space(&c);
    if (c.at < c.end && *c.at != '#') {
        if (take_word(&c, "device"))
            r = parse_device(&c, &read, err);
        else if (take_word(&c, "descriptor"))
            r = parse_descriptor(&c, &read, err);
        else
            r = parse_transfer(&c, &read, err);
    }
    if (r == 0)
        *line = read;
    return r;
}
