/* Inside the MIME converter: what import and export share. */
#ifndef OX_CONVERT_MIME_INTERNAL_H
#define OX_CONVERT_MIME_INTERNAL_H

#include <oxkit/convert/mime.h>
#include <oxkit/ropcodec/body_converter.h>
#include <oxkit/ropcodec/properties.h>

#include <gmime/gmime.h>

/* Names of our own, string named properties that only this converter reads: what MIME says and
 * Message objects have no word for. A client that ignores them loses nothing but exactness. */
extern const ox_guid ox_mime_property_set;
#define MIME_NAME_PLACE "mime-place" /* PtypInteger32 of an attachment: PLACE_* */
#define MIME_NAME_GIVEN_NAME                                                                       \
  "mime-given-name"                              /* PtypString: what the name of an attachment was \
                                                    made of; empty: it had none */
#define MIME_NAME_MADE_NAME "mime-made-name"     /* PtypString: what was made of it */
#define MIME_NAME_TEXT_FORMAT "mime-text-format" /* PtypString: "format=flowed" and so on */

enum { PLACE_DEFAULT = 0, PLACE_ALTERNATIVE = 1, PLACE_INLINE = 2, PLACE_BARE = 3 };

/* [MS-OXCMSG] values used on both sides. */
enum { ATTACH_BY_VALUE = 1, ATTACH_EMBEDDED = 5, ATTACH_OLE = 6 };
enum { ATTACH_RENDERED_IN_BODY = 4 };

/* Message classes. */
#define CLASS_NOTE "IPM.Note"
#define CLASS_SMIME "IPM.Note.SMIME"
#define CLASS_SIGNED "IPM.Note.SMIME.MultipartSigned"

/** GMime's global tables, once per process, from any thread. */
void ox_mime_prepare(void);

/* heap_watch.c: an allocator that remembers that it failed. The getters of ox_propbag answer
 * "absent" when memory runs out; whoever asks them watches the heap and fails afterwards. */
typedef struct heap_watch {
  ox_allocator allocator;
  const ox_allocator *inner;
  bool failed;
} heap_watch;
void ox_mime_watch_heap(heap_watch *watch, const ox_allocator *inner);

/* charset.c: text in any charset that iconv knows. */

/** Text to terminated UTF-8 in the arena. Charset names are tried as they are, then as what they
 *  usually mean (ISO-8859-1 with C1 bytes is Windows-1252, Shift_JIS is code page 932, ...), then
 *  UTF-8 where the bytes are valid, then the fallback; characters that remain become U+FFFD.
 *  Zero characters are left out.
 *  @param charset       may be NULL or nonsense
 *  @param codepage_out  the code page used; 65001 where the charset has no number; may be NULL
 *  @return NULL when out of memory */
char *ox_mime_decode_text(ox_arena *arena, const char *bytes, size_t size_bytes,
                          const char *charset, uint32_t fallback_codepage, size_t *size_out,
                          uint32_t *codepage_out);

/** UTF-8 to a charset; false when it has no such charset or lacks a character. */
bool ox_mime_encode_text(const char *utf8, size_t size_bytes, const char *charset, GByteArray *out);

/* mime_fields.c: one table of header fields for both ways. */

typedef enum field_kind {
  FIELD_SPECIAL, /* handled by code of its own; never a named property */
  FIELD_TRACE,   /* stays in PidTagTransportMessageHeaders only */
  FIELD_TEXT,    /* unstructured text, PtypString */
  FIELD_RAW,     /* message ids: unfolded, not decoded, PtypString */
  FIELD_TIME,    /* date and time, PtypTime */
  FIELD_ENUM,    /* words to PtypInteger32 */
  FIELD_BASE64   /* PtypBinary */
} field_kind;

typedef struct field_word {
  const char *word;
  int32_t value;
} field_word;

typedef struct field_row {
  const char *name;
  field_kind kind;
  ox_proptag tag;
  const field_word *words; /* of FIELD_ENUM */
  bool write;              /* export writes it from the property */
} field_row;

extern const field_row ox_mime_fields[];
extern const size_t ox_mime_field_count;
/** NULL when the table has no such field. */
const field_row *ox_mime_field(const char *name);
/** True for fields that [MS-OXCMAIL] 2.2.3.2.28 keeps out of messages. */
bool ox_mime_field_is_reserved(const char *name);

/* mime_addresses.c */

typedef struct address_tags {
  ox_proptag name, address_type, email, smtp, entry_id, search_key;
} address_tags;
extern const address_tags ox_mime_sender_tags;
extern const address_tags ox_mime_representing_tags;
extern const address_tags ox_mime_receipt_tags;

/** One-off entry id of an SMTP address. @spec [MS-OXCDATA] 2.2.5.1 */
ox_status ox_mime_one_off(ox_arena *arena, const char *name, const char *address, ox_bytes *out);
/** Reads a one-off entry id of an SMTP address; false when it is something else. */
bool ox_mime_one_off_read(ox_arena *arena, ox_bytes entry_id, const char **name_out,
                          const char **address_out);
/** Sets a group of address properties.
 *  @param domain  whose IMCEA addresses are opened, or NULL */
ox_status ox_mime_set_address(ox_propbag *bag, const address_tags *tags, const char *name,
                              const char *address, const char *domain);
/** An address of another kind inside an SMTP address. g_free it. @spec [MS-OXCMAIL] 2.1.3.1.8 */
char *ox_mime_encapsulate(const char *address_type, const char *address, const char *domain);
/** The reverse; false when the address is no IMCEA address of that domain. g_free both. */
bool ox_mime_decapsulate(const char *smtp, const char *domain, char **type_out, char **address_out);

/* mime_words.c: text of fields, encoded words decoded. Results are g_free'd by the caller. */

/** Neighbouring base64 words of one charset as one word. */
char *ox_mime_join_words(const char *raw);
/** The value of a field as text. */
char *ox_mime_field_text(GMimeParserOptions *how, GMimeHeader *field);
/** The first field of that name; NULL when there is none. */
char *ox_mime_find_text(GMimeParserOptions *how, GMimeObject *in, const char *name);
/** The addresses of all fields of that name; g_object_unref it. Never NULL. */
InternetAddressList *ox_mime_addresses(GMimeParserOptions *how, GMimeMessage *in,
                                       GMimeAddressType type, const char *name);
/** The file name of a part; NULL when it has none. */
char *ox_mime_file_name(GMimeParserOptions *how, GMimeObject *part);

/* mime_import.c and mime_parts.c */

typedef struct mime_reader {
  const ox_mime_import_options *options;
  GMimeParserOptions *how;
  uint32_t parts;
  uint32_t depth;
  ox_error *err;
} mime_reader;

/** One message, top or embedded.
 *  @param raw_header  its header as it came; empty: what GMime kept
 *  @param raw_body    what follows the header; empty: what GMime kept */
ox_status ox_mime_read_message(mime_reader *reader, GMimeMessage *in, ox_bytes raw_header,
                               ox_bytes raw_body, ox_message **out);
/** OX_E_LIMIT for a header that is too long or has too many fields. */
ox_status ox_mime_check_fields(mime_reader *reader, GMimeHeaderList *fields);
/** An enclosed message that came encoded; NULL in *out when it is not a message. */
ox_status ox_mime_read_enclosed(mime_reader *reader, ox_bytes mime, ox_message **out);
/** Bodies and attachments out of the tree of parts. */
ox_status ox_mime_read_parts(mime_reader *reader, GMimeObject *root, ox_bytes raw_header,
                             ox_bytes raw_body, ox_message *out);
/** Sets a string named property in a bag of the message. */
ox_status ox_mime_set_named(ox_message *message, ox_propbag *bag, const ox_guid *set,
                            const char *name, const char *value);
/** Its value in UTF-8; NULL when absent. */
const char *ox_mime_get_named(const ox_message *message, const ox_propbag *bag, const ox_guid *set,
                              const char *name, ox_arena *arena);
ox_status ox_mime_set_named_i32(ox_message *message, ox_propbag *bag, const char *name,
                                int32_t value);
int32_t ox_mime_get_named_i32(const ox_message *message, const ox_propbag *bag, const char *name,
                              int32_t fallback);
/** A source that owns a copy of the bytes. NULL when out of memory. */
ox_source *ox_mime_copy_source(const ox_allocator *allocator, const void *data, size_t size_bytes);
/** uuencode.c: takes files out of plain text. @return OX_OK or the failure of an attachment */
ox_status ox_mime_extract_uuencoded(ox_message *message, const ox_mime_import_options *options,
                                    char *utf8, size_t *size_bytes);
/** Adds an attachment by value: bag or source after its size. */
ox_status ox_mime_attach_bytes(ox_message *message, const ox_mime_import_options *options,
                               const void *data, size_t size_bytes, ox_attachment **out);
/** The names of an attachment: long, 8.3, extension, display. */
ox_status ox_mime_set_file_name(ox_message *message, ox_attachment *attachment, const char *given,
                                const char *description, const char *mime_type);

/* file_types.c */

/** Extension with its dot for a media type; never NULL. */
const char *ox_mime_extension(const char *mime_type);
/** Media type for a file name (NULL is fine); never NULL. @spec [MS-OXCMAIL] 2.1.3.4.2.1 */
const char *ox_mime_type_for(const char *file_name);

/* mime_references.c */

/** Everything that a page of HTML shows from beside itself. g_hash_table_destroy it. */
GHashTable *ox_mime_references(ox_bytes html);
/** True when that is this attachment, by its Content-ID or Content-Location. */
bool ox_mime_is_referenced(GHashTable *references, const ox_propbag *bag, ox_arena *arena);

/* mime_emit.c: header fields and bodies on their way out. */

typedef struct mime_writer {
  ox_writer *out;
  bool lf;
} mime_writer;

void ox_mime_emit_newline(mime_writer *w);
/** Text whose LF or CRLF become the writer's line ends. */
void ox_mime_emit_lines(mime_writer *w, const char *text, size_t size_bytes);
/** "Name: value": encoded words where needed, folded, control characters taken out. */
void ox_mime_emit_text_field(mime_writer *w, const char *name, const char *utf8);
/** "Name: value" for message ids and the like: folded at blanks, never encoded. Skipped when a
 *  line would pass 998 bytes. */
void ox_mime_emit_raw_field(mime_writer *w, const char *name, const char *value);

/** An address list being written. */
typedef struct address_field {
  mime_writer *w;
  const char *name;
  size_t count;
  size_t column;
} address_field;
void ox_mime_address_begin(address_field *field, mime_writer *w, const char *name);
/** @param address  NULL: a group without members of that name */
void ox_mime_address_add(address_field *field, const char *display_name, const char *address);
void ox_mime_address_end(address_field *field);

/** Content-Type and Content-Disposition with parameters by GMime's rules (RFC 2231). */
void ox_mime_emit_encoded(mime_writer *w, const char *name, const char *encoded);

void ox_mime_emit_base64(mime_writer *w, const uint8_t *data, size_t size_bytes,
                         GMimeEncoding *state);
void ox_mime_emit_base64_end(mime_writer *w, GMimeEncoding *state);
void ox_mime_emit_quoted_printable(mime_writer *w, const uint8_t *data, size_t size_bytes);

/** How a text can travel. */
typedef enum text_coding { CODING_7BIT, CODING_QUOTED_PRINTABLE, CODING_BASE64 } text_coding;
text_coding ox_mime_text_coding(const uint8_t *data, size_t size_bytes);

#endif
