/* The address book: an NSPI server over the directory and an NSPI client, both in the form that
 * MAPI over HTTP carries ([MS-OXCMAPIHTTP] 2.2.5). The wire structures are in
 * <oxkit/ropcodec/nspi.h>.
 * @spec [MS-OXNSPI], [MS-OXOABK], [MS-OXCMAPIHTTP] */
#ifndef OXKIT_DIRECTORY_ADDRESSBOOK_H
#define OXKIT_DIRECTORY_ADDRESSBOOK_H

#include <oxkit/directory/directory.h>
#include <oxkit/ropcodec/nspi_processor.h>
#include <oxkit/ropcodec/property.h>
#include <oxkit/ropcodec/restriction.h>

OX_BEGIN_DECLS

/* --- Server ----------------------------------------------------------------------------------- */

typedef struct ox_addressbook_server ox_addressbook_server;

/** Rows that one answer holds, whatever the request asks for. */
#define OX_ADDRESSBOOK_ROWS_MAX 50000
/** Names that one ResolveNames may ask for. */
#define OX_ADDRESSBOOK_NAMES_MAX 10000
/** Columns that one request may ask for. */
#define OX_ADDRESSBOOK_COLUMNS_MAX 1000
/** Largest answer, in bytes. */
#define OX_ADDRESSBOOK_ANSWER_MAX_BYTES ((size_t)32 * 1024 * 1024)

typedef struct ox_addressbook_server_options {
  size_t struct_size;
  const ox_allocator *allocator; /**< NULL for the C library's */
  /** For GetMailboxUrl and GetAddressBookUrl; NULL: those fail. */
  const char *mailbox_url;
  const char *address_book_url;
} ox_addressbook_server_options;
#define OX_ADDRESSBOOK_SERVER_OPTIONS_INIT \
  { .struct_size = sizeof(ox_addressbook_server_options) }

/** An address-book server over a directory, which must outlive it.
 *  @return OX_OK, OX_E_NO_MEMORY, OX_E_DISK_ERROR */
OX_EXPORT OX_WARN_UNUSED ox_status
ox_addressbook_server_new(ox_directory *directory, const ox_addressbook_server_options *options,
                          ox_addressbook_server **out, ox_error *err);
/** NULL is fine. */
OX_EXPORT void ox_addressbook_server_free(ox_addressbook_server *server);
/** The interface that endpoints call. It belongs to the server, keeps no session state (all of it
 *  is in the request), blocks, completes before it returns, and is thread-safe. */
OX_EXPORT ox_nspi_processor *ox_addressbook_server_processor(ox_addressbook_server *server);

/* --- Client ----------------------------------------------------------------------------------- */

/** Carries one request. Blocking.
 *  @param request_type   X-RequestType: "Bind", "GetMatches", ...
 *  @param response_out   response body from StatusCode on, in the arena */
typedef struct ox_addressbook_transport ox_addressbook_transport;
struct ox_addressbook_transport {
  size_t struct_size;
  ox_status (*request)(ox_addressbook_transport *transport, const char *request_type, ox_bytes body,
                       ox_arena *arena, ox_bytes *response_out, ox_error *err);
  void *user;
};

/** A transport straight into a processor of the same process.
 *  @param caller  copied shallowly; its strings must live as long as the transport */
typedef struct ox_addressbook_loopback {
  ox_addressbook_transport transport;
  ox_nspi_processor *processor;
  ox_caller caller;
} ox_addressbook_loopback;
OX_EXPORT void ox_addressbook_loopback_init(ox_addressbook_loopback *loopback,
                                            ox_nspi_processor *processor, const ox_caller *caller);

typedef struct ox_addressbook ox_addressbook;

/** A row: properties in column order; a column without a value has PtypErrorCode in its tag. */
typedef struct ox_addressbook_row {
  ox_property *properties;
  size_t property_count;
} ox_addressbook_row;

typedef struct ox_addressbook_rows {
  ox_addressbook_row *rows;
  size_t row_count;
} ox_addressbook_rows;

/** Result of resolving one name. */
#define OX_ADDRESSBOOK_UNRESOLVED 0u
#define OX_ADDRESSBOOK_AMBIGUOUS 1u
#define OX_ADDRESSBOOK_RESOLVED 2u

/** Binds. Free with ox_addressbook_unbind. One thread at a time.
 *  @param transport  must outlive the client
 *  @return OX_OK, a code of [MS-OXNSPI] 2.2.1.2 that the server gave, the transport's status,
 *          a decoder's */
OX_EXPORT OX_WARN_UNUSED ox_status ox_addressbook_bind(ox_addressbook_transport *transport,
                                                       const ox_allocator *allocator,
                                                       ox_addressbook **out, ox_error *err);
/** Unbinds and frees; NULL is fine. The result of the server's Unbind is not interesting. */
OX_EXPORT void ox_addressbook_unbind(ox_addressbook *book);
/** The server's GUID from Bind. */
OX_EXPORT void ox_addressbook_server_guid(const ox_addressbook *book, ox_guid *guid_out);

/** The address book hierarchy: one row per container.
 *  @spec [MS-OXNSPI] 3.1.4.1.3 (NspiGetSpecialTable) */
OX_EXPORT OX_WARN_UNUSED ox_status ox_addressbook_containers(ox_addressbook *book, ox_arena *arena,
                                                             ox_addressbook_rows *out,
                                                             ox_error *err);

/** Resolves names (ambiguous name resolution).
 *  @param columns      tags of the rows; NULL with 0 for the server's default
 *  @param results_out  name_count of OX_ADDRESSBOOK_UNRESOLVED, ..._AMBIGUOUS, ..._RESOLVED
 *  @param out          one row for each resolved name, in order
 *  @spec [MS-OXNSPI] 3.1.4.1.17 (NspiResolveNamesW) */
OX_EXPORT OX_WARN_UNUSED ox_status
ox_addressbook_resolve(ox_addressbook *book, const char *const *names, size_t name_count,
                       const ox_proptag *columns, size_t column_count, ox_arena *arena,
                       uint32_t **results_out, ox_addressbook_rows *out, ox_error *err);

/** Searches a container.
 *  @param container    0 for the Global Address List
 *  @param restriction  what to find
 *  @param limit        most rows wanted; more matches give OX_E_TABLE_TOO_BIG
 *  @param mids_out     minimal entry ids of the matches (may be NULL)
 *  @spec [MS-OXNSPI] 3.1.4.1.10 (NspiGetMatches) */
OX_EXPORT OX_WARN_UNUSED ox_status ox_addressbook_get_matches(
    ox_addressbook *book, uint32_t container, const ox_restriction *restriction, uint32_t limit,
    const ox_proptag *columns, size_t column_count, ox_arena *arena, uint32_t **mids_out,
    size_t *mid_count_out, ox_addressbook_rows *out, ox_error *err);

/** get_matches with ambiguous name resolution: what a person typed. */
OX_EXPORT OX_WARN_UNUSED ox_status ox_addressbook_search(ox_addressbook *book, const char *text,
                                                         uint32_t limit, const ox_proptag *columns,
                                                         size_t column_count, ox_arena *arena,
                                                         uint32_t **mids_out, size_t *mid_count_out,
                                                         ox_addressbook_rows *out, ox_error *err);

/** Reads rows of a container in order of display name.
 *  @param container  0 for the Global Address List
 *  @param position   of the first row, from 0
 *  @param count      most rows wanted
 *  @param total_out  rows that the container has, about; may be NULL
 *  @spec [MS-OXNSPI] 3.1.4.1.8 (NspiQueryRows) */
OX_EXPORT OX_WARN_UNUSED ox_status ox_addressbook_query_rows(
    ox_addressbook *book, uint32_t container, uint32_t position, uint32_t count,
    const ox_proptag *columns, size_t column_count, ox_arena *arena, ox_addressbook_rows *out,
    uint32_t *total_out, ox_error *err);

/** Rows for a list of minimal entry ids (an explicit table). */
OX_EXPORT OX_WARN_UNUSED ox_status ox_addressbook_query_mids(
    ox_addressbook *book, const uint32_t *mids, size_t mid_count, const ox_proptag *columns,
    size_t column_count, ox_arena *arena, ox_addressbook_rows *out, ox_error *err);

/** Properties of one object. columns NULL: all that it has.
 *  @return OX_OK, OX_W_ERRORS_RETURNED (some columns hold errors), ...
 *  @spec [MS-OXNSPI] 3.1.4.1.7 (NspiGetProps) */
OX_EXPORT OX_WARN_UNUSED ox_status ox_addressbook_get_props(ox_addressbook *book, uint32_t mid,
                                                            const ox_proptag *columns,
                                                            size_t column_count, ox_arena *arena,
                                                            ox_addressbook_row *out, ox_error *err);
/** Tags of the properties that an object has. @spec [MS-OXNSPI] 3.1.4.1.6 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_addressbook_get_prop_list(ox_addressbook *book, uint32_t mid,
                                                                ox_arena *arena,
                                                                ox_proptag **tags_out,
                                                                size_t *tag_count_out,
                                                                ox_error *err);
/** Minimal entry ids of legacy DNs; 0 for those not found. @spec [MS-OXNSPI] 3.1.4.1.13 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_addressbook_dn_to_mid(ox_addressbook *book,
                                                            const char *const *dns, size_t dn_count,
                                                            ox_arena *arena, uint32_t **mids_out,
                                                            ox_error *err);
/** Order of two objects in a container: negative, 0 or positive. @spec [MS-OXNSPI] 3.1.4.1.12 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_addressbook_compare_mids(ox_addressbook *book,
                                                               uint32_t container, uint32_t mid1,
                                                               uint32_t mid2, int32_t *order_out,
                                                               ox_error *err);

OX_END_DECLS

#endif
