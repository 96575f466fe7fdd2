/*
 * uidl/HOST-USER of Sylpheed, as 3.8 writes it (libsylph/pop.c):
 *
 *     000000016b02f262<TAB>1795355234
 *     000000026b02f262<TAB>2
 *
 * The UIDL, and when it was received; 1: nobody knows when, 2: never to be deleted on the
 * server, 3: to be deleted at the next session. The account stands in the file's name
 * only, which may be read in several ways, so that is asked of the settings. In USER the
 * bytes TAB CR LF " ' \ / : ; * ? < > | are %xx. The file of before is FILE.bak.
 */
#include "model/sylph.h"

/* POPBUFSIZE is 512, with the line end and the NUL. */
#define LINE_MAX_BYTES 510

static const char *const places[] = {
	".sylpheed-2.0/uidl/*",
	".sylpheed/uidl/*", /* 1.x */
	"AppData/Roaming/Sylpheed/uidl/*",
	NULL,
};

static const char *const strays[] = {"*.bak", "*.bak.[0-9]", "*.tmp", NULL};

static const struct client_lock locks[] = {
	{LOCK_SOCKET, "/tmp/sylpheed-%u"}, /* main.c, get_socket_name() */
	{LOCK_SOCKET, "$TMPDIR/sylpheed-%u"},
	{LOCK_PROCESS, "sylpheed"},
	{LOCK_NONE, NULL},
};

static int
sylpheed_read(struct store *s, struct err *e)
{
	struct cursor c = {s->source->bytes, 0};
	struct sylph_entry entry;
	int rc;

	store_add_nobody(s);
	while ((rc = sylph_next(&c, s->source, LINE_MAX_BYTES, &entry, e)) > 0) {
		struct record r = sylph_record(s, &entry);

		if (entry.part.len > 0)
			return err_at_line(e, s->source, r.at.off,
				"want \"UIDL TIME\", and there is a third word: Claws Mail, "
				"or Sylpheed-Claws, has written it; if it is theirs, say "
				"--client claws");
		if (entry.timed && entry.time == SYLPH_DELETE)
			r.state = RECORD_DELETE;
		if (store_add_record(s, r, e) < 0)
			return -1;
	}
	return rc;
}

/* uriencode_for_filename() in libsylph/utils.c. */
static int
sylpheed_rename(struct text name, struct text host, struct text user, uint32_t port,
	struct buf *out, struct err *e)
{
	static const char encoded[] = "\t\r\n\"'\\/:;*?<>|";

	(void)name;
	(void)port;
	if (sylph_name_host(host, user, out, e) < 0)
		return -1;
	for (size_t i = 0; i < user.len; i++)
		if (strchr(encoded, user.at[i]) != NULL)
			buf_print(out, "%%%02x", (unsigned char)user.at[i]);
		else
			buf_byte(out, user.at[i]);
	return 0;
}

static int
sylpheed_accounts(const struct source *settings, struct arena *a,
	struct account_list *list, struct err *e)
{
	(void)e;
	sylph_accounts(sylpheed_rename, settings, a, list);
	return 0;
}

const struct format format_sylpheed = {
	.name = "sylpheed",
	.client = "Sylpheed",
	.what = "uidl/HOST-USER",
	.proof = "the real Sylpheed 3.8 (make check-clients-all)",
	.places = places,
	.strays = strays,
	.settings_file = SYLPH_SETTINGS,
	.locks = locks,
	.probe = sylph_probe,
	.read = sylpheed_read,
	.spell = sylph_spell,
	.rename = sylpheed_rename,
	.accounts = sylpheed_accounts,
};
