#include "usb/known_scanners.h"

/* Sources. [ids]: The USB ID Repository, http://www.linux-usb.org/usb.ids, version 2025.07.26 (Debian package
 * usb.ids); the names are its names. [1200]: MiniScan MS4404/MS4407 Integration Guide, chapter 9 (product
 * 0x1200 is "HID keyboard emulation"), and [ids]. [0035]: https://github.com/markusressel/barcode-server,
 * README (device "BARCODE SCANNER BARCODE SCANNER").
 * Left out on purpose: 04b4:0100 (a chip maker's own number) and 13ba:0018 (also found in card readers).
 * firmware/70-fairstock-scanner.rules gives access to exactly these; a test compares the two. */
const struct known_scanner known_scanners[] = {
    {0x03f0, 0x0139, "HP Barcode Scanner 4430"},                             /* [ids] */
    {0x03f0, 0x1d24, "HP Barcode scanner"},                                  /* [ids] */
    {0x0416, 0xc141, "Winbond Barcode Scanner"},                             /* [ids] */
    {0x04b4, 0xbca1, "Cypress Barcode Reader"},                              /* [ids] */
    {0x04b4, 0xde61, "Cypress Barcode Reader"},                              /* [ids] */
    {0x04b4, 0xde64, "Cypress Barcode Reader"},                              /* [ids] */
    {0x0536, 0x01ca, "Hand Held Products IT4800 Area Imager"},               /* [ids] */
    {0x0581, 0x0107, "Tera Barcode Scanner 2.4 GHz Receiver"},               /* [ids] */
    {0x0581, 0x020c, "Tera 2D Barcode Scanner EVHK0012"},                    /* [ids] */
    {0x05e0, 0x1200, "Symbol/Zebra Bar Code Scanner"},                       /* [1200] */
    {0x05f9, 0x2202, "PSC Point of Sale Handheld Scanner"},                  /* [ids] */
    {0x05f9, 0x2206, "Datalogic Gryphon series (keyboard emulation)"},       /* [ids] */
    {0x05f9, 0x220c, "Datalogic Gryphon GD4430"},                            /* [ids] */
    {0x065a, 0x0001, "Opticon OPR-2001 / NLV-1001 (keyboard mode)"},         /* [ids] */
    {0x067e, 0x0801, "Intermec barcode scanner (HID keyboard)"},             /* [ids] */
    {0x080c, 0x0300, "Datalogic Gryphon D120"},                              /* [ids] */
    {0x080c, 0x0400, "Datalogic Gryphon D120"},                              /* [ids] */
    {0x080c, 0x0500, "Datalogic Gryphon D120"},                              /* [ids] */
    {0x080c, 0x0600, "Datalogic Gryphon M100"},                              /* [ids] */
    {0x0c2e, 0x0200, "Metrologic MS7120"},                                   /* [ids] */
    {0x0c2e, 0x0204, "Metrologic MS7120 (keyboard mode)"},                   /* [ids] */
    {0x0c2e, 0x0206, "Metrologic MS4980"},                                   /* [ids] */
    {0x0c2e, 0x0b61, "Honeywell Vuquest 3310g"},                             /* [ids] */
    {0x0c2e, 0x0b6a, "Honeywell Vuquest 3310 Area-Imaging Scanner"},         /* [ids] */
    {0x0c2e, 0x0b81, "Honeywell Voyager 1400g series"},                      /* [ids] */
    {0x0db5, 0x013a, "Access IS Barcode Module (virtual keyboard)"},         /* [ids] */
    {0x1eab, 0x0103, "Newland HR200 (HID keyboard)"},                        /* [ids] */
    {0x1eab, 0x0c03, "Newland HR100/HR3260/HR3290/BS80 (HID keyboard)"},     /* [ids] */
    {0x1eab, 0x0d03, "Newland EM2028 (HID keyboard)"},                       /* [ids] */
    {0x1eab, 0x1303, "Newland EM30xx/EM20xx/HR3260/HR200C (HID keyboard)"},  /* [ids] */
    {0x1eab, 0x1403, "Newland HR15 (HID keyboard)"},                         /* [ids] */
    {0x1eab, 0x1603, "Newland FM100-M/3250 (HID keyboard)"},                 /* [ids] */
    {0x1eab, 0x1903, "Newland EM1300 (HID keyboard)"},                       /* [ids] */
    {0x1eab, 0x1a03, "Newland HR3290/HR22 (HID keyboard)"},                  /* [ids] */
    {0x1eab, 0x1c03, "Newland HR2150 (HID keyboard)"},                       /* [ids] */
    {0x1eab, 0x1d03, "Newland FM430 (HID keyboard)"},                        /* [ids] */
    {0x1eab, 0x1e03, "Newland HR42 (HID keyboard)"},                         /* [ids] */
    {0x1eab, 0x1f03, "Newland HR11+ (HID keyboard)"},                        /* [ids] */
    {0x1eab, 0x2003, "Newland EM2037v2 (HID keyboard)"},                     /* [ids] */
    {0x1eab, 0x8003, "Newland EM13x5/HR15-70/HR100-70/HR12 (HID keyboard)"}, /* [ids] */
    {0x1eab, 0x8203, "Newland EM3080-01/EM3095/FR20/FM30 (HID keyboard)"},   /* [ids] */
    {0x1eab, 0x8303, "Newland HR2160 (HID keyboard)"},                       /* [ids] */
    {0x24ea, 0x0197, "Meva Barcode Scanner"},                                /* [ids] */
    {0xffff, 0x0035, "Barcode scanner ffff:0035"},                           /* [0035] */
};
const size_t known_scanners_count = sizeof known_scanners / sizeof *known_scanners;

const struct known_scanner *known_scanners_find(uint16_t vendor, uint16_t product)
{
    for (size_t i = 0; i < known_scanners_count; i++)
        if (known_scanners[i].vendor == vendor && known_scanners[i].product == product)
            return &known_scanners[i];
    return NULL;
}
