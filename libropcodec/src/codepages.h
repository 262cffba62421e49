/* The generated tables behind codepage.c. */
#ifndef OX_CODEPAGES_H
#define OX_CODEPAGES_H

#include <stddef.h>
#include <stdint.h>

typedef struct ox_codepage_row {
  uint32_t number;
  const char *charset;
  const uint16_t *upper; /* bytes 0x80 to 0xFF of a single-byte page; 0: not defined */
  const char *iconv;     /* name for iconv_open of a multi-byte page */
} ox_codepage_row;

typedef struct ox_charset_row {
  const char *name;
  uint32_t number;
} ox_charset_row;

extern const ox_codepage_row ox_codepages[];
extern const size_t ox_codepage_count;
extern const ox_charset_row ox_charsets[];
extern const size_t ox_charset_count;

#endif
