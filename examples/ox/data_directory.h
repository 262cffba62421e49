/* The layout of a data directory: directory.db (people), mailboxes/ (one database each) and
 * tls/cert.pem, tls/key.pem. */
#ifndef OX_PROGRAM_DATA_DIRECTORY_H
#define OX_PROGRAM_DATA_DIRECTORY_H

#include <oxkit/directory/directory.h>
#include <oxkit/store/local.h>

#include "ox.h"

/** An open data directory: people and mailboxes. */
typedef struct data_directory {
  ox_directory *directory;
  ox_store *store;
  ox_outbound *delivery;
} data_directory;

/** Opens both parts; prints what is wrong. @return EXIT_DONE or EXIT_FAILED */
int data_directory_open(const command *self, const char *path, data_directory *out);
void data_directory_close(data_directory *data);

/** The path of a file inside a data directory; free() it. */
char *data_path(const char *directory, const char *name);

/** Opens a user's mailbox straight from the files. */
ox_status data_directory_open_mailbox(data_directory *data, const char *user, ox_mailbox **out,
                                      ox_error *err);

#endif
