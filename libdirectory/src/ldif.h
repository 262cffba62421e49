/* LDIF records. @spec RFC 2849 */
#ifndef OXKIT_DIRECTORY_LDIF_H
#define OXKIT_DIRECTORY_LDIF_H

#include <oxkit/ropcodec/types.h>

enum { LDIF_RECORD_MAX_LINES = 200000, LDIF_RECORD_MAX_BYTES = 16 * 1024 * 1024 };

typedef struct ldif_attribute {
  const char *name;    /* without options; terminated */
  const char *options; /* "lang-de;binary"; "" without */
  const char *value;   /* terminated after size_bytes; may hold zeros */
  size_t size_bytes;
  size_t line;
  bool is_url; /* "attr:< URL": value is the URL */
} ldif_attribute;

typedef struct ldif_record {
  size_t line; /* of its first line, from 1 */
  const char *dn;
  const char *changetype; /* "add" when absent */
  ldif_attribute *attributes;
  size_t attribute_count;
  ox_status status; /* why the record cannot be used, or OX_OK */
  char reason[160];
} ldif_record;

typedef struct ldif_reader {
  const uint8_t *data;
  size_t size_bytes;
  size_t position;
  size_t line; /* of position, from 1 */
} ldif_reader;

void ldif_init(ldif_reader *reader, ox_bytes text);
/* The next record; false at the end. A record that breaks the rules comes with a status and is
 * skipped to its blank line. Strings live in the arena. */
bool ldif_next(ldif_reader *reader, ox_arena *arena, ldif_record *out);

#endif
