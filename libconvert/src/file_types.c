/* Media types and file name extensions, for attachments that come without the other. */
#include "mime_internal.h"

#include <string.h>

/* The first row of a type gives its extension, the first of an extension its type. */
static const struct {
  const char *type;
  const char *extension;
} rows[] = {
    {"text/plain", ".txt"},
    {"text/plain", ".log"},
    {"text/html", ".htm"},
    {"text/html", ".html"},
    {"text/calendar", ".ics"},
    {"text/vcard", ".vcf"},
    {"text/x-vcard", ".vcf"},
    {"text/csv", ".csv"},
    {"text/enriched", ".txt"},
    {"text/rtf", ".rtf"},
    {"text/xml", ".xml"},
    {"image/jpeg", ".jpg"},
    {"image/jpeg", ".jpeg"},
    {"image/png", ".png"},
    {"image/gif", ".gif"},
    {"image/bmp", ".bmp"},
    {"image/tiff", ".tif"},
    {"image/tiff", ".tiff"},
    {"image/svg+xml", ".svg"},
    {"image/webp", ".webp"},
    {"application/pdf", ".pdf"},
    {"application/zip", ".zip"},
    {"application/gzip", ".gz"},
    {"application/rtf", ".rtf"},
    {"application/xml", ".xml"},
    {"application/json", ".json"},
    {"application/msword", ".doc"},
    {"application/vnd.ms-excel", ".xls"},
    {"application/vnd.ms-powerpoint", ".ppt"},
    {"application/vnd.ms-outlook", ".msg"},
    {"application/vnd.openxmlformats-officedocument.wordprocessingml.document", ".docx"},
    {"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ".xlsx"},
    {"application/vnd.openxmlformats-officedocument.presentationml.presentation", ".pptx"},
    {"application/vnd.oasis.opendocument.text", ".odt"},
    {"application/vnd.oasis.opendocument.spreadsheet", ".ods"},
    {"application/ms-tnef", ".dat"},
    {"application/pgp-signature", ".asc"},
    {"application/pkcs7-signature", ".p7s"},
    {"application/pkcs7-mime", ".p7m"},
    {"audio/mpeg", ".mp3"},
    {"audio/x-wav", ".wav"},
    {"video/mp4", ".mp4"},
    {"message/rfc822", ".eml"},
    {"message/delivery-status", ".txt"},
};

const char *ox_mime_extension(const char *mime_type) {
  for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
    if (ox_ascii_equal(mime_type, rows[i].type)) return rows[i].extension;
  return ox_ascii_equal_n(mime_type, "text/", 5) ? ".txt" : ".dat";
}

const char *ox_mime_type_for(const char *file_name) {
  const char *extension = file_name != NULL ? strrchr(file_name, '.') : NULL;
  for (size_t i = 0; extension != NULL && i < G_N_ELEMENTS(rows); i++)
    if (ox_ascii_equal(extension, rows[i].extension) &&
        !ox_ascii_equal_n(rows[i].type, "message/", 8) && !ox_ascii_equal(extension, ".dat"))
      return rows[i].type;
  return "application/octet-stream";
}
