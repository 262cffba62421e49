/* Conversations: the index that says where a message stands in one, and the id that all of its
 * messages share. The structure is ox_conversation_index of email.h. */
#ifndef OXKIT_ROPCODEC_CONVERSATION_H
#define OXKIT_ROPCODEC_CONVERSATION_H

#include <oxkit/ropcodec/email.h>
#include <oxkit/ropcodec/memory.h>

OX_BEGIN_DECLS

/** Bytes of the header, which is the index of the first message, and of each response level. */
#define OX_CONVERSATION_HEADER_BYTES 22
#define OX_CONVERSATION_LEVEL_BYTES 5

/** The index of a message that starts a conversation.
 *  @param now   of which the 16 low bits (6.6 ms) are lost; 1829 to 2057, else OX_E_USAGE: the
 *               highest byte is the header's Reserved, 1, as in Outlook's own bytes (the text of
 *               2.2.1.3 has it inside the five bytes)
 *  @param guid  new for each conversation
 *  @return OX_OK, OX_E_USAGE, OX_E_NO_MEMORY
 *  @spec [MS-OXOMSG] 2.2.1.3 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_conversation_index_start(ox_arena *arena, ox_filetime now,
                                                               const ox_guid *guid, ox_bytes *out);

/** The index of an answer to, or a forward of, a message.
 *  @param parent  index of that message
 *  @param now     before the time in the header: as if equal
 *  @param random  for the level's Random field: the low four bits
 *  @return OX_OK, OX_E_MALFORMED (the parent is no index), OX_E_NO_MEMORY */
OX_EXPORT OX_WARN_UNUSED ox_status ox_conversation_index_reply(ox_arena *arena, ox_bytes parent,
                                                               ox_filetime now, uint8_t random,
                                                               ox_bytes *out);

/** Whether the bytes are a header and response levels. */
OX_EXPORT bool ox_conversation_index_is_valid(ox_bytes index);
/** Number of response levels: 0 for the first message, and for bytes that are no index. */
OX_EXPORT size_t ox_conversation_index_depth(ox_bytes index);
/** The index of the message that was answered: a view of the same bytes; empty for the first
 *  message and for bytes that are no index. */
OX_EXPORT ox_bytes ox_conversation_index_parent(ox_bytes index);
/** When the message at a level was sent: level 0 is the first message, depth the last.
 *  @return the time, to 26 ms (6.6 ms at level 0; 0.84 s for levels 1.7 years after it); 0 for a
 *          level that is not there */
OX_EXPORT ox_filetime ox_conversation_index_time(ox_bytes index, size_t level);

/** PidTagConversationId: the GUID of the index when it is tracked and has one, else the MD5 of the
 *  topic in upper case.
 *  @param tracking  PidTagConversationIndexTracking
 *  @param topic     PidTagConversationTopic; without data when the message has none
 *  @return OX_OK; OX_E_NOT_FOUND when neither gives an id
 *  @spec [MS-OXOMSG] 2.2.1.2 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_conversation_id(ox_bytes index, bool tracking, ox_str16 topic,
                                                      uint8_t id_out[16]);

OX_END_DECLS

#endif
