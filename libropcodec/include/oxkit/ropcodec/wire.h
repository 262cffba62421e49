/* Descriptors of wire structures: what oxgen knows of a structure, as const tables. They serve
 * everything off the wire path: dumps, comparison, tests, naming the field where decoding failed.
 * The generated decoders and encoders do not use them.
 *
 * A structure is an array of fields in wire order. A field of kind OX_WIRE_IF or OX_WIRE_SIZED is
 * the head of a block: the `span` fields that follow belong to it. */
#ifndef OXKIT_ROPCODEC_WIRE_H
#define OXKIT_ROPCODEC_WIRE_H

#include <oxkit/ropcodec/property.h>

OX_BEGIN_DECLS

/* Kinds of field: the C type of the member and its form on the wire. */
#define OX_WIRE_U8 1
#define OX_WIRE_U16 2
#define OX_WIRE_U32 3
#define OX_WIRE_U64 4
#define OX_WIRE_I8 5
#define OX_WIRE_I16 6
#define OX_WIRE_I32 7
#define OX_WIRE_I64 8
#define OX_WIRE_BOOL8 9
#define OX_WIRE_ID64 10     /**< folder or message id, uint64_t */
#define OX_WIRE_TAG 11      /**< ox_proptag */
#define OX_WIRE_STATUS 12   /**< ox_status */
#define OX_WIRE_FILETIME 13 /**< ox_filetime */
#define OX_WIRE_GUID 14
#define OX_WIRE_ZSTR8 15  /**< ox_str8, terminated; with a width also preceded by its size */
#define OX_WIRE_ZSTR16 16 /**< ox_str16 */
#define OX_WIRE_BYTES 17  /**< ox_bytes; with OX_WIRE_INLINE uint8_t[fixed] */
#define OX_WIRE_ROWS 18   /**< ox_bytes: property rows, see rows.h */
#define OX_WIRE_STRUCT 19
#define OX_WIRE_HAND 20
#define OX_WIRE_IF 21
#define OX_WIRE_SIZED 22
#define OX_WIRE_CONTEXT 23 /**< in conditions only: ox_wire_context.public_logon */
#define OX_WIRE_STR8 24    /**< ox_str8 of a counted length, not terminated */
#define OX_WIRE_STR16 25   /**< ox_str16; the count is of characters */

/* Properties of a field. */
#define OX_WIRE_ARRAY 1u   /**< several elements: `fixed` of them in place, or behind a pointer */
#define OX_WIRE_POINTER 2u /**< a pointer that is NULL when the value is absent */
#define OX_WIRE_INLINE 4u  /**< the elements stand in the structure itself */
#define OX_WIRE_REST                                                       \
  8u /**< takes everything that is left, or with a term: up to the element \
        for whose members it holds */
#define OX_WIRE_BIG_ENDIAN 16u
#define OX_WIRE_VIEW 32u    /**< decoded from elsewhere in the structure and not encoded */
#define OX_WIRE_MINUTES 64u /**< minutes since 1601-01-01 00:00, local time */

/** A name for a value, or for a bit or group of bits. */
typedef struct ox_wire_named_value {
  uint32_t value;
  const char *name;
} ox_wire_named_value;

/** The names of the values of a field. */
typedef struct ox_wire_values {
  const char *name;
  const char *section;
  bool is_flags;
  uint16_t count;
  const ox_wire_named_value *items;
} ox_wire_values;

/** One term of a condition: (member & mask) is, or is not, one of the numbers. */
typedef struct ox_wire_term {
  uint16_t offset; /**< of the member */
  uint8_t kind;    /**< of the member; OX_WIRE_BYTES asks for its size */
  bool negated;
  uint8_t count;
  uint32_t mask;
  const uint32_t *numbers;
} ox_wire_term;

/** What decoding needs to know beyond the bytes. All zero is fine. */
typedef struct ox_wire_context {
  const ox_proptag *columns; /**< NULL: not known */
  size_t column_count;
  bool public_logon;
  const ox_proptag *recipient_columns; /**< of RecipientRows, for dumps and JSON */
  size_t recipient_column_count;
} ox_wire_context;

struct ox_json_writer;
struct ox_json_reader;
struct ox_json_value;

/** How a hand-written type is shown: text for people, and JSON both ways. oxgen/README.md says what
 *  each function does. `width` is that of its counts, 2 or 4. */
typedef struct ox_wire_hooks {
  /** NULL: people see the JSON. */
  void (*dump)(ox_writer *w, ox_arena *arena, unsigned indent, unsigned width, const void *in);
  void (*to_json)(struct ox_json_writer *j, unsigned width, const void *in);
  void (*from_json)(struct ox_json_reader *r, const struct ox_json_value *json, unsigned width,
                    void *out);
} ox_wire_hooks;

/** A hand-written type. */
typedef struct ox_wire_hand {
  const char *name; /**< C type */
  uint16_t size_bytes;
  uint16_t min_bytes; /**< least size on the wire */
  ox_status (*decode)(ox_reader *r, ox_arena *arena, unsigned width, const ox_proptag *columns,
                      size_t column_count, void *out);
  void (*encode)(ox_writer *w, unsigned width, const ox_proptag *columns, size_t column_count,
                 const void *in);
  const ox_wire_hooks *hooks; /**< NULL: shown as the bytes that it encodes to */
} ox_wire_hand;

typedef struct ox_wire_struct ox_wire_struct;

/** One field in wire order. */
typedef struct ox_wire_field {
  const char *name;
  uint8_t kind;
  uint8_t flags;
  uint8_t width;           /**< bytes of the size that stands before it; 0: none */
  uint8_t hand_width;      /**< count width that a hand-written type gets: 2 or 4 */
  uint16_t offset;         /**< of the member */
  uint16_t span;           /**< fields in the block */
  uint8_t count_kind;      /**< kind of the member that holds the number of elements, or of bytes or
                                characters, or the offset of a view; 0: `fixed` */
  uint8_t maximum_kind;    /**< kind of the member that bounds this one; 0: `maximum`, if not 0 */
  uint16_t count_offset;   /**< of the member that holds the number of elements */
  uint16_t maximum_offset; /**< of the member that bounds this one */
  uint16_t columns_offset; /**< of an array of tags that gives the columns; 0xFFFF: the context's */
  uint16_t term_count;
  uint16_t allowed_count;
  uint32_t fixed; /**< elements; of OX_WIRE_SIZED: what the size counts besides the fields */
  uint32_t element_bytes; /**< of one element in memory */
  uint32_t maximum;
  const ox_wire_term *terms;
  const uint32_t *allowed;
  const ox_wire_struct *structure;
  const ox_wire_hand *hand;
  const ox_wire_values *values;
} ox_wire_field;

struct ox_wire_struct {
  const char *name;    /**< "OpenFolder.request" */
  const char *section; /**< "[MS-OXCROPS] 2.2.4.1" */
  int16_t rop_id;      /**< the byte that stands first; -1: none */
  uint16_t field_count;
  uint32_t size_bytes; /**< of the structure in memory */
  uint32_t min_bytes;  /**< least size on the wire */
  const ox_wire_field *fields;
};

/** Told of each part of a structure as it is decoded, in wire order.
 *  @param depth   of nesting: 0 for the fields of the outermost structure
 *  @param index   of the element in an array; SIZE_MAX for a single value and for an array as a
 * whole
 *  @param offset  in the outermost input
 *  @param value   the member or element; NULL for an absent value */
typedef void (*ox_wire_visit)(void *user, unsigned depth, const ox_wire_field *field, size_t index,
                              uint64_t offset, const void *value, const ox_wire_context *context);

/** Decodes by descriptor: the same result as the generated decoder, slower.
 *  @param context  NULL: nothing is known
 *  @param out      structure->size_bytes of memory; holds what was read before a failure
 *  @param visit    may be NULL
 *  @return as the generated decoder */
OX_EXPORT ox_status ox_wire_decode(const ox_wire_struct *structure, ox_reader *r, ox_arena *arena,
                                   const ox_wire_context *context, void *out, ox_wire_visit visit,
                                   void *user);

/** True when two structures say the same: members that their conditions leave out do not count.
 *  @return false also when memory runs out */
OX_EXPORT bool ox_wire_equal(const ox_wire_struct *structure, const void *a, const void *b);

/** Decodes the structure at the cursor and writes it as text for people: offset, field, value,
 *  meaning, one line each. What was read before a failure is written too.
 *  @param indent  blanks before each line
 *  @return as the decoder; failures to write are the writer's */
OX_EXPORT ox_status ox_wire_dump(const ox_wire_struct *structure, ox_reader *r, ox_arena *arena,
                                 const ox_wire_context *context, unsigned indent, ox_writer *w);

/** Encodes by descriptor: the same bytes and failures as the generated encoder, slower. */
OX_EXPORT void ox_wire_encode(const ox_wire_struct *structure, ox_writer *w, const void *value);

/** Writes a value as a JSON object: members named as on the wire, in wire order; what its
 * conditions leave out is left out, what is absent is null or left out. doc/json.md tells the forms
 * of values. Failures are the writer's.
 *  @param context  gives the columns of property rows, which are hex without; may be NULL */
OX_EXPORT void ox_wire_to_json(const ox_wire_struct *structure, const void *value,
                               const ox_wire_context *context, ox_writer *w);
/** Reads what ox_wire_to_json writes. A count that is left out is the number of elements; members
 *  that do not belong to the structure are refused.
 *  @param text     UTF-8; must outlive the value
 *  @param context  as for writing
 *  @param out      structure->size_bytes of memory; all zero after a failure
 *  @param err      its offset counts bytes of the text; may be NULL
 *  @return OX_OK, OX_E_MALFORMED, OX_E_LIMIT (depth, members of an object), OX_E_NO_MEMORY */
OX_EXPORT OX_WARN_UNUSED ox_status ox_wire_from_json(const ox_wire_struct *structure, ox_str8 text,
                                                     const ox_wire_context *context,
                                                     ox_arena *arena, void *out, ox_error *err);

/* For generated code. */

/** Memory for `count` elements of `element_bytes`, refused when the input cannot hold them.
 *  NULL when count is 0 or the reader has failed. */
OX_EXPORT void *ox_wire_array(ox_reader *r, ox_arena *arena, uint32_t count, size_t min_wire_bytes,
                              size_t element_bytes);
/** Memory for one value; NULL when the reader has failed. */
OX_EXPORT void *ox_wire_one(ox_reader *r, ox_arena *arena, size_t element_bytes);
/** Copies n bytes to `out`. */
OX_EXPORT void ox_wire_read_fixed(ox_reader *r, uint8_t *out, size_t n);
/** Text with its size, terminator included, before it. A size of 0 gives a view without data. */
OX_EXPORT ox_str8 ox_wire_read_sized_zstr8(ox_reader *r, unsigned width);
OX_EXPORT ox_str16 ox_wire_read_sized_zstr16(ox_reader *r, unsigned width);
OX_EXPORT void ox_wire_write_sized_zstr8(ox_writer *w, unsigned width, ox_str8 text);
OX_EXPORT void ox_wire_write_sized_zstr16(ox_writer *w, unsigned width, ox_str16 text);
/** Text of so many characters. */
OX_EXPORT ox_str8 ox_wire_read_str8(ox_reader *r, size_t count);
OX_EXPORT ox_str16 ox_wire_read_str16(ox_reader *r, size_t count);
/** Text behind its number of characters; OX_E_LIMIT when that does not fit its width. */
OX_EXPORT void ox_wire_write_str8(ox_writer *w, unsigned width, ox_str8 text);
OX_EXPORT void ox_wire_write_str16(ox_writer *w, unsigned width, ox_str16 text);
/** Text of exactly so many characters; OX_E_USAGE when it has another length. */
OX_EXPORT void ox_wire_write_counted_str8(ox_writer *w, size_t count, ox_str8 text);
OX_EXPORT void ox_wire_write_counted_str16(ox_writer *w, size_t count, ox_str16 text);
/** Room for one element more than `count`: `elements`, or a larger copy. NULL when the reader has
 *  failed or memory ran out. */
OX_EXPORT void *ox_wire_grow(ox_reader *r, ox_arena *arena, void *elements, uint32_t count,
                             size_t element_bytes);
/** A size that counts `plus` bytes besides what follows it; OX_E_MALFORMED when it is less. */
OX_EXPORT size_t ox_wire_read_size(ox_reader *r, unsigned width, size_t plus);
OX_EXPORT void ox_wire_patch_size(ox_writer *w, size_t mark, unsigned width, size_t plus);
/** A cursor at `offset` from `start`, up to the end of the reader; close it with ox_wire_view_end,
 *  which makes its failure the reader's. */
OX_EXPORT void ox_wire_view(const ox_reader *r, size_t start, size_t offset, ox_reader *view);
OX_EXPORT void ox_wire_view_end(ox_reader *r, const ox_reader *view);
/** Bytes behind their size; OX_E_LIMIT when the size does not fit its width. */
OX_EXPORT void ox_wire_write_sized_bytes(ox_writer *w, unsigned width, ox_bytes bytes);
/** Exactly n bytes; OX_E_USAGE when the view has another size. */
OX_EXPORT void ox_wire_write_exact(ox_writer *w, ox_bytes bytes, size_t n);
/** What a generated decoder does when a run of fixed-size fields is not there or says what it must
 *  not: decodes by descriptor, which finds out what is wrong and where. The reader has not failed.
 *  @param start  position of the reader where the structure begins */
OX_EXPORT ox_status ox_wire_retry(const ox_wire_struct *structure, ox_reader *r, ox_arena *arena,
                                  size_t start, const ox_wire_context *context, void *out);
/** What a generated decoder does when the reader failed: names the field, zeroes *out.
 *  @param start  position of the reader where the structure begins */
OX_EXPORT ox_status ox_wire_failed(const ox_wire_struct *structure, ox_reader *r, ox_arena *arena,
                                   size_t start, const ox_wire_context *context, void *out);

OX_END_DECLS

#endif
