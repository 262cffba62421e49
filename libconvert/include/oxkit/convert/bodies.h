/* Forms of a message body to each other, and a message as text for a person.
 * @spec [MS-OXBBODY]; [MS-OXCMAIL] 2.1.3.3, 2.2.3.3 */
#ifndef OXKIT_CONVERT_BODIES_H
#define OXKIT_CONVERT_BODIES_H

#include <oxkit/ropcodec/body_converter.h>
#include <oxkit/ropcodec/message.h>

OX_BEGIN_DECLS

/** Largest body that these functions take, and largest text that they make, in bytes. */
#define OX_BODY_MAX_BYTES ((size_t)16 * 1024 * 1024)
/** Elements inside one another below which HTML is no longer followed (their text is kept). */
#define OX_HTML_MAX_DEPTH 250u

/** A converter between OX_BODY_PLAIN_TEXT and OX_BODY_HTML; other pairs give OX_E_NO_SUPPORT.
 *  Has no state: any number of threads may share it. Static, nothing to free. */
OX_EXPORT ox_body_converter *ox_bodies_converter(void);

/** HTML to plain text: paragraphs and line breaks, lists, table cells, quotations with "> ", link
 *  targets in angle brackets where they differ from the link's text; no scripts, styles or title.
 *  Broken HTML is read as browsers would, roughly.
 *  @param codepage  of the bytes; 0: what a byte order mark or the page itself says, else UTF-8
 *                   where the bytes are valid, else Windows-1252
 *  @param text_out  terminated UTF-8 in the arena, lines end in CRLF
 *  @return OX_OK, OX_E_LIMIT, OX_E_NO_MEMORY */
OX_EXPORT OX_WARN_UNUSED ox_status ox_html_to_text(ox_arena *arena, ox_bytes html,
                                                   uint32_t codepage, char **text_out,
                                                   ox_error *err);

/** Plain text to a complete HTML document that looks the same: white space and line breaks are
 *  kept, addresses of http, https, ftp and mailto become links.
 *  @param codepage  of the bytes made; characters that it lacks become references
 *  @param html_out  in the arena, with a meta element that names the charset
 *  @return OX_OK, OX_E_LIMIT, OX_E_NO_MEMORY, OX_E_UNKNOWN_CODEPAGE */
OX_EXPORT OX_WARN_UNUSED ox_status ox_text_to_html(ox_arena *arena, ox_str8 utf8, uint32_t codepage,
                                                   ox_bytes *html_out, ox_error *err);

/* Bits of the flags of ox_message_to_text. */
#define OX_MESSAGE_TEXT_NO_HEADERS 1u     /**< body and attachments only */
#define OX_MESSAGE_TEXT_NO_ATTACHMENTS 2u /**< no list of attachments */

/** Writes a message as readable text: From, To, Cc, Subject, Date and so on, the best body (plain,
 *  else HTML as text) and the list of attachments with their sizes; embedded messages follow,
 *  indented. UTF-8 with LF.
 *  @return OX_OK, the writer's failure, OX_E_NO_MEMORY, what a source returned */
OX_EXPORT OX_WARN_UNUSED ox_status ox_message_to_text(const ox_message *message, uint32_t flags,
                                                      ox_writer *out, ox_error *err);

OX_END_DECLS

#endif
