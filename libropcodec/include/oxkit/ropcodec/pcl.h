/* Predecessor change lists, and who wins a conflict that they show.
 * @spec [MS-OXCFXICS] 2.2.2.3, 3.1.5.6 */
#ifndef OXKIT_ROPCODEC_PCL_H
#define OXKIT_ROPCODEC_PCL_H

#include <oxkit/ropcodec/memory.h>
#include <oxkit/ropcodec/xid.h>

OX_BEGIN_DECLS

/** PidTagPredecessorChangeList: the changes that a version of an object has in it.
 *  @spec [MS-OXCFXICS] 2.2.2.3 */
typedef struct ox_pcl {
  uint32_t count;
  ox_xid *xids; /**< ascending by namespace GUID; of one namespace usually one */
} ox_pcl;

/** Reads a list that is all the rest of the input.
 *  @return OX_OK, OX_E_TRUNCATED, OX_E_NO_MEMORY, OX_E_MALFORMED (sizes, order, local ids of
 *          different lengths in one namespace) */
OX_EXPORT ox_status ox_pcl_read(ox_reader *r, ox_arena *arena, ox_pcl *out);
/** As ox_pcl_read, of a property's value. @param err  may be NULL */
OX_EXPORT OX_WARN_UNUSED ox_status ox_pcl_decode(ox_bytes bytes, ox_arena *arena, ox_pcl *out,
                                                 ox_error *err);
/** OX_E_USAGE for a list that ox_pcl_read would refuse. */
OX_EXPORT void ox_pcl_encode(ox_writer *w, const ox_pcl *in);

/** True when the list has the change or a later one of its namespace. */
OX_EXPORT bool ox_pcl_includes(const ox_pcl *pcl, const ox_xid *change);
/** True when every change of `other` is in `pcl`. Linear. @spec [MS-OXCFXICS] 3.1.5.6.1 */
OX_EXPORT bool ox_pcl_includes_all(const ox_pcl *pcl, const ox_pcl *other);

#define OX_PCL_EQUAL 0    /**< the same version: nothing to do */
#define OX_PCL_NEWER 1    /**< the first includes the second: it replaces it */
#define OX_PCL_OLDER 2    /**< the second includes the first, which is ignored */
#define OX_PCL_CONFLICT 3 /**< each has changes that the other has not */

/** What the version with list `a` is to the version with list `b`: OX_PCL_*.
 *  @spec [MS-OXCFXICS] 3.1.5.6.1 */
OX_EXPORT unsigned ox_pcl_compare(const ox_pcl *a, const ox_pcl *b);

/** The last change of every namespace in either list: what resolves a conflict has this list.
 *  @return OX_OK, OX_E_NO_MEMORY
 *  @spec [MS-OXCFXICS] 3.1.5.6.2 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_pcl_merge(const ox_pcl *a, const ox_pcl *b, ox_arena *arena,
                                                ox_pcl *out);
/** The list after one more change, which is what every save does.
 *  @return OX_OK, OX_E_NO_MEMORY
 *  @spec [MS-OXCFXICS] 3.1.5.3 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_pcl_add(const ox_pcl *pcl, const ox_xid *change,
                                              ox_arena *arena, ox_pcl *out);

/* Who wins a conflict, the last writer: true when it is the imported version. Times are
 * PidTagLastModificationTime. @spec [MS-OXCFXICS] 3.1.5.6.2.2 */

/** For messages. At equal times the greater namespace of the change keys wins, then the import. */
OX_EXPORT bool ox_pcl_imported_message_wins(ox_filetime stored_time, const ox_xid *stored_change,
                                            ox_filetime imported_time,
                                            const ox_xid *imported_change);
/** For folders. At equal times the server's version wins.
 *  @param on_server  true where a client's version is imported into a server's replica */
OX_EXPORT bool ox_pcl_imported_folder_wins(ox_filetime stored_time, ox_filetime imported_time,
                                           bool on_server);

OX_END_DECLS

#endif
