/*
 * uidl/HOST-USER of Claws Mail, as 4.1 writes it (src/pop.c):
 *
 *     000000016b02f262<TAB>1795355234<TAB>0
 *     000000026b02f262<TAB>1795355234<TAB>1
 *     000000036b02f262<TAB>1795355234<TAB>#mh/Mailbox/inbox:7
 *
 * The UIDL; when it was received (1: nobody knows, 2: never to be deleted on the server);
 * and 0 if all of it was fetched, 1 if only its beginning, the beginning's place if the
 * user wants the rest at the next session (2: so said the session before). The account
 * stands in the file's name only, which may be read in several ways, so that is asked of
 * the settings. In USER the bytes TAB CR LF \ / * are _.
 *
 * A beginning bears its UIDL in its own header (SC-Partially-Retrieved), and by that the
 * client looks for this line when the user wants the rest (src/partial_download.c). With
 * the line renamed and the header not, the rest could not be had any more, so these are
 * fetched anew: RECORD_PARTIAL.
 */
#include "model/sylph.h"

/* POPBUFSIZE is 8192, with the line end and the NUL. */
#define LINE_MAX_BYTES 8190

/* Until 2004, and still read if there is no other: uidl-HOST-USER. */
#define OLD_PREFIX "uidl-"

static const char *const places[] = {
	".claws-mail/uidl/*",
	".claws-mail/" OLD_PREFIX "*",
	".sylpheed-claws/uidl/*", /* until 2006 */
	".var/app/*/.claws-mail/uidl/*",
	"AppData/Roaming/Claws-mail/uidl/*",
	NULL,
};

static const char *const strays[] = {"*.tmp", "*.bak", NULL};

/* main.c, claws_get_socket_name(): below g_get_user_runtime_dir() a digest of the folder
 * that the settings are in. */
static const struct client_lock locks[] = {
	{LOCK_SOCKET, "$XDG_RUNTIME_DIR/claws-mail/*"},
	{LOCK_SOCKET, "/run/user/%u/claws-mail/*"},
	{LOCK_SOCKET, "~/.cache/claws-mail/*"},
	{LOCK_SOCKET, "/tmp/claws-mail-%u"}, /* old ones */
	{LOCK_PROCESS, "claws-mail"},
	{LOCK_NONE, NULL},
};

/* A letter alone is atoi()'s 0. */
static bool
is_partial(struct text part)
{
	return part.len > 1 || (part.len == 1 && part.at[0] >= '1' && part.at[0] <= '9');
}

static char
letter_of(struct text part)
{
	if (part.len == 0)
		return '-';
	if (part.len > 1)
		return '2';
	return part.at[0] > ' ' && part.at[0] <= '~' ? part.at[0] : '?';
}

static int
claws_read(struct store *s, struct err *e)
{
	struct cursor c = {s->source->bytes, 0};
	struct sylph_entry entry;
	int rc;

	store_add_nobody(s);
	while ((rc = sylph_next(&c, s->source, LINE_MAX_BYTES, &entry, e)) > 0) {
		struct record r = sylph_record(s, &entry);

		r.status = letter_of(entry.part);
		if (is_partial(entry.part))
			r.state = RECORD_PARTIAL;
		if (store_add_record(s, r, e) < 0)
			return -1;
	}
	return rc;
}

/* subst_for_filename() in src/common/utils.c; the old name had USER as it is. */
static int
claws_rename(struct text name, struct text host, struct text user, uint32_t port,
	struct buf *out, struct err *e)
{
	bool old = text_starts(name, OLD_PREFIX);

	(void)port;
	if (old)
		buf_add(out, text_of(OLD_PREFIX));
	if (sylph_name_host(host, user, out, e) < 0)
		return -1;
	if (old && text_find(user, '/') < user.len)
		return err_set(e, ERR_DATA, "account",
			"%s...: a user name with '/' cannot stand in it", OLD_PREFIX);
	for (size_t i = 0; i < user.len; i++)
		buf_byte(out, !old && strchr("\t\r\n\\/*", user.at[i]) != NULL
				      ? '_'
				      : user.at[i]);
	return 0;
}

static int
claws_accounts(const struct source *settings, struct arena *a, struct account_list *list,
	struct err *e)
{
	(void)e;
	sylph_accounts(claws_rename, settings, a, list);
	return 0;
}

const struct format format_claws = {
	.name = "claws",
	.client = "Claws Mail",
	.what = "uidl/HOST-USER",
	.proof = "the real Claws Mail 4.1 (make check-clients-all)",
	.places = places,
	.strays = strays,
	.settings_file = SYLPH_SETTINGS,
	.locks = locks,
	.probe = sylph_probe,
	.read = claws_read,
	.spell = sylph_spell,
	.rename = claws_rename,
	.accounts = claws_accounts,
};
