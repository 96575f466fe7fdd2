/*
 * Files that are named as their old UIDLs, by a shell script: it looks at all of them
 * first, and renames nothing if one is not where it was.
 */
#include "work/keep_state.h"

#include <stdlib.h>

#define OUT_MAX ((size_t)2 << 30)
/* NAME_MAX is 255; ":2," and flags come behind. */
#define NAME_MOST 200

static const char head[] =
	"# Gives the files of a Maildir other names: those that the old server gave to the\n"
	"# messages as UIDLs. For servers whose UIDL is the file's name: qmail, Courier's\n"
	"# format 0, Dovecot with pop3_uidl_format = %f.\n"
	"#\n"
	"# What it costs: to IMAP each message is a new one. It gets a new UID, IMAP clients\n"
	"# fetch it again, and keywords that a server keeps beside the files may be lost.\n"
	"# Courier's POP3 list (courierpop3dsizelist) gives a renamed file a number, not its\n"
	"# name, unless the list has it with 0:0. Sizes in names (,S= ,W=) go, so that servers\n"
	"# have to look at the files.\n"
	"#\n"
	"# Stop the server, and delivery to this mailbox, before. Then:\n"
	"#\n"
	"#     sh THIS-FILE check     says whether all is as it was\n"
	"#     sh THIS-FILE rename    looks, and then renames\n"
	"#     sh THIS-FILE undo      takes it back, whatever flags they have got since\n"
	"#\n";

/* $1: the folder, $2: the old base name, $3: the new one, $4: what stands behind. */
static const char body[] =
	"fail() { printf '%s\\n' \"$0: $*\" >&2; bad=$((bad + 1)); }\n"
	"die() { printf '%s\\n' \"$0: $*\" >&2; exit 1; }\n"
	"# The file of that base name, whatever its flags, in $file; exactly one.\n"
	"find_file() {\n"
	"\tfile= n=0\n"
	"\tfor f in \"new/$1\" \"new/$1\":* \"cur/$1\" \"cur/$1\":*; do\n"
	"\t\tif [ -f \"$f\" ] && [ ! -h \"$f\" ]; then file=$f n=$((n + 1)); fi\n"
	"\tdone\n"
	"\t[ \"$n\" = 1 ]\n"
	"}\n"
	"look() {\n"
	"\t[ -f \"$1/$2$4\" ] && [ ! -h \"$1/$2$4\" ] || fail \"not there: $1/$2$4\"\n"
	"\tfor d in new cur; do\n"
	"\t\tif [ -e \"$d/$3\" ] || [ -e \"$d/$3$4\" ]; then fail \"there is one already: $d/$3\"; fi\n"
	"\tdone\n"
	"}\n"
	"go() {\n"
	"\tmv -n -- \"$1/$2$4\" \"$1/$3$4\" && [ ! -e \"$1/$2$4\" ] ||\n"
	"\t\tdie \"cannot rename $1/$2$4; those before it are renamed: undo takes them back\"\n"
	"}\n"
	"back() {\n"
	"\tif find_file \"$3\"; then\n"
	"\t\trest=${file#*/}; rest=${rest#\"$3\"}; d=${file%%/*}\n"
	"\t\t[ ! -e \"$d/$2$rest\" ] && mv -n -- \"$file\" \"$d/$2$rest\" || fail \"cannot rename $file\"\n"
	"\telif find_file \"$2\"; then :\n"
	"\telse printf '%s\\n' \"gone since: $3\" >&2\n"
	"\tfi\n"
	"}\n"
	"bad=0\n"
	"cd -- \"$folder\" || exit 1\n"
	"case ${1-} in\n"
	"check) each look ;;\n"
	"rename) each look; [ \"$bad\" = 0 ] || die \"$bad files are not as they were: nothing is renamed\"; each go ;;\n"
	"undo) each back ;;\n"
	"*) die \"want check, rename or undo: stop the server first; see the top of this file\" ;;\n"
	"esac\n"
	"[ \"$bad\" = 0 ] || exit 1\n"
	"[ \"$1\" != rename ] || printf '%s\\n' \"Renamed. To take it back: sh $0 undo\"\n";

/* For a shell, whatever the bytes. */
static void
quote(struct buf *out, struct text t)
{
	buf_byte(out, '\'');
	for (size_t i = 0; i < t.len; i++)
		if (t.at[i] == '\'')
			buf_add(out, text_of("'\\''"));
		else
			buf_byte(out, t.at[i]);
	buf_byte(out, '\'');
}

/* ",S=" and ",W=" are sizes to who reads names; a wrong one is worse than none. */
static struct text
sizes_of(struct text base)
{
	for (size_t i = 0; i + 3 <= base.len; i++) {
		struct text t = {base.at + i, base.len - i};

		if (text_starts(t, ",S=") || text_starts(t, ",W="))
			return t;
	}
	return (struct text){"", 0};
}

/* Can it be a base name, and will the server give it out as it stands? */
static bool
fits(const struct keep *k, struct text uidl, struct text base)
{
	bool courier = strcmp(k->dir.rule, "{file:courier}") == 0;
	struct text sizes = sizes_of(uidl);

	if (uidl.len == 0 || uidl.len > NAME_MOST || uidl.at[0] == '.' ||
		!uidl_is_printable(uidl))
		return false;
	for (size_t i = 0; i < uidl.len; i++)
		if (strchr(courier ? "/:'\"+" : "/:", uidl.at[i]) != NULL)
			return false;
	return sizes.len == 0 || text_equal(sizes, sizes_of(base));
}

static int
check_names(const struct keep *k, struct err *e)
{
	const char *rule =
		k->dir.server == MAILDIR_COURIER ? "courierpop3dsizelist" : k->dir.rule;

	if (strcmp(rule, "{file}") == 0 || strcmp(rule, "{file:courier}") == 0)
		return 0;
	return err_set(e, ERR_USAGE, "",
		"%s: its UIDLs are not the files' names (%s): match with --new-uidl-rule "
		"'{file}', or courier for its format 0, if they will be",
		k->dir.path, rule);
}

/* What a server has stored is not changed by another name. */
static void
drop_unfit(struct keep *k)
{
	for (size_t i = 0; i < k->dir.n; i++) {
		struct keep_message *m = &k->at[i];

		if (m->give.len > 0 && (!k->dir.at[i].computed ||
					       !fits(k, m->give, k->dir.at[i].base))) {
			m->give.len = 0;
			k->n->unfit++;
		}
	}
}

/* The loop in the script asks that no name is free only later: one that any file has now
 * is taken, also if that file gets another. */
static void
drop_taken(struct keep *k)
{
	struct text *names = must_alloc((k->dir.n + 1) * sizeof(*names));
	size_t dropped;

	for (size_t i = 0; i < k->dir.n; i++)
		names[i] = k->at[i].give;
	for (size_t i = 0; i < k->dir.n; i++) {
		size_t low = 0, high = k->dir.n;

		while (low < high) {
			size_t middle = low + (high - low) / 2;
			if (text_compare(k->dir.at[k->by_uidl[middle]].uidl, names[i]) <
				0)
				low = middle + 1;
			else
				high = middle;
		}
		if (names[i].len == 0 || low == k->dir.n ||
			!text_equal(k->dir.at[k->by_uidl[low]].uidl, names[i]))
			continue;
		k->at[i].give.len = 0;
		k->n->taken++;
	}
	free(names);
	keep_settle(k, &dropped);
	k->n->taken += dropped;
}

static void
write_script(struct keep *k, struct buf *out)
{
	buf_init(out, OUT_MAX);
	buf_add(out, text_of("#!/bin/sh\n"));
	buf_add(out, text_of(head));
	buf_add(out, text_of("folder="));
	quote(out, text_of(k->dir.path));
	buf_add(out, text_of("\neach() {\n:\n"));
	for (size_t i = 0; i < k->dir.n; i++) {
		const struct maildir_file *f = &k->dir.at[i];
		struct text flags = text_of(f->base.at + f->base.len);

		if (k->at[i].give.len == 0)
			continue;
		buf_print(out, "\"$1\" %.3s ", f->name);
		quote(out, f->base);
		buf_byte(out, ' ');
		quote(out, k->at[i].give);
		buf_byte(out, ' ');
		quote(out, flags);
		buf_byte(out, '\n');
	}
	buf_add(out, text_of("}\n"));
	buf_add(out, text_of(body));
}

int
keep_in_names(struct map *m, struct buf *out, struct keep_counts *n, struct err *e)
{
	struct keep k;
	int rc = keep_load(&k, m, n, e);

	if (rc == 0)
		rc = check_names(&k, e);
	if (rc == 0) {
		drop_unfit(&k);
		drop_taken(&k);
		for (size_t i = 0; i < k.dir.n; i++)
			n->fresh += k.at[i].give.len == 0 &&
				    !text_equal(k.at[i].old, k.dir.at[i].uidl) &&
				    keep_was_old(&k, k.dir.at[i].uidl);
		n->given = n->pairs - n->already - n->weak - n->unfit - n->taken;
		write_script(&k, out);
	}
	keep_release(&k);
	return rc;
}
