/* JSON: a writer, and a strict reader that makes a tree. The forms that values take are those that
 * come back as the same bytes: doc/json.md. Both are sticky, like ox_writer and ox_reader. */
#ifndef OX_JSON_H
#define OX_JSON_H

#include <oxkit/ropcodec/wire.h>

/* Nesting that the reader allows: eight times that of the wire, since one level there may take
 * several here. */
#define OX_JSON_DEPTH_MAX (8 * OX_READER_DEPTH_MAX)
/* Members of one object that the reader allows. */
#define OX_JSON_MEMBERS_MAX 256

/* Writing. */

typedef struct ox_json_writer {
  ox_writer *w;
  unsigned depth;
  bool first;     /* nothing stands in the open object or array yet */
  bool after_key; /* a value follows on this line */
} ox_json_writer;

void ox_json_init(ox_json_writer *j, ox_writer *w);
/* '{' or '[', then '}' or ']'. */
void ox_json_begin(ox_json_writer *j, char open);
void ox_json_end(ox_json_writer *j, char close);
void ox_json_key(ox_json_writer *j, const char *name);

void ox_json_put_null(ox_json_writer *j);
void ox_json_put_bool(ox_json_writer *j, bool value);
void ox_json_put_u32(ox_json_writer *j, uint32_t value);
void ox_json_put_i32(ox_json_writer *j, int32_t value);
void ox_json_put_i64(ox_json_writer *j, int64_t value);
/* "0x" and at least that many digits. */
void ox_json_put_hex(ox_json_writer *j, uint64_t value, unsigned digits);
void ox_json_put_f32(ox_json_writer *j, float value);
void ox_json_put_f64(ox_json_writer *j, double value);
void ox_json_put_tag(ox_json_writer *j, ox_proptag tag);
void ox_json_put_status(ox_json_writer *j, ox_status status);
void ox_json_put_id(ox_json_writer *j, uint64_t id);
void ox_json_put_time(ox_json_writer *j, ox_filetime time);
void ox_json_put_guid(ox_json_writer *j, const ox_guid *guid);
void ox_json_put_bytes(ox_json_writer *j, const uint8_t *data, size_t size_bytes);
void ox_json_put_str8(ox_json_writer *j, ox_str8 text);
void ox_json_put_str16(ox_json_writer *j, ox_str16 text);
/* ASCII, such as a name. */
void ox_json_put_ascii(ox_json_writer *j, const char *text);
/* A number by its name. */
void ox_json_put_named(ox_json_writer *j, const ox_wire_values *values, uint64_t value);
/* The value's members inside the open object; and as an object of their own. */
void ox_json_put_members(ox_json_writer *j, const ox_wire_struct *structure,
                         const ox_wire_context *context, const void *value);
void ox_json_put_struct(ox_json_writer *j, const ox_wire_struct *structure,
                        const ox_wire_context *context, const void *value);

/* Reading. */

typedef enum ox_json_type {
  OX_JSON_NULL,
  OX_JSON_BOOL,
  OX_JSON_NUMBER,
  OX_JSON_TEXT,
  OX_JSON_ARRAY,
  OX_JSON_OBJECT
} ox_json_type;

typedef struct ox_json_value ox_json_value;
struct ox_json_value {
  uint8_t type;
  bool boolean;
  bool used;            /* a member that somebody asked for */
  uint32_t count;       /* of elements or members */
  size_t offset;        /* in the text */
  ox_str8 key;          /* of a member */
  ox_str8 text;         /* TEXT: generalised UTF-8 without escapes; NUMBER: as it stands */
  ox_json_value *first; /* element or member */
  ox_json_value *next;  /* sibling */
};

typedef struct ox_json_reader {
  ox_arena *arena;
  ox_status status;
  size_t offset;     /* of the failure, in the text */
  const char *field; /* that failed, when known */
  const char *spec;
  char text[OX_ERROR_TEXT_BYTES];
} ox_json_reader;

void ox_json_reader_init(ox_json_reader *r, ox_arena *arena);
/* The tree of one JSON text, in the arena and with views of the text: at most 64 bytes of arena for
 * each byte of text. NULL after a failure: OX_E_MALFORMED, OX_E_LIMIT, OX_E_NO_MEMORY. */
ox_json_value *ox_json_parse(ox_json_reader *r, ox_str8 text);
/* Records a failure at a value (NULL: nowhere) unless one is recorded already. */
void ox_json_fail(ox_json_reader *r, const ox_json_value *at, ox_status status, const char *format,
                  ...) OX_PRINTF(4, 5);
/* The recorded failure as an ox_error (NULL is fine), and as the result. */
ox_status ox_json_status(const ox_json_reader *r, ox_error *err);

/* The member of an object; NULL when there is none, or null. The second form fails then. */
ox_json_value *ox_json_member(ox_json_reader *r, const ox_json_value *object, const char *name);
ox_json_value *ox_json_need(ox_json_reader *r, const ox_json_value *object, const char *name);
/* Fails when the object has members that nobody asked for. */
void ox_json_close(ox_json_reader *r, const ox_json_value *object);
/* The first element of an array (follow `next`), whose number is *count_out. */
const ox_json_value *ox_json_items(ox_json_reader *r, const ox_json_value *array,
                                   uint32_t *count_out);
/* Cleared memory in the arena; NULL with the failure recorded. */
void *ox_json_alloc(ox_json_reader *r, size_t count, size_t size_bytes);

/* A value in the forms above; 0 or empty after a failure, which a NULL value is. */
bool ox_json_bool(ox_json_reader *r, const ox_json_value *value);
uint64_t ox_json_u64(ox_json_reader *r, const ox_json_value *value, uint64_t max);
int64_t ox_json_i64(ox_json_reader *r, const ox_json_value *value, int64_t min, int64_t max);
float ox_json_f32(ox_json_reader *r, const ox_json_value *value);
double ox_json_f64(ox_json_reader *r, const ox_json_value *value);
ox_proptag ox_json_tag(ox_json_reader *r, const ox_json_value *value);
ox_status ox_json_status_code(ox_json_reader *r, const ox_json_value *value);
uint64_t ox_json_id(ox_json_reader *r, const ox_json_value *value);
ox_filetime ox_json_time(ox_json_reader *r, const ox_json_value *value);
ox_guid ox_json_guid(ox_json_reader *r, const ox_json_value *value);
/* The data is never NULL, so that empty is not absent. */
ox_bytes ox_json_bytes(ox_json_reader *r, const ox_json_value *value);
/* Writes such bytes as they are, where a structure has a member that holds them exactly. */
void ox_json_copy_bytes(ox_json_reader *r, const ox_json_value *value, ox_writer *w);
ox_str8 ox_json_str8(ox_json_reader *r, const ox_json_value *value);
ox_str16 ox_json_str16(ox_json_reader *r, const ox_json_value *value);
uint64_t ox_json_named(ox_json_reader *r, const ox_json_value *value, const ox_wire_values *values,
                       uint64_t max);
/* A structure's members from a JSON object; `out` is all zero. The first form leaves the object
 * open for more. */
void ox_json_members(ox_json_reader *r, const ox_json_value *object,
                     const ox_wire_struct *structure, const ox_wire_context *context, void *out);
void ox_json_struct(ox_json_reader *r, const ox_json_value *object, const ox_wire_struct *structure,
                    const ox_wire_context *context, void *out);

#endif
