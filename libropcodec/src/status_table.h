/* The generated table behind status.c. */
#ifndef OX_STATUS_TABLE_H
#define OX_STATUS_TABLE_H

#include <oxkit/ropcodec/status.h>

/* Texts are offsets into ox_status_texts, so that nothing has to be relocated. */
typedef struct ox_status_row {
  uint32_t code;
  uint32_t macro; /* of "" when it is the name in capitals */
  uint32_t name;
  uint32_t alternates; /* separated by blanks */
  uint32_t text : 31;
  uint32_t is_warning : 1;
} ox_status_row;

extern const char ox_status_texts[];
extern const ox_status_row ox_status_table[];
extern const size_t ox_status_table_count;

#endif
