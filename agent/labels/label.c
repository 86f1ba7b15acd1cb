#include "labels/label.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <zint.h>

#include "domain/gtin.h"

enum { BAR_HEIGHT_MODULES = 50, MARGIN_MODULES = 2 };

enum label_kind label_kind(const char *code)
{
    if (!gtin_valid(code))
        return LABEL_CODE128;
    switch (strlen(code)) {
    case 13:
        return LABEL_EAN13;
    case 12:
        return LABEL_UPCA;
    case 8:
        return LABEL_EAN8;
    default:
        return LABEL_CODE128; /* GTIN-14 stands on boxes, as Code 128 or ITF */
    }
}

static int symbology(enum label_kind kind)
{
    switch (kind) {
    case LABEL_EAN13:
    case LABEL_EAN8:
        return BARCODE_EANX;
    case LABEL_UPCA:
        return BARCODE_UPCA;
    case LABEL_CODE128:
        break;
    }
    return BARCODE_CODE128;
}

static int check_code(const char *code, struct err *err)
{
    size_t length = strlen(code);
    if (length == 0 || length > CODE_MAX_BYTES)
        return err_set(err, -EINVAL, "a barcode has 1 to %d characters", CODE_MAX_BYTES);
    for (size_t i = 0; i < length; i++)
        if (code[i] < ' ' || code[i] > '~')
            return err_set(err, -EINVAL,
                           "character %zu cannot stand in a barcode; letters, digits and signs can", i + 1);
    return 0;
}

static void add_escaped(struct buf *out, const unsigned char *text, int length)
{
    for (int i = 0; i < length; i++) {
        switch (text[i]) {
        case '&':
            buf_add_text(out, "&amp;");
            break;
        case '<':
            buf_add_text(out, "&lt;");
            break;
        case '>':
            buf_add_text(out, "&gt;");
            break;
        default:
            buf_add_byte(out, text[i]);
        }
    }
}

/* zint's vector: rectangles are bars, strings are the readable text. Hexagons and circles belong to other
 * symbologies. */
static void write_svg(const struct zint_vector *vector, struct buf *out)
{
    static const char *const anchors[] = {"middle", "start", "end"};
    buf_printf(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" viewBox=\"0 0 %.2f %.2f\">"
        "<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/><g fill=\"#000\" "
        "shape-rendering=\"crispEdges\">",
        (double)vector->width, (double)vector->height, (double)vector->width, (double)vector->height);
    for (const struct zint_vector_rect *bar = vector->rectangles; bar; bar = bar->next)
        buf_printf(out, "<rect x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\"/>", (double)bar->x,
                   (double)bar->y, (double)bar->width, (double)bar->height);
    buf_add_text(out, "</g><g fill=\"#000\" font-family=\"monospace\">");
    for (const struct zint_vector_string *text = vector->strings; text; text = text->next) {
        buf_printf(out, "<text x=\"%.2f\" y=\"%.2f\" font-size=\"%.2f\" text-anchor=\"%s\">", (double)text->x,
                   (double)text->y, (double)text->fsize,
                   anchors[text->halign >= 0 && text->halign <= 2 ? text->halign : 0]);
        add_escaped(out, text->text, text->length);
        buf_add_text(out, "</text>");
    }
    buf_add_text(out, "</g></svg>");
}

static int draw_error(const struct zint_symbol *symbol, int result, struct err *err)
{
    switch (result) {
    case ZINT_ERROR_TOO_LONG:
        return err_set(err, -E2BIG, "too long for a barcode: %s", symbol->errtxt);
    case ZINT_ERROR_MEMORY:
        return err_set(err, -ENOMEM, "out of memory");
    default:
        return err_set(err, -EINVAL, "cannot be drawn as a barcode: %s", symbol->errtxt);
    }
}

static int draw(struct zint_symbol *symbol, const char *code, struct buf *out, struct err *err)
{
    unsigned char source[CODE_MAX_BYTES + 1]; /* zint's parameter is not const in every version */
    enum label_kind kind = label_kind(code);
    size_t length = strlen(code);
    memcpy(source, code, length + 1);
    if (kind == LABEL_EAN8)
        length--; /* zint 2.11 pads 8 digits to an EAN-13; of 7 it makes the EAN-8 and adds the same check
                     digit */
    symbol->symbology = symbology(kind);
    symbol->height = BAR_HEIGHT_MODULES;
    symbol->whitespace_height = MARGIN_MODULES;
    symbol->output_options |= BARCODE_QUIET_ZONES;
    int result = ZBarcode_Encode_and_Buffer_Vector(symbol, source, (int)length, 0);
    if (result >= ZINT_ERROR)
        return draw_error(symbol, result, err);
    write_svg(symbol->vector, out);
    result = buf_error(out);
    return result < 0 ? err_set(err, result, "the picture does not fit into %zu bytes", out->cap) : 0;
}

int label_svg(const char *code, struct buf *out, struct err *err)
{
    int result = check_code(code, err);
    if (result < 0)
        return result;
    struct zint_symbol *symbol = ZBarcode_Create();
    if (!symbol)
        return err_set(err, -ENOMEM, "out of memory");
    result = draw(symbol, code, out, err);
    ZBarcode_Delete(symbol);
    return result;
}
