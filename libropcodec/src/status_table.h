/* The generated table behind status.c. */
#ifndef OX_STATUS_TABLE_H
#define OX_STATUS_TABLE_H

#include <oxkit/ropcodec/status.h>

typedef struct ox_status_row {
  uint32_t code;
  bool warning;
  const char *macro;
  const char *name;
  const char *text;
  const char *alternates; /* separated by blanks */
} ox_status_row;

extern const ox_status_row ox_status_table[];
extern const size_t ox_status_table_count;

#endif
