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
void ox_dump_str8(ox_writer *w, ox_arena *arena, ox_str8 text);
void ox_dump_str16(ox_writer *w, ox_arena *arena, ox_str16 text);
void ox_dump_bytes(ox_writer *w, const uint8_t *data, size_t size_bytes);
void ox_dump_guid(ox_writer *w, const ox_guid *guid);
void ox_dump_time(ox_writer *w, ox_filetime time);
/* A date and time in brackets: what a number of minutes since 1601 means. */
void ox_dump_minutes(ox_writer *w, uint32_t minutes);
/* REPLID-GLOBCNT. */
void ox_dump_id(ox_writer *w, uint64_t id);
void ox_dump_status(ox_writer *w, ox_status status);
/* A value as JSON on the rest of the line and on more, indented by `indent` blanks. */
void ox_dump_by_json(ox_writer *w, unsigned indent, const ox_wire_hooks *hooks, unsigned width,
                     const void *in);
/* Properties, one a line. */
void ox_dump_row(ox_writer *w, ox_arena *arena, const ox_property *row, size_t count,
                 unsigned indent);
/* What decoding by descriptor needs to know of the ROP at the cursor. context may be NULL. */
ox_wire_context ox_rop_wire_context(const ox_rop_context *context, const ox_reader *r);

#endif
