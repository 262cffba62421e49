/* The mailbox API: checks arguments and passes on to the provider that made the handle. */
#include <oxkit/store/mailbox.h>

#include "provider.h"

static ox_status null_argument(ox_error *err) {
  return ox_error_set(err, OX_E_USAGE, "A required pointer is NULL.");
}

static uint64_t swap_counter(uint64_t counter) {
  uint64_t swapped = 0;
  for (int i = 0; i < 6; i++, counter >>= 8) swapped = swapped << 8 | (counter & 0xFF);
  return swapped;
}

uint16_t ox_id_replid(ox_id id) {
  return (uint16_t)(id & 0xFFFF);
}

uint64_t ox_id_counter(ox_id id) {
  return swap_counter(id >> 16);
}

ox_id ox_id_make(uint16_t replid, uint64_t counter) {
  return swap_counter(counter) << 16 | replid;
}

ox_object *ox_mailbox_object(ox_mailbox *mailbox) {
  return mailbox != NULL ? &mailbox->object : NULL;
}

ox_object *ox_folder_object(ox_folder *folder) {
  return folder != NULL ? &folder->object : NULL;
}

ox_object *ox_item_object(ox_item *item) {
  return item != NULL ? &item->object : NULL;
}

ox_object *ox_attachment_object(ox_item_attachment *attachment) {
  return attachment != NULL ? &attachment->object : NULL;
}

uint32_t ox_object_kind(const ox_object *object) {
  return object != NULL ? object->kind : 0;
}

ox_mailbox *ox_object_mailbox(ox_object *object) {
  return object != NULL ? object->mailbox : NULL;
}

ox_id ox_folder_id(const ox_folder *folder) {
  return folder != NULL ? folder->id : 0;
}

ox_id ox_item_id(const ox_item *item) {
  return item != NULL ? item->id : 0;
}

ox_id ox_item_folder_id(const ox_item *item) {
  return item != NULL ? item->folder_id : 0;
}

const ox_proptag *ox_table_columns(const ox_table *table, size_t *count_out) {
  if (count_out != NULL) *count_out = table != NULL ? table->column_count : 0;
  return table != NULL ? table->columns : NULL;
}

void ox_mailbox_close(ox_mailbox *mailbox) {
  if (mailbox != NULL) mailbox->object.provider->mailbox_close(mailbox);
}

ox_status ox_mailbox_get_info(ox_mailbox *mailbox, ox_mailbox_info *out, ox_error *err) {
  if (mailbox == NULL || out == NULL) return null_argument(err);
  return mailbox->object.provider->mailbox_get_info(mailbox, out, err);
}

ox_status ox_mailbox_special_folder(ox_mailbox *mailbox, uint32_t special, ox_id *id_out,
                                    ox_error *err) {
  if (mailbox == NULL || id_out == NULL) return null_argument(err);
  return mailbox->object.provider->mailbox_special_folder(mailbox, special, id_out, err);
}

ox_status ox_mailbox_get_receive_folder(ox_mailbox *mailbox, const char *message_class,
                                        ox_arena *arena, ox_id *folder_id_out,
                                        const char **explicit_class_out, ox_error *err) {
  if (mailbox == NULL || message_class == NULL || arena == NULL || folder_id_out == NULL)
    return null_argument(err);
  return mailbox->object.provider->mailbox_get_receive_folder(
      mailbox, message_class, arena, folder_id_out, explicit_class_out, err);
}

ox_status ox_mailbox_set_receive_folder(ox_mailbox *mailbox, const char *message_class,
                                        ox_id folder_id, ox_error *err) {
  if (mailbox == NULL || message_class == NULL) return null_argument(err);
  return mailbox->object.provider->mailbox_set_receive_folder(mailbox, message_class, folder_id,
                                                              err);
}

ox_status ox_mailbox_receive_folders(ox_mailbox *mailbox, ox_arena *arena,
                                     ox_receive_folder **rows_out, size_t *count_out,
                                     ox_error *err) {
  if (mailbox == NULL || arena == NULL || rows_out == NULL || count_out == NULL)
    return null_argument(err);
  return mailbox->object.provider->mailbox_receive_folders(mailbox, arena, rows_out, count_out,
                                                           err);
}

ox_status ox_mailbox_long_term_id(ox_mailbox *mailbox, ox_id id, ox_long_term_id *out,
                                  ox_error *err) {
  if (mailbox == NULL || out == NULL) return null_argument(err);
  return mailbox->object.provider->mailbox_long_term_id(mailbox, id, out, err);
}

ox_status ox_mailbox_id_from_long_term(ox_mailbox *mailbox, const ox_long_term_id *long_term_id,
                                       ox_id *id_out, ox_error *err) {
  if (mailbox == NULL || long_term_id == NULL || id_out == NULL) return null_argument(err);
  return mailbox->object.provider->mailbox_id_from_long_term(mailbox, long_term_id, id_out, err);
}

ox_status ox_mailbox_reserve_ids(ox_mailbox *mailbox, uint32_t count, ox_guid *replguid_out,
                                 uint8_t first_counter_out[6], ox_error *err) {
  if (mailbox == NULL || replguid_out == NULL || first_counter_out == NULL)
    return null_argument(err);
  return mailbox->object.provider->mailbox_reserve_ids(mailbox, count, replguid_out,
                                                       first_counter_out, err);
}

ox_status ox_mailbox_names_to_ids(ox_mailbox *mailbox, const ox_property_name *names, size_t count,
                                  bool create, uint16_t *ids_out, ox_error *err) {
  if (mailbox == NULL) return null_argument(err);
  return mailbox->object.provider->mailbox_names_to_ids(mailbox, names, count, create, ids_out,
                                                        err);
}

ox_status ox_mailbox_ids_to_names(ox_mailbox *mailbox, const uint16_t *ids, size_t count,
                                  ox_arena *arena, ox_property_name *names_out, ox_error *err) {
  if (mailbox == NULL || arena == NULL) return null_argument(err);
  return mailbox->object.provider->mailbox_ids_to_names(mailbox, ids, count, arena, names_out, err);
}

ox_status ox_object_query_names(ox_object *object, uint32_t flags, const ox_guid *set,
                                ox_arena *arena, uint16_t **ids_out, ox_property_name **names_out,
                                size_t *count_out, ox_error *err) {
  if (object == NULL || arena == NULL || ids_out == NULL || names_out == NULL || count_out == NULL)
    return null_argument(err);
  return object->provider->object_query_names(object, flags, set, arena, ids_out, names_out,
                                              count_out, err);
}

ox_status ox_object_get(ox_object *object, const ox_proptag *tags, size_t count,
                        size_t max_value_bytes, ox_arena *arena, ox_property *out, ox_error *err) {
  if (object == NULL || arena == NULL) return null_argument(err);
  return object->provider->object_get(object, tags, count, max_value_bytes, arena, out, err);
}

ox_status ox_object_get_all(ox_object *object, size_t max_value_bytes, ox_arena *arena,
                            ox_property **out, size_t *count_out, ox_error *err) {
  if (object == NULL || arena == NULL || out == NULL || count_out == NULL)
    return null_argument(err);
  return object->provider->object_get_all(object, max_value_bytes, arena, out, count_out, err);
}

ox_status ox_object_list(ox_object *object, ox_arena *arena, ox_proptag **tags_out,
                         size_t *count_out, ox_error *err) {
  if (object == NULL || arena == NULL || tags_out == NULL || count_out == NULL)
    return null_argument(err);
  return object->provider->object_list(object, arena, tags_out, count_out, err);
}

ox_status ox_object_set(ox_object *object, const ox_property *properties, size_t count,
                        ox_problems *problems, ox_error *err) {
  if (object == NULL) return null_argument(err);
  return object->provider->object_set(object, properties, count, problems, err);
}

ox_status ox_object_delete(ox_object *object, const ox_proptag *tags, size_t count,
                           ox_problems *problems, ox_error *err) {
  if (object == NULL) return null_argument(err);
  return object->provider->object_delete(object, tags, count, problems, err);
}

ox_status ox_object_copy_to(ox_object *source, ox_object *destination, uint32_t flags,
                            bool subobjects, const ox_proptag *excluded, size_t count,
                            ox_problems *problems, ox_error *err) {
  if (source == NULL || destination == NULL) return null_argument(err);
  return source->provider->object_copy_to(source, destination, flags, subobjects, excluded, count,
                                          problems, err);
}

ox_status ox_object_copy_properties(ox_object *source, ox_object *destination, uint32_t flags,
                                    const ox_proptag *tags, size_t count, ox_problems *problems,
                                    ox_error *err) {
  if (source == NULL || destination == NULL) return null_argument(err);
  return source->provider->object_copy_properties(source, destination, flags, tags, count, problems,
                                                  err);
}

ox_status ox_folder_open(ox_mailbox *mailbox, ox_id id, uint32_t flags, ox_folder **out,
                         ox_error *err) {
  if (mailbox == NULL || out == NULL) return null_argument(err);
  return mailbox->object.provider->folder_open(mailbox, id, flags, out, err);
}

void ox_folder_close(ox_folder *folder) {
  if (folder != NULL) folder->object.provider->folder_close(folder);
}

ox_status ox_folder_create(ox_folder *parent, const ox_folder_create_options *options,
                           ox_folder **out, bool *existed_out, ox_error *err) {
  if (parent == NULL || options == NULL || out == NULL) return null_argument(err);
  return parent->object.provider->folder_create(parent, options, out, existed_out, err);
}

ox_status ox_folder_delete(ox_folder *parent, ox_id id, uint32_t flags, bool *partial_out,
                           ox_error *err) {
  if (parent == NULL) return null_argument(err);
  return parent->object.provider->folder_delete(parent, id, flags, partial_out, err);
}

ox_status ox_folder_empty(ox_folder *folder, uint32_t flags, bool *partial_out, ox_error *err) {
  if (folder == NULL) return null_argument(err);
  return folder->object.provider->folder_empty(folder, flags, partial_out, err);
}

ox_status ox_folder_move(ox_folder *parent, ox_id id, ox_folder *new_parent, const char *new_name,
                         bool *partial_out, ox_error *err) {
  if (parent == NULL || new_parent == NULL) return null_argument(err);
  return parent->object.provider->folder_move(parent, id, new_parent, new_name, partial_out, err);
}

ox_status ox_folder_copy(ox_folder *parent, ox_id id, ox_folder *new_parent, const char *new_name,
                         bool recursive, bool *partial_out, ox_error *err) {
  if (parent == NULL || new_parent == NULL) return null_argument(err);
  return parent->object.provider->folder_copy(parent, id, new_parent, new_name, recursive,
                                              partial_out, err);
}

ox_status ox_folder_hierarchy(ox_folder *folder, uint32_t flags, ox_table **out,
                              uint32_t *row_count_out, ox_error *err) {
  if (folder == NULL || out == NULL) return null_argument(err);
  return folder->object.provider->folder_hierarchy(folder, flags, out, row_count_out, err);
}

ox_status ox_folder_contents(ox_folder *folder, uint32_t flags, ox_table **out,
                             uint32_t *row_count_out, ox_error *err) {
  if (folder == NULL || out == NULL) return null_argument(err);
  return folder->object.provider->folder_contents(folder, flags, out, row_count_out, err);
}

ox_status ox_folder_delete_messages(ox_folder *folder, const ox_id *ids, size_t count,
                                    uint32_t flags, bool *partial_out, ox_error *err) {
  if (folder == NULL) return null_argument(err);
  return folder->object.provider->folder_delete_messages(folder, ids, count, flags, partial_out,
                                                         err);
}

ox_status ox_folder_move_messages(ox_folder *source, ox_folder *destination, const ox_id *ids,
                                  size_t count, bool copy, ox_id *new_ids_out, bool *partial_out,
                                  ox_error *err) {
  if (source == NULL || destination == NULL) return null_argument(err);
  return source->object.provider->folder_move_messages(source, destination, ids, count, copy,
                                                       new_ids_out, partial_out, err);
}

ox_status ox_folder_set_read_flags(ox_folder *folder, const ox_id *ids, size_t count,
                                   uint32_t flags, bool *partial_out, ox_error *err) {
  if (folder == NULL) return null_argument(err);
  return folder->object.provider->folder_set_read_flags(folder, ids, count, flags, partial_out,
                                                        err);
}

ox_status ox_folder_set_message_status(ox_folder *folder, ox_id id, uint32_t status, uint32_t mask,
                                       uint32_t *old_status_out, ox_error *err) {
  if (folder == NULL) return null_argument(err);
  return folder->object.provider->folder_set_message_status(folder, id, status, mask,
                                                            old_status_out, err);
}

ox_status ox_folder_get_message_status(ox_folder *folder, ox_id id, uint32_t *status_out,
                                       ox_error *err) {
  if (folder == NULL || status_out == NULL) return null_argument(err);
  return folder->object.provider->folder_get_message_status(folder, id, status_out, err);
}

ox_status ox_item_open(ox_mailbox *mailbox, ox_id folder_id, ox_id id, uint32_t mode, ox_item **out,
                       ox_error *err) {
  if (mailbox == NULL || out == NULL) return null_argument(err);
  return mailbox->object.provider->item_open(mailbox, folder_id, id, mode, out, err);
}

ox_status ox_item_create(ox_folder *folder, bool associated, uint32_t codepage, ox_item **out,
                         ox_error *err) {
  if (folder == NULL || out == NULL) return null_argument(err);
  return folder->object.provider->item_create(folder, associated, codepage, out, err);
}

void ox_item_close(ox_item *item) {
  if (item != NULL) item->object.provider->item_close(item);
}

ox_status ox_item_save(ox_item *item, uint32_t flags, ox_id *id_out, ox_error *err) {
  if (item == NULL) return null_argument(err);
  return item->object.provider->item_save(item, flags, id_out, err);
}

ox_status ox_item_recipients(ox_item *item, uint32_t first_row_id, size_t max_count,
                             ox_arena *arena, ox_recipient **out, size_t *count_out,
                             ox_error *err) {
  if (item == NULL || arena == NULL || out == NULL || count_out == NULL) return null_argument(err);
  return item->object.provider->item_recipients(item, first_row_id, max_count, arena, out,
                                                count_out, err);
}

ox_status ox_item_modify_recipients(ox_item *item, const ox_recipient_change *changes, size_t count,
                                    ox_error *err) {
  if (item == NULL) return null_argument(err);
  return item->object.provider->item_modify_recipients(item, changes, count, err);
}

ox_status ox_item_remove_recipients(ox_item *item, ox_error *err) {
  if (item == NULL) return null_argument(err);
  return item->object.provider->item_remove_recipients(item, err);
}

ox_status ox_item_set_read_flag(ox_item *item, uint32_t flags, bool *changed_out, ox_error *err) {
  if (item == NULL) return null_argument(err);
  return item->object.provider->item_set_read_flag(item, flags, changed_out, err);
}

ox_status ox_item_submit(ox_item *item, uint32_t flags, ox_error *err) {
  if (item == NULL) return null_argument(err);
  return item->object.provider->item_submit(item, flags, err);
}

ox_status ox_mailbox_abort_submit(ox_mailbox *mailbox, ox_id folder_id, ox_id id, ox_error *err) {
  if (mailbox == NULL) return null_argument(err);
  return mailbox->object.provider->mailbox_abort_submit(mailbox, folder_id, id, err);
}

ox_status ox_folder_import(ox_folder *folder, const ox_message *message, uint32_t flags,
                           ox_id *id_out, ox_error *err) {
  if (folder == NULL || message == NULL) return null_argument(err);
  return folder->object.provider->folder_import(folder, message, flags, id_out, err);
}

ox_status ox_item_export(ox_item *item, size_t inline_max_bytes, ox_message **out, ox_error *err) {
  if (item == NULL || out == NULL) return null_argument(err);
  return item->object.provider->item_export(item, inline_max_bytes, out, err);
}

ox_status ox_attachment_open(ox_item *item, uint32_t number, uint32_t mode,
                             ox_item_attachment **out, ox_error *err) {
  if (item == NULL || out == NULL) return null_argument(err);
  return item->object.provider->attachment_open(item, number, mode, out, err);
}

ox_status ox_attachment_create(ox_item *item, ox_item_attachment **out, uint32_t *number_out,
                               ox_error *err) {
  if (item == NULL || out == NULL) return null_argument(err);
  return item->object.provider->attachment_create(item, out, number_out, err);
}

void ox_attachment_close(ox_item_attachment *attachment) {
  if (attachment != NULL) attachment->object.provider->attachment_close(attachment);
}

ox_status ox_attachment_save(ox_item_attachment *attachment, uint32_t flags, ox_error *err) {
  if (attachment == NULL) return null_argument(err);
  return attachment->object.provider->attachment_save(attachment, flags, err);
}

ox_status ox_attachment_delete(ox_item *item, uint32_t number, ox_error *err) {
  if (item == NULL) return null_argument(err);
  return item->object.provider->attachment_delete(item, number, err);
}

ox_status ox_item_attachments(ox_item *item, uint32_t flags, ox_table **out, ox_error *err) {
  if (item == NULL || out == NULL) return null_argument(err);
  return item->object.provider->item_attachments(item, flags, out, err);
}

ox_status ox_item_attachment_numbers(ox_item *item, ox_arena *arena, uint32_t **numbers_out,
                                     size_t *count_out, ox_error *err) {
  if (item == NULL || arena == NULL || numbers_out == NULL || count_out == NULL)
    return null_argument(err);
  return item->object.provider->item_attachment_numbers(item, arena, numbers_out, count_out, err);
}

ox_status ox_attachment_open_embedded(ox_item_attachment *attachment, uint32_t mode, ox_item **out,
                                      ox_error *err) {
  if (attachment == NULL || out == NULL) return null_argument(err);
  return attachment->object.provider->attachment_open_embedded(attachment, mode, out, err);
}

ox_status ox_stream_open(ox_object *object, ox_proptag tag, uint32_t mode, ox_stream **out,
                         uint64_t *size_out, ox_error *err) {
  if (object == NULL || out == NULL) return null_argument(err);
  return object->provider->stream_open(object, tag, mode, out, size_out, err);
}

void ox_stream_close(ox_stream *stream) {
  if (stream != NULL) stream->provider->stream_close(stream);
}

ox_status ox_stream_read(ox_stream *stream, void *buffer, size_t capacity_bytes, size_t *size_out,
                         ox_error *err) {
  if (stream == NULL || size_out == NULL) return null_argument(err);
  return stream->provider->stream_read(stream, buffer, capacity_bytes, size_out, err);
}

ox_status ox_stream_write(ox_stream *stream, const void *data, size_t size_bytes, ox_error *err) {
  if (stream == NULL) return null_argument(err);
  return stream->provider->stream_write(stream, data, size_bytes, err);
}

ox_status ox_stream_seek(ox_stream *stream, uint32_t origin, int64_t offset, uint64_t *position_out,
                         ox_error *err) {
  if (stream == NULL) return null_argument(err);
  return stream->provider->stream_seek(stream, origin, offset, position_out, err);
}

ox_status ox_stream_size(ox_stream *stream, uint64_t *size_out, ox_error *err) {
  if (stream == NULL || size_out == NULL) return null_argument(err);
  return stream->provider->stream_size(stream, size_out, err);
}

ox_status ox_stream_set_size(ox_stream *stream, uint64_t size_bytes, ox_error *err) {
  if (stream == NULL) return null_argument(err);
  return stream->provider->stream_set_size(stream, size_bytes, err);
}

ox_status ox_stream_commit(ox_stream *stream, ox_error *err) {
  if (stream == NULL) return null_argument(err);
  return stream->provider->stream_commit(stream, err);
}

ox_status ox_stream_copy(ox_stream *source, ox_stream *destination, uint64_t size_bytes,
                         uint64_t *read_out, uint64_t *written_out, ox_error *err) {
  if (source == NULL || destination == NULL) return null_argument(err);
  return source->provider->stream_copy(source, destination, size_bytes, read_out, written_out, err);
}

ox_status ox_stream_clone(ox_stream *stream, ox_stream **out, ox_error *err) {
  if (stream == NULL || out == NULL) return null_argument(err);
  return stream->provider->stream_clone(stream, out, err);
}

void ox_table_close(ox_table *table) {
  if (table != NULL) table->provider->table_close(table);
}

ox_status ox_table_set_columns(ox_table *table, const ox_proptag *columns, size_t count,
                               ox_error *err) {
  if (table == NULL || columns == NULL) return null_argument(err);
  return table->provider->table_set_columns(table, columns, count, err);
}

ox_status ox_table_sort(ox_table *table, const ox_sort_order_set *sort, ox_error *err) {
  if (table == NULL || sort == NULL) return null_argument(err);
  return table->provider->table_sort(table, sort, err);
}

ox_status ox_table_restrict(ox_table *table, const ox_restriction *restriction, ox_error *err) {
  if (table == NULL) return null_argument(err);
  return table->provider->table_restrict(table, restriction, err);
}

ox_status ox_table_query_rows(ox_table *table, uint32_t flags, bool forward, size_t max_count,
                              ox_arena *arena, ox_property **rows_out, size_t *row_count_out,
                              uint32_t *origin_out, ox_error *err) {
  if (table == NULL || arena == NULL || rows_out == NULL || row_count_out == NULL)
    return null_argument(err);
  return table->provider->table_query_rows(table, flags, forward, max_count, arena, rows_out,
                                           row_count_out, origin_out, err);
}

ox_status ox_table_position(ox_table *table, uint32_t *numerator_out, uint32_t *denominator_out,
                            ox_error *err) {
  if (table == NULL || numerator_out == NULL || denominator_out == NULL) return null_argument(err);
  return table->provider->table_position(table, numerator_out, denominator_out, err);
}

ox_status ox_table_row_count(ox_table *table, uint32_t *count_out, ox_error *err) {
  if (table == NULL || count_out == NULL) return null_argument(err);
  return table->provider->table_row_count(table, count_out, err);
}

ox_status ox_table_seek(ox_table *table, uint32_t bookmark, int32_t rows, int32_t *sought_out,
                        bool *moved_out, ox_error *err) {
  if (table == NULL) return null_argument(err);
  return table->provider->table_seek(table, bookmark, rows, sought_out, moved_out, err);
}

ox_status ox_table_seek_fractional(ox_table *table, uint32_t numerator, uint32_t denominator,
                                   ox_error *err) {
  if (table == NULL) return null_argument(err);
  return table->provider->table_seek_fractional(table, numerator, denominator, err);
}

ox_status ox_table_find_row(ox_table *table, const ox_restriction *restriction, uint32_t bookmark,
                            bool backward, ox_arena *arena, ox_property **row_out, bool *moved_out,
                            ox_error *err) {
  if (table == NULL || restriction == NULL || arena == NULL) return null_argument(err);
  return table->provider->table_find_row(table, restriction, bookmark, backward, arena, row_out,
                                         moved_out, err);
}

ox_status ox_table_create_bookmark(ox_table *table, uint32_t *bookmark_out, ox_error *err) {
  if (table == NULL || bookmark_out == NULL) return null_argument(err);
  return table->provider->table_create_bookmark(table, bookmark_out, err);
}

ox_status ox_table_free_bookmark(ox_table *table, uint32_t bookmark, ox_error *err) {
  if (table == NULL) return null_argument(err);
  return table->provider->table_free_bookmark(table, bookmark, err);
}

ox_status ox_table_all_columns(ox_table *table, ox_arena *arena, ox_proptag **tags_out,
                               size_t *count_out, ox_error *err) {
  if (table == NULL || arena == NULL || tags_out == NULL || count_out == NULL)
    return null_argument(err);
  return table->provider->table_all_columns(table, arena, tags_out, count_out, err);
}

ox_status ox_table_reset(ox_table *table, ox_error *err) {
  if (table == NULL) return null_argument(err);
  return table->provider->table_reset(table, err);
}

ox_status ox_mailbox_subscribe(ox_mailbox *mailbox, uint16_t mask, ox_id folder_id,
                               ox_id message_id, ox_subscription **out, ox_error *err) {
  if (mailbox == NULL || out == NULL) return null_argument(err);
  return mailbox->object.provider->mailbox_subscribe(mailbox, mask, folder_id, message_id, out,
                                                     err);
}

ox_status ox_table_subscribe(ox_table *table, ox_subscription **out, ox_error *err) {
  if (table == NULL || out == NULL) return null_argument(err);
  return table->provider->table_subscribe(table, out, err);
}

void ox_subscription_close(ox_subscription *subscription) {
  if (subscription != NULL) subscription->provider->subscription_close(subscription);
}

ox_status ox_mailbox_wait(ox_mailbox *mailbox, uint32_t timeout_ms, bool *pending_out,
                          ox_error *err) {
  if (mailbox == NULL || pending_out == NULL) return null_argument(err);
  return mailbox->object.provider->mailbox_wait(mailbox, timeout_ms, pending_out, err);
}

void ox_mailbox_cancel_wait(ox_mailbox *mailbox) {
  if (mailbox != NULL) mailbox->object.provider->mailbox_cancel_wait(mailbox);
}

ox_status ox_mailbox_next_event(ox_mailbox *mailbox, ox_arena *arena, ox_event *out,
                                ox_error *err) {
  if (mailbox == NULL || arena == NULL || out == NULL) return null_argument(err);
  return mailbox->object.provider->mailbox_next_event(mailbox, arena, out, err);
}

ox_status ox_mailbox_set_wakeup(ox_mailbox *mailbox, ox_mailbox_wakeup wakeup, void *user,
                                ox_error *err) {
  if (mailbox == NULL) return null_argument(err);
  return mailbox->object.provider->mailbox_set_wakeup(mailbox, wakeup, user, err);
}
