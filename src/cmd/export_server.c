#include "cmd/export_server.h"
#include "cmd/console.h"
#include "work/keep_uidls.h"

#include <stdio.h>

static const struct form {
	const char *name;
	int (*make)(struct map *m, struct buf *out, struct keep_counts *n, struct err *e);
	const char *unfit, *fresh;
} forms[] = {
	{"dovecot-uidlist", keep_in_uidlist, "have bytes that no field can hold",
		"got a UIDL of their own, because theirs was another message's on the old "
		"server"},
	{"maildir-rename", keep_in_names,
		"cannot be a file's name there, or the server has stored another UIDL",
		"have the name of another message of the old server, and clients that know "
		"that will not fetch them: give these files other names by hand"},
};

static const struct form *
form_of(const char *how)
{
	for (size_t i = 0; how != NULL && i < sizeof(forms) / sizeof(*forms); i++)
		if (strcmp(forms[i].name, how) == 0)
			return &forms[i];
	return NULL;
}

bool
export_server_named(const char *how)
{
	return form_of(how) != NULL;
}

static void
tell_counts(struct run *r, const struct form *f, const struct keep_counts *n)
{
	const struct {
		size_t n;
		const char *words;
	} rows[] = {
		{n->already, "have it already"},
		{n->taken, "are left out: another message there has that UIDL"},
		{n->future, "are left out: a message to come may get that UIDL"},
		{n->weak, "are left out: they were found by size alone"},
	};

	tell(r->console, "%zu of the map's %zu pairs get their old UIDL\n", n->given,
		n->pairs);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (rows[i].n > 0)
			tell(r->console, "%zu %s\n", rows[i].n, rows[i].words);
	if (n->unfit > 0)
		tell(r->console, "%zu are left out: they %s\n", n->unfit, f->unfit);
	if (n->fresh > 0)
		tell(r->console, "%zu messages without a partner %s\n", n->fresh,
			f->fresh);
	if (n->last > 0)
		tell(r->console,
			"old UIDLs up to that of UID %lu will come again for mail to come, and "
			"clients would pass it over: write N%lu in place of N%lu in the first "
			"line\n",
			(unsigned long)n->last, (unsigned long)n->last + 1,
			(unsigned long)n->next);
}

int
export_server(struct run *r, struct map *m, const char *how, struct err *e)
{
	const struct form *f = form_of(how);
	struct keep_counts n;
	struct buf out;
	int rc;

	if (r->options->redact || r->options->json)
		return err_set(e, ERR_USAGE, "",
			"--export=%s writes what a server takes, so it does not go with "
			"--%s",
			how, r->options->redact ? "redact" : "json");
	buf_init(&out, 0);
	rc = f->make(m, &out, &n, e);
	if (rc == 0 && out.full)
		rc = err_set(e, ERR_INTERNAL, "", "--export=%s: too large", how);
	if (rc == 0 &&
		(fwrite(out.at, 1, out.len, stdout) < out.len || fflush(stdout) != 0))
		rc = err_io(e, "stdout", "write");
	if (rc == 0)
		tell_counts(r, f, &n);
	buf_release(&out);
	return rc;
}
