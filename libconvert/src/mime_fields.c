/* The header fields that have a property of their own. What is not here becomes a named property
 * in PS_INTERNET_HEADERS. @spec [MS-OXCMAIL] 2.1.3.2, 2.2.3.2 */
#include "mime_internal.h"

#include <string.h>

static const field_word importance_words[] = {{"low", 0}, {"normal", 1}, {"high", 2}, {NULL, 0}};
static const field_word sensitivity_words[] = {
    {"normal", 0}, {"personal", 1}, {"private", 2}, {"company-confidential", 3}, {NULL, 0}};

const field_row ox_mime_fields[] = {
    /* Addresses, structure and what several properties come from. */
    {"From", FIELD_SPECIAL, 0, NULL, false},
    {"Sender", FIELD_SPECIAL, 0, NULL, false},
    {"Reply-To", FIELD_SPECIAL, 0, NULL, false},
    {"To", FIELD_SPECIAL, 0, NULL, false},
    {"Cc", FIELD_SPECIAL, 0, NULL, false},
    {"Bcc", FIELD_SPECIAL, 0, NULL, false},
    {"Subject", FIELD_SPECIAL, OX_PidTagSubject, NULL, false},
    {"Date", FIELD_SPECIAL, OX_PidTagClientSubmitTime, NULL, false},
    {"Thread-Topic", FIELD_SPECIAL, OX_PidTagConversationTopic, NULL, false},
    {"MIME-Version", FIELD_SPECIAL, 0, NULL, false},
    {"Content-Type", FIELD_SPECIAL, 0, NULL, false},
    {"Content-Transfer-Encoding", FIELD_SPECIAL, 0, NULL, false},
    {"Content-Disposition", FIELD_SPECIAL, 0, NULL, false},
    {"Content-ID", FIELD_SPECIAL, 0, NULL, false},
    {"Content-MD5", FIELD_SPECIAL, 0, NULL, false},
    {"Priority", FIELD_SPECIAL, 0, NULL, false},
    {"X-Priority", FIELD_SPECIAL, 0, NULL, false},
    {"X-MSMail-Priority", FIELD_SPECIAL, 0, NULL, false},
    {"Disposition-Notification-To", FIELD_SPECIAL, 0, NULL, false},
    {"Return-Receipt-To", FIELD_SPECIAL, 0, NULL, false},
    {"X-Auto-Response-Suppress", FIELD_SPECIAL, OX_PidTagAutoResponseSuppress, NULL, false},
    {"Keywords", FIELD_SPECIAL, 0, NULL, false},
    {"X-MS-Has-Attach", FIELD_SPECIAL, 0, NULL, false},
    {"X-MS-TNEF-Correlator", FIELD_SPECIAL, 0, NULL, false},
    /* One field, one property. */
    {"Message-ID", FIELD_RAW, OX_PidTagInternetMessageId, NULL, true},
    {"In-Reply-To", FIELD_RAW, OX_PidTagInReplyToId, NULL, true},
    {"References", FIELD_RAW, OX_PidTagInternetReferences, NULL, true},
    {"Thread-Index", FIELD_BASE64, OX_PidTagConversationIndex, NULL, true},
    {"Importance", FIELD_ENUM, OX_PidTagImportance, importance_words, false},
    {"Sensitivity", FIELD_ENUM, OX_PidTagSensitivity, sensitivity_words, true},
    {"Reply-By", FIELD_TIME, OX_PidTagReplyTime, NULL, true},
    {"Expires", FIELD_TIME, OX_PidTagExpiryTime, NULL, true},
    {"Expiry-Date", FIELD_TIME, OX_PidTagExpiryTime, NULL, false},
    {"Deferred-Delivery", FIELD_TIME, OX_PidTagDeferredDeliveryTime, NULL, true},
    {"List-Help", FIELD_TEXT, OX_PidTagListHelp, NULL, true},
    {"List-Subscribe", FIELD_TEXT, OX_PidTagListSubscribe, NULL, true},
    {"List-Unsubscribe", FIELD_TEXT, OX_PidTagListUnsubscribe, NULL, true},
    /* How the message travelled. */
    {"Return-Path", FIELD_TRACE, 0, NULL, false},
    {"Received", FIELD_TRACE, 0, NULL, false},
    {"Delivered-To", FIELD_TRACE, 0, NULL, false},
    {"X-Received", FIELD_TRACE, 0, NULL, false},
    {"DKIM-Signature", FIELD_TRACE, 0, NULL, false},
    {"DomainKey-Signature", FIELD_TRACE, 0, NULL, false},
    {"Authentication-Results", FIELD_TRACE, 0, NULL, false},
    {"ARC-Seal", FIELD_TRACE, 0, NULL, false},
    {"ARC-Message-Signature", FIELD_TRACE, 0, NULL, false},
    {"ARC-Authentication-Results", FIELD_TRACE, 0, NULL, false},
    {"Received-SPF", FIELD_TRACE, 0, NULL, false},
};
const size_t ox_mime_field_count = sizeof ox_mime_fields / sizeof ox_mime_fields[0];

const field_row *ox_mime_field(const char *name) {
  for (size_t i = 0; i < ox_mime_field_count; i++)
    if (ox_ascii_equal(name, ox_mime_fields[i].name)) return &ox_mime_fields[i];
  return NULL;
}

bool ox_mime_field_is_reserved(const char *name) {
  static const char *const prefixes[] = {"X-MS-Exchange-Organization-", "X-MS-Exchange-Forest-",
                                         "X-Microsoft-Exchange-Organization",
                                         "X-Microsoft-Exchange-Forest"};
  for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++)
    if (ox_ascii_equal_n(name, prefixes[i], strlen(prefixes[i]))) return true;
  return false;
}
