/* What JSON at the top level shares between structures and ROP buffers. */
#ifndef OX_KINDS_INTERNAL_H
#define OX_KINDS_INTERNAL_H

#include "json.h"

/* A member "columns", when there are some; and back into the context. */
void ox_json_put_columns(ox_json_writer *j, const ox_proptag *columns, size_t column_count);
void ox_json_get_columns(ox_json_reader *r, const ox_json_value *top, ox_wire_context *context);
/* Whether the value encodes to these bytes; running out of memory fails the writer. */
bool ox_json_is_exact(ox_json_writer *j, const ox_wire_struct *structure, const void *value,
                      ox_bytes bytes);
/* Writes the buffer that the object stands for. */
void ox_rop_buffer_get(ox_json_reader *r, const ox_json_value *top, bool is_response, ox_writer *w);

#endif
