/* Messages and FastTransfer streams: a messageContent read into an ox_message, an ox_message
 * written as messageContent. @spec [MS-OXCFXICS] 2.2.4.3.16 */
#ifndef OXKIT_ROPCODEC_FTMESSAGE_H
#define OXKIT_ROPCODEC_FTMESSAGE_H

#include <oxkit/ropcodec/ftinfo.h>
#include <oxkit/ropcodec/ftstream.h>
#include <oxkit/ropcodec/message.h>

OX_BEGIN_DECLS

/** Levels of messages in messages, read and written. */
#define OX_FT_MESSAGE_DEPTH_MAX 32

/** Flag of ox_ft_message_options and of the cursor: MetaTagFXDelProp before the recipients and
 * before the attachments of the outermost message, as when subobjects are filtered (3.2.5.10). */
#define OX_FT_MESSAGE_DEL_PROPS 0x100u

typedef struct ox_ft_message_options {
  size_t struct_size;
  uint64_t stream_max_bytes;     /**< bytes of one message in the stream; more is OX_E_LIMIT */
  uint32_t recipient_max_count;  /**< of all its messages together */
  uint32_t attachment_max_count; /**< of all its messages together */
  uint32_t flags;                /**< OX_FT_LENIENT, OX_FT_MESSAGE_DEL_PROPS */
} ox_ft_message_options;

#define OX_FT_MESSAGE_OPTIONS_INIT \
  { sizeof(ox_ft_message_options), OX_ARENA_MAX_BYTES, 100000, 10000, 0 }

/* Reading. */

/** Builds a message from the events of a parser. Opaque. */
typedef struct ox_ft_builder ox_ft_builder;

/** @param allocator  of the message too; NULL for the C library's
 *  @param options    NULL for the defaults
 *  @return NULL when out of memory; free it with ox_ft_builder_free */
OX_EXPORT ox_ft_builder *ox_ft_builder_new(const ox_allocator *allocator,
                                           const ox_ft_message_options *options);
OX_EXPORT void ox_ft_builder_free(ox_ft_builder *builder);

/** Takes one event of a messageContent, messageChangeFull or messageChangePartial, or of what they
 *  contain; others are passed over, meta-properties too. Copies everything.
 *
 *  Named properties get the message's own ids, and strings in a code page become PtypString, as
 *  ox_message has it. What comes in pieces becomes a large value of the message or the content of
 * the attachment.
 *  @return OX_OK, OX_E_LIMIT, OX_E_NO_MEMORY */
OX_EXPORT OX_WARN_UNUSED ox_status ox_ft_builder_add(ox_ft_builder *builder,
                                                     const ox_ft_event *event, ox_error *err);

/** The message that is built so far, which is the caller's from now on; the builder begins the next
 *  one. NULL when out of memory. */
OX_EXPORT OX_WARN_UNUSED ox_message *ox_ft_builder_take(ox_ft_builder *builder);

/** Reads a whole stream whose root is messageContent.
 *  @param message_out  free it with ox_message_free; NULL after a failure
 *  @return as ox_ft_parser_next and ox_ft_builder_add; the code that an errorInfo in the stream has
 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_ft_message_read(ox_bytes stream,
                                                      const ox_ft_message_options *options,
                                                      const ox_allocator *allocator,
                                                      ox_message **message_out, ox_error *err);

/** The AuxBytes of an errorInfo; empty when it has none. @return OX_OK, OX_E_MALFORMED (they are
 * not where AuxBytesOffset and AuxBytesCount say) @spec [MS-OXCFXICS] 2.2.2.10 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_ft_aux_bytes(const ox_ft_extended_error_info *info,
                                                   ox_bytes *out);

/* Writing. */

/** A walk over a message. Caller-owned; the members are private. */
typedef struct ox_ft_message_cursor {
  struct {
    const ox_message *message;
    size_t item;     /* recipient or attachment */
    size_t property; /* in the bag at hand */
    uint8_t phase;
  } levels[OX_FT_MESSAGE_DEPTH_MAX];
  unsigned depth;
  uint32_t flags;
} ox_ft_message_cursor;

/** @param message  must not change or go away while the cursor is used
 *  @param flags    OX_FT_MESSAGE_DEL_PROPS */
OX_EXPORT void ox_ft_message_cursor_init(ox_ft_message_cursor *cursor, const ox_message *message,
                                         uint32_t flags);
/** The next event of the messageContent, then END; an ox_ft_next for a writer of this root, whose
 *  `user` is the cursor. PidTagMid, PidTagRowid and PidTagAttachNumber stand where the grammar
 * wants them, the last two made from the position where the message has none. Properties that are
 * an error or absent are left out.
 *  @return OX_OK, OX_E_LIMIT (depth), OX_E_USAGE (a property id without a name) */
OX_EXPORT ox_status ox_ft_message_next(void *cursor, ox_ft_event *event, ox_error *err);

/** Writes a message as a whole messageContent.
 *  @return as ox_ft_message_next and ox_ft_writer_put, or the failure of a source */
OX_EXPORT ox_status ox_ft_message_write(const ox_message *message,
                                        const ox_ft_message_options *options, ox_writer *out,
                                        ox_error *err);

OX_END_DECLS

#endif
