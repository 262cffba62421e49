/* Every function of a provider: OX_PROVIDER_FUNCTION(result, name, parameters). Included wherever
 * the list is needed with OX_PROVIDER_FUNCTION defined, which it takes back. They mean what
 * <oxkit/store/mailbox.h> says of their namesakes; handles and pointers that must not be NULL have
 * been checked. */

OX_PROVIDER_FUNCTION(void, mailbox_close, (ox_mailbox * mailbox))
OX_PROVIDER_FUNCTION(ox_status, mailbox_get_info,
                     (ox_mailbox * mailbox, ox_mailbox_info *out, ox_error *err))
OX_PROVIDER_FUNCTION(ox_status, mailbox_special_folder,
                     (ox_mailbox * mailbox, uint32_t special, ox_id *id_out, ox_error *err))
OX_PROVIDER_FUNCTION(ox_status, mailbox_get_receive_folder,
                     (ox_mailbox * mailbox, const char *message_class, ox_arena *arena,
                      ox_id *folder_id_out, const char **explicit_class_out, ox_error *err))
OX_PROVIDER_FUNCTION(ox_status, mailbox_set_receive_folder,
                     (ox_mailbox * mailbox, const char *message_class, ox_id folder_id,
                      ox_error *err))
OX_PROVIDER_FUNCTION(ox_status, mailbox_receive_folders,
                     (ox_mailbox * mailbox, ox_arena *arena, ox_receive_folder **rows_out,
                      size_t *count_out, ox_error *err))
OX_PROVIDER_FUNCTION(ox_status, mailbox_long_term_id,
                     (ox_mailbox * mailbox, ox_id id, ox_long_term_id *out, ox_error *err))
OX_PROVIDER_FUNCTION(ox_status, mailbox_id_from_long_term,
                     (ox_mailbox * mailbox, const ox_long_term_id *long_term_id, ox_id *id_out,
                      ox_error *err))
OX_PROVIDER_FUNCTION(ox_status, mailbox_reserve_ids,
                     (ox_mailbox * mailbox, uint32_t count, ox_guid *replguid_out,
                      uint8_t first_counter_out[6], ox_error *err))
OX_PROVIDER_FUNCTION(ox_status, mailbox_names_to_ids,
                     (ox_mailbox * mailbox, const ox_property_name *names, size_t count,
                      bool create, uint16_t *ids_out, ox_error *err))
OX_PROVIDER_FUNCTION(ox_status, mailbox_ids_to_names,
                     (ox_mailbox * mailbox, const uint16_t *ids, size_t count, ox_arena *arena,
                      ox_property_name *names_out, ox_error *err))
OX_PROVIDER_FUNCTION(ox_status, object_query_names,
                     (ox_object * object, uint32_t flags, const ox_guid *set, ox_arena *arena,
                      uint16_t **ids_out, ox_property_name **names_out, size_t *count_out,
                      ox_error *err))
OX_PROVIDER_FUNCTION(ox_status, object_get,
                     (ox_object * object, const ox_proptag *tags, size_t count,
                      size_t max_value_bytes, ox_arena *arena, ox_property *out, ox_error *err))
OX_PROVIDER_FUNCTION(ox_status, object_get_all,
                     (ox_object * object, size_t max_value_bytes, ox_arena *arena,
                      ox_property **out, size_t *count_out, ox_error *err))
OX_PROVIDER_FUNCTION(ox_status, object_list,
                     (ox_object * object, ox_arena *arena, ox_proptag **tags_out, size_t *count_out,
                      ox_error *err))
OX_PROVIDER_FUNCTION(ox_status, object_set,
                     (ox_object * object, const ox_property *properties, size_t count,
                      ox_problems *problems, ox_error *err))
OX_PROVIDER_FUNCTION(ox_status, object_delete,
                     (ox_object * object, const ox_proptag *tags, size_t count,
                      ox_problems *problems, ox_error *err))
OX_PROVIDER_FUNCTION(ox_status, object_copy_to,
                     (ox_object * source, ox_object *destination, uint32_t flags, bool subobjects,
                      const ox_proptag *excluded, size_t count, ox_problems *problems,
                      ox_error *err))
OX_PROVIDER_FUNCTION(ox_status, object_copy_properties,
                     (ox_object * source, ox_object *destination, uint32_t flags,
                      const ox_proptag *tags, size_t count, ox_problems *problems, ox_error *err))
OX_PROVIDER_FUNCTION(ox_status, folder_open,
                     (ox_mailbox * mailbox, ox_id id, uint32_t flags, ox_folder **out,
                      ox_error *err))
OX_PROVIDER_FUNCTION(void, folder_close, (ox_folder * folder))
OX_PROVIDER_FUNCTION(ox_status, folder_create,
                     (ox_folder * parent, const ox_folder_create_options *options, ox_folder **out,
                      bool *existed_out, ox_error *err))
OX_PROVIDER_FUNCTION(ox_status, folder_delete,
                     (ox_folder * parent, ox_id id, uint32_t flags, bool *partial_out,
                      ox_error *err))
OX_PROVIDER_FUNCTION(ox_status, folder_empty,
                     (ox_folder * folder, uint32_t flags, bool *partial_out, ox_error *err))
OX_PROVIDER_FUNCTION(ox_status, folder_move,
                     (ox_folder * parent, ox_id id, ox_folder *new_parent, const char *new_name,
                      bool *partial_out, ox_error *err))
OX_PROVIDER_FUNCTION(ox_status, folder_copy,
                     (ox_folder * parent, ox_id id, ox_folder *new_parent, const char *new_name,
                      bool recursive, bool *partial_out, ox_error *err))
OX_PROVIDER_FUNCTION(ox_status, folder_hierarchy,
                     (ox_folder * folder, uint32_t flags, ox_table **out, uint32_t *row_count_out,
                      ox_error *err))
OX_PROVIDER_FUNCTION(ox_status, folder_contents,
                     (ox_folder * folder, uint32_t flags, ox_table **out, uint32_t *row_count_out,
                      ox_error *err))
OX_PROVIDER_FUNCTION(ox_status, folder_delete_messages,
                     (ox_folder * folder, const ox_id *ids, size_t count, uint32_t flags,
                      bool *partial_out, ox_error *err))
OX_PROVIDER_FUNCTION(ox_status, folder_move_messages,
                     (ox_folder * source, ox_folder *destination, const ox_id *ids, size_t count,
                      bool copy, ox_id *new_ids_out, bool *partial_out, ox_error *err))
OX_PROVIDER_FUNCTION(ox_status, folder_set_read_flags,
                     (ox_folder * folder, const ox_id *ids, size_t count, uint32_t flags,
                      bool *partial_out, ox_error *err))
OX_PROVIDER_FUNCTION(ox_status, folder_set_message_status,
                     (ox_folder * folder, ox_id id, uint32_t status, uint32_t mask,
                      uint32_t *old_status_out, ox_error *err))
OX_PROVIDER_FUNCTION(ox_status, folder_get_message_status,
                     (ox_folder * folder, ox_id id, uint32_t *status_out, ox_error *err))
OX_PROVIDER_FUNCTION(ox_status, item_open,
                     (ox_mailbox * mailbox, ox_id folder_id, ox_id id, uint32_t mode, ox_item **out,
                      ox_error *err))
OX_PROVIDER_FUNCTION(ox_status, item_create,
                     (ox_folder * folder, bool associated, uint32_t codepage, ox_item **out,
                      ox_error *err))
OX_PROVIDER_FUNCTION(void, item_close, (ox_item * item))
OX_PROVIDER_FUNCTION(ox_status, item_save,
                     (ox_item * item, uint32_t flags, ox_id *id_out, ox_error *err))
OX_PROVIDER_FUNCTION(ox_status, item_recipients,
                     (ox_item * item, uint32_t first_row_id, size_t max_count, ox_arena *arena,
                      ox_recipient **out, size_t *count_out, ox_error *err))
OX_PROVIDER_FUNCTION(ox_status, item_modify_recipients,
                     (ox_item * item, const ox_recipient_change *changes, size_t count,
                      ox_error *err))
OX_PROVIDER_FUNCTION(ox_status, item_remove_recipients, (ox_item * item, ox_error *err))
OX_PROVIDER_FUNCTION(ox_status, item_set_read_flag,
                     (ox_item * item, uint32_t flags, bool *changed_out, ox_error *err))
OX_PROVIDER_FUNCTION(ox_status, item_submit, (ox_item * item, uint32_t flags, ox_error *err))
OX_PROVIDER_FUNCTION(ox_status, mailbox_abort_submit,
                     (ox_mailbox * mailbox, ox_id folder_id, ox_id id, ox_error *err))
OX_PROVIDER_FUNCTION(ox_status, folder_import,
                     (ox_folder * folder, const ox_message *message, uint32_t flags, ox_id *id_out,
                      ox_error *err))
OX_PROVIDER_FUNCTION(ox_status, item_export,
                     (ox_item * item, size_t inline_max_bytes, ox_message **out, ox_error *err))
OX_PROVIDER_FUNCTION(ox_status, attachment_open,
                     (ox_item * item, uint32_t number, uint32_t mode, ox_item_attachment **out,
                      ox_error *err))
OX_PROVIDER_FUNCTION(ox_status, attachment_create,
                     (ox_item * item, ox_item_attachment **out, uint32_t *number_out,
                      ox_error *err))
OX_PROVIDER_FUNCTION(void, attachment_close, (ox_item_attachment * attachment))
OX_PROVIDER_FUNCTION(ox_status, attachment_save,
                     (ox_item_attachment * attachment, uint32_t flags, ox_error *err))
OX_PROVIDER_FUNCTION(ox_status, attachment_delete, (ox_item * item, uint32_t number, ox_error *err))
OX_PROVIDER_FUNCTION(ox_status, item_attachments,
                     (ox_item * item, uint32_t flags, ox_table **out, ox_error *err))
OX_PROVIDER_FUNCTION(ox_status, item_attachment_numbers,
                     (ox_item * item, ox_arena *arena, uint32_t **numbers_out, size_t *count_out,
                      ox_error *err))
OX_PROVIDER_FUNCTION(ox_status, attachment_open_embedded,
                     (ox_item_attachment * attachment, uint32_t mode, ox_item **out, ox_error *err))
OX_PROVIDER_FUNCTION(ox_status, stream_open,
                     (ox_object * object, ox_proptag tag, uint32_t mode, ox_stream **out,
                      uint64_t *size_out, ox_error *err))
OX_PROVIDER_FUNCTION(void, stream_close, (ox_stream * stream))
OX_PROVIDER_FUNCTION(ox_status, stream_read,
                     (ox_stream * stream, void *buffer, size_t capacity_bytes, size_t *size_out,
                      ox_error *err))
OX_PROVIDER_FUNCTION(ox_status, stream_write,
                     (ox_stream * stream, const void *data, size_t size_bytes, ox_error *err))
OX_PROVIDER_FUNCTION(ox_status, stream_seek,
                     (ox_stream * stream, uint32_t origin, int64_t offset, uint64_t *position_out,
                      ox_error *err))
OX_PROVIDER_FUNCTION(ox_status, stream_size,
                     (ox_stream * stream, uint64_t *size_out, ox_error *err))
OX_PROVIDER_FUNCTION(ox_status, stream_set_size,
                     (ox_stream * stream, uint64_t size_bytes, ox_error *err))
OX_PROVIDER_FUNCTION(ox_status, stream_commit, (ox_stream * stream, ox_error *err))
OX_PROVIDER_FUNCTION(ox_status, stream_copy,
                     (ox_stream * source, ox_stream *destination, uint64_t size_bytes,
                      uint64_t *read_out, uint64_t *written_out, ox_error *err))
OX_PROVIDER_FUNCTION(ox_status, stream_clone, (ox_stream * stream, ox_stream **out, ox_error *err))
OX_PROVIDER_FUNCTION(void, table_close, (ox_table * table))
OX_PROVIDER_FUNCTION(ox_status, table_set_columns,
                     (ox_table * table, const ox_proptag *columns, size_t count, ox_error *err))
OX_PROVIDER_FUNCTION(ox_status, table_sort,
                     (ox_table * table, const ox_sort_order_set *sort, ox_error *err))
OX_PROVIDER_FUNCTION(ox_status, table_restrict,
                     (ox_table * table, const ox_restriction *restriction, ox_error *err))
OX_PROVIDER_FUNCTION(ox_status, table_query_rows,
                     (ox_table * table, uint32_t flags, bool forward, size_t max_count,
                      ox_arena *arena, ox_property **rows_out, size_t *row_count_out,
                      uint32_t *origin_out, ox_error *err))
OX_PROVIDER_FUNCTION(ox_status, table_position,
                     (ox_table * table, uint32_t *numerator_out, uint32_t *denominator_out,
                      ox_error *err))
OX_PROVIDER_FUNCTION(ox_status, table_row_count,
                     (ox_table * table, uint32_t *count_out, ox_error *err))
OX_PROVIDER_FUNCTION(ox_status, table_seek,
                     (ox_table * table, uint32_t bookmark, int32_t rows, int32_t *sought_out,
                      bool *moved_out, ox_error *err))
OX_PROVIDER_FUNCTION(ox_status, table_seek_fractional,
                     (ox_table * table, uint32_t numerator, uint32_t denominator, ox_error *err))
OX_PROVIDER_FUNCTION(ox_status, table_find_row,
                     (ox_table * table, const ox_restriction *restriction, uint32_t bookmark,
                      bool backward, ox_arena *arena, ox_property **row_out, bool *moved_out,
                      ox_error *err))
OX_PROVIDER_FUNCTION(ox_status, table_create_bookmark,
                     (ox_table * table, uint32_t *bookmark_out, ox_error *err))
OX_PROVIDER_FUNCTION(ox_status, table_free_bookmark,
                     (ox_table * table, uint32_t bookmark, ox_error *err))
OX_PROVIDER_FUNCTION(ox_status, table_all_columns,
                     (ox_table * table, ox_arena *arena, ox_proptag **tags_out, size_t *count_out,
                      ox_error *err))
OX_PROVIDER_FUNCTION(ox_status, table_reset, (ox_table * table, ox_error *err))
OX_PROVIDER_FUNCTION(ox_status, mailbox_subscribe,
                     (ox_mailbox * mailbox, uint16_t mask, ox_id folder_id, ox_id message_id,
                      ox_subscription **out, ox_error *err))
OX_PROVIDER_FUNCTION(ox_status, table_subscribe,
                     (ox_table * table, ox_subscription **out, ox_error *err))
OX_PROVIDER_FUNCTION(void, subscription_close, (ox_subscription * subscription))
OX_PROVIDER_FUNCTION(ox_status, mailbox_wait,
                     (ox_mailbox * mailbox, uint32_t timeout_ms, bool *pending_out, ox_error *err))
OX_PROVIDER_FUNCTION(void, mailbox_cancel_wait, (ox_mailbox * mailbox))
OX_PROVIDER_FUNCTION(ox_status, mailbox_next_event,
                     (ox_mailbox * mailbox, ox_arena *arena, ox_event *out, ox_error *err))
OX_PROVIDER_FUNCTION(ox_status, mailbox_set_wakeup,
                     (ox_mailbox * mailbox, ox_mailbox_wakeup wakeup, void *user, ox_error *err))

#undef OX_PROVIDER_FUNCTION
