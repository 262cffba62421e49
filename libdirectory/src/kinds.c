#include <oxkit/directory/directory.h>

#include <string.h>

static const struct {
  uint32_t kind;
  const char *name;
} kinds[] = {
    {OX_DIRECTORY_USER, "user"},       {OX_DIRECTORY_GROUP, "group"},
    {OX_DIRECTORY_ROOM, "room"},       {OX_DIRECTORY_EQUIPMENT, "equipment"},
    {OX_DIRECTORY_CONTACT, "contact"},
};

const char *ox_directory_kind_name(uint32_t kind) {
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (kinds[i].kind == kind) return kinds[i].name;
  return NULL;
}

uint32_t ox_directory_kind_from_name(const char *name) {
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (strcmp(kinds[i].name, name) == 0) return kinds[i].kind;
  return 0;
}
