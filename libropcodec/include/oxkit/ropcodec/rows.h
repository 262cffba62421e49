/* Property rows inside ROP responses. A response carries them without a size, so that only the
 * columns tell where they end; the decoded response keeps their bytes, and whoever wants the values
 * decodes them with the columns. @spec [MS-OXCROPS] 2.2.5.4.2, 2.2.8.3.2; [MS-OXCDATA] 2.8.1 */
#ifndef OXKIT_ROPCODEC_ROWS_H
#define OXKIT_ROPCODEC_ROWS_H

#include <oxkit/ropcodec/property.h>

OX_BEGIN_DECLS

/** Columns of the rows of RopGetReceiveFolderTable: PidTagFolderId, PidTagMessageClass
 * (PtypString8), PidTagLastModificationTime. @spec [MS-OXCROPS] 2.2.3.4.2 */
#define OX_RECEIVE_FOLDER_COLUMN_COUNT 3
OX_EXPORT extern const ox_proptag ox_receive_folder_columns[OX_RECEIVE_FOLDER_COLUMN_COUNT];

/** Moves past `row_count` rows and gives a view of them.
 *  @param columns  NULL: not known; then everything that is left is taken
 *  @return the bytes; the reader records OX_E_TRUNCATED, OX_E_MALFORMED, OX_E_UNKNOWN_TYPE */
OX_EXPORT ox_bytes ox_read_rows(ox_reader *r, const ox_proptag *columns, size_t column_count,
                                uint32_t row_count);

/** Decodes rows of known columns.
 *  @param rows  exactly row_count rows
 *  @param out   row_count * column_count properties, row after row, in the arena; a column whose
 *               value is an error has the type PtypErrorCode in its tag, one that is absent
 * PtypNull
 *  @return OX_OK, OX_E_TRUNCATED, OX_E_TRAILING, OX_E_MALFORMED, OX_E_LIMIT, OX_E_NO_MEMORY,
 *          OX_E_UNKNOWN_TYPE */
OX_EXPORT OX_WARN_UNUSED ox_status ox_rows_decode(ox_bytes rows, const ox_proptag *columns,
                                                  size_t column_count, uint32_t row_count,
                                                  ox_arena *arena, ox_property **out,
                                                  ox_error *err);

OX_END_DECLS

#endif
