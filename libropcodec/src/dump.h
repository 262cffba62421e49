/* Text for people, shared by the dumps of structures and of ROP buffers. */
#ifndef OX_DUMP_H
#define OX_DUMP_H

#include <oxkit/ropcodec/rops.h>

/* printf into a writer; at most 500 bytes a call. */
void ox_dump_format(ox_writer *w, const char *format, ...) OX_PRINTF(2, 3);
/* Text in quotes, with escapes for what does not print. */
void ox_dump_quoted(ox_writer *w, const char *utf8);
/* A property tag: number, and name where the property table has one. */
void ox_dump_tag(ox_writer *w, ox_proptag tag);
/* A value of a known type on the rest of the line. */
void ox_dump_value(ox_writer *w, ox_arena *arena, uint16_t type, const ox_value *value);
/* A hand-written type: the rest of the line, and more lines indented by `indent` when it needs
 * them. Ends with a line feed. */
void ox_dump_hand(ox_writer *w, ox_arena *arena, const ox_wire_field *field, const void *value,
                  const ox_wire_context *context, unsigned indent);
/* What decoding by descriptor needs to know of the ROP at the cursor. context may be NULL. */
ox_wire_context ox_rop_wire_context(const ox_rop_context *context, const ox_reader *r);

#endif
