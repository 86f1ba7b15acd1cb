#include "base/utf8.h"

#include <stdint.h>

/* RFC 3629 section 4. */
size_t utf8_sequence(const char *at, size_t left)
{
    const uint8_t *bytes = (const uint8_t *)at;
    uint8_t first = bytes[0];
    if (first < 0x80)
        return first ? 1 : 0;
    size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || length > left)
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((bytes[i] & 0xc0) != 0x80)
            return 0;
    uint8_t low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    uint8_t high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    return bytes[1] >= low && bytes[1] <= high ? length : 0;
}

size_t utf8_control(const char *at)
{
    const uint8_t *bytes = (const uint8_t *)at;
    if (bytes[0] == 0xc2)
        return bytes[1] >= 0x80 && bytes[1] <= 0x9f ? 2 : 0;
    return (bytes[0] && bytes[0] < ' ') || bytes[0] == 0x7f;
}

bool utf8_valid(const char *bytes, size_t length)
{
    while (length) {
        size_t used = utf8_sequence(bytes, length);
        if (!used)
            return false;
        bytes += used;
        length -= used;
    }
    return true;
}
