/* Recipient rows. @spec [MS-OXCDATA] 2.8.3 */
#ifndef OXKIT_ROPCODEC_RECIPIENT_H
#define OXKIT_ROPCODEC_RECIPIENT_H

#include <oxkit/ropcodec/property.h>

OX_BEGIN_DECLS

/* PidTagRecipientType / RecipientType. @spec [MS-OXOMSG] 2.2.3.1; [MS-OXCMSG] 2.2.3.5.1 */
#define OX_RECIPIENT_ORIGINATOR 0x00
#define OX_RECIPIENT_TO 0x01
#define OX_RECIPIENT_CC 0x02
#define OX_RECIPIENT_BCC 0x03

/* Address kinds, the low three bits of RecipientFlags. @spec [MS-OXCDATA] 2.8.3.1 */
#define OX_ADDRESS_NONE 0x0
#define OX_ADDRESS_X500DN 0x1
#define OX_ADDRESS_MSMAIL 0x2
#define OX_ADDRESS_SMTP 0x3
#define OX_ADDRESS_FAX 0x4
#define OX_ADDRESS_PROFESSIONAL_OFFICE 0x5
#define OX_ADDRESS_PERSONAL_DISTRIBUTION_LIST1 0x6
#define OX_ADDRESS_PERSONAL_DISTRIBUTION_LIST2 0x7

/** RecipientRow. Text members are PtypString with OX_RECIPIENT_FLAG_UNICODE, else PtypString8 in
 * the code page of the enclosing ROP: `string` or `string8` of the ox_value holds. @spec
 * [MS-OXCDATA] 2.8.3.2 */
typedef struct ox_recipient_row {
  uint16_t recipient_flags;            /**< as on the wire; the encoder writes these */
  uint8_t address_prefix_used;         /**< X500DN */
  uint8_t display_type;                /**< X500DN */
  ox_str8 x500dn;                      /**< X500DN */
  ox_bytes entry_id;                   /**< personal distribution lists */
  ox_bytes search_key;                 /**< personal distribution lists */
  ox_str8 address_type;                /**< ASCII; kind NONE with flag O */
  ox_value email_address;              /**< flag E */
  ox_value display_name;               /**< flag D */
  ox_value simple_display_name;        /**< flag I */
  ox_value transmittable_display_name; /**< flag T */
  uint16_t recipient_column_count;
  ox_property *recipient_properties; /**< recipient_column_count of them */
} ox_recipient_row;

/* Bits of RecipientFlags above the kind; the masks of 2.8.3.1. */
#define OX_RECIPIENT_FLAG_RESPONSIBLE 0x0080        /* R */
#define OX_RECIPIENT_FLAG_SAME_TRANSMITTABLE 0x0040 /* S */
#define OX_RECIPIENT_FLAG_TRANSMITTABLE_NAME 0x0020 /* T */
#define OX_RECIPIENT_FLAG_DISPLAY_NAME 0x0010       /* D */
#define OX_RECIPIENT_FLAG_EMAIL_ADDRESS 0x0008      /* E */
#define OX_RECIPIENT_FLAG_ADDRESS_TYPE 0x8000       /* O */
#define OX_RECIPIENT_FLAG_NO_RICH_TEXT 0x0100       /* N */
#define OX_RECIPIENT_FLAG_UNICODE 0x0200            /* U */
#define OX_RECIPIENT_FLAG_SIMPLE_NAME 0x0400        /* I */

/** @param columns  RecipientColumns of the enclosing ROP
 *  @return OX_OK, OX_E_TRUNCATED, OX_E_MALFORMED, OX_E_LIMIT, OX_E_NO_MEMORY */
OX_EXPORT ox_status ox_recipient_row_decode(ox_reader *r, ox_arena *arena,
                                            const ox_proptag *columns, size_t column_count,
                                            ox_recipient_row *out);
/** @param columns  as for the decoder; the row has values for the first recipient_column_count.
 *  Failures are the writer's; OX_E_USAGE when the row has more columns than there are. */
OX_EXPORT void ox_recipient_row_encode(ox_writer *w, const ox_proptag *columns, size_t column_count,
                                       const ox_recipient_row *in);

/** Makes a row out of a recipient's properties, in Unicode, choosing the address kind and flags;
 *  columns that the fixed fields carry need not be among `columns`. A column that the bag lacks
 *  becomes the error NotFound. Texts are views of the bag, or in the arena.
 *  @param bag  PidTagAddressType, PidTagEmailAddress, PidTagDisplayName, PidTagEntryId, ...
 *  @return OX_OK, OX_E_NO_MEMORY, OX_E_LIMIT (columns) */
OX_EXPORT OX_WARN_UNUSED ox_status ox_recipient_row_from_bag(ox_arena *arena, const ox_propbag *bag,
                                                             const ox_proptag *columns,
                                                             size_t column_count,
                                                             ox_recipient_row *out);
/** Completes an X500DN that stands on the server's prefix, and clears address_prefix_used; nothing
 * to do when that is 0 already.
 *  @param dn_prefix  DnPrefix of Connect, szDNPrefix of EcDoConnectEx; NULL is ""
 *  @return OX_OK, OX_E_MALFORMED (the prefix is shorter than the row says), OX_E_NO_MEMORY */
OX_EXPORT OX_WARN_UNUSED ox_status ox_recipient_row_expand_dn(ox_arena *arena,
                                                              const char *dn_prefix,
                                                              ox_recipient_row *row);

/** The reverse: sets the properties that the row says, PtypString8 converted to PtypString. A
 *  partial X500DN is taken as it stands: see ox_recipient_row_expand_dn.
 *  @param codepage  of the row's 8-bit text; one that is unknown is read as Windows-1252
 *  @return OX_OK, OX_E_NO_MEMORY, OX_E_UNKNOWN_TYPE */
OX_EXPORT OX_WARN_UNUSED ox_status ox_recipient_row_to_bag(const ox_recipient_row *row,
                                                           uint32_t codepage, ox_propbag *bag);

OX_END_DECLS

#endif
