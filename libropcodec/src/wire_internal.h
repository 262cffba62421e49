/* Access to the members of a structure by descriptor, for the files that read, write and
 * show structures, and the tests. */
#ifndef OX_WIRE_INTERNAL_H
#define OX_WIRE_INTERNAL_H

#include <oxkit/ropcodec/wire.h>

/* Size of an integer kind on the wire and in memory; 0 for other kinds. */
unsigned ox_wire_integer_bytes(uint8_t kind);
/* The integer, boolean, or size of an ox_bytes that stands `offset` bytes into a structure. */
uint64_t ox_wire_number(const void *base, uint8_t kind, size_t offset);
void ox_wire_set_number(void *base, uint8_t kind, size_t offset, uint64_t value);
/* Whether the condition at the head of a block holds. */
bool ox_wire_condition(const ox_wire_field *head, const void *base, bool public_logon);
/* How many elements an array has. */
uint32_t ox_wire_count(const ox_wire_field *field, const void *base);
/* The first element, or the value itself; NULL when a pointer is. */
const void *ox_wire_elements(const ox_wire_field *field, const void *base);
/* What a hand-written type or rows see as columns: those of a field, or the context's. */
ox_wire_context ox_wire_columns(const ox_wire_field *field, const void *base,
                                const ox_wire_context *outer);
/* Bytes that are a RecipientRow; `columns` are those of ox_wire_recipient_columns. */
bool ox_wire_is_recipient(const ox_wire_field *field);
/* The context inside a structure: where it has RecipientColumns, its rows have those. */
ox_wire_context ox_wire_recipient_columns(const ox_wire_struct *structure, const void *base,
                                          const ox_wire_context *outer);
/* Whether a number is one that the notation's max= and in= allow. */
bool ox_wire_is_allowed(const ox_wire_field *field, const void *base);
/* Least size of one element on the wire. */
size_t ox_wire_min_bytes(const ox_wire_field *field);

#endif
