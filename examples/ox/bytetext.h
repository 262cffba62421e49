/* Bytes as text: hexadecimal and base64 (RFC 4648). */
#ifndef OX_BYTETEXT_H
#define OX_BYTETEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

typedef enum byte_form { FORM_AUTO, FORM_BINARY, FORM_HEX, FORM_BASE64 } byte_form;

/** Turns text in a form into bytes, in place; blanks and line ends are passed over. FORM_AUTO takes
 *  text of nothing but pairs of hexadecimal digits as that, then text of nothing but base64, else
 *  the bytes as they are.
 *  @param bad_out  offset of the first character that does not belong there
 *  @return false when the text is not what it should be */
bool bytes_from_text(char *data, size_t *size, byte_form form, size_t *bad_out);

/** Writes bytes in a form (FORM_AUTO is FORM_BINARY), text with line ends.
 *  @return false when writing failed */
bool write_bytes_as(FILE *file, const void *data, size_t size, byte_form form);

#endif
