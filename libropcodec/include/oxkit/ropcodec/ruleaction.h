/* Rule actions: what a rule does with a message. @spec [MS-OXORULE] 2.2.5 */
#ifndef OXKIT_ROPCODEC_RULEACTION_H
#define OXKIT_ROPCODEC_RULEACTION_H

#include <oxkit/ropcodec/property.h>

OX_BEGIN_DECLS

/* ActionType. @spec [MS-OXORULE] 2.2.5.1 */
#define OX_ACTION_MOVE 0x01
#define OX_ACTION_COPY 0x02
#define OX_ACTION_REPLY 0x03
#define OX_ACTION_OOF_REPLY 0x04
#define OX_ACTION_DEFER 0x05
#define OX_ACTION_BOUNCE 0x06
#define OX_ACTION_FORWARD 0x07
#define OX_ACTION_DELEGATE 0x08
#define OX_ACTION_TAG 0x09
#define OX_ACTION_DELETE 0x0A
#define OX_ACTION_MARK_AS_READ 0x0B

/* ActionFlavor of FORWARD, then of REPLY and OOF_REPLY. @spec [MS-OXORULE] 2.2.5.1.1 */
#define OX_FORWARD_PRESERVE_SENDER 0x00000001u
#define OX_FORWARD_NO_CHANGE 0x00000002u
#define OX_FORWARD_AS_ATTACHMENT 0x00000004u
#define OX_FORWARD_AS_TEXT_MESSAGE 0x00000008u
#define OX_REPLY_NOT_TO_SENDER 0x00000001u
#define OX_REPLY_STOCK_TEXT 0x00000002u

/* BounceCode. @spec [MS-OXORULE] 2.2.5.1.2.5 */
#define OX_BOUNCE_TOO_LARGE 0x0000000Du
#define OX_BOUNCE_NOT_DISPLAYED 0x0000001Fu
#define OX_BOUNCE_DENIED 0x00000026u

/** RecipientBlockData; NoOfProperties, like RecipientCount, has the width of the rule's counts.
 *  @spec [MS-OXORULE] 2.2.5.1.2.4.1 */
typedef struct ox_recipient_block {
  uint8_t reserved; /**< 0x01 */
  uint32_t property_count;
  ox_property *properties;
} ox_recipient_block;

/** ActionBlock; `action_type` says which member of the union holds. */
typedef struct ox_rule_action {
  uint8_t action_type; /**< OX_ACTION_* */
  uint32_t action_flavor;
  uint32_t action_flags;
  union {
    struct {
      bool folder_in_this_store; /**< standard rules only */
      ox_bytes store_eid;
      ox_bytes
          folder_eid; /**< a ServerEid (ox_server_id) when folder_in_this_store, or an EntryID */
    } move;           /**< MOVE, COPY */
    struct {
      uint64_t template_fid; /**< standard rules only: ox_id64 */
      uint64_t template_mid; /**< standard rules only: ox_id64 */
      ox_bytes message_eid;  /**< extended rules only: a message EntryID */
      ox_guid template_guid;
    } reply; /**< REPLY, OOF_REPLY */
    struct {
      uint32_t bounce_code;
    } bounce;
    struct {
      uint32_t recipient_count;
      ox_recipient_block *recipients;
    } forward; /**< FORWARD, DELEGATE */
    struct {
      ox_property property;
    } tag;
    struct {
      ox_bytes data;
    } defer; /**< DEFER: the client's own bytes */
  } u;
} ox_rule_action;

/** RuleAction: the value of PtypRuleAction. @spec [MS-OXORULE] 2.2.5 */
typedef struct ox_rule_actions {
  uint32_t action_count; /**< NoOfActions */
  ox_rule_action *actions;
} ox_rule_actions;

/** @param width  2 for standard rules, 4 for extended ones, whose counts and lengths have 32 bits
 *                and whose MOVE, COPY and REPLY data look different
 *  @return OX_OK, OX_E_TRUNCATED, OX_E_MALFORMED (action type, lengths), OX_E_LIMIT (depth),
 *          OX_E_NO_MEMORY, OX_E_UNKNOWN_TYPE */
OX_EXPORT ox_status ox_rule_actions_decode(ox_reader *r, ox_arena *arena, unsigned width,
                                           ox_rule_actions *out);
/** Failures are the writer's; OX_E_USAGE for an action that does not exist. */
OX_EXPORT void ox_rule_actions_encode(ox_writer *w, unsigned width, const ox_rule_actions *in);
/** Deep copy into the arena. @return OX_OK, OX_E_NO_MEMORY, OX_E_UNKNOWN_TYPE */
OX_EXPORT OX_WARN_UNUSED ox_status ox_rule_actions_clone(ox_arena *arena, const ox_rule_actions *in,
                                                         ox_rule_actions *out);

OX_END_DECLS

#endif
