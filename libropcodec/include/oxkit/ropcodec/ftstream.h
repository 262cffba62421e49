/* FastTransfer streams: what synchronization and bulk transfer put into their buffers.
 *
 * A stream is a sequence of markers and properties (the lexical structure) that nest as a grammar
 * says (the syntactical structure). Three objects, none of which does I/O:
 *
 *   ox_ft_lexer   bytes in pieces of any size -> markers, properties, pieces of large values
 *   ox_ft_parser  the same, checked against the grammar, with the elements entered and left
 *   ox_ft_writer  the events of either -> bytes, cut into buffers only where the stream may be cut
 *
 * All three speak of ox_ft_event, so that a stream can be filtered from one into the other.
 * @spec [MS-OXCFXICS] 2.2.4 */
#ifndef OXKIT_ROPCODEC_FTSTREAM_H
#define OXKIT_ROPCODEC_FTSTREAM_H

#include <oxkit/ropcodec/namedprop.h>

OX_BEGIN_DECLS

/* Markers: four bytes that look like a property tag and have no value.
 * @spec [MS-OXCFXICS] 2.2.4.1.4 */
#define OX_FT_START_TOP_FLD 0x40090003u
#define OX_FT_END_FOLDER 0x400B0003u
#define OX_FT_START_SUB_FLD 0x400A0003u
#define OX_FT_START_MESSAGE 0x400C0003u
#define OX_FT_END_MESSAGE 0x400D0003u
#define OX_FT_START_FAI_MSG 0x40100003u
#define OX_FT_START_EMBED 0x40010003u
#define OX_FT_END_EMBED 0x40020003u
#define OX_FT_START_RECIP 0x40030003u
#define OX_FT_END_TO_RECIP 0x40040003u
#define OX_FT_NEW_ATTACH 0x40000003u
#define OX_FT_END_ATTACH 0x400E0003u
#define OX_FT_INCR_SYNC_CHG 0x40120003u
#define OX_FT_INCR_SYNC_CHG_PARTIAL 0x407D0003u
#define OX_FT_INCR_SYNC_DEL 0x40130003u
#define OX_FT_INCR_SYNC_END 0x40140003u
#define OX_FT_INCR_SYNC_READ 0x402F0003u
#define OX_FT_INCR_SYNC_STATE_BEGIN 0x403A0003u
#define OX_FT_INCR_SYNC_STATE_END 0x403B0003u
#define OX_FT_INCR_SYNC_PROGRESS_MODE 0x4074000Bu
#define OX_FT_INCR_SYNC_PROGRESS_PER_MSG 0x4075000Bu
#define OX_FT_INCR_SYNC_MESSAGE 0x40150003u
#define OX_FT_INCR_SYNC_GROUP_INFO 0x407B0102u
#define OX_FT_FX_ERROR_INFO 0x40180003u
#define OX_FT_MARKER_COUNT 24

/* Meta-properties. @spec [MS-OXCFXICS] 2.2.4.1.5 */
#define OX_MetaTagDnPrefix 0x4008001Eu
#define OX_MetaTagEcWarning 0x400F0003u
#define OX_MetaTagNewFXFolder 0x40110102u /**< FolderReplicaInfo */
#define OX_MetaTagFXDelProp 0x40160003u   /**< the tag of a kind of subobject, 2.2.1.7 */
#define OX_MetaTagIncrementalSyncMessagePartial 0x407A0003u
#define OX_MetaTagIncrSyncGroupId 0x407C0003u

/* Properties that stand in synchronization streams only. @spec [MS-OXCFXICS] 2.2.1.1, 2.2.1.3 */
#define OX_MetaTagIdsetGiven 0x40170102u /**< in a stream its type is PtypInteger32, 3.2.5.2.1 */
#define OX_MetaTagCnsetSeen 0x67960102u
#define OX_MetaTagCnsetSeenFAI 0x67DA0102u
#define OX_MetaTagCnsetRead 0x67D20102u
#define OX_MetaTagIdsetDeleted 0x67E50102u
#define OX_MetaTagIdsetNoLongerInScope 0x40210102u
#define OX_MetaTagIdsetExpired 0x67930102u
#define OX_MetaTagIdsetRead 0x402D0102u
#define OX_MetaTagIdsetUnread 0x402E0102u

/** Flag of the property types of strings in a code page, which is in the other 15 bits.
 *  @spec [MS-OXCFXICS] 2.2.4.1.1.1 */
#define OX_PTYP_CODE_PAGE 0x8000u

/** "StartTopFld"; NULL for what is no marker. Static string. */
OX_EXPORT const char *ox_ft_marker_name(uint32_t marker);
/** By name, exact case; 0 when there is none. */
OX_EXPORT uint32_t ox_ft_marker_by_name(const char *name);
/** "MetaTagFXDelProp" for the tags above, the property table's name for others; NULL when unknown.
 *  Static string. */
OX_EXPORT const char *ox_ft_tag_name(ox_proptag tag);

/* Elements of the grammar. The first eight can be the root of a stream; propList, propValue and
 * messageChange are not told apart from what contains them or what they contain.
 * @spec [MS-OXCFXICS] 2.2.4.2, 2.2.4.3 */
#define OX_FT_CONTENTS_SYNC 1
#define OX_FT_HIERARCHY_SYNC 2
#define OX_FT_STATE 3
#define OX_FT_FOLDER_CONTENT 4
#define OX_FT_MESSAGE_CONTENT 5
#define OX_FT_ATTACHMENT_CONTENT 6
#define OX_FT_MESSAGE_LIST 7
#define OX_FT_TOP_FOLDER 8
#define OX_FT_ROOT_LAST OX_FT_TOP_FOLDER
#define OX_FT_FOLDER_CONTENT_NO_DEL_PROPS 9
#define OX_FT_SUB_FOLDER 10
#define OX_FT_SUB_FOLDER_NO_DEL_PROPS 11
#define OX_FT_FOLDER_MESSAGES 12
#define OX_FT_FOLDER_MESSAGES_NO_DEL_PROPS 13
#define OX_FT_MESSAGE 14
#define OX_FT_MESSAGE_CHILDREN 15
#define OX_FT_RECIPIENT 16
#define OX_FT_ATTACHMENT 17
#define OX_FT_EMBEDDED_MESSAGE 18
#define OX_FT_DELETIONS 19
#define OX_FT_FOLDER_CHANGE 20
#define OX_FT_GROUP_INFO 21
#define OX_FT_MESSAGE_CHANGE_FULL 22
#define OX_FT_MESSAGE_CHANGE_HEADER 23
#define OX_FT_MESSAGE_CHANGE_PARTIAL 24
#define OX_FT_PROGRESS_PER_MESSAGE 25
#define OX_FT_PROGRESS_TOTAL 26
#define OX_FT_READ_STATE_CHANGES 27
#define OX_FT_ERROR_INFO 28
#define OX_FT_ELEMENT_LAST OX_FT_ERROR_INFO

/** "contentsSync"; NULL for a number that is none. Static string. */
OX_EXPORT const char *ox_ft_element_name(unsigned element);
/** By name, exact case; 0 when there is none. */
OX_EXPORT unsigned ox_ft_element_by_name(const char *name);

/* Kinds of event. */
#define OX_FT_EVENT_NEED_DATA 0   /**< what was fed is used up */
#define OX_FT_EVENT_END 1         /**< the stream is complete */
#define OX_FT_EVENT_ENTER 2       /**< parser: `element` begins */
#define OX_FT_EVENT_LEAVE 3       /**< parser: `element` is over */
#define OX_FT_EVENT_MARKER 4      /**< `marker` */
#define OX_FT_EVENT_PROPERTY 5    /**< `property` with its whole value */
#define OX_FT_EVENT_VALUE_BEGIN 6 /**< `property.tag`, and `value_bytes` to come in pieces */
#define OX_FT_EVENT_VALUE_DATA 7  /**< `data`: the next piece */
#define OX_FT_EVENT_VALUE_END 8

/* Flags of an event. */
#define OX_FT_ABORTED 0x01u      /**< LEAVE: given up because of the errorInfo that follows */
#define OX_FT_UNTERMINATED 0x02u /**< VALUE_END: a string that does not end with a terminator */

/** One event. Views are valid until the next call of the object that gave them. */
typedef struct ox_ft_event {
  uint8_t kind;    /**< OX_FT_EVENT_* */
  uint8_t element; /**< parser: the one entered or left, else the innermost that is open */
  uint8_t flags;
  uint32_t marker;
  ox_proptag wire_tag;          /**< as in the stream; when writing, 0 takes property.tag */
  uint32_t value_bytes;         /**< VALUE_BEGIN: bytes of all pieces, with a string's terminator */
  uint64_t offset;              /**< in the stream, of the first byte of this event */
  const ox_property_name *name; /**< for property ids from 0x8000, else NULL */
  /** The tag has a type that ox_value holds: PtypString (code page 1200) or PtypString8 in place of
   *  a code page type, PtypBinary for MetaTagIdsetGiven. Arrays are in the arena. VALUE_BEGIN: the
   *  tag only. */
  ox_property property;
  /** VALUE_DATA: the piece. PROPERTY: empty, or the value's bytes from its length on when they are
   *  not what the writer makes of the value (a Boolean that is neither 0 nor 1, a string without
   *  terminator); the writer then copies them. */
  ox_bytes data;
  /** VALUE_BEGIN, when writing: where the value comes from; UTF-16LE or 8-bit text without
   *  terminator, or bytes. No VALUE_DATA or VALUE_END follows. Not owned. */
  ox_source *source;
} ox_ft_event;

/** Defaults of ox_ft_options. */
#define OX_FT_SMALL_MAX_BYTES ((size_t)32 * 1024)
#define OX_FT_MULTIPLE_MAX_BYTES ((size_t)4 * 1024 * 1024)
#define OX_FT_VALUE_MAX_BYTES 0x7FFFFFFFu
/** Bytes of the name of a named property, without terminator. */
#define OX_FT_NAME_MAX_BYTES 1024
/** Elements inside each other: some fifty messages in messages, or 120 folders in folders. */
#define OX_FT_DEPTH_MAX 256

/* Flags of ox_ft_options. */

/** Take property lists that break the restrictions of 2.2.4.3 (required, prohibited or misplaced
 *  properties), and partial changes that rely on an earlier groupInfo or group id. */
#define OX_FT_LENIENT 0x01u

typedef struct ox_ft_options {
  size_t struct_size;
  size_t small_max_bytes;    /**< longer values of one string or binary come in pieces */
  size_t multiple_max_bytes; /**< longest value of a PtypMultiple*; more is OX_E_LIMIT */
  uint32_t value_max_bytes;  /**< longest value that comes in pieces; more is OX_E_LIMIT */
  uint32_t flags;            /**< OX_FT_LENIENT */
} ox_ft_options;

#define OX_FT_OPTIONS_INIT                                                                         \
  {                                                                                                \
    sizeof(ox_ft_options), OX_FT_SMALL_MAX_BYTES, OX_FT_MULTIPLE_MAX_BYTES, OX_FT_VALUE_MAX_BYTES, \
        0                                                                                          \
  }

/* The lexer. */

/** Caller-owned; the members are private. */
typedef struct ox_ft_lexer {
  ox_arena *arena;
  ox_ft_options options;
  const uint8_t *chunk;
  size_t chunk_bytes;
  size_t chunk_at;
  uint8_t *carry; /* the beginning of an element that was cut */
  size_t carry_bytes;
  size_t carry_capacity;
  size_t need;         /* bytes from the element's start without which it is not whole */
  size_t walked_bytes; /* of a multi-value: how far it is known to be whole */
  uint32_t walked_count;
  uint64_t offset;     /* of the next element */
  uint32_t value_left; /* of a value in pieces */
  uint32_t tail;       /* its last four bytes */
  uint16_t value_type;
  bool in_value;
  bool carry_used; /* by the last event, whose views may be in there */
  bool is_calm;    /* the chunk is at the beginning of an element */
  bool ended;
  ox_status status;
  ox_error error;
  ox_property_name name;
} ox_ft_lexer;

/** Starts at the first byte of a stream.
 *  @param arena    for the arrays of multi-values, which are all that it is used for; the caller
 *                  may reset it between events
 *  @param options  NULL for the defaults */
OX_EXPORT void ox_ft_lexer_init(ox_ft_lexer *lexer, ox_arena *arena, const ox_ft_options *options);
/** Frees what the lexer kept of elements that were cut. */
OX_EXPORT void ox_ft_lexer_dispose(ox_ft_lexer *lexer);
/** Gives the next bytes of the stream, once NEED_DATA has asked for them; pieces may be cut
 *  anywhere. `data` must live until NEED_DATA is seen again, and as long as views of it are used.
 */
OX_EXPORT void ox_ft_lexer_feed(ox_ft_lexer *lexer, const void *data, size_t size_bytes);
/** Says that nothing follows what was fed. */
OX_EXPORT void ox_ft_lexer_end(ox_ft_lexer *lexer);
/** The next event; how the stream was cut into pieces makes no difference but for the pieces of
 *  large values. Allocates only for elements that were cut (in proportion to the bytes fed) and for
 *  multi-values.
 *  @param err  may be NULL; offset, field and section of what is wrong
 *  @return OX_OK, OX_E_TRUNCATED (after ox_ft_lexer_end), OX_E_MALFORMED, OX_E_UNKNOWN_TYPE,
 *          OX_E_LIMIT, OX_E_NO_MEMORY; a failure stays
 *  @spec [MS-OXCFXICS] 2.2.4.1 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_ft_lexer_next(ox_ft_lexer *lexer, ox_ft_event *event,
                                                    ox_error *err);

/* The parser. */

/** Private. */
typedef struct ox_ft_frame {
  uint8_t element;
  uint8_t state;
  uint16_t seen;
  uint32_t property_count;
  uint16_t watched_id;
  bool is_plain;
} ox_ft_frame;

/** Private. */
typedef struct ox_ft_grammar {
  ox_ft_frame frames[OX_FT_DEPTH_MAX];
  uint16_t depth;
  uint16_t abort_to;
  uint8_t root;
  bool lenient;
  bool started;
} ox_ft_grammar;

/** Caller-owned; the members are private. */
typedef struct ox_ft_parser {
  ox_ft_lexer lexer;
  ox_ft_grammar grammar;
  ox_ft_event held;
  unsigned token;
  bool holding;
  bool maybe_full;
  bool is_calm; /* neither, and no failure */
  ox_status status;
  ox_error error;
} ox_ft_parser;

/** Starts at the first byte of a stream.
 *  @param root     OX_FT_CONTENTS_SYNC to OX_FT_TOP_FOLDER; 2.2.4.4 says which ROP gives which
 *  @param arena    as for the lexer
 *  @param options  NULL for the defaults */
OX_EXPORT void ox_ft_parser_init(ox_ft_parser *parser, unsigned root, ox_arena *arena,
                                 const ox_ft_options *options);
OX_EXPORT void ox_ft_parser_dispose(ox_ft_parser *parser);
/** As ox_ft_lexer_feed. */
OX_EXPORT void ox_ft_parser_feed(ox_ft_parser *parser, const void *data, size_t size_bytes);
/** As ox_ft_lexer_end. */
OX_EXPORT void ox_ft_parser_end(ox_ft_parser *parser);
/** The next event: those of the lexer, and between them ENTER and LEAVE for the elements. Elements
 *  with no content (a messageContent without properties, recipients and attachments) are passed
 *  over, but for the root. An errorInfo makes the parser leave everything up to the closest
 *  messageList or contentsSync, with OX_FT_ABORTED; after one that has neither around it, only the
 *  end can follow.
 *  @param err  may be NULL; for what the grammar does not allow: the element, its section, and in
 *              the text the marker or property
 *  @return as ox_ft_lexer_next; OX_E_MALFORMED also for a token that is not allowed, OX_E_TRAILING
 *          for one that follows the root, OX_E_TRUNCATED for elements that are still open at the
 *          end, OX_E_LIMIT for too deep a nesting; a failure stays
 *  @spec [MS-OXCFXICS] 2.2.4.2, 2.2.4.3 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_ft_parser_next(ox_ft_parser *parser, ox_ft_event *event,
                                                     ox_error *err);

/** The root of a whole stream: the one whose grammar takes all of it or, when none does, most of
 *  it. Lists of properties that could be anything are taken by what is among them. */
OX_EXPORT unsigned ox_ft_guess_root(ox_bytes stream);

/** A whole stream, as a value that stands for itself. */
typedef struct ox_ft_stream {
  uint8_t root;
  ox_bytes bytes;
} ox_ft_stream;

/** Takes all bytes that are left, with the root that ox_ft_guess_root finds; lenient.
 *  @param arena  for multi-values while they are looked at
 *  @return OX_OK or the parser's failure */
OX_EXPORT ox_status ox_ft_stream_decode(ox_reader *r, ox_arena *arena, ox_ft_stream *out);
OX_EXPORT void ox_ft_stream_encode(ox_writer *w, const ox_ft_stream *in);

/* The writer. */

/** Gives the next event of a stream that is to be written: MARKER, PROPERTY, VALUE_*; END behind
 * the last; NEED_DATA when there is none at the moment. ENTER and LEAVE are passed over. What the
 * event points at must live until the next call. */
typedef ox_status (*ox_ft_next)(void *user, ox_ft_event *event, ox_error *err);

/** Caller-owned; only the members above the line are for others. Allocates nothing. */
typedef struct ox_ft_writer {
  uint64_t bytes_written;
  uint32_t steps_done;  /**< messages and folders that are complete */
  uint32_t steps_total; /**< of them in the whole stream; set by the caller, for progress only */
  /* ------------------------------------------------------------------------------------------ */
  ox_ft_grammar grammar;
  ox_ft_event item;
  ox_ft_next next;
  void *user;
  bool has_item;
  uint8_t phase;     /* which atom of the item comes next */
  uint32_t index;    /* which element of a multi-value */
  size_t done;       /* bytes of variable data that are written */
  size_t copied;     /* bytes of item.data that are written */
  uint32_t data_due; /* of a value that comes in pieces */
  bool in_value;
  ox_status status;
  ox_error error;
} ox_ft_writer;

/** Starts a stream.
 *  @param options  NULL for the defaults; only the flags count
 *  @param next     for ox_ft_writer_read; NULL when only ox_ft_writer_put is used */
OX_EXPORT void ox_ft_writer_init(ox_ft_writer *writer, unsigned root, const ox_ft_options *options,
                                 ox_ft_next next, void *user);

/** Fills a buffer with the next bytes of the stream. The buffer ends between two atoms or inside
 *  variable data, as 2.2.4.1 wants it, and as full as that allows.
 *  @param size_out  bytes written; less than the capacity by less than the next atom, or because
 *                   nothing more is there
 *  @param done_out  true when the stream is complete with this buffer
 *  @param err       may be NULL
 *  @return OX_OK; OX_E_LIMIT when the capacity does not hold the next atom (the call can be
 *          repeated with more); OX_E_USAGE for events that the grammar does not allow or that
 *          contradict themselves, OX_E_UNKNOWN_TYPE, OX_E_LIMIT for a name or value that is too
 *          long, OX_E_IO for a source that ends too early, or the failure of `next` or of a source;
 *          these stay */
OX_EXPORT OX_WARN_UNUSED ox_status ox_ft_writer_read(ox_ft_writer *writer, void *buffer,
                                                     size_t capacity_bytes, size_t *size_out,
                                                     bool *done_out, ox_error *err);

/** Writes one event whole.
 *  @return as ox_ft_writer_read, or the failure of `out` */
OX_EXPORT ox_status ox_ft_writer_put(ox_ft_writer *writer, ox_writer *out, const ox_ft_event *event,
                                     ox_error *err);
OX_EXPORT ox_status ox_ft_writer_put_marker(ox_ft_writer *writer, ox_writer *out, uint32_t marker,
                                            ox_error *err);
/** @param name  for property ids from 0x8000, else NULL */
OX_EXPORT ox_status ox_ft_writer_put_property(ox_ft_writer *writer, ox_writer *out,
                                              const ox_property *property,
                                              const ox_property_name *name, ox_error *err);
/** Checks that what was put is a whole stream. */
OX_EXPORT OX_WARN_UNUSED ox_status ox_ft_writer_finish(ox_ft_writer *writer, ox_error *err);

/** InProgressCount and TotalStepCount of RopFastTransferSourceGetBuffer, scaled into their 16 bits.
 *  @spec [MS-OXCFXICS] 2.2.3.1.1.5.2 */
OX_EXPORT void ox_ft_writer_progress(const ox_ft_writer *writer, uint16_t *in_progress_count_out,
                                     uint16_t *total_step_count_out);

OX_END_DECLS

#endif
