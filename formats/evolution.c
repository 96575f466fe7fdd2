/*
 * uid-cache of Evolution (camel-uid-cache.c of evolution-data-server 3.46):
 *
 *     000000016b02f262
 *     000000026b02f262
 *
 * A UIDL a line in no order, and nothing else: any list of words could be one, so only
 * its path tells. It is split at LF, so a CR would be part of a UIDL; an empty line is an
 * entry that is never asked for. Whose it is stands in the folder's name: since 3.6
 *
 *     ~/.local/share/evolution/mail/UID/uid-cache    ~/.config/evolution/sources/UID.source
 *
 * and until 3.1 in ~/.evolution/mail (2.x) or ~/.local/share/evolution/mail
 *
 *     pop/USER[;auth=MECH]@HOST/uid-cache            accounts in GConf
 *
 * (mail-ops.c, uid_cachename_hack()). Beside it, cache/ has each message under its UIDL,
 * and what is found there is delivered instead of a download (model/camel.h).
 */
#include "model/camel.h"
#include "model/evolution.h"

static const char *const places[] = {
	".local/share/evolution/mail/*/uid-cache",
	".var/app/org.gnome.Evolution/data/evolution/mail/*/uid-cache",
	".local/share/evolution/mail/pop/*/uid-cache", /* 2.91 to 3.1 */
	".evolution/mail/pop/*/uid-cache",	       /* 1.5 to 2.32 */
	NULL,
};

/* The first that names a store counts; what GConf says of accounts that have a key file
 * is what they were when Evolution 3.6 took them over. */
static const char *const settings_places[] = {
	".config/evolution/sources/*.source",
	".var/app/org.gnome.Evolution/config/evolution/sources/*.source",
	".gconf/apps/evolution/mail/%gconf.xml",
	".gconf/%gconf-tree.xml",
	NULL,
};

/* ".running" has the number of a process, and stays after a crash. The flatpak's numbers
 * are those of its own little world, so there only the process itself tells. */
static const struct client_lock locks[] = {
	{LOCK_PID, "~/.config/evolution/.running"},
	{LOCK_PID, "~/.local/share/evolution/.running"},
	{LOCK_PID, "~/.evolution/.running"},
	{LOCK_PROCESS, "evolution"},
	{LOCK_NONE, NULL},
};

static int
evolution_probe(const struct source *src)
{
	size_t n = src->bytes.len;

	return text_find(src->bytes, '\0') < n ? PROBE_NO : PROBE_CONTENT;
}

/* What ends a word for the client's sscanf() of the server's list: no UIDL of its has any. */
static bool
ends_word(char c)
{
	return c == ' ' || c == '\t' || c == '\v' || c == '\f';
}

static int
check_entry(const struct store *s, struct text line, struct err *e)
{
	for (size_t i = 0; i < line.len; i++)
		if (ends_word(line.at[i]))
			return err_at_line(e, s->source,
				(size_t)(line.at - s->source->bytes.at),
				"want a UIDL and nothing else on each line: this is not "
				"a uid-cache of Evolution");
	return 0;
}

static int
evolution_read(struct store *s, struct err *e)
{
	struct cursor c = {s->source->bytes, 0};
	size_t nul = text_find(c.all, '\0'), returns = 0;
	struct text line;

	if (nul < c.all.len)
		return err_at_byte(e, s->source, nul,
			"a NUL byte: this is not a uid-cache of Evolution");
	uint32_t account = store_add_nobody(s);
	while (take_lf_line(&c, &line)) {
		struct record r = {.uidl = line.at,
			.uidl_len = (uint32_t)line.len,
			.account = account,
			.at = store_span(s, line),
			.whole = store_span(s, line),
			.status = '-'};

		if (line.len == 0)
			continue;
		returns += line.at[line.len - 1] == '\r';
		if (check_entry(s, line, e) < 0 || store_add_record(s, r, e) < 0)
			return -1;
	}
	if (returns > 0)
		store_note(s,
			"%zu of its lines end with CR LF, and Evolution takes the CR for a part "
			"of the UIDL: it will fetch these messages again",
			returns);
	return 0;
}

static int
evolution_spell(const struct store *s, enum edit_what what, struct text value,
	struct buf *out, struct err *e)
{
	bool bad = value.len == 0 || what != EDIT_UIDL;

	for (size_t i = 0; i < value.len && !bad; i++)
		bad = ends_word(value.at[i]) || value.at[i] == '\n' ||
		      value.at[i] == '\0';
	if (bad) {
		char shown[120];
		return err_set(e, ERR_DATA, "format",
			"%s: \"%s\" cannot be written there: Evolution has no way to "
			"quote it",
			s->source->path, text_escape(value, shown, sizeof(shown)));
	}
	buf_add(out, value);
	return 0;
}

/* --- the message cache ------------------------------------------------------------- */

static const char *
folder_of(const char *path, struct arena *a)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL
		       ? "."
		       : arena_string(a, (struct text){path, (size_t)(slash - path)});
}

/* Of "USER_auth=MECH@HOST". */
static const char *
without_mechanism(const char *name, struct arena *a)
{
	const char *from = strstr(name, "_auth="), *to = strrchr(name, '@');

	if (from == NULL || to == NULL || to < from)
		return name;
	return arena_print(a, "%.*s%s", (int)(from - name), name, to);
}

/* Beside the store; but until 3.1 in a folder of the service's own name, which has no
 * mechanism, and the port (camel-service.c). */
static size_t
evolution_folders(const char *store_path, const struct settings *set, struct arena *a,
	const char *folders[CACHE_FOLDERS])
{
	const char *own = folder_of(store_path, a), *above = folder_of(own, a);
	const char *name = own + strlen(above);
	size_t n = 0;

	folders[n++] = arena_print(a, "%s/cache", own);
	if (*above == '\0' || !text_ends(text_of(above), "/mail/pop"))
		return n;
	folders[n++] = arena_print(a, "%s%s/cache", above, without_mechanism(name, a));
	if (!set->known)
		return n;
	folders[n++] = arena_print(
		a, "%s/%.*s@%.*s/cache", above, TEXT_ARG(set->user), TEXT_ARG(set->host));
	folders[n++] = arena_print(a, "%s/%.*s@%.*s:%u/cache", above, TEXT_ARG(set->user),
		TEXT_ARG(set->host), (unsigned)set->port);
	return n;
}

/* Where the port is in the folder's name (1.5 to 3.1), only the settings tell. */
static bool
evolution_mail(const char *store_path, const struct account *account, struct arena *a,
	struct local_mail *out)
{
	static const struct settings unknown = {.known = false};
	const char *folders[CACHE_FOLDERS];
	size_t n = evolution_folders(store_path, &unknown, a, folders);

	(void)account;
	*out = (struct local_mail){.folders = arena_alloc(a, n * sizeof(*out->folders))};
	for (size_t i = 0; i < n; i++)
		if (i == 0 || strcmp(folders[i], folders[0]) != 0)
			out->folders[out->nfolders++] = text_of(folders[i]);
	return true;
}

/* "3f/NAME" */
static const struct local_place local_places[] = {{"*/*", true}, {NULL, false}};

static const struct message_cache cache = {
	.folders = evolution_folders,
	.name = camel_cache_name,
	.uidl = camel_cache_uidl,
	.message = camel_cache_message,
};

/* The messages in the local folders keep the UIDL that they came under
 * (X-Evolution-POP3-UID); by it, "delete expunged" deletes on the server. */
static void
evolution_adapt(struct store *s, const struct settings *set)
{
	if (set->known && set->until_deleted)
		store_note(s,
			"\"Delete expunged from local Inbox\" does not reach mail of "
			"before the move on the new server");
}

const struct format format_evolution = {
	.name = "evolution",
	.client = "Evolution",
	.what = "uid-cache",
	.proof = "the real Evolution 3.46 (make check-clients CLIENT=evolution)",
	.places = places,
	.settings_places = settings_places,
	.locks = locks,
	.probe = evolution_probe,
	.read = evolution_read,
	.spell = evolution_spell,
	.adapt = evolution_adapt,
	.accounts = evolution_accounts,
	.mail_beside = evolution_mail,
	.local_places = local_places,
	.local = evolution_local,
	.cache = &cache,
};
