/* The generated tables behind fold.c. */
#ifndef OX_UNICODE_TABLES_H
#define OX_UNICODE_TABLES_H

#include <stddef.h>
#include <stdint.h>

enum { OX_FOLD_LIMIT = 0x20000, OX_FOLD_SHIFT = 5, OX_FOLD_DROP = 0xFFFF };

/* The value of a code point below OX_FOLD_LIMIT is
 * blocks[index[point >> OX_FOLD_SHIFT] << OX_FOLD_SHIFT | (point & 31)]. */
extern const uint8_t ox_case_index[];
extern const uint16_t ox_case_blocks[]; /* position in the next two */
extern const int32_t ox_case_deltas[];  /* to the folded letter */
extern const int32_t ox_upper_deltas[]; /* to the upper-case letter */
extern const uint8_t ox_base_index[];
extern const uint16_t ox_base_blocks[]; /* 0: itself; OX_FOLD_DROP: a nonspacing mark */
extern const uint16_t ox_narrow[];      /* U+FF00 to U+FFEE */

extern const char ox_unicode_tables_version[];

typedef struct ox_plain_letter {
  uint16_t letter;
  char first;
  char second; /* 0: none */
} ox_plain_letter;

extern const ox_plain_letter ox_plain_letters[];
extern const size_t ox_plain_letter_count;

#endif
