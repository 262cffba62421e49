/* MIME messages to ox_message and back.
 * @spec [MS-OXCMAIL]; RFC 5322, RFC 2045 to 2049, RFC 2231 */
#ifndef OXKIT_CONVERT_MIME_H
#define OXKIT_CONVERT_MIME_H

#include <oxkit/ropcodec/message.h>

OX_BEGIN_DECLS

/* Defaults of ox_mime_import_options; doc/limits.md says why. */
#define OX_MIME_MAX_MESSAGE_BYTES ((size_t)160 * 1024 * 1024)
#define OX_MIME_MAX_DEPTH 128u
#define OX_MIME_MAX_PARTS 5000u
#define OX_MIME_MAX_HEADER_BYTES ((size_t)256 * 1024)
#define OX_MIME_MAX_HEADERS 2000u
#define OX_MIME_MAX_RECIPIENTS 10000u
#define OX_MIME_LARGE_VALUE_BYTES ((size_t)32 * 1024)

/* Bits of ox_mime_import_options.flags. */
/** The message has not been sent by anybody: PidTagMessageFlags gets mfUnsent, Bcc is expected. */
#define OX_MIME_IMPORT_DRAFT 1u
/** Leave PidTagTransportMessageHeaders out. */
#define OX_MIME_IMPORT_NO_TRANSPORT_HEADERS 2u
/** Leave uuencoded files in plain text bodies where they are. */
#define OX_MIME_IMPORT_NO_UUDECODE 4u

typedef struct ox_mime_import_options {
  size_t struct_size;
  const ox_allocator *allocator; /**< NULL: the C library's */
  uint32_t flags;                /**< OX_MIME_IMPORT_* */
  uint32_t default_codepage;     /**< of 8-bit text without a charset; 0: Windows-1252 */
  ox_filetime delivery_time;     /**< PidTagMessageDeliveryTime; 0: Received, else Date */
  size_t max_message_bytes;
  uint32_t max_depth;       /**< multiparts and enclosed messages inside one another */
  uint32_t max_parts;       /**< entities of the whole message, multiparts included */
  size_t max_header_bytes;  /**< of one entity */
  uint32_t max_headers;     /**< header fields of one entity */
  uint32_t max_recipients;  /**< of one message */
  size_t large_value_bytes; /**< contents above this become an ox_source */
  /** IMCEA addresses of this domain become what they hold (X500 DNs, say); NULL: none do.
   *  @spec [MS-OXCMAIL] 2.2.3.1.2 */
  const char *encapsulation_domain;
} ox_mime_import_options;

#define OX_MIME_IMPORT_OPTIONS_INIT                                                               \
  {                                                                                               \
    sizeof(ox_mime_import_options), NULL, 0, 0, 0, OX_MIME_MAX_MESSAGE_BYTES, OX_MIME_MAX_DEPTH,  \
        OX_MIME_MAX_PARTS, OX_MIME_MAX_HEADER_BYTES, OX_MIME_MAX_HEADERS, OX_MIME_MAX_RECIPIENTS, \
        OX_MIME_LARGE_VALUE_BYTES, NULL                                                           \
  }

/** Reads one Internet message: headers to properties, addresses to recipients, bodies to
 *  PidTagBody and PidTagHtml, everything else to attachments; enclosed messages become embedded
 *  ones, and a message that is signed or encrypted as a whole keeps its bytes in one attachment.
 *  Tolerant as mail readers are: what is not valid MIME becomes text or an attachment. A leading
 *  mbox "From " line is skipped.
 *  @param mime     lines end in CRLF or LF
 *  @param options  NULL for the defaults
 *  @param out      free with ox_message_free; NULL on failure; does not refer to the input
 *  @return OX_OK, OX_E_LIMIT (a limit of the options), OX_E_MALFORMED (no header field at all),
 *          OX_E_NO_MEMORY, OX_E_USAGE
 *  @spec [MS-OXCMAIL] 2.2 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_mime_import(ox_bytes mime,
                                                  const ox_mime_import_options *options,
                                                  ox_message **out, ox_error *err);

/** The same from a source, which is read into memory for the time of the call.
 *  @return also what the source's read_at returned */
OX_EXPORT OX_WARN_UNUSED ox_status ox_mime_import_source(ox_source *mime,
                                                         const ox_mime_import_options *options,
                                                         ox_message **out, ox_error *err);

/* Bits of ox_mime_export_options.flags. */
/** Write a Bcc field; without it blind copies stay out of the message. */
#define OX_MIME_EXPORT_BCC 1u
/** Begin with the trace fields (Received, Return-Path, DKIM-Signature, ...) that
 *  PidTagTransportMessageHeaders kept: for a reader of the mailbox, not for sending on. */
#define OX_MIME_EXPORT_TRACE 2u
/** Lines end in LF instead of CRLF. */
#define OX_MIME_EXPORT_LF 4u
/** Make a plain text alternative out of an HTML body that has none, as MIME writers do. */
#define OX_MIME_EXPORT_ALTERNATIVE 8u

/** Deepest nesting of embedded messages that export follows. */
#define OX_MIME_EXPORT_MAX_DEPTH 64u

typedef struct ox_mime_export_options {
  size_t struct_size;
  const ox_allocator *allocator; /**< for the time of the call; NULL: the C library's */
  uint32_t flags;                /**< OX_MIME_EXPORT_* */
  ox_filetime date;              /**< Date where the message has no time; 0: no Date then */
  const char *message_id;        /**< Message-ID ("<...>") where the message has none; NULL: none */
  const char *boundary_seed;     /**< mixed into the boundaries; NULL: they depend on the content
                                      alone. Equal input and options give equal output. */
  /** SMTP address of another kind of address ("EX" and an X500 DN), asked where the properties have
   *  none; NULL when it is not known. The result is used before the next call. May be NULL. */
  const char *(*smtp_address)(const char *address_type, const char *address, void *user);
  void *smtp_address_user;
  /** Domain of IMCEA addresses for what has no SMTP address even then; NULL: such people are
   *  written as an empty group of their name. @spec [MS-OXCMAIL] 2.1.3.1.8 */
  const char *encapsulation_domain;
} ox_mime_export_options;

#define OX_MIME_EXPORT_OPTIONS_INIT \
  { sizeof(ox_mime_export_options), NULL, 0, 0, NULL, NULL, NULL, NULL, NULL }

/** Writes a message as MIME, 7 bits wide with lines of at most 998 bytes, except inside signed
 *  content, which goes out as it came in, and in addresses that are not ASCII (RFC 6532). The
 *  writer's maximum is the size limit.
 *  @param options  NULL for the defaults
 *  @return OX_OK, the writer's failure (OX_E_LIMIT, OX_E_NO_MEMORY), OX_E_LIMIT (depth), what a
 *          source of the message returned, OX_E_USAGE
 *  @spec [MS-OXCMAIL] 2.1 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_mime_export(const ox_message *message,
                                                  const ox_mime_export_options *options,
                                                  ox_writer *out, ox_error *err);

OX_END_DECLS

#endif
