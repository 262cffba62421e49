/* Restrictions: filters over properties. @spec [MS-OXCDATA] 2.12 */
#ifndef OXKIT_ROPCODEC_RESTRICTION_H
#define OXKIT_ROPCODEC_RESTRICTION_H

#include <oxkit/ropcodec/property.h>

OX_BEGIN_DECLS

/* RestrictType. @spec [MS-OXCDATA] 2.12 */
#define OX_RESTRICTION_AND 0x00
#define OX_RESTRICTION_OR 0x01
#define OX_RESTRICTION_NOT 0x02
#define OX_RESTRICTION_CONTENT 0x03
#define OX_RESTRICTION_PROPERTY 0x04
#define OX_RESTRICTION_COMPARE_PROPERTIES 0x05
#define OX_RESTRICTION_BITMASK 0x06
#define OX_RESTRICTION_SIZE 0x07
#define OX_RESTRICTION_EXIST 0x08
#define OX_RESTRICTION_SUBOBJECT 0x09
#define OX_RESTRICTION_COMMENT 0x0A
#define OX_RESTRICTION_COUNT 0x0B

/* RelOp. @spec [MS-OXCDATA] 2.12.5.1 */
#define OX_RELOP_LESS_THAN 0x00
#define OX_RELOP_LESS_THAN_OR_EQUAL 0x01
#define OX_RELOP_GREATER_THAN 0x02
#define OX_RELOP_GREATER_THAN_OR_EQUAL 0x03
#define OX_RELOP_EQUAL 0x04
#define OX_RELOP_NOT_EQUAL 0x05
#define OX_RELOP_MEMBER_OF_DL 0x64

/* FuzzyLevelLow. @spec [MS-OXCDATA] 2.12.4.1 */
#define OX_FUZZY_FULLSTRING 0x0000
#define OX_FUZZY_SUBSTRING 0x0001
#define OX_FUZZY_PREFIX 0x0002
/* FuzzyLevelHigh: a bit set. */
#define OX_FUZZY_IGNORECASE 0x0001
#define OX_FUZZY_IGNORENONSPACE 0x0002
#define OX_FUZZY_LOOSE 0x0004

/* BitmapRelOp. @spec [MS-OXCDATA] 2.12.7.1 */
#define OX_BMR_EQZ 0x00
#define OX_BMR_NEZ 0x01

/** One node; `type` says which member of the union holds. Children live in the same arena. */
typedef struct ox_restriction ox_restriction;
struct ox_restriction {
  uint8_t type; /**< OX_RESTRICTION_* */
  union {
    struct {
      uint32_t count;
      ox_restriction *children;
    } logical; /**< AND, OR */
    struct {
      ox_restriction *child;
    } negation; /**< NOT */
    struct {
      uint16_t fuzzy_level_low;
      uint16_t fuzzy_level_high;
      ox_proptag property_tag;
      ox_property tagged_value;
    } content;
    struct {
      uint8_t rel_op;
      ox_proptag property_tag;
      ox_property tagged_value;
    } property;
    struct {
      uint8_t rel_op;
      ox_proptag property_tag1;
      ox_proptag property_tag2;
    } compare;
    struct {
      uint8_t bitmap_rel_op;
      ox_proptag property_tag;
      uint32_t mask;
    } bitmask;
    struct {
      uint8_t rel_op;
      ox_proptag property_tag;
      uint32_t size;
    } size;
    struct {
      ox_proptag property_tag;
    } exist;
    struct {
      uint32_t subobject; /**< PidTagMessageRecipients or PidTagMessageAttachments */
      ox_restriction *child;
    } subobject;
    struct {
      uint32_t tagged_values_count;
      ox_property *tagged_values;
      ox_restriction *child; /**< NULL when RestrictionPresent is 0 */
    } comment;
    struct {
      uint32_t count;
      ox_restriction *child;
    } count;
  } u;
};

/** Decodes one restriction.
 *  @param width  2 in ROP buffers, 4 in extended rules and MAPI/HTTP bodies (2.12.1.1)
 *  @return OX_OK, OX_E_TRUNCATED, OX_E_MALFORMED, OX_E_LIMIT (depth, count), OX_E_NO_MEMORY */
OX_EXPORT ox_status ox_restriction_decode(ox_reader *r, ox_arena *arena, unsigned width,
                                          ox_restriction *out);
/** Failures are the writer's: OX_E_LIMIT for a count that the width cannot hold, OX_E_USAGE for a
 *  node type that does not exist or a child that is missing. */
OX_EXPORT void ox_restriction_encode(ox_writer *w, unsigned width, const ox_restriction *in);
/** Deep copy into the arena. @return OX_OK, OX_E_NO_MEMORY, OX_E_UNKNOWN_TYPE */
OX_EXPORT OX_WARN_UNUSED ox_status ox_restriction_clone(ox_arena *arena, const ox_restriction *in,
                                                        ox_restriction *out);

/** Finds the value of a property of the object that is being tested; NULL when absent. */
typedef const ox_value *(*ox_restriction_lookup)(void *user, ox_proptag tag);
/** Tests a restriction on the sub-objects (recipients, attachments): *any_matches_out says whether
 *  one of them matches. `child` may be NULL only in a restriction that no decoder made. */
typedef ox_status (*ox_restriction_subobjects)(void *user, uint32_t subobject,
                                               const ox_restriction *child, bool *any_matches_out);

/** What ox_restriction_matches needs to know of an object. */
typedef struct ox_restriction_subject {
  size_t struct_size;
  ox_restriction_lookup lookup;
  ox_restriction_subobjects subobjects; /**< NULL: SubObject restrictions match nothing */
  void *user;
  ox_arena *scratch; /**< for folded text; the caller resets it between calls */
} ox_restriction_subject;

/** Evaluates a restriction. Where [MS-OXCDATA] 2.12 leaves the result open: a missing property
 * makes Content, Property, CompareProperties, Bitmask and Size nodes false, and so do values of
 * types that cannot be compared. A multi-valued property matches a single value when any element
 * does (for NotEqual: when no element is equal). Property and CompareProperties nodes compare text
 *  without regard to case, and integers of any width by value; Content nodes fold text as the fuzzy
 *  level says. PtypString and PtypString8 forms of a property find each other. Comment and Count
 *  nodes are what their child is: the limit of a Count is the caller's. RELOP_MEMBER_OF_DL is
 *  false: memberships are the directory's business.
 *  @return OX_OK, OX_E_TOO_COMPLEX (an operator or node that does not exist, more than 256 levels),
 *          OX_E_NO_MEMORY, or the failure of `subobjects`; *matches_out is false then
 *  @spec [MS-OXCDATA] 2.12 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_restriction_matches(const ox_restriction *restriction,
                                                          const ox_restriction_subject *subject,
                                                          bool *matches_out);

/** Collects the distinct property tags that a restriction asks for (not those of sub-objects).
 *  @param capacity   room in tags_out; more tags than that give OX_E_LIMIT */
OX_EXPORT OX_WARN_UNUSED ox_status ox_restriction_tags(const ox_restriction *restriction,
                                                       ox_proptag *tags_out, size_t capacity,
                                                       size_t *count_out);

OX_END_DECLS

#endif
