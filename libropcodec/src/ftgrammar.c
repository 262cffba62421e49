/* The syntactical structure of FastTransfer streams: a push-down recogniser over const tables.
 *
 * Each element of the grammar has a few states. A state has edges: on a token, to another state;
 * or, on a token with which an element can begin, into that element and then to another state. When
 * no edge fits and the element may end there, it is left and what contains it is asked again. The
 * grammar needs one token of look-ahead only.
 * @spec [MS-OXCFXICS] 2.2.4.2, 2.2.4.3 */
#include "ftstream_internal.h"

#include <string.h>

#include <oxkit/ropcodec/property_info.h>

/* Tokens: the markers in the order of the table below, then kinds of property, then the end. */
enum {
  T_START_TOP_FLD,
  T_END_FOLDER,
  T_START_SUB_FLD,
  T_START_MESSAGE,
  T_END_MESSAGE,
  T_START_FAI_MSG,
  T_START_EMBED,
  T_END_EMBED,
  T_START_RECIP,
  T_END_TO_RECIP,
  T_NEW_ATTACH,
  T_END_ATTACH,
  T_INCR_SYNC_CHG,
  T_INCR_SYNC_CHG_PARTIAL,
  T_INCR_SYNC_DEL,
  T_INCR_SYNC_END,
  T_INCR_SYNC_READ,
  T_INCR_SYNC_STATE_BEGIN,
  T_INCR_SYNC_STATE_END,
  T_INCR_SYNC_PROGRESS_MODE,
  T_INCR_SYNC_PROGRESS_PER_MSG,
  T_INCR_SYNC_MESSAGE,
  T_INCR_SYNC_GROUP_INFO,
  T_FX_ERROR_INFO,
  T_PROPERTY,
  T_DN_PREFIX,
  T_EC_WARNING,
  T_NEW_FX_FOLDER,
  T_GROUP_ID,
  T_PARTIAL,
  T_DEL_CONTENTS, /* MetaTagFXDelProp with the tag of these subobjects */
  T_DEL_HIERARCHY,
  T_DEL_RECIPIENTS,
  T_DEL_ATTACHMENTS,
  T_DEL_OTHER,
  T_END = OX_FT_TOKEN_END
};

#define B(token) ((uint64_t)1 << (token))

const uint32_t ox_ft_markers[OX_FT_MARKER_COUNT] = {
    OX_FT_START_TOP_FLD,
    OX_FT_END_FOLDER,
    OX_FT_START_SUB_FLD,
    OX_FT_START_MESSAGE,
    OX_FT_END_MESSAGE,
    OX_FT_START_FAI_MSG,
    OX_FT_START_EMBED,
    OX_FT_END_EMBED,
    OX_FT_START_RECIP,
    OX_FT_END_TO_RECIP,
    OX_FT_NEW_ATTACH,
    OX_FT_END_ATTACH,
    OX_FT_INCR_SYNC_CHG,
    OX_FT_INCR_SYNC_CHG_PARTIAL,
    OX_FT_INCR_SYNC_DEL,
    OX_FT_INCR_SYNC_END,
    OX_FT_INCR_SYNC_READ,
    OX_FT_INCR_SYNC_STATE_BEGIN,
    OX_FT_INCR_SYNC_STATE_END,
    OX_FT_INCR_SYNC_PROGRESS_MODE,
    OX_FT_INCR_SYNC_PROGRESS_PER_MSG,
    OX_FT_INCR_SYNC_MESSAGE,
    OX_FT_INCR_SYNC_GROUP_INFO,
    OX_FT_FX_ERROR_INFO,
};

#define INDEX(marker, token) [(marker) >> 16 & 0x7F] = (token) + 1

const uint8_t ox_ft_marker_index[128] = {
    INDEX(OX_FT_START_TOP_FLD, T_START_TOP_FLD),
    INDEX(OX_FT_END_FOLDER, T_END_FOLDER),
    INDEX(OX_FT_START_SUB_FLD, T_START_SUB_FLD),
    INDEX(OX_FT_START_MESSAGE, T_START_MESSAGE),
    INDEX(OX_FT_END_MESSAGE, T_END_MESSAGE),
    INDEX(OX_FT_START_FAI_MSG, T_START_FAI_MSG),
    INDEX(OX_FT_START_EMBED, T_START_EMBED),
    INDEX(OX_FT_END_EMBED, T_END_EMBED),
    INDEX(OX_FT_START_RECIP, T_START_RECIP),
    INDEX(OX_FT_END_TO_RECIP, T_END_TO_RECIP),
    INDEX(OX_FT_NEW_ATTACH, T_NEW_ATTACH),
    INDEX(OX_FT_END_ATTACH, T_END_ATTACH),
    INDEX(OX_FT_INCR_SYNC_CHG, T_INCR_SYNC_CHG),
    INDEX(OX_FT_INCR_SYNC_CHG_PARTIAL, T_INCR_SYNC_CHG_PARTIAL),
    INDEX(OX_FT_INCR_SYNC_DEL, T_INCR_SYNC_DEL),
    INDEX(OX_FT_INCR_SYNC_END, T_INCR_SYNC_END),
    INDEX(OX_FT_INCR_SYNC_READ, T_INCR_SYNC_READ),
    INDEX(OX_FT_INCR_SYNC_STATE_BEGIN, T_INCR_SYNC_STATE_BEGIN),
    INDEX(OX_FT_INCR_SYNC_STATE_END, T_INCR_SYNC_STATE_END),
    INDEX(OX_FT_INCR_SYNC_PROGRESS_MODE, T_INCR_SYNC_PROGRESS_MODE),
    INDEX(OX_FT_INCR_SYNC_PROGRESS_PER_MSG, T_INCR_SYNC_PROGRESS_PER_MSG),
    INDEX(OX_FT_INCR_SYNC_MESSAGE, T_INCR_SYNC_MESSAGE),
    INDEX(OX_FT_INCR_SYNC_GROUP_INFO, T_INCR_SYNC_GROUP_INFO),
    INDEX(OX_FT_FX_ERROR_INFO, T_FX_ERROR_INFO),
};

static const char *const marker_names[OX_FT_MARKER_COUNT] = {
    "StartTopFld",
    "EndFolder",
    "StartSubFld",
    "StartMessage",
    "EndMessage",
    "StartFAIMsg",
    "StartEmbed",
    "EndEmbed",
    "StartRecip",
    "EndToRecip",
    "NewAttach",
    "EndAttach",
    "IncrSyncChg",
    "IncrSyncChgPartial",
    "IncrSyncDel",
    "IncrSyncEnd",
    "IncrSyncRead",
    "IncrSyncStateBegin",
    "IncrSyncStateEnd",
    "IncrSyncProgressMode",
    "IncrSyncProgressPerMsg",
    "IncrSyncMessage",
    "IncrSyncGroupInfo",
    "FXErrorInfo",
};

/* The states. The number is how far the production has come. */
enum {
  S_CONTENTS_SYNC,
  S_CONTENTS_SYNC_1, /* between message changes */
  S_CONTENTS_SYNC_2, /* after progressPerMessage */
  S_CONTENTS_SYNC_3, /* after deletions */
  S_CONTENTS_SYNC_4, /* after readStateChanges */
  S_CONTENTS_SYNC_5, /* after state */
  S_HIERARCHY_SYNC,
  S_HIERARCHY_SYNC_1, /* after deletions */
  S_HIERARCHY_SYNC_2, /* after state */
  S_STATE,
  S_STATE_1,
  S_FOLDER_CONTENT,
  S_FOLDER_CONTENT_1, /* in propList */
  S_FOLDER_CONTENT_2, /* after folderMessages or MetaTagNewFXFolder */
  S_FOLDER_CONTENT_3, /* among subfolders */
  S_MESSAGE_CONTENT,
  S_MESSAGE_CONTENT_1,
  S_ATTACHMENT_CONTENT,
  S_ATTACHMENT_CONTENT_1,
  S_MESSAGE_LIST,
  S_TOP_FOLDER,
  S_TOP_FOLDER_1, /* after MetaTagDnPrefix */
  S_TOP_FOLDER_2, /* after StartTopFld */
  S_CONTENT_NO_DEL,
  S_CONTENT_NO_DEL_1, /* among subfolders */
  S_SUB_FOLDER,
  S_SUB_FOLDER_1,
  S_SUB_NO_DEL,
  S_SUB_NO_DEL_1,
  S_END_OF_FOLDER,
  S_FOLDER_MESSAGES,
  S_FOLDER_MESSAGES_1, /* after the first MetaTagFXDelProp */
  S_FOLDER_MESSAGES_2, /* after the first list */
  S_FOLDER_MESSAGES_3, /* after the second MetaTagFXDelProp */
  S_MESSAGES_NO_DEL,
  S_MESSAGE,
  S_MESSAGE_1,
  S_MESSAGE_2,
  S_CHILDREN,
  S_CHILDREN_1, /* among recipients */
  S_CHILDREN_2, /* among attachments */
  S_RECIPIENT,
  S_RECIPIENT_1,
  S_ATTACHMENT,
  S_ATTACHMENT_1,
  S_ATTACHMENT_2,
  S_ATTACHMENT_3,
  S_EMBEDDED,
  S_EMBEDDED_1,
  S_EMBEDDED_2,
  S_DELETIONS,
  S_FOLDER_CHANGE,
  S_GROUP_INFO,
  S_CHANGE_FULL,
  S_CHANGE_FULL_1,
  S_CHANGE_FULL_2,
  S_CHANGE_FULL_3,
  S_CHANGE_PARTIAL,
  S_CHANGE_PARTIAL_1, /* after groupInfo */
  S_CHANGE_PARTIAL_2, /* after MetaTagIncrSyncGroupId */
  S_CHANGE_PARTIAL_3, /* after IncrSyncChgPartial */
  S_CHANGE_PARTIAL_4, /* after the header */
  S_CHANGE_PARTIAL_5, /* in a propList */
  S_PROGRESS_PER_MESSAGE,
  S_PROGRESS_TOTAL,
  S_READ_STATE,
  S_ERROR_INFO,
  S_PROPERTIES, /* propList and then the end of the element */
  S_FULL,       /* nothing more */
  STATE_COUNT
};

/* Tokens with which elements begin. FXErrorInfo begins a messageList in which nothing could be
 * written but the error of its first message. */
#define F_RECIPIENT B(T_START_RECIP)
#define F_ATTACHMENT B(T_NEW_ATTACH)
#define F_CHILDREN (B(T_DEL_RECIPIENTS) | B(T_DEL_ATTACHMENTS) | F_RECIPIENT | F_ATTACHMENT)
#define F_MESSAGE_CONTENT (B(T_DN_PREFIX) | B(T_PROPERTY) | F_CHILDREN)
#define F_EMBEDDED B(T_START_EMBED)
#define F_ATTACHMENT_CONTENT (B(T_DN_PREFIX) | B(T_PROPERTY) | F_EMBEDDED)
#define F_MESSAGE (B(T_START_MESSAGE) | B(T_START_FAI_MSG))
#define F_MESSAGE_LIST (B(T_DN_PREFIX) | B(T_EC_WARNING) | F_MESSAGE | B(T_FX_ERROR_INFO))
#define F_FOLDER_MESSAGES B(T_DEL_CONTENTS)
#define F_SUB_FOLDER B(T_START_SUB_FLD)
#define F_FOLDER_CONTENT                                                                       \
  (B(T_DN_PREFIX) | B(T_PROPERTY) | B(T_EC_WARNING) | B(T_NEW_FX_FOLDER) | F_FOLDER_MESSAGES | \
   B(T_DEL_HIERARCHY))
#define F_CONTENT_NO_DEL (B(T_PROPERTY) | B(T_NEW_FX_FOLDER) | F_MESSAGE_LIST | F_SUB_FOLDER)
#define F_GROUP_INFO B(T_INCR_SYNC_GROUP_INFO)
#define F_CHANGE_FULL B(T_INCR_SYNC_CHG)
#define F_CHANGE_PARTIAL F_GROUP_INFO
#define F_DELETIONS B(T_INCR_SYNC_DEL)
#define F_READ_STATE B(T_INCR_SYNC_READ)
#define F_STATE B(T_INCR_SYNC_STATE_BEGIN)

/* Conditions of an edge. */
enum { ALWAYS, LENIENT, EARLY };

/* MetaTagEcWarning is the fourth property of a folder, or belongs to a message. 2.2.4.3.6 */
enum { EARLY_PROPERTIES = 3 };

typedef struct grammar_edge {
  uint64_t on;
  uint8_t element; /* entered; 0: the token is taken */
  uint8_t next;
  uint8_t condition;
} grammar_edge;

typedef struct grammar_row {
  const grammar_edge *edges;
  uint8_t count;
  bool may_end;
} grammar_row;

#define ON(tokens, next) \
  { (tokens), 0, (next), ALWAYS }
#define IN(element, first, next) \
  { (first), (element), (next), ALWAYS }
/* A partial change that relies on an earlier groupInfo. */
#define IN_LENIENT                                                                               \
  {                                                                                              \
    B(T_GROUP_ID) | B(T_INCR_SYNC_CHG_PARTIAL), OX_FT_MESSAGE_CHANGE_PARTIAL, S_CONTENTS_SYNC_1, \
        LENIENT                                                                                  \
  }
#define ROW(may_end, ...)                                                             \
  {                                                                                   \
    (const grammar_edge[]){__VA_ARGS__},                                              \
        sizeof((const grammar_edge[]){__VA_ARGS__}) / sizeof(grammar_edge), (may_end) \
  }

static const grammar_row rows[STATE_COUNT] = {
    [S_CONTENTS_SYNC] =
        ROW(false, IN(OX_FT_PROGRESS_TOTAL, B(T_INCR_SYNC_PROGRESS_MODE), S_CONTENTS_SYNC_1),
            IN(OX_FT_PROGRESS_PER_MESSAGE, B(T_INCR_SYNC_PROGRESS_PER_MSG), S_CONTENTS_SYNC_2),
            IN(OX_FT_MESSAGE_CHANGE_FULL, F_CHANGE_FULL, S_CONTENTS_SYNC_1),
            IN(OX_FT_MESSAGE_CHANGE_PARTIAL, F_CHANGE_PARTIAL, S_CONTENTS_SYNC_1), IN_LENIENT,
            IN(OX_FT_DELETIONS, F_DELETIONS, S_CONTENTS_SYNC_3),
            IN(OX_FT_READ_STATE_CHANGES, F_READ_STATE, S_CONTENTS_SYNC_4),
            IN(OX_FT_STATE, F_STATE, S_CONTENTS_SYNC_5)),
    [S_CONTENTS_SYNC_1] =
        ROW(false, IN(OX_FT_MESSAGE_CHANGE_FULL, F_CHANGE_FULL, S_CONTENTS_SYNC_1),
            IN(OX_FT_PROGRESS_PER_MESSAGE, B(T_INCR_SYNC_PROGRESS_PER_MSG), S_CONTENTS_SYNC_2),
            IN(OX_FT_MESSAGE_CHANGE_PARTIAL, F_CHANGE_PARTIAL, S_CONTENTS_SYNC_1), IN_LENIENT,
            IN(OX_FT_DELETIONS, F_DELETIONS, S_CONTENTS_SYNC_3),
            IN(OX_FT_READ_STATE_CHANGES, F_READ_STATE, S_CONTENTS_SYNC_4),
            IN(OX_FT_STATE, F_STATE, S_CONTENTS_SYNC_5)),
    [S_CONTENTS_SYNC_2] =
        ROW(false, IN(OX_FT_MESSAGE_CHANGE_FULL, F_CHANGE_FULL, S_CONTENTS_SYNC_1),
            IN(OX_FT_MESSAGE_CHANGE_PARTIAL, F_CHANGE_PARTIAL, S_CONTENTS_SYNC_1), IN_LENIENT),
    [S_CONTENTS_SYNC_3] = ROW(false, IN(OX_FT_READ_STATE_CHANGES, F_READ_STATE, S_CONTENTS_SYNC_4),
                              IN(OX_FT_STATE, F_STATE, S_CONTENTS_SYNC_5)),
    [S_CONTENTS_SYNC_4] = ROW(false, IN(OX_FT_STATE, F_STATE, S_CONTENTS_SYNC_5)),
    [S_CONTENTS_SYNC_5] = ROW(false, ON(B(T_INCR_SYNC_END), S_FULL)),

    [S_HIERARCHY_SYNC] = ROW(false, IN(OX_FT_FOLDER_CHANGE, B(T_INCR_SYNC_CHG), S_HIERARCHY_SYNC),
                             IN(OX_FT_DELETIONS, F_DELETIONS, S_HIERARCHY_SYNC_1),
                             IN(OX_FT_STATE, F_STATE, S_HIERARCHY_SYNC_2)),
    [S_HIERARCHY_SYNC_1] = ROW(false, IN(OX_FT_STATE, F_STATE, S_HIERARCHY_SYNC_2)),
    [S_HIERARCHY_SYNC_2] = ROW(false, ON(B(T_INCR_SYNC_END), S_FULL)),

    [S_STATE] = ROW(false, ON(F_STATE, S_STATE_1)),
    [S_STATE_1] = ROW(false, ON(B(T_PROPERTY), S_STATE_1), ON(B(T_INCR_SYNC_STATE_END), S_FULL)),

    [S_FOLDER_CONTENT] = ROW(
        true, ON(B(T_DN_PREFIX), S_FOLDER_CONTENT_1), ON(B(T_PROPERTY), S_FOLDER_CONTENT_1),
        {B(T_EC_WARNING), 0, S_FOLDER_CONTENT_1, EARLY}, ON(B(T_NEW_FX_FOLDER), S_FOLDER_CONTENT_2),
        IN(OX_FT_FOLDER_MESSAGES, F_FOLDER_MESSAGES, S_FOLDER_CONTENT_2),
        ON(B(T_DEL_HIERARCHY), S_FOLDER_CONTENT_3)),
    [S_FOLDER_CONTENT_1] = ROW(true, ON(B(T_PROPERTY), S_FOLDER_CONTENT_1),
                               {B(T_EC_WARNING), 0, S_FOLDER_CONTENT_1, EARLY},
                               ON(B(T_NEW_FX_FOLDER), S_FOLDER_CONTENT_2),
                               IN(OX_FT_FOLDER_MESSAGES, F_FOLDER_MESSAGES, S_FOLDER_CONTENT_2),
                               ON(B(T_DEL_HIERARCHY), S_FOLDER_CONTENT_3)),
    [S_FOLDER_CONTENT_2] = ROW(true, ON(B(T_DEL_HIERARCHY), S_FOLDER_CONTENT_3)),
    [S_FOLDER_CONTENT_3] = ROW(true, IN(OX_FT_SUB_FOLDER, F_SUB_FOLDER, S_FOLDER_CONTENT_3)),

    [S_MESSAGE_CONTENT] = ROW(true, ON(B(T_PROPERTY) | B(T_DN_PREFIX), S_MESSAGE_CONTENT_1),
                              IN(OX_FT_MESSAGE_CHILDREN, F_CHILDREN, S_FULL)),
    [S_MESSAGE_CONTENT_1] = ROW(true, ON(B(T_PROPERTY), S_MESSAGE_CONTENT_1),
                                IN(OX_FT_MESSAGE_CHILDREN, F_CHILDREN, S_FULL)),

    [S_ATTACHMENT_CONTENT] = ROW(true, ON(B(T_PROPERTY) | B(T_DN_PREFIX), S_ATTACHMENT_CONTENT_1),
                                 IN(OX_FT_EMBEDDED_MESSAGE, F_EMBEDDED, S_FULL)),
    [S_ATTACHMENT_CONTENT_1] = ROW(true, ON(B(T_PROPERTY), S_ATTACHMENT_CONTENT_1),
                                   IN(OX_FT_EMBEDDED_MESSAGE, F_EMBEDDED, S_FULL)),

    [S_MESSAGE_LIST] = ROW(true, IN(OX_FT_MESSAGE, F_MESSAGE, S_MESSAGE_LIST),
                           ON(B(T_DN_PREFIX) | B(T_EC_WARNING), S_MESSAGE_LIST)),

    [S_TOP_FOLDER] =
        ROW(false, ON(B(T_START_TOP_FLD), S_TOP_FOLDER_2), ON(B(T_DN_PREFIX), S_TOP_FOLDER_1)),
    [S_TOP_FOLDER_1] = ROW(false, ON(B(T_START_TOP_FLD), S_TOP_FOLDER_2)),
    [S_TOP_FOLDER_2] =
        ROW(false, IN(OX_FT_FOLDER_CONTENT_NO_DEL_PROPS, F_CONTENT_NO_DEL, S_END_OF_FOLDER),
            ON(B(T_END_FOLDER), S_FULL)),

    [S_CONTENT_NO_DEL] = ROW(
        true, ON(B(T_PROPERTY), S_CONTENT_NO_DEL), {B(T_EC_WARNING), 0, S_CONTENT_NO_DEL, EARLY},
        ON(B(T_NEW_FX_FOLDER), S_CONTENT_NO_DEL_1),
        IN(OX_FT_FOLDER_MESSAGES_NO_DEL_PROPS, F_MESSAGE_LIST, S_CONTENT_NO_DEL_1),
        IN(OX_FT_SUB_FOLDER_NO_DEL_PROPS, F_SUB_FOLDER, S_CONTENT_NO_DEL_1)),
    [S_CONTENT_NO_DEL_1] =
        ROW(true, IN(OX_FT_SUB_FOLDER_NO_DEL_PROPS, F_SUB_FOLDER, S_CONTENT_NO_DEL_1)),

    [S_SUB_FOLDER] = ROW(false, ON(F_SUB_FOLDER, S_SUB_FOLDER_1)),
    [S_SUB_FOLDER_1] = ROW(false, IN(OX_FT_FOLDER_CONTENT, F_FOLDER_CONTENT, S_END_OF_FOLDER),
                           ON(B(T_END_FOLDER), S_FULL)),
    [S_SUB_NO_DEL] = ROW(false, ON(F_SUB_FOLDER, S_SUB_NO_DEL_1)),
    [S_SUB_NO_DEL_1] =
        ROW(false, IN(OX_FT_FOLDER_CONTENT_NO_DEL_PROPS, F_CONTENT_NO_DEL, S_END_OF_FOLDER),
            ON(B(T_END_FOLDER), S_FULL)),
    [S_END_OF_FOLDER] = ROW(false, ON(B(T_END_FOLDER), S_FULL)),

    [S_FOLDER_MESSAGES] = ROW(true, ON(B(T_DEL_CONTENTS), S_FOLDER_MESSAGES_1)),
    [S_FOLDER_MESSAGES_1] = ROW(true, IN(OX_FT_MESSAGE_LIST, F_MESSAGE_LIST, S_FOLDER_MESSAGES_2),
                                ON(B(T_DEL_CONTENTS), S_FOLDER_MESSAGES_3)),
    [S_FOLDER_MESSAGES_2] = ROW(true, ON(B(T_DEL_CONTENTS), S_FOLDER_MESSAGES_3)),
    [S_FOLDER_MESSAGES_3] = ROW(true, IN(OX_FT_MESSAGE_LIST, F_MESSAGE_LIST, S_FULL)),

    /* Two lists that follow each other are one list. */
    [S_MESSAGES_NO_DEL] = ROW(true, IN(OX_FT_MESSAGE_LIST, F_MESSAGE_LIST, S_FULL)),

    [S_MESSAGE] = ROW(false, ON(F_MESSAGE, S_MESSAGE_1)),
    [S_MESSAGE_1] = ROW(false, IN(OX_FT_MESSAGE_CONTENT, F_MESSAGE_CONTENT, S_MESSAGE_2),
                        ON(B(T_END_MESSAGE), S_FULL)),
    [S_MESSAGE_2] = ROW(false, ON(B(T_END_MESSAGE), S_FULL)),

    [S_CHILDREN] = ROW(
        true, ON(B(T_DEL_RECIPIENTS), S_CHILDREN_1), IN(OX_FT_RECIPIENT, F_RECIPIENT, S_CHILDREN_1),
        ON(B(T_DEL_ATTACHMENTS), S_CHILDREN_2), IN(OX_FT_ATTACHMENT, F_ATTACHMENT, S_CHILDREN_2)),
    [S_CHILDREN_1] = ROW(true, IN(OX_FT_RECIPIENT, F_RECIPIENT, S_CHILDREN_1),
                         ON(B(T_DEL_ATTACHMENTS), S_CHILDREN_2),
                         IN(OX_FT_ATTACHMENT, F_ATTACHMENT, S_CHILDREN_2)),
    [S_CHILDREN_2] = ROW(true, IN(OX_FT_ATTACHMENT, F_ATTACHMENT, S_CHILDREN_2)),

    [S_RECIPIENT] = ROW(false, ON(F_RECIPIENT, S_RECIPIENT_1)),
    [S_RECIPIENT_1] = ROW(false, ON(B(T_PROPERTY), S_RECIPIENT_1), ON(B(T_END_TO_RECIP), S_FULL)),

    [S_ATTACHMENT] = ROW(false, ON(F_ATTACHMENT, S_ATTACHMENT_1)),
    [S_ATTACHMENT_1] = ROW(false, ON(B(T_PROPERTY), S_ATTACHMENT_2)),
    [S_ATTACHMENT_2] =
        ROW(false, IN(OX_FT_ATTACHMENT_CONTENT, F_ATTACHMENT_CONTENT, S_ATTACHMENT_3),
            ON(B(T_END_ATTACH), S_FULL)),
    [S_ATTACHMENT_3] = ROW(false, ON(B(T_END_ATTACH), S_FULL)),

    [S_EMBEDDED] = ROW(false, ON(F_EMBEDDED, S_EMBEDDED_1)),
    [S_EMBEDDED_1] = ROW(false, IN(OX_FT_MESSAGE_CONTENT, F_MESSAGE_CONTENT, S_EMBEDDED_2),
                         ON(B(T_END_EMBED), S_FULL)),
    [S_EMBEDDED_2] = ROW(false, ON(B(T_END_EMBED), S_FULL)),

    [S_DELETIONS] = ROW(false, ON(F_DELETIONS, S_PROPERTIES)),
    [S_FOLDER_CHANGE] = ROW(false, ON(B(T_INCR_SYNC_CHG), S_PROPERTIES)),
    [S_GROUP_INFO] = ROW(false, ON(F_GROUP_INFO, S_PROPERTIES)),

    [S_CHANGE_FULL] = ROW(false, ON(F_CHANGE_FULL, S_CHANGE_FULL_1)),
    [S_CHANGE_FULL_1] = ROW(false, IN(OX_FT_MESSAGE_CHANGE_HEADER, B(T_PROPERTY), S_CHANGE_FULL_2)),
    [S_CHANGE_FULL_2] = ROW(false, ON(B(T_INCR_SYNC_MESSAGE), S_CHANGE_FULL_3)),
    [S_CHANGE_FULL_3] = ROW(true, ON(B(T_PROPERTY), S_CHANGE_FULL_3),
                            IN(OX_FT_MESSAGE_CHILDREN, F_CHILDREN, S_FULL)),

    [S_CHANGE_PARTIAL] = ROW(false, IN(OX_FT_GROUP_INFO, F_GROUP_INFO, S_CHANGE_PARTIAL_1),
                             {B(T_GROUP_ID), 0, S_CHANGE_PARTIAL_2, LENIENT},
                             {B(T_INCR_SYNC_CHG_PARTIAL), 0, S_CHANGE_PARTIAL_3, LENIENT}),
    [S_CHANGE_PARTIAL_1] = ROW(false, ON(B(T_GROUP_ID), S_CHANGE_PARTIAL_2),
                               {B(T_INCR_SYNC_CHG_PARTIAL), 0, S_CHANGE_PARTIAL_3, LENIENT}),
    [S_CHANGE_PARTIAL_2] = ROW(false, ON(B(T_INCR_SYNC_CHG_PARTIAL), S_CHANGE_PARTIAL_3)),
    [S_CHANGE_PARTIAL_3] =
        ROW(false, IN(OX_FT_MESSAGE_CHANGE_HEADER, B(T_PROPERTY), S_CHANGE_PARTIAL_4)),
    [S_CHANGE_PARTIAL_4] = ROW(true, ON(B(T_PARTIAL), S_CHANGE_PARTIAL_5),
                               IN(OX_FT_MESSAGE_CHILDREN, F_CHILDREN, S_FULL)),
    [S_CHANGE_PARTIAL_5] = ROW(true, ON(B(T_PROPERTY) | B(T_PARTIAL), S_CHANGE_PARTIAL_5),
                               IN(OX_FT_MESSAGE_CHILDREN, F_CHILDREN, S_FULL)),

    [S_PROGRESS_PER_MESSAGE] = ROW(false, ON(B(T_INCR_SYNC_PROGRESS_PER_MSG), S_PROPERTIES)),
    [S_PROGRESS_TOTAL] = ROW(false, ON(B(T_INCR_SYNC_PROGRESS_MODE), S_PROPERTIES)),
    [S_READ_STATE] = ROW(false, ON(F_READ_STATE, S_PROPERTIES)),
    [S_ERROR_INFO] = ROW(false, ON(B(T_FX_ERROR_INFO), S_PROPERTIES)),

    [S_PROPERTIES] = ROW(true, ON(B(T_PROPERTY), S_PROPERTIES)),
    [S_FULL] = {NULL, 0, true},
};

/* Restrictions on property lists. */
enum { ANYWHERE = -1 };

typedef struct list_rule {
  ox_proptag tag;
  int8_t position; /* of the property in its list, or ANYWHERE */
  bool required;
} list_rule;

static const list_rule rules_header[] = {
    {OX_PidTagSourceKey, 0, true},           {OX_PidTagLastModificationTime, 1, true},
    {OX_PidTagChangeKey, 2, true},           {OX_PidTagPredecessorChangeList, 3, true},
    {OX_PidTagAssociated, 4, true},          {OX_PidTagMid, ANYWHERE, false},
    {OX_PidTagMessageSize, ANYWHERE, false}, {OX_PidTagChangeNumber, ANYWHERE, false},
};
static const list_rule rules_folder_change[] = {
    {OX_PidTagParentSourceKey, ANYWHERE, true},       {OX_PidTagSourceKey, ANYWHERE, true},
    {OX_PidTagLastModificationTime, ANYWHERE, true},  {OX_PidTagChangeKey, ANYWHERE, true},
    {OX_PidTagPredecessorChangeList, ANYWHERE, true}, {OX_PidTagDisplayName, ANYWHERE, true},
};
static const list_rule rules_state[] = {
    {OX_MetaTagIdsetGiven, ANYWHERE, false},
    {OX_MetaTagCnsetSeen, ANYWHERE, false},
    {OX_MetaTagCnsetSeenFAI, ANYWHERE, false},
    {OX_MetaTagCnsetRead, ANYWHERE, false},
};
static const list_rule rules_deletions[] = {
    {OX_MetaTagIdsetDeleted, ANYWHERE, false},
    {OX_MetaTagIdsetNoLongerInScope, ANYWHERE, false},
    {OX_MetaTagIdsetExpired, ANYWHERE, false},
};
static const list_rule rules_read_state[] = {
    {OX_MetaTagIdsetRead, ANYWHERE, false},
    {OX_MetaTagIdsetUnread, ANYWHERE, false},
};
static const list_rule rules_progress_per_message[] = {
    {OX_PROPTAG(0, OX_PTYP_INTEGER32), 0, true},
    {OX_PROPTAG(0, OX_PTYP_BOOLEAN), 1, true},
};
static const list_rule rules_one_binary[] = {{OX_PROPTAG(0, OX_PTYP_BINARY), 0, true}};
static const list_rule rules_recipient[] = {{OX_PidTagRowid, 0, true}};
static const list_rule rules_attachment[] = {{OX_PidTagAttachNumber, 0, true}};
static const list_rule rules_message_content[] = {{OX_PidTagMid, 0, false}};

/* What else a list may hold. */
enum { OTHERS = 1, NOT_EMPTY = 2 };

static const struct element {
  const char *name;
  const char *spec;
  const list_rule *rules;
  uint8_t rule_count;
  uint8_t list;
  uint8_t start;
} elements[OX_FT_ELEMENT_LAST + 1] = {
#define RULES(rules) rules, sizeof(rules) / sizeof((rules)[0])
#define ELEMENT(name, section, start) \
  { name, "[MS-OXCFXICS] 2.2.4." section, NULL, 0, OTHERS, start }
#define LIST(name, section, start, rules, others) \
  { name, "[MS-OXCFXICS] 2.2.4." section, RULES(rules), others, start }
    [OX_FT_CONTENTS_SYNC] = ELEMENT("contentsSync", "3.2", S_CONTENTS_SYNC),
    [OX_FT_HIERARCHY_SYNC] = ELEMENT("hierarchySync", "3.9", S_HIERARCHY_SYNC),
    [OX_FT_STATE] = LIST("state", "3.25", S_STATE, rules_state, 0),
    [OX_FT_FOLDER_CONTENT] = ELEMENT("folderContent", "3.6", S_FOLDER_CONTENT),
    [OX_FT_MESSAGE_CONTENT] =
        LIST("messageContent", "3.16", S_MESSAGE_CONTENT, rules_message_content, OTHERS),
    [OX_FT_ATTACHMENT_CONTENT] = ELEMENT("attachmentContent", "3.1", S_ATTACHMENT_CONTENT),
    [OX_FT_MESSAGE_LIST] = ELEMENT("messageList", "3.17", S_MESSAGE_LIST),
    [OX_FT_TOP_FOLDER] = ELEMENT("topFolder", "2", S_TOP_FOLDER),
    [OX_FT_FOLDER_CONTENT_NO_DEL_PROPS] = ELEMENT("folderContentNoDelProps", "2", S_CONTENT_NO_DEL),
    [OX_FT_SUB_FOLDER] = ELEMENT("subFolder", "2", S_SUB_FOLDER),
    [OX_FT_SUB_FOLDER_NO_DEL_PROPS] = ELEMENT("subFolderNoDelProps", "2", S_SUB_NO_DEL),
    [OX_FT_FOLDER_MESSAGES] = ELEMENT("folderMessages", "3.7", S_FOLDER_MESSAGES),
    [OX_FT_FOLDER_MESSAGES_NO_DEL_PROPS] =
        ELEMENT("folderMessagesNoDelProps", "2", S_MESSAGES_NO_DEL),
    [OX_FT_MESSAGE] = ELEMENT("message", "3.10", S_MESSAGE),
    [OX_FT_MESSAGE_CHILDREN] = ELEMENT("messageChildren", "3.12", S_CHILDREN),
    [OX_FT_RECIPIENT] = LIST("recipient", "3.23", S_RECIPIENT, rules_recipient, OTHERS),
    [OX_FT_ATTACHMENT] = LIST("attachment", "2", S_ATTACHMENT, rules_attachment, 0),
    [OX_FT_EMBEDDED_MESSAGE] = ELEMENT("embeddedMessage", "2", S_EMBEDDED),
    [OX_FT_DELETIONS] = LIST("deletions", "3.3", S_DELETIONS, rules_deletions, NOT_EMPTY),
    [OX_FT_FOLDER_CHANGE] =
        LIST("folderChange", "3.5", S_FOLDER_CHANGE, rules_folder_change, OTHERS),
    [OX_FT_GROUP_INFO] = LIST("groupInfo", "3.8", S_GROUP_INFO, rules_one_binary, 0),
    [OX_FT_MESSAGE_CHANGE_FULL] = ELEMENT("messageChangeFull", "3.13", S_CHANGE_FULL),
    [OX_FT_MESSAGE_CHANGE_HEADER] =
        LIST("messageChangeHeader", "3.14", S_PROPERTIES, rules_header, 0),
    [OX_FT_MESSAGE_CHANGE_PARTIAL] = ELEMENT("messageChangePartial", "3.15", S_CHANGE_PARTIAL),
    [OX_FT_PROGRESS_PER_MESSAGE] =
        LIST("progressPerMessage", "3.18", S_PROGRESS_PER_MESSAGE, rules_progress_per_message, 0),
    [OX_FT_PROGRESS_TOTAL] = LIST("progressTotal", "3.19", S_PROGRESS_TOTAL, rules_one_binary, 0),
    [OX_FT_READ_STATE_CHANGES] =
        LIST("readStateChanges", "3.22", S_READ_STATE, rules_read_state, NOT_EMPTY),
    [OX_FT_ERROR_INFO] = LIST("errorInfo", "3.4", S_ERROR_INFO, rules_one_binary, 0),
};

/* Names. */

const char *ox_ft_marker_name(uint32_t marker) {
  const unsigned number = ox_ft_marker_number(marker);
  return number != 0 ? marker_names[number - 1] : NULL;
}

uint32_t ox_ft_marker_by_name(const char *name) {
  for (size_t i = 0; i < OX_FT_MARKER_COUNT; i++) {
    if (strcmp(marker_names[i], name) == 0) return ox_ft_markers[i];
  }
  return 0;
}

const char *ox_ft_element_name(unsigned element) {
  return element <= OX_FT_ELEMENT_LAST ? elements[element].name : NULL;
}

unsigned ox_ft_element_by_name(const char *name) {
  for (unsigned i = 1; i <= OX_FT_ELEMENT_LAST; i++) {
    if (strcmp(elements[i].name, name) == 0) return i;
  }
  return 0;
}

const char *ox_ft_tag_name(ox_proptag tag) {
  static const struct {
    uint16_t id;
    const char *name;
  } names[] = {
      {0x4008, "MetaTagDnPrefix"},
      {0x400F, "MetaTagEcWarning"},
      {0x4011, "MetaTagNewFXFolder"},
      {0x4016, "MetaTagFXDelProp"},
      {0x4017, "MetaTagIdsetGiven"},
      {0x4021, "MetaTagIdsetNoLongerInScope"},
      {0x402D, "MetaTagIdsetRead"},
      {0x402E, "MetaTagIdsetUnread"},
      {0x407A, "MetaTagIncrementalSyncMessagePartial"},
      {0x407C, "MetaTagIncrSyncGroupId"},
      {0x6793, "MetaTagIdsetExpired"},
      {0x6796, "MetaTagCnsetSeen"},
      {0x67D2, "MetaTagCnsetRead"},
      {0x67DA, "MetaTagCnsetSeenFAI"},
      {0x67E5, "MetaTagIdsetDeleted"},
  };
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    if (names[i].id == OX_PROPTAG_ID(tag)) return names[i].name;
  }
  ox_property_info info;
  return ox_property_info_by_tag(tag, &info) ? info.name : NULL;
}

/* The recogniser. */

unsigned ox_ft_token(uint32_t tag, const ox_value *value) {
  const unsigned number = ox_ft_marker_number(tag);
  if (number != 0) return number - 1;
  switch (OX_PROPTAG_ID(tag)) {
    case 0x4008: return T_DN_PREFIX;
    case 0x400F: return T_EC_WARNING;
    case 0x4011: return T_NEW_FX_FOLDER;
    case 0x407A: return T_PARTIAL;
    case 0x407C: return T_GROUP_ID;
    case 0x4016:
      if (tag != OX_MetaTagFXDelProp) return T_DEL_OTHER;
      switch ((uint32_t)value->i32 >> 16) {
        case 0x3610: /* PidTagFolderAssociatedContents */
        case OX_PidTagContainerContents >> 16: return T_DEL_CONTENTS;
        case OX_PidTagContainerHierarchy >> 16: return T_DEL_HIERARCHY;
        case OX_PidTagMessageRecipients >> 16: return T_DEL_RECIPIENTS;
        case OX_PidTagMessageAttachments >> 16: return T_DEL_ATTACHMENTS;
        default: return T_DEL_OTHER;
      }
    default: return T_PROPERTY;
  }
}

void ox_ft_grammar_init(ox_ft_grammar *grammar, unsigned root, uint32_t flags) {
  grammar->depth = 0;
  grammar->abort_to = 0;
  grammar->root = (uint8_t)root;
  grammar->lenient = (flags & OX_FT_LENIENT) != 0;
  grammar->started = false;
}

static const char *name_of(uint32_t tag, char buffer[16]) {
  const char *name = ox_ft_marker_name(tag);
  if (name == NULL) name = ox_ft_tag_name(tag);
  if (name != NULL) return name;
  static const char digits[] = "0123456789ABCDEF";
  memcpy(buffer, "0x", 2);
  for (unsigned i = 0; i < 8; i++) buffer[2 + i] = digits[tag >> (28 - 4 * i) & 15];
  buffer[10] = 0;
  return buffer;
}

static ox_ft_step fail(unsigned element, ox_status status, const char *what, uint32_t tag,
                       ox_error *err) {
  char buffer[16];
  ox_error_setf(err, status, "%s: %s %s", elements[element].name,
                tag != UINT32_MAX ? name_of(tag, buffer) : "the stream", what);
  if (err != NULL) {
    err->field = elements[element].name;
    err->spec = elements[element].spec;
  }
  return OX_FT_STEP_FAIL;
}

static ox_ft_step enter(ox_ft_grammar *grammar, unsigned element, ox_ft_event *event,
                        ox_error *err) {
  if (grammar->depth == OX_FT_DEPTH_MAX) {
    return fail(element, OX_E_LIMIT, "is nested too deep", UINT32_MAX, err);
  }
  ox_ft_frame *frame = &grammar->frames[grammar->depth++];
  frame->element = (uint8_t)element;
  frame->state = elements[element].start;
  frame->seen = 0;
  frame->property_count = 0;
  frame->is_plain = false;
  event->kind = OX_FT_EVENT_ENTER;
  event->element = (uint8_t)element;
  return OX_FT_STEP_ENTER;
}

/* The list of a complete element has everything that it must have. */
static bool is_complete(const ox_ft_frame *frame, ox_error *err) {
  const struct element *element = &elements[frame->element];
  if ((element->list & NOT_EMPTY) != 0 && frame->property_count == 0) {
    fail(frame->element, OX_E_MALFORMED, "is missing", element->rules[0].tag, err);
    return false;
  }
  for (unsigned i = 0; i < element->rule_count; i++) {
    if (element->rules[i].required && (frame->seen >> i & 1) == 0) {
      fail(frame->element, OX_E_MALFORMED, "is missing", element->rules[i].tag, err);
      return false;
    }
  }
  return true;
}

static ox_ft_step leave(ox_ft_grammar *grammar, bool aborted, ox_ft_event *event, ox_error *err) {
  const ox_ft_frame *frame = &grammar->frames[grammar->depth - 1];
  if (!aborted && !grammar->lenient && !is_complete(frame, err)) return OX_FT_STEP_FAIL;
  event->kind = OX_FT_EVENT_LEAVE;
  event->element = frame->element;
  event->flags = aborted ? OX_FT_ABORTED : 0;
  grammar->depth--;
  return OX_FT_STEP_LEAVE;
}

/* Strings come in several types, and MetaTagIdsetGiven in two. */
static bool same_property(ox_proptag rule_tag, ox_proptag tag) {
  if (OX_PROPTAG_ID(rule_tag) != OX_PROPTAG_ID(tag)) return false;
  return rule_tag == tag || OX_PROPTAG_TYPE(rule_tag) == OX_PTYP_STRING ||
         rule_tag == OX_MetaTagIdsetGiven;
}

/* A property joins the list of the innermost element. */
static ox_ft_step check_property(ox_ft_frame *frame, ox_proptag tag, ox_error *err) {
  const struct element *element = &elements[frame->element];
  if (OX_PROPTAG_TYPE(tag) == OX_PTYP_ERROR_CODE) {
    return fail(frame->element, OX_E_MALFORMED, "is an error in place of a value", tag, err);
  }
  for (unsigned i = 0; i < element->rule_count; i++) {
    const list_rule *rule = &element->rules[i];
    if (!same_property(rule->tag, tag)) continue;
    if (rule->position != ANYWHERE && (uint32_t)rule->position != frame->property_count) {
      return fail(frame->element, OX_E_MALFORMED, "is not in its place", tag, err);
    }
    if ((frame->seen >> i & 1) != 0) {
      return fail(frame->element, OX_E_MALFORMED, "appears twice", tag, err);
    }
    frame->seen |= (uint16_t)(1u << i);
    return OX_FT_STEP_TAKE;
  }
  if (element->rule_count != 0 && (element->list & OTHERS) == 0) {
    return fail(frame->element, OX_E_MALFORMED, "is prohibited", tag, err);
  }
  return OX_FT_STEP_TAKE;
}

/* After the first property: whether others can join the list with no more than a look at one id. */
static void note_plain(ox_ft_frame *frame) {
  const struct element *element = &elements[frame->element];
  const grammar_row *row = &rows[frame->state];
  const bool loops = row->count != 0 && (row->edges[0].on >> T_PROPERTY & 1) != 0 &&
                     row->edges[0].next == frame->state && row->edges[0].element == 0;
  frame->is_plain = loops && (element->list & OTHERS) != 0 && element->rule_count <= 1;
  frame->watched_id = element->rule_count != 0 ? OX_PROPTAG_ID(element->rules[0].tag) : 0x4000;
}

/* The first edge that the token can take. */
static const grammar_edge *find_edge(const ox_ft_grammar *grammar, const ox_ft_frame *frame,
                                     unsigned token) {
  const grammar_row *row = &rows[frame->state];
  for (unsigned i = 0; i < row->count; i++) {
    const grammar_edge *edge = &row->edges[i];
    if ((edge->on >> token & 1) == 0) continue;
    if (edge->condition == LENIENT && !grammar->lenient) continue;
    if (edge->condition == EARLY && frame->property_count > EARLY_PROPERTIES) continue;
    return edge;
  }
  return NULL;
}

/* Decides how far an errorInfo unwinds: to the closest element that supports recovery. Without one
 * nothing can follow it. 2.2.4.3.4 */
static void begin_abort(ox_ft_grammar *grammar) {
  for (unsigned depth = grammar->depth; depth != 0; depth--) {
    ox_ft_frame *frame = &grammar->frames[depth - 1];
    if (frame->element == OX_FT_MESSAGE_LIST || frame->element == OX_FT_CONTENTS_SYNC) {
      if (frame->state <= S_CONTENTS_SYNC_2) frame->state = S_CONTENTS_SYNC_1;
      grammar->abort_to = (uint16_t)depth;
      return;
    }
  }
  const ox_ft_frame *top = &grammar->frames[grammar->depth - 1];
  if (find_edge(grammar, top, T_FX_ERROR_INFO) != NULL) return;
  grammar->frames[0].state = S_FULL;
  grammar->abort_to = 1;
}

ox_ft_step ox_ft_grammar_offer(ox_ft_grammar *grammar, unsigned token, uint32_t tag,
                               ox_ft_event *event, ox_error *err) {
  if (!grammar->started) {
    grammar->started = true;
    return enter(grammar, grammar->root, event, err);
  }
  if (grammar->depth == 0) {
    event->element = 0;
    if (token == T_END) return OX_FT_STEP_TAKE;
    return fail(grammar->root, OX_E_TRAILING, "follows the end", tag, err);
  }
  ox_ft_frame *frame = &grammar->frames[grammar->depth - 1];
  if (token == T_FX_ERROR_INFO && frame->element != OX_FT_ERROR_INFO) {
    if (grammar->abort_to == 0) begin_abort(grammar);
    if (grammar->abort_to != 0) {
      if (grammar->depth > grammar->abort_to) return leave(grammar, true, event, err);
      grammar->abort_to = 0;
      return enter(grammar, OX_FT_ERROR_INFO, event, err);
    }
  }
  const grammar_edge *edge = find_edge(grammar, frame, token);
  if (edge != NULL) {
    frame->state = edge->next;
    frame->is_plain = false;
    if (edge->element != 0) return enter(grammar, edge->element, event, err);
    event->element = frame->element;
    if (token != T_PROPERTY && token != T_EC_WARNING) return OX_FT_STEP_TAKE;
    if (token == T_PROPERTY && !grammar->lenient &&
        check_property(frame, tag, err) == OX_FT_STEP_FAIL) {
      return OX_FT_STEP_FAIL;
    }
    frame->property_count++;
    note_plain(frame);
    return OX_FT_STEP_TAKE;
  }
  if (rows[frame->state].may_end) return leave(grammar, false, event, err);
  if (token == T_END)
    return fail(frame->element, OX_E_TRUNCATED, "ends too early", UINT32_MAX, err);
  return fail(frame->element, OX_E_MALFORMED, "is not allowed here", tag, err);
}

ox_ft_step ox_ft_grammar_leave_full(ox_ft_grammar *grammar, ox_ft_event *event, ox_error *err) {
  if (grammar->depth == 0) return OX_FT_STEP_TAKE;
  if (rows[grammar->frames[grammar->depth - 1].state].count != 0) return OX_FT_STEP_TAKE;
  return leave(grammar, false, event, err);
}
