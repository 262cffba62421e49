/* Property types, tags, values, rows and bags.
 * @spec [MS-OXCDATA] 2.8, 2.9, 2.11 */
#ifndef OXKIT_ROPCODEC_PROPERTY_H
#define OXKIT_ROPCODEC_PROPERTY_H

#include <oxkit/ropcodec/properties.h>
#include <oxkit/ropcodec/reader.h>
#include <oxkit/ropcodec/text.h>
#include <oxkit/ropcodec/writer.h>

OX_BEGIN_DECLS

/** PropertyTag: id in the high 16 bits, type in the low 16. @spec [MS-OXCDATA] 2.9 */
typedef uint32_t ox_proptag;

#define OX_PROPTAG(id, type) ((((ox_proptag)(id)) << 16) | (ox_proptag)(type))
#define OX_PROPTAG_ID(tag) ((uint16_t)((tag) >> 16))
#define OX_PROPTAG_TYPE(tag) ((uint16_t)((tag)&0xFFFF))
/** The same property with another type. */
#define OX_PROPTAG_AS(tag, type) (((tag)&0xFFFF0000u) | (ox_proptag)(type))

/* Property types. @spec [MS-OXCDATA] 2.11.1 */
#define OX_PTYP_UNSPECIFIED 0x0000
#define OX_PTYP_NULL 0x0001
#define OX_PTYP_INTEGER16 0x0002
#define OX_PTYP_INTEGER32 0x0003
#define OX_PTYP_FLOATING32 0x0004
#define OX_PTYP_FLOATING64 0x0005
#define OX_PTYP_CURRENCY 0x0006
#define OX_PTYP_FLOATING_TIME 0x0007
#define OX_PTYP_ERROR_CODE 0x000A
#define OX_PTYP_BOOLEAN 0x000B
#define OX_PTYP_OBJECT 0x000D /**< also PtypEmbeddedTable */
#define OX_PTYP_INTEGER64 0x0014
#define OX_PTYP_STRING8 0x001E
#define OX_PTYP_STRING 0x001F
#define OX_PTYP_TIME 0x0040
#define OX_PTYP_GUID 0x0048
#define OX_PTYP_SERVER_ID 0x00FB
#define OX_PTYP_RESTRICTION 0x00FD
#define OX_PTYP_RULE_ACTION 0x00FE
#define OX_PTYP_BINARY 0x0102
#define OX_PTYP_MULTIPLE 0x1000 /**< flag: PtypMultiple* */
#define OX_PTYP_INSTANCE 0x2000 /**< flag: MultivalueInstance of [MS-OXCTABL] 2.2.2.2.1 */
#define OX_PTYP_MULTIPLE_INTEGER16 0x1002
#define OX_PTYP_MULTIPLE_INTEGER32 0x1003
#define OX_PTYP_MULTIPLE_FLOATING32 0x1004
#define OX_PTYP_MULTIPLE_FLOATING64 0x1005
#define OX_PTYP_MULTIPLE_CURRENCY 0x1006
#define OX_PTYP_MULTIPLE_FLOATING_TIME 0x1007
#define OX_PTYP_MULTIPLE_INTEGER64 0x1014
#define OX_PTYP_MULTIPLE_STRING8 0x101E
#define OX_PTYP_MULTIPLE_STRING 0x101F
#define OX_PTYP_MULTIPLE_TIME 0x1040
#define OX_PTYP_MULTIPLE_GUID 0x1048
#define OX_PTYP_MULTIPLE_BINARY 0x1102

struct ox_restriction;
struct ox_rule_actions;

/** A decoded value; the tag beside it says which member holds. Strings and binaries are views. */
typedef union ox_value {
  int16_t i16;                        /**< PtypInteger16 */
  int32_t i32;                        /**< PtypInteger32 */
  float f32;                          /**< PtypFloating32 */
  double f64;                         /**< PtypFloating64, PtypFloatingTime */
  int64_t i64;                        /**< PtypInteger64, PtypCurrency (scaled by 10,000) */
  ox_status error;                    /**< PtypErrorCode */
  bool boolean;                       /**< PtypBoolean */
  ox_str8 string8;                    /**< PtypString8, in the code page of the context */
  ox_str16 string;                    /**< PtypString */
  ox_filetime time;                   /**< PtypTime */
  ox_guid guid;                       /**< PtypGuid */
  ox_bytes binary;                    /**< PtypBinary, PtypServerId, PtypObject (as opaque bytes) */
  struct ox_restriction *restriction; /**< PtypRestriction */
  struct ox_rule_actions *rule_actions; /**< PtypRuleAction */
  struct {
    uint32_t count;
    union {
      int16_t *i16;
      int32_t *i32;
      float *f32;
      double *f64;
      int64_t *i64;
      ox_str8 *string8;
      ox_str16 *string;
      ox_filetime *time;
      ox_guid *guid;
      ox_bytes *binary;
      void *any;
    } values;
  } multiple; /**< PtypMultiple* */
} ox_value;

/** TaggedPropertyValue. @spec [MS-OXCDATA] 2.11.4 */
typedef struct ox_property {
  ox_proptag tag;
  ox_value value;
} ox_property;

/** Width of byte counts (PtypBinary) and of the counts in restrictions: 16 bits in ROP buffers and
 *  table rows, 32 bits in MAPI/HTTP bodies and extended rules. The number of values of a
 *  PtypMultiple* value has 32 bits in both, the length of a PtypServerId 16 bits in both. The
 *  `width` of the functions below is one of these; anything else fails with OX_E_USAGE.
 *  OX_COUNT_STORED is the form that search folder definitions, view definitions and recipient
 *  streams keep: 16-bit sizes in front of strings too (terminator included; 0: without data),
 *  PtypBoolean in two bytes, 16-bit numbers of values, which have the form of OX_COUNT_32;
 *  restrictions with types, operators and counts of 32 bits. In a Comment restriction the values
 * come first, as in Outlook's own bytes; the text of [MS-OXOSRCH] 2.2.1.2.8.2 has them last.
 *  @spec [MS-OXCDATA] 2.11.1, 2.11.1.1; [MS-OXOSRCH] 2.2.1.2.8.1.1.1, 2.2.1.2.8.2;
 *        [MS-OXOCFG] 2.2.6.1.2 */
typedef enum ox_count_width {
  OX_COUNT_16 = 2,
  OX_COUNT_32 = 4,
  OX_COUNT_STORED = 8
} ox_count_width;

/** Decodes one PropertyValue of a known type (2.11.2).
 *  @param type    property type without OX_PTYP_INSTANCE
 *  @param out     views into the input; arrays in the arena
 *  @return OX_OK or the reader's failure: OX_E_TRUNCATED, OX_E_MALFORMED, OX_E_LIMIT,
 *          OX_E_NO_MEMORY, OX_E_UNKNOWN_TYPE */
OX_EXPORT ox_status ox_value_decode(ox_reader *r, ox_arena *arena, uint16_t type, unsigned width,
                                    ox_value *out);
/** Encodes one PropertyValue. Failures are the writer's, among them OX_E_LIMIT for a binary that
 * the width cannot count, OX_E_USAGE for a string with a 0 unit inside, OX_E_UNKNOWN_TYPE. */
OX_EXPORT void ox_value_encode(ox_writer *w, uint16_t type, unsigned width, const ox_value *value);

/** Deep copy: everything that the value points at is copied into the arena.
 *  @return OX_OK, OX_E_NO_MEMORY, OX_E_UNKNOWN_TYPE */
OX_EXPORT OX_WARN_UNUSED ox_status ox_value_clone(ox_arena *arena, uint16_t type,
                                                  const ox_value *in, ox_value *out);
/** Total order of two values of the same type: numbers by value (NaN last), strings by code unit,
 *  binaries and GUIDs by byte, multi-values element by element, restrictions and rule actions by
 *  size only. Negative, 0 or positive. */
OX_EXPORT int ox_value_compare(uint16_t type, const ox_value *a, const ox_value *b);
/** Wire size of the value in bytes with 16-bit byte counts; longer binaries are counted too. */
OX_EXPORT size_t ox_value_size_bytes(uint16_t type, const ox_value *value);
/** True for a type this library can hold. */
OX_EXPORT bool ox_type_is_known(uint16_t type);
/** "PtypInteger32"; NULL when unknown. Static string. */
OX_EXPORT const char *ox_type_name(uint16_t type);

/** TaggedPropertyValue. The type in the tag may be any but PtypUnspecified.
 *  @spec [MS-OXCDATA] 2.11.4 */
OX_EXPORT ox_status ox_property_decode(ox_reader *r, ox_arena *arena, unsigned width,
                                       ox_property *out);
/** Failures are those of ox_value_encode. @spec [MS-OXCDATA] 2.11.4 */
OX_EXPORT void ox_property_encode(ox_writer *w, unsigned width, const ox_property *in);

/** PropertyRow, standard or flagged. With columns of PtypUnspecified a TypedPropertyValue is read.
 *  @param columns  property tags of the row, `column_count` of them; with OX_PTYP_INSTANCE the row
 *                  has a single value of the element type
 *  @param out      column_count properties, whose tags have the type of the value; a column whose
 *                  value is an error has the type PtypErrorCode, one that is absent (flag 0x01)
 *                  has PtypNull
 *  @spec [MS-OXCDATA] 2.8.1, 2.11.3, 2.11.5, 2.11.6; [MS-OXCTABL] 2.2.1 */
OX_EXPORT ox_status ox_property_row_decode(ox_reader *r, ox_arena *arena, const ox_proptag *columns,
                                           size_t column_count, unsigned width, ox_property *out);
/** Writes a StandardPropertyRow when every value is present with its column's type, else a
 *  FlaggedPropertyRow. A value of PtypErrorCode or PtypNull in place of the column's type is
 *  written as an error or as absent; any other type is OX_E_USAGE. */
OX_EXPORT void ox_property_row_encode(ox_writer *w, const ox_proptag *columns, size_t column_count,
                                      unsigned width, const ox_property *row);

/** A property bag: properties sorted by id, one type per id, all memory in one arena. */
typedef struct ox_propbag {
  ox_arena *arena;
  ox_property *items;
  size_t count;
  size_t capacity;
} ox_propbag;

/** An empty bag; allocates nothing. What is replaced or removed stays in the arena until its reset.
 */
OX_EXPORT void ox_propbag_init(ox_propbag *bag, ox_arena *arena);
/** Adds or replaces; copies the value deeply. @return OX_OK, OX_E_NO_MEMORY, OX_E_UNKNOWN_TYPE */
OX_EXPORT OX_WARN_UNUSED ox_status ox_propbag_set(ox_propbag *bag, ox_proptag tag,
                                                  const ox_value *value);
/** As ox_propbag_set, but keeps the views: what they point at must outlive the bag. */
OX_EXPORT OX_WARN_UNUSED ox_status ox_propbag_set_view(ox_propbag *bag, ox_proptag tag,
                                                       const ox_value *value);
/** By id, whatever the type; NULL when absent. */
OX_EXPORT const ox_property *ox_propbag_find(const ox_propbag *bag, uint16_t id);
/** By id and type; NULL when absent or of another type. */
OX_EXPORT const ox_value *ox_propbag_get(const ox_propbag *bag, ox_proptag tag);
/** False when it was not there. */
OX_EXPORT bool ox_propbag_remove(ox_propbag *bag, uint16_t id);
/** Removes every property. */
OX_EXPORT void ox_propbag_clear(ox_propbag *bag);

/* Conveniences. The setters return OX_OK, OX_E_NO_MEMORY, or OX_E_USAGE when the tag's type is not
 * one that they set; the getters give the fallback when the property is absent or of another type
 * than the tag says. */

/** PtypString from UTF-8; NULL is "". */
OX_EXPORT OX_WARN_UNUSED ox_status ox_propbag_set_utf8(ox_propbag *bag, ox_proptag tag,
                                                       const char *text);
/** PtypInteger32, PtypErrorCode, or PtypInteger16 (-32,768 to 65,535, else OX_E_USAGE). */
OX_EXPORT OX_WARN_UNUSED ox_status ox_propbag_set_i32(ox_propbag *bag, ox_proptag tag, int32_t v);
/** PtypInteger64 or PtypCurrency. */
OX_EXPORT OX_WARN_UNUSED ox_status ox_propbag_set_i64(ox_propbag *bag, ox_proptag tag, int64_t v);
/** PtypBoolean. */
OX_EXPORT OX_WARN_UNUSED ox_status ox_propbag_set_bool(ox_propbag *bag, ox_proptag tag, bool v);
/** PtypTime. */
OX_EXPORT OX_WARN_UNUSED ox_status ox_propbag_set_time(ox_propbag *bag, ox_proptag tag,
                                                       ox_filetime v);
/** PtypBinary, PtypServerId or PtypObject; copies the bytes. */
OX_EXPORT OX_WARN_UNUSED ox_status ox_propbag_set_binary(ox_propbag *bag, ox_proptag tag,
                                                         const void *data, size_t size_bytes);
/** Text as terminated UTF-8 in `arena`, from PtypString or PtypString8 whatever the tag says; 8-bit
 *  text is read in the bag's PidTagMessageCodepage, else as Windows-1252. Embedded zeros end the
 *  text. Also the fallback (which may be NULL) when out of memory. */
OX_EXPORT const char *ox_propbag_utf8(const ox_propbag *bag, ox_proptag tag, ox_arena *arena,
                                      const char *fallback);
/** PtypInteger32, PtypInteger16 (sign-extended) or PtypErrorCode. */
OX_EXPORT int32_t ox_propbag_i32(const ox_propbag *bag, ox_proptag tag, int32_t fallback);
/** PtypInteger64 or PtypCurrency. */
OX_EXPORT int64_t ox_propbag_i64(const ox_propbag *bag, ox_proptag tag, int64_t fallback);
/** PtypBoolean. */
OX_EXPORT bool ox_propbag_bool(const ox_propbag *bag, ox_proptag tag, bool fallback);
/** PtypTime. */
OX_EXPORT ox_filetime ox_propbag_time(const ox_propbag *bag, ox_proptag tag, ox_filetime fallback);
/** PtypBinary, PtypServerId or PtypObject: a view that lives as long as the bag; empty when absent.
 */
OX_EXPORT ox_bytes ox_propbag_binary(const ox_propbag *bag, ox_proptag tag);

/** PropertyProblem. @spec [MS-OXCDATA] 2.7 */
typedef struct ox_property_problem {
  uint16_t index; /**< into the array of tags that the caller supplied */
  ox_proptag property_tag;
  ox_status error_code;
} ox_property_problem;
/** @return OX_OK, OX_E_TRUNCATED (OX_E_MALFORMED inside a length-prefixed part) */
OX_EXPORT ox_status ox_property_problem_decode(ox_reader *r, ox_property_problem *out);
/** Failures are the writer's. */
OX_EXPORT void ox_property_problem_encode(ox_writer *w, const ox_property_problem *in);

OX_END_DECLS

#endif
