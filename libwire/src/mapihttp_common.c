#include <oxkit/wire/mapihttp.h>

const char *ox_mapihttp_code_text(uint32_t response_code) {
  static const char *const texts[] = {
      "Success",
      "Unknown Failure",
      "Invalid Verb",
      "Invalid Path",
      "Invalid Header",
      "Invalid Request Type",
      "Invalid Context Cookie",
      "Missing Header",
      "Anonymous Not Allowed",
      "Too Large",
      "Context Not Found",
      "No Privilege",
      "Invalid Request Body",
      "Missing Cookie",
      "Reserved",
      "Invalid Sequence",
      "Endpoint Disabled",
      "Invalid Response",
      "Endpoint Shutting Down",
  };
  if (response_code >= sizeof texts / sizeof texts[0]) return "Unknown";
  return texts[response_code];
}
