/*
 * akonadi_pop3_resource_Nrc of KMail since Akonadi, as kdepim-runtime 22.12 writes it
 * (resources/pop3/pop3resource.cpp, settings.kcfg):
 *
 *     [General]
 *     host=pop.example.org
 *     leaveOnServer=true
 *     login=alice
 *
 *     [LeaveOnServer]
 *     seenUidList=000000016b02f1c3,1/(V)\\,?
 *     seenUidTimeList=1795355075,1795355075
 *
 * These are the resource's settings, and what it has fetched, in one file. Host and user
 * are what the user has set, so they are shown and never edited. The resource has all of
 * it in its memory and writes it after each check, so it must not run.
 */
#include "model/kconfig.h"
#include "model/kmail.h"

#define GROUP "LeaveOnServer"

static const char *const places[] = {
	".config/akonadi_pop3_resource_*rc",
	".kde/share/config/akonadi_pop3_resource_*rc", /* KDE 4 */
	".kde4/share/config/akonadi_pop3_resource_*rc",
	".var/app/*/config/akonadi_pop3_resource_*rc",
	NULL,
};

/* Instances of Akonadi of their own ("akonadictl --instance") run other programs of the
 * same names; that counts as running, too. */
static const struct client_lock locks[] = {
	{LOCK_PROCESS, "akonadi_pop3_resource"},
	{LOCK_PROCESS, "akonadi_control"},
	{LOCK_NONE, NULL},
};

/* What is not said is the default of settings.kcfg. */
struct general {
	struct text host, user, name;
	int32_t port;
	struct kmail_leave leave;
};

static void
read_key(struct general *g, const struct kconfig *k, struct arena *a)
{
	if (!kconfig_is_plain(k))
		return;
	if (text_equal(k->key, text_of("host")))
		g->host = kconfig_text(k->value, a);
	else if (text_equal(k->key, text_of("login")))
		g->user = kconfig_text(k->value, a);
	else if (text_equal(k->key, text_of("name")))
		g->name = kconfig_text(k->value, a);
	else if (text_equal(k->key, text_of("port")))
		g->port = kconfig_number(k->value, 110);
	else if (text_equal(k->key, text_of("leaveOnServer")))
		g->leave.leave = kconfig_bool(k->value, false);
	else if (text_equal(k->key, text_of("leaveOnServerDays")))
		g->leave.days = kconfig_number(k->value, -1);
	else if (text_equal(k->key, text_of("leaveOnServerCount")))
		g->leave.count = kconfig_number(k->value, -1);
	else if (text_equal(k->key, text_of("leaveOnServerSize")))
		g->leave.size = kconfig_number(k->value, -1);
}

static struct general
read_general(const struct source *src, struct arena *a)
{
	struct kconfig k = {.at = {src->bytes, 0}, .group = {"", 0}};
	struct general g = {.host = {"", 0},
		.user = {"", 0},
		.name = {"", 0},
		.port = 110,
		.leave = {.days = -1, .count = -1, .size = -1}};

	while (kconfig_next(&k))
		if (text_equal(k.group, text_of("General")))
			read_key(&g, &k, a);
	return g;
}

static int
kmail_probe(const struct source *src)
{
	struct kconfig k = {.at = {src->bytes, 0}, .group = {"", 0}};
	bool empty = true;

	while (kconfig_next(&k)) {
		empty = false;
		if (text_equal(k.group, text_of(GROUP)))
			return PROBE_CONTENT | PROBE_MAGIC;
		if (text_equal(k.group, text_of("General")))
			return PROBE_CONTENT;
	}
	return empty && src->bytes.len == 0 ? PROBE_CONTENT : PROBE_NO;
}

static int
kmail_read(struct store *s, struct err *e)
{
	struct general g = read_general(s->source, &s->arena);
	uint32_t account;
	bool paired;

	if (kmail_probe(s->source) == PROBE_NO)
		return err_at_line(e, s->source, 0,
			"want [General] or [" GROUP
			"]: these are not the settings of a POP3 "
			"account of KMail");
	account = store_add_account(
		s, (struct account){.host = {g.host, {0, 0}}, .user = {g.user, {0, 0}}});
	if (kmail_read_seen(s, GROUP, account, &paired, e) < 0)
		return -1;
	/* idToTime() takes the time at the UIDL's place in its list, whatever is there. */
	if (!paired && g.leave.leave && g.leave.days > 0)
		return err_at_line(e, s->source, 0,
			"seenUidList and seenUidTimeList are not of one length, and mail is "
			"to be deleted on the server after %d days: it cannot be said which",
			(int)g.leave.days);
	if (g.leave.leave && (g.leave.count > 0 || g.leave.size > 0))
		store_note(s,
			"KMail keeps only so much mail on the server, and deletes the "
			"oldest there: which, is not foreseen");
	return 0;
}

static int
kmail_accounts(const struct source *settings, struct arena *a, struct account_list *list,
	struct err *e)
{
	struct general g = read_general(settings, a);
	const char *slash = strrchr(settings->path, '/');
	const char *file = slash != NULL ? slash + 1 : settings->path;
	struct listed_account l = {
		.store = arena_string(a, text_of(settings->path)),
		.server = arena_string(a, text_of(file)),
		.settings = {.known = true,
			.host = arena_text(a, g.host),
			.user = arena_text(a, g.user),
			.name = arena_text(a, g.name),
			.key = arena_text(a, text_of(file)),
			.port = g.port > 0 ? (uint32_t)g.port : 0},
	};

	(void)e;
	if (g.host.len == 0)
		return 0; /* a resource that was never set up */
	kmail_leaves(&g.leave, &l.settings);
	list->at = array_grow(list->at, &list->cap, list->n + 1, sizeof(*list->at));
	list->at[list->n++] = l;
	return 0;
}

const struct format format_kmail = {
	.name = "kmail",
	.client = "KMail",
	.what = "akonadi_pop3_resource_Nrc",
	.proof = "the real resource of kdepim-runtime 22.12 (make check-clients-all)",
	.places = places,
	.settings_places = places,
	.account_from_settings = true,
	.locks = locks,
	.quit = "closing KMail is not enough: akonadictl stop",
	.probe = kmail_probe,
	.read = kmail_read,
	.spell = kmail_spell,
	.accounts = kmail_accounts,
};
