/* ox client: what the verbs share. */
#ifndef OX_PROGRAM_CLIENT_H
#define OX_PROGRAM_CLIENT_H

#include <oxkit/directory/addressbook.h>
#include <oxkit/store/mailbox.h>

#include "data_directory.h"
#include "ox.h"

struct session; /* the transports behind a mailbox and an address book: session.c */

/** One run of the client: who asks, where, and what is open. */
typedef struct client {
  const command *self;
  const char *url;
  const char *user;
  const char *mailbox_dn; /**< whose mailbox; NULL: the user's own */
  const char *password_file;
  const char *ca_file;
  const char *auth; /**< "basic" or "ntlm" */
  bool insecure;
  bool json;
  bool steps; /**< print each protocol step */
  struct session *session;
  ox_mailbox *mailbox;
  ox_arena arena; /**< for results of the whole run */
} client;

/** A verb of the client. run prints its result and returns an exit status. */
typedef struct verb {
  const char *name;
  const char *usage; /**< what follows "ox client ..." */
  int (*run)(client *c, const command *self, int argc, char **argv);
} verb;

int verb_folders(client *c, const command *self, int argc, char **argv);
int verb_list(client *c, const command *self, int argc, char **argv);
int verb_search(client *c, const command *self, int argc, char **argv);
int verb_show(client *c, const command *self, int argc, char **argv);
int verb_delete(client *c, const command *self, int argc, char **argv);
int verb_send(client *c, const command *self, int argc, char **argv);
int verb_watch(client *c, const command *self, int argc, char **argv);
int verb_import(client *c, const command *self, int argc, char **argv);
int verb_export(client *c, const command *self, int argc, char **argv);
int verb_gal(client *c, const command *self, int argc, char **argv);

/* session.c */

/** Logs on (Autodiscover first where the URL says so); prints what is wrong.
 *  @return EXIT_DONE or EXIT_FAILED */
int session_open_mailbox(client *c);
/** The address book of the session, bound on first use; NULL after printing what is wrong. */
ox_addressbook *session_address_book(client *c);
void session_close(client *c);
/** Prints one step in words a newcomer understands, when steps are wanted. */
void step(client *c, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* client_common.c */

/** Opens a folder by path below the mailbox's visible root: "Inbox", "Inbox/Projects"; "/" is that
 *  root. Special folders answer to their English names too ("Sent", "Deleted", "Drafts").
 *  @return NULL after printing what is wrong */
ox_folder *open_folder(client *c, const char *path);

/** Room for a message's name on the command line. */
enum { MESSAGE_NAME_BYTES = 40 };
/** An id as text: its counter in hexadecimal, and its REPLID where that is not 1, the mailbox's
 * own.
 *  @return the length */
int format_id(ox_id id, char *out, size_t size);
/** "FOLDER.MESSAGE", both as format_id has them. */
void format_message_name(ox_id folder, ox_id message, char name_out[MESSAGE_NAME_BYTES]);
bool parse_message_name(const char *name, ox_id *folder_out, ox_id *message_out);

/** Local time of day for people, "2026-03-01 14:05". */
void format_time(ox_filetime time, char *out, size_t size);

/** Text of a string property of a row, "" when it is absent, in the arena. */
const char *row_text(ox_arena *arena, const ox_property *property);
/** Integer of a row's property, 0 when it is absent. */
int64_t row_number(const ox_property *property);

/** Columns of message listings and what stands in them. */
enum {
  COLUMN_FOLDER,
  COLUMN_MESSAGE,
  COLUMN_TIME,
  COLUMN_FROM,
  COLUMN_SUBJECT,
  COLUMN_SIZE,
  COLUMN_FLAGS,
  COLUMN_COUNT
};
extern const ox_proptag listing_columns[COLUMN_COUNT];

/** Prints the heading of a listing (people only). */
void print_listing_heading(const client *c);
/** Prints one row, or appends it to `rows` with --json. */
void print_listing_row(client *c, const ox_property *row, json_t *rows);

#endif
