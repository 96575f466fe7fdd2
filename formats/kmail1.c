/*
 * share/apps/kmail/USER:@HOST:PORT of KMail in KDE 2 to 4.4 and in Trinity
 * (kmail/popaccount.cpp):
 *
 *     downloadLater=
 *     seenUidList=000000016b02f1c3,1/(V)\\,?
 *     seenUidTimeList=1095355075,1095355075
 *
 * The account stands in the file's name only. Where the lists are not of one length, KMail
 * takes all messages as fetched now. No client that could be run here has it.
 */
#include "model/kconfig.h"
#include "model/kmail.h"

static const char *const places[] = {
	".kde/share/apps/kmail/*:@*:*",
	".kde2/share/apps/kmail/*:@*:*",
	".kde3/share/apps/kmail/*:@*:*",
	".kde4/share/apps/kmail/*:@*:*",
	".trinity/share/apps/kmail/*:@*:*",
	NULL,
};

static const char *const settings_places[] = {
	".kde/share/config/kmailrc",
	".kde2/share/config/kmailrc",
	".kde3/share/config/kmailrc",
	".kde4/share/config/kmailrc",
	".trinity/share/config/kmailrc",
	NULL,
};

#define SETTINGS "share/config/kmailrc"

/* startup.cpp, lockOrDie(): a line pid=N, and pid=-1 when it has ended. */
static const struct client_lock locks[] = {
	{LOCK_PID, "~/.kde/share/apps/kmail/lock"},
	{LOCK_PID, "~/.kde2/share/apps/kmail/lock"},
	{LOCK_PID, "~/.kde3/share/apps/kmail/lock"},
	{LOCK_PID, "~/.kde4/share/apps/kmail/lock"},
	{LOCK_PID, "~/.trinity/share/apps/kmail/lock"},
	{LOCK_PROCESS, "kmail"},
	{LOCK_PROCESS, "kontact"},
	{LOCK_NONE, NULL},
};

static int
kmail1_probe(const struct source *src)
{
	struct kconfig k = {.at = {src->bytes, 0}, .group = {"", 0}};

	while (kconfig_next(&k) && k.group.len == 0)
		if (text_equal(k.key, text_of("seenUidList")) ||
			text_equal(k.key, text_of("seenUidTimeList")) ||
			text_equal(k.key, text_of("downloadLater")))
			return PROBE_CONTENT;
	return src->bytes.len == 0 ? PROBE_CONTENT : PROBE_NO;
}

static int
kmail1_read(struct store *s, struct err *e)
{
	struct value unknown = {{"", 0}, {0, 0}};
	bool paired;

	if (kmail1_probe(s->source) == PROBE_NO)
		return err_at_line(e, s->source, 0,
			"want seenUidList before any [group]: this is no list of KMail's");
	return kmail_read_seen(s, "",
		store_add_account(s, (struct account){.host = unknown, .user = unknown}),
		&paired, e);
}

static bool
is_part_of_name(struct text t)
{
	return t.len > 0 && text_find(t, '/') == t.len && text_find(t, '\0') == t.len;
}

/* The port as it is, or the default where nobody knows it. */
static int
kmail1_rename(struct text name, struct text host, struct text user, uint32_t port,
	struct buf *out, struct err *e)
{
	char shown[120];
	uint64_t now = 110;
	size_t colon = name.len;

	if (!is_part_of_name(host) || !is_part_of_name(user)) {
		text_escape(user, shown, sizeof(shown));
		return err_set(e, ERR_DATA, "account",
			"\"%s\" at that host cannot stand in the name of a file", shown);
	}
	while (colon > 0 && name.at[colon - 1] != ':')
		colon--;
	if (port == 0 && colon > 0)
		text_number((struct text){name.at + colon, name.len - colon}, &now);
	buf_add(out, user);
	buf_add(out, text_of(":@"));
	buf_add(out, host);
	buf_print(out, ":%u", port != 0 ? (unsigned)port : (unsigned)now);
	return 0;
}

/* One [Account N]. */
struct section {
	struct text group, type, host, user, name;
	int32_t port;
	struct kmail_leave leave;
};

static const struct section defaults = {.group = {"", 0},
	.type = {"", 0},
	.host = {"", 0},
	.user = {"", 0},
	.name = {"", 0},
	.port = 110,
	.leave = {.days = -1, .count = -1, .size = -1}};

static void
read_key(struct section *s, const struct kconfig *k, struct arena *a)
{
	if (!kconfig_is_plain(k))
		return;
	if (text_equal(k->key, text_of("Type")))
		s->type = k->value;
	else if (text_equal(k->key, text_of("host")))
		s->host = kconfig_text(k->value, a);
	else if (text_equal(k->key, text_of("login")))
		s->user = kconfig_text(k->value, a);
	else if (text_equal(k->key, text_of("Name")))
		s->name = kconfig_text(k->value, a);
	else if (text_equal(k->key, text_of("port")))
		s->port = kconfig_number(k->value, 110);
	else if (text_equal(k->key, text_of("leave-on-server")))
		s->leave.leave = kconfig_bool(k->value, false);
	else if (text_equal(k->key, text_of("leave-on-server-days")))
		s->leave.days = kconfig_number(k->value, -1);
	else if (text_equal(k->key, text_of("leave-on-server-count")))
		s->leave.count = kconfig_number(k->value, -1);
	else if (text_equal(k->key, text_of("leave-on-server-size")))
		s->leave.size = kconfig_number(k->value, -1);
}

static void
add_account(const struct section *s, const struct source *settings, struct arena *a,
	struct account_list *list)
{
	struct text path = text_of(settings->path);

	if (!text_starts(s->group, "Account ") ||
		!text_equal_nocase(s->type, text_of("pop")) ||
		!is_part_of_name(s->host) || !is_part_of_name(s->user) || s->port <= 0 ||
		!text_ends(path, SETTINGS))
		return;
	struct listed_account l = {
		.store = arena_print(a, "%.*sshare/apps/kmail/%.*s:@%.*s:%d",
			(int)(path.len - strlen(SETTINGS)), path.at, TEXT_ARG(s->user),
			TEXT_ARG(s->host), (int)s->port),
		.server = arena_string(a, s->group),
		.settings = {.known = true,
			.host = arena_text(a, s->host),
			.user = arena_text(a, s->user),
			.name = arena_text(a, s->name),
			.key = arena_text(a, s->group),
			.port = (uint32_t)s->port},
	};
	kmail_leaves(&s->leave, &l.settings);
	list->at = array_grow(list->at, &list->cap, list->n + 1, sizeof(*list->at));
	list->at[list->n++] = l;
}

static int
kmail1_accounts(const struct source *settings, struct arena *a, struct account_list *list,
	struct err *e)
{
	struct kconfig k = {.at = {settings->bytes, 0}, .group = {"", 0}};
	struct section s = defaults;

	(void)e;
	while (kconfig_next(&k)) {
		if (k.group.at != s.group.at) {
			add_account(&s, settings, a, list);
			s = defaults;
			s.group = k.group;
		}
		read_key(&s, &k, a);
	}
	add_account(&s, settings, a, list);
	return 0;
}

const struct format format_kmail1 = {
	.name = "kmail1",
	.client = "KMail 1 (KDE 2 to 4, Trinity)",
	.what = "USER:@HOST:PORT",
	.places = places,
	.settings_places = settings_places,
	.locks = locks,
	.probe = kmail1_probe,
	.read = kmail1_read,
	.spell = kmail_spell,
	.rename = kmail1_rename,
	.accounts = kmail1_accounts,
};
