/*
 * Telling redact.h what a run comes to know. Nothing happens unless --redact is given.
 */
#ifndef CMD_REDACT_KNOW_H
#define CMD_REDACT_KNOW_H

#include "cmd/stores.h"

/* The command line and the home. */
void know_options(struct redact *r, const struct options *o);
/* A command line that was not understood: all its words. */
void know_words(struct redact *r, int argc, char **argv);
void know_found(struct redact *r, const struct found_list *l);
/* A store that is open, its settings and where its mail is. */
void know_job(struct redact *r, const struct job *j);
/* Both lists, and what is known of the messages that are on one side only. */
int know_map(struct redact *r, struct map *m, struct err *e);
void know_run(struct redact *r, const struct journal_file *f);

#endif
