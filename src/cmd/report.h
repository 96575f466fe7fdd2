/*
 * The report that is handed to somebody else: one HTML file without scripts or anything
 * from elsewhere, with a picture of what happens to each store's entries and to each
 * message of the new server, and below it what the run has said.
 */
#ifndef CMD_REPORT_H
#define CMD_REPORT_H

#include "cmd/command.h"

int report_write(const struct run *r, const char *path, int code, const char *error,
	struct err *e);

#endif
