/* The USB driver through real libusb against faked devices. Run under umockdev-wrapper: test_usb READER
 * [SCENARIO]. Every wait is for a line of the program under test or for a report it took, never for a time.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bed.h"
#include "program.h"

enum { SCANNER_VENDOR = 0x0c2e, SCANNER_PRODUCT = 0x0b61 };

static struct fake *scanner_attach(struct bed *bed, const char *port)
{
    return fake_attach(bed, port, SCANNER_VENDOR, SCANNER_PRODUCT, "Till scanner", FAKE_KEYBOARD);
}

static void type(struct fake *fake, const char *code)
{
    fake_type(fake, code, HID_SUFFIX_ENTER);
}

static void start(struct program *reader, const char *argument)
{
    const char *const arguments[] = {argument, NULL};
    program_start(reader, arguments);
}

/* ---- scenarios ---- */

static void present_at_start(struct bed *bed, struct program *reader)
{
    struct fake *scanner = scanner_attach(bed, "1-1");
    start(reader, NULL);
    expect(reader, "LISTED");
    expect(reader, "READY 1 Till scanner");
    CHECK(!fake_seen(scanner).kernel_driver);
    CHECK(fake_seen(scanner).claims == 1);
    CHECK(fake_seen(scanner).protocol == 0);
    type(scanner, "4006381333931");
    expect(reader, "CODE 1 4006381333931");
    type(scanner, "MUG-Blu/01");
    expect(reader, "CODE 1 MUG-Blu/01");
    CHECK(fake_seen(scanner).in_flight_max >= 2);
    program_stop(reader);
    CHECK(fake_seen(scanner).releases == 1);
    CHECK(fake_seen(scanner).kernel_driver);
    CHECK(fake_seen(scanner).protocol == 1);
}

static void plugged_in_later(struct bed *bed, struct program *reader)
{
    start(reader, NULL);
    expect(reader, "LISTED");
    struct fake *scanner = scanner_attach(bed, "1-1");
    expect(reader, "READY 1 Till scanner");
    type(scanner, "123");
    expect(reader, "CODE 1 123");
    program_stop(reader);
}

static void unplugged_in_mid_code(struct bed *bed, struct program *reader)
{
    struct fake *scanner = scanner_attach(bed, "1-1");
    start(reader, NULL);
    expect(reader, "LISTED");
    expect(reader, "READY 1 Till scanner");
    type(scanner, "1");
    expect(reader, "CODE 1 1"); /* it sends suffixes: what follows is not ended by a pause */
    fake_type(scanner, "400638", HID_SUFFIX_NONE);
    CHECK(fake_wait_taken(scanner, 4 + 12));
    int64_t pulled_ms = program_now_ms();
    fake_detach(scanner);
    expect(reader,
           "GONE 1 The scanner was unplugged. A code that was not complete was discarded; scan it again.");
    CHECK(program_now_ms() - pulled_ms < 1000);
    int64_t plugged_ms = program_now_ms();
    scanner = scanner_attach(bed, "1-1");
    expect(reader, "READY 1 Till scanner");
    CHECK(program_now_ms() - plugged_ms < 2000);
    type(scanner, "333931");
    expect(reader, "CODE 1 333931");
    fake_detach(scanner);
    expect(reader, "GONE 1 The scanner was unplugged.");
    scanner = scanner_attach(bed, "1-2"); /* another port, the same scanner */
    expect(reader, "READY 1 Till scanner");
    program_stop(reader);
}

static void without_suffix(struct bed *bed, struct program *reader)
{
    struct fake *scanner = scanner_attach(bed, "1-1");
    start(reader, NULL);
    expect(reader, "LISTED");
    expect(reader, "READY 1 Till scanner");
    fake_type(scanner, "96385074", HID_SUFFIX_NONE);
    expect(reader, "CODE 1 96385074");
    fake_type(scanner, "12345670", HID_SUFFIX_NONE);
    expect(reader, "CODE 1 12345670");
    program_stop(reader);
}

static void two_scanners(struct bed *bed, struct program *reader)
{
    struct fake *first = scanner_attach(bed, "1-1");
    start(reader, NULL);
    expect(reader, "LISTED");
    expect(reader, "READY 1 Till scanner");
    struct fake *second = fake_attach(bed, "1-2", 0x05e0, 0x1200, "Symbol Bar Code Scanner", FAKE_KEYBOARD);
    expect(reader, "READY 2 Symbol Bar Code Scanner");
    for (int i = 0; i < 5; i++) { /* half a code each, then the other half: they must not mix */
        unsigned taken = fake_taken(first);
        fake_type(first, "4006", HID_SUFFIX_NONE);
        CHECK(fake_wait_taken(first, taken + 8));
        type(second, "A-77");
        expect(reader, "CODE 2 A-77");
        type(first, "381333931");
        expect(reader, "CODE 1 4006381333931");
    }
    fake_detach(first);
    expect(reader, "GONE 1 The scanner was unplugged.");
    type(second, "B-1");
    expect(reader, "CODE 2 B-1");
    (void)scanner_attach(bed, "1-1");
    expect(reader, "READY 1 Till scanner");
    program_stop(reader);
}

static void stalled(struct bed *bed, struct program *reader)
{
    static const int statuses[] = {-EPIPE, -EPROTO, -EOVERFLOW};
    struct fake *scanner = scanner_attach(bed, "1-1");
    start(reader, NULL);
    expect(reader, "LISTED");
    expect(reader, "READY 1 Till scanner");
    for (unsigned i = 0; i < 3; i++) {
        fake_break(scanner, statuses[i]); /* between codes: nothing is lost, nothing is said */
        type(scanner, "11");
        expect(reader, "CODE 1 11");
        fake_type(scanner, "40", HID_SUFFIX_NONE);
        fake_break(scanner, statuses[i]);
        expect_begin(reader, "REJECTED 1 The cable or the scanner faltered");
        type(scanner, "06"); /* the rest of the broken code is not a code */
        type(scanner, "22");
        expect(reader, "CODE 1 22");
    }
    CHECK(fake_seen(scanner).clears == 6);
    CHECK(fake_seen(scanner).bad_clears == 0);
    program_stop(reader);
}

static void broken_for_good(struct bed *bed, struct program *reader)
{
    struct fake *scanner = scanner_attach(bed, "1-1");
    start(reader, NULL);
    expect(reader, "LISTED");
    expect(reader, "READY 1 Till scanner");
    for (int i = 0; i < 6; i++)
        fake_break(scanner, -EPIPE);
    expect_begin(reader, "FAULT 1 The scanner cannot be used: failed. It does not answer.");
    CHECK(fake_seen(scanner).clears == 5);
    expect(reader, "READY 1 Till scanner"); /* tried again by itself */
    type(scanner, "5");
    expect(reader, "CODE 1 5");
    program_stop(reader);
}

static void slow_loop(struct bed *bed, struct program *reader)
{
    enum { CODES = 200, RING = 1024, LANES = 4 };
    char code[16], want[32];
    struct fake *scanner = scanner_attach(bed, "1-1");
    start(reader, NULL);
    expect(reader, "LISTED");
    expect(reader, "READY 1 Till scanner");
    command(reader, "hold"); /* as while a slow card is written */
    expect(reader, "HOLDING");
    for (int i = 0; i < CODES; i++) {
        (void)snprintf(code, sizeof code, "%013d", i);
        type(scanner, code);
    }
    CHECK(fake_wait_taken(scanner, RING)); /* read on as far as the ring goes; then the scanner has to wait */
    CHECK(fake_taken(scanner) <= RING + LANES);
    struct timespec hold = {.tv_sec = 1, .tv_nsec = 200000000}; /* longer than any pause that ends a code */
    (void)nanosleep(&hold, NULL);
    CHECK(write(reader->to, "x", 1) == 1);
    expect(reader, "HELD");
    for (int i = 0; i < CODES; i++) {
        (void)snprintf(want, sizeof want, "CODE 1 %013d", i);
        expect(reader, want);
    }
    CHECK(fake_taken(scanner) == CODES * 28);
    program_stop(reader);
}

static void listing(struct bed *bed, struct program *reader)
{
    struct fake *keyboard = fake_attach(bed, "1-1", 0x046d, 0xc31c, "USB Keyboard", FAKE_KEYBOARD);
    struct fake *mouse = fake_attach(bed, "1-2", 0x046d, 0xc077, "Optical Mouse", FAKE_MOUSE);
    struct fake *pos = fake_attach(bed, "1-3", 0x05e0, 0x1200, "Symbol Bar Code Scanner", FAKE_OTHER_HID);
    struct fake *scanner = scanner_attach(bed, "1-4");
    struct fake *learnt = fake_attach(bed, "1-5", 0x1a2c, 0x0042, "SZH", FAKE_KEYBOARD);
    start(reader, "1a2c:0042 Blue scanner\n");
    expect(reader, "LISTED");
    char first[LINE_BYTES], second[LINE_BYTES];
    CHECK(program_line(reader, first) && program_line(reader, second));
    CHECK(strstr(first, "READY") && strstr(second, "READY"));
    CHECK(strstr(first, "Till scanner") || strstr(second, "Till scanner"));
    CHECK(strstr(first, "Blue scanner") || strstr(second, "Blue scanner"));
    type(learnt, "77");
    CHECK(program_line(reader, first) && strstr(first, "CODE") && strstr(first, " 77"));
    command(reader, "devices");
    bool seen[5] = {0};
    static const char *const wants[5] = {
        "DEVICE 046d:c31c [USB Keyboard] 1-1: not known. If this is a scanner: fairstock learn",
        "DEVICE 046d:c077 [Optical Mouse] 1-2: ignored. ",
        "DEVICE 05e0:1200 [Symbol Bar Code Scanner] 1-3: ignored. This scanner is not set to keyboard mode: "
        "scan \"USB "
        "keyboard\" in its manual.",
        "DEVICE 0c2e:0b61 [Till scanner] 1-4: used. ",
        "DEVICE 1a2c:0042 [Blue scanner] 1-5: used. ",
    };
    for (int i = 0; i < 5; i++) {
        CHECK(program_line(reader, first));
        for (int w = 0; w < 5; w++)
            seen[w] = seen[w] || strcmp(first, wants[w]) == 0;
    }
    expect(reader, "DEVICES 5");
    for (int w = 0; w < 5; w++)
        if (!seen[w])
            fail("the list lacks: %s", wants[w]);
    CHECK(fake_seen(keyboard).opens == 0 && fake_seen(keyboard).kernel_driver);
    CHECK(fake_seen(mouse).opens == 0 && fake_seen(pos).opens == 0);
    CHECK(fake_seen(scanner).claims == 1);
    program_stop(reader);
}

static void no_permission(struct bed *bed, struct program *reader)
{
    struct fake *scanner = scanner_attach(bed, "1-1");
    fake_forbid(scanner);
    start(reader, NULL);
    expect(reader, "LISTED");
    expect_begin(reader, "FAULT 1 The scanner cannot be used: no permission. echo 'SUBSYSTEM==\"usb\"");
    command(reader, "devices");
    expect_begin(reader, "DEVICE 0c2e:0b61 [Till scanner] 1-1: no permission. echo 'SUBSYSTEM==\"usb\"");
    expect(reader, "DEVICES 1");
    fake_allow(scanner);
    expect(reader, "READY 1 Till scanner");
    type(scanner, "9");
    expect(reader, "CODE 1 9");
    program_stop(reader);
}

static void busy(struct bed *bed, struct program *reader)
{
    struct fake *scanner = scanner_attach(bed, "1-1");
    fake_set_busy(scanner, true);
    start(reader, NULL);
    expect(reader, "LISTED");
    expect_begin(reader, "FAULT 1 The scanner cannot be used: busy. Another program holds it.");
    fake_set_busy(scanner, false);
    expect(reader, "READY 1 Till scanner");
    program_stop(reader);
}

static struct fake *unknown_attach(struct bed *bed, const char *port)
{
    return fake_attach(bed, port, 0x1a2c, 0x0042, "SZH Device", FAKE_KEYBOARD);
}

static void learn(struct bed *bed, struct program *reader)
{
    struct fake *keyboard = fake_attach(bed, "1-1", 0x046d, 0xc31c, "USB Keyboard", FAKE_KEYBOARD);
    struct fake *unknown = unknown_attach(bed, "1-2");
    start(reader, NULL);
    expect(reader, "LISTED");
    command(reader, "learn");
    ask_until(reader, "learning", "LEARN waiting Unplug the scanner");
    fake_detach(unknown);
    unknown = unknown_attach(bed, "1-2");
    ask_until(reader, "learning", "LEARN offered Found 1a2c:0042 SZH Device. Scan any code with it.");
    type(unknown, "4006381333931");
    expect(reader, "SAVED 1a2c:0042 SZH Device");
    expect(reader, "READY 1 SZH Device");
    ask_until(reader, "learning", "LEARN learnt Learnt 1a2c:0042 SZH Device");
    type(unknown, "5901234123457"); /* the first code taught, this one sells */
    expect(reader, "CODE 1 5901234123457");
    fake_detach(unknown);
    expect(reader, "GONE 1 The scanner was unplugged.");
    (void)unknown_attach(bed, "1-2");
    expect(reader, "READY 1 SZH Device");
    CHECK(fake_seen(keyboard).opens == 0);
    program_stop(reader);
}

static void learn_only_keyboard(struct bed *bed, struct program *reader)
{
    start(reader, NULL);
    expect(reader, "LISTED");
    command(reader, "learn");
    ask_until(reader, "learning", "LEARN waiting");
    struct fake *unknown = unknown_attach(bed, "1-2");
    ask_until(reader, "learning", "LEARN failed 1a2c:0042 SZH Device is the only keyboard here");
    CHECK(fake_seen(unknown).opens == 0);
    command(reader, "learn yes");
    fake_detach(unknown);
    unknown = unknown_attach(bed, "1-2");
    ask_until(reader, "learning", "LEARN offered");
    type(unknown, "12345");
    expect(reader, "SAVED 1a2c:0042 SZH Device");
    expect(reader, "READY 1 SZH Device");
    program_stop(reader);
}

static void learn_mouse(struct bed *bed, struct program *reader)
{
    (void)fake_attach(bed, "1-1", 0x046d, 0xc31c, "USB Keyboard", FAKE_KEYBOARD);
    start(reader, NULL);
    expect(reader, "LISTED");
    command(reader, "learn");
    ask_until(reader, "learning", "LEARN waiting");
    struct fake *combo = fake_attach(bed, "1-2", 0x1a2c, 0x0099, "Combo", FAKE_KEYBOARD_MOUSE);
    ask_until(reader, "learning", "LEARN failed 1a2c:0099 Combo also reports a mouse");
    CHECK(fake_seen(combo).opens == 0);
    program_stop(reader);
}

static void learn_not_saved(struct bed *bed, struct program *reader)
{
    (void)fake_attach(bed, "1-1", 0x046d, 0xc31c, "USB Keyboard", FAKE_KEYBOARD);
    start(reader, "--save-fails");
    expect(reader, "LISTED");
    command(reader, "learn");
    ask_until(reader, "learning", "LEARN waiting");
    struct fake *unknown = unknown_attach(bed, "1-2");
    ask_until(reader, "learning", "LEARN offered");
    type(unknown, "12345");
    ask_until(reader, "learning", "LEARN failed It was not kept: the disk is full");
    while (!fake_seen(unknown).kernel_driver) /* given back to the kernel */
        ask_until(reader, "learning", "LEARN failed");
    CHECK(fake_seen(unknown).releases == 1);
    program_stop(reader);
}

static void learn_no_permission(struct bed *bed, struct program *reader)
{
    (void)fake_attach(bed, "1-1", 0x046d, 0xc31c, "USB Keyboard", FAKE_KEYBOARD);
    struct fake *unknown = unknown_attach(bed, "1-2");
    fake_forbid(unknown);
    start(reader, NULL);
    expect(reader, "LISTED");
    command(reader, "learn");
    ask_until(reader, "learning", "LEARN waiting");
    fake_replug(unknown);
    ask_until(reader, "learning",
              "LEARN failed Found it, but: no permission. Type these two commands:|echo 'SUBSYSTEM");
    fake_allow(unknown);
    command(reader, "learn");
    fake_replug(unknown);
    ask_until(reader, "learning", "LEARN offered");
    type(unknown, "12345");
    expect(reader, "SAVED 1a2c:0042 SZH Device");
    expect(reader, "READY 1 SZH Device");
    program_stop(reader);
}

/* ---- running ---- */

static const struct {
    const char *name;
    void (*run)(struct bed *bed, struct program *reader);
} scenarios[] = {
    {"present_at_start", present_at_start},
    {"plugged_in_later", plugged_in_later},
    {"unplugged_in_mid_code", unplugged_in_mid_code},
    {"without_suffix", without_suffix},
    {"two_scanners", two_scanners},
    {"stalled", stalled},
    {"broken_for_good", broken_for_good},
    {"slow_loop", slow_loop},
    {"listing", listing},
    {"no_permission", no_permission},
    {"busy", busy},
    {"learn", learn},
    {"learn_only_keyboard", learn_only_keyboard},
    {"learn_mouse", learn_mouse},
    {"learn_not_saved", learn_not_saved},
    {"learn_no_permission", learn_no_permission},
};

int main(int count, char *arguments[])
{
    for (size_t i = 0; count == 3 && i < sizeof scenarios / sizeof *scenarios; i++) {
        if (strcmp(scenarios[i].name, arguments[2]) != 0)
            continue;
        struct bed *bed = bed_new();
        struct program reader = {.path = arguments[1]};
        scenarios[i].run(bed, &reader);
        bed_free(bed);
        printf("ok %s\n", scenarios[i].name);
        return 0;
    }
    (void)fprintf(stderr, "usage: umockdev-wrapper test_usb READER SCENARIO\n");
    return 2;
}
