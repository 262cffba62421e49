/* The attributes that the directory keeps: every one that [MS-OXOABK] shows as a property of an
 * address book object and a person may set, in LDAP's spelling. */
#include "attributes.h"

#include "directory_internal.h"

#include <oxkit/ropcodec/properties.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* @spec [MS-OXOABK] 2.2.3 to 2.2.6 (each section names the attribute in its "Active Directory"
 * companion table); [MS-OXPROPS] for the tags */
const dir_attribute dir_attributes[] = {
    {"givenName", OX_PidTagGivenName, DIR_ATTRIBUTE_SEARCHED},
    {"sn", OX_PidTagSurname, DIR_ATTRIBUTE_SEARCHED},
    {"initials", OX_PidTagInitials, 0},
    {"personalTitle", OX_PidTagDisplayNamePrefix, 0},
    {"generationQualifier", OX_PidTagGeneration, 0},
    {"displayNamePrintable", OX_PidTagAddressBookDisplayNamePrintable, 0},
    {"msDS-PhoneticDisplayName", OX_PidTagAddressBookPhoneticDisplayName, DIR_ATTRIBUTE_SEARCHED},
    {"msDS-PhoneticFirstName", OX_PidTagAddressBookPhoneticGivenName, 0},
    {"msDS-PhoneticLastName", OX_PidTagAddressBookPhoneticSurname, 0},
    {"msDS-PhoneticCompanyName", OX_PidTagAddressBookPhoneticCompanyName, 0},
    {"msDS-PhoneticDepartment", OX_PidTagAddressBookPhoneticDepartmentName, 0},
    {"title", OX_PidTagTitle, 0},
    {"company", OX_PidTagCompanyName, 0},
    {"department", OX_PidTagDepartmentName, 0},
    {"physicalDeliveryOfficeName", OX_PidTagOfficeLocation, DIR_ATTRIBUTE_SEARCHED},
    {"telephoneNumber", OX_PidTagBusinessTelephoneNumber, 0},
    {"otherTelephone", OX_PidTagBusiness2TelephoneNumbers, DIR_ATTRIBUTE_MULTIPLE},
    {"homePhone", OX_PidTagHomeTelephoneNumber, 0},
    {"otherHomePhone", OX_PidTagHome2TelephoneNumbers, DIR_ATTRIBUTE_MULTIPLE},
    {"mobile", OX_PidTagMobileTelephoneNumber, 0},
    {"facsimileTelephoneNumber", OX_PidTagPrimaryFaxNumber, 0},
    {"pager", OX_PidTagPagerTelephoneNumber, 0},
    {"telephoneAssistant", OX_PidTagAssistantTelephoneNumber, 0},
    {"msExchAssistantName", OX_PidTagAssistant, 0},
    {"streetAddress", OX_PidTagStreetAddress, 0},
    {"postOfficeBox", OX_PidTagPostOfficeBox, 0},
    {"l", OX_PidTagLocality, 0},
    {"st", OX_PidTagStateOrProvince, 0},
    {"postalCode", OX_PidTagPostalCode, 0},
    {"co", OX_PidTagCountry, 0},
    {"info", OX_PidTagComment, 0},
    {"wWWHomePage", OX_PidTagBusinessHomePage, 0},
    {"manager", OX_PidTagAddressBookManager, DIR_ATTRIBUTE_OBJECT},
    {"managedBy", OX_PidTagAddressBookOwner, DIR_ATTRIBUTE_OBJECT},
    {"msExchResourceCapacity", OX_PidTagAddressBookRoomCapacity, DIR_ATTRIBUTE_NUMBER},
    {"msExchResourceDisplay", OX_PidTagAddressBookRoomDescription, 0},
    {"extensionAttribute1", OX_PidTagAddressBookExtensionAttribute1, 0},
    {"extensionAttribute2", OX_PidTagAddressBookExtensionAttribute2, 0},
    {"extensionAttribute3", OX_PidTagAddressBookExtensionAttribute3, 0},
    {"extensionAttribute4", OX_PidTagAddressBookExtensionAttribute4, 0},
    {"extensionAttribute5", OX_PidTagAddressBookExtensionAttribute5, 0},
    {"extensionAttribute6", OX_PidTagAddressBookExtensionAttribute6, 0},
    {"extensionAttribute7", OX_PidTagAddressBookExtensionAttribute7, 0},
    {"extensionAttribute8", OX_PidTagAddressBookExtensionAttribute8, 0},
    {"extensionAttribute9", OX_PidTagAddressBookExtensionAttribute9, 0},
    {"extensionAttribute10", OX_PidTagAddressBookExtensionAttribute10, 0},
    {"extensionAttribute11", OX_PidTagAddressBookExtensionAttribute11, 0},
    {"extensionAttribute12", OX_PidTagAddressBookExtensionAttribute12, 0},
    {"extensionAttribute13", OX_PidTagAddressBookExtensionAttribute13, 0},
    {"extensionAttribute14", OX_PidTagAddressBookExtensionAttribute14, 0},
    {"extensionAttribute15", OX_PidTagAddressBookExtensionAttribute15, 0},
};
const size_t dir_attribute_count = COUNT(dir_attributes);

const dir_attribute *dir_attribute_by_name(const char *name) {
  for (size_t i = 0; i < COUNT(dir_attributes); i++)
    if (ox_ascii_equal(dir_attributes[i].name, name)) return &dir_attributes[i];
  return NULL;
}

const dir_attribute *dir_attribute_by_tag(ox_proptag tag) {
  for (size_t i = 0; i < COUNT(dir_attributes); i++)
    if (OX_PROPTAG_ID(dir_attributes[i].tag) == OX_PROPTAG_ID(tag)) return &dir_attributes[i];
  return NULL;
}

const char *dir_attribute_canonical(const char *name) {
  const dir_attribute *attribute = dir_attribute_by_name(name);
  return attribute != NULL ? attribute->name : NULL;
}

const char *ox_directory_attribute_name(size_t index) {
  return index < COUNT(dir_attributes) ? dir_attributes[index].name : NULL;
}
