#include "model/evolution.h"

#include <stdlib.h>

#include "model/gconf.h"
#include "model/keyfile.h"

static void
add_account(struct account_list *l, const char *store, const struct settings *set,
	bool one_of_several)
{
	l->at = array_grow(l->at, &l->cap, l->n + 1, sizeof(*l->at));
	l->at[l->n++] = (struct listed_account){
		.store = store,
		.server = "",
		.settings = *set,
		.one_of_several = one_of_several,
	};
}

/* Where the data of what is in this folder of settings is; NULL: nobody knows. */
static const char *
data_folder(struct text path, struct arena *a)
{
	static const struct {
		const char *settings, *data;
	} beside[] = {
		{"/.config/evolution/sources", "/.local/share/evolution/mail"},
		{"/config/evolution/sources", "/data/evolution/mail"},
	};

	for (size_t i = 0; i < sizeof(beside) / sizeof(*beside); i++)
		if (text_ends(path, beside[i].settings))
			return arena_print(a, "%.*s%s",
				(int)(path.len - strlen(beside[i].settings)), path.at,
				beside[i].data);
	return NULL;
}

#define SERVER	 "Authentication"
#define POP	 "Pop Backend"
#define TLS_PORT "ssl-on-alternate-port"

/* The defaults are those of camel-pop3-settings.c, e-source-security.c. A disabled account
 * is listed too: its record is read again when it is enabled. */
static void
read_source(struct text bytes, struct arena *a, struct settings *set)
{
	struct text tls = {"", 0};

	keyfile_raw(bytes, "Security", "Method", &tls);
	set->host = keyfile_string(bytes, SERVER, "Host", a);
	set->user = keyfile_string(bytes, SERVER, "User", a);
	set->name = keyfile_string(bytes, "Data Source", "DisplayName", a);
	set->port = keyfile_number(bytes, SERVER, "Port", 0);
	if (set->port == 0)
		set->port = text_equal(text_trim(tls), text_of(TLS_PORT)) ? 995 : 110;
	set->leave_on_server = keyfile_bool(bytes, POP, "KeepOnServer", false);
	set->delete_after_days = keyfile_number(bytes, POP, "DeleteAfterDays", 0);
	set->until_deleted =
		set->leave_on_server && keyfile_bool(bytes, POP, "DeleteExpunged", false);
}

/* One account a file. */
static void
list_source(const struct source *src, struct text folder, struct text uid,
	struct arena *a, struct account_list *out)
{
	struct settings set = {.known = true, .by_message_date = true};
	struct text kind;
	const char *data = data_folder(folder, a);

	if (data == NULL || uid.len == 0 ||
		!keyfile_raw(src->bytes, "Mail Account", "BackendName", &kind) ||
		!text_equal(text_trim(kind), text_of("pop")))
		return;
	read_source(src->bytes, a, &set);
	set.key = arena_text(a, uid);
	add_account(out, arena_print(a, "%s/%.*s/uid-cache", data, TEXT_ARG(uid)), &set,
		false);
}

/* e_filename_make_safe() */
static struct text
make_safe(const char *name, struct arena *a)
{
	static const char unsafe[] = " /'\"`&();|<>$%{}!#";
	struct text t = arena_text(a, text_of(name));
	char *to = arena_string(a, t);

	for (size_t i = 0; i < t.len; i++)
		if ((unsigned char)to[i] < 0x20 || to[i] == 0x7f ||
			memchr(unsafe, to[i], sizeof(unsafe) - 1) != NULL)
			to[i] = '_';
	return (struct text){to, t.len};
}

static int
hex_value(char c)
{
	static const char digits[] = "0123456789abcdefABCDEF";
	const char *at = memchr(digits, c, sizeof(digits) - 1);

	return at == NULL ? -1 : (int)(at - digits) - (at - digits >= 16 ? 6 : 0);
}

/* camel_url_decode() */
static struct text
decode(struct text t, struct arena *a)
{
	char *to = arena_alloc(a, t.len + 1);
	size_t n = 0;

	for (size_t i = 0; i < t.len; i++) {
		if (t.at[i] == '%' && t.len - i > 2 && hex_value(t.at[i + 1]) >= 0 &&
			hex_value(t.at[i + 2]) >= 0) {
			to[n++] = (char)(hex_value(t.at[i + 1]) * 16 +
					 hex_value(t.at[i + 2]));
			i += 2;
		} else
			to[n++] = t.at[i];
	}
	return (struct text){to, n};
}

/* "…;name=value;…"; false if the parameter is not there. */
static bool
parameter(struct text url, const char *name, struct text *value)
{
	struct cursor c = {url, 0};
	struct text part;

	for (bool more = true; more;) {
		more = take_until(&c, ';', &part);
		if (!more)
			part = (struct text){url.at + c.off, url.len - c.off};
		size_t equals = text_find(part, '=');
		if (!text_equal((struct text){part.at, equals}, text_of(name)))
			continue;
		size_t skip = equals < part.len ? equals + 1 : equals;
		*value = (struct text){part.at + skip, part.len - skip};
		return true;
	}
	return false;
}

/* The E of "pop/E/uid-cache", and all that pop://USER;auth=MECH@HOST:PORT/;PARAMETERS
 * says. NULL if it is another kind of URL. */
static const char *
read_url(struct text url, struct arena *a, struct settings *set)
{
	struct text who, host, user, mechanism = {"", 0}, value;
	uint64_t number;
	char *name;

	if (!text_starts(url, "pop://"))
		return NULL;
	struct cursor c = {url, strlen("pop://")};
	struct text rest = {url.at + c.off, url.len - c.off};
	size_t end = text_find(rest, '/');
	struct cursor authority = {{rest.at, end}, 0};
	if (!take_until(&authority, '@', &who))
		return NULL;
	host = (struct text){rest.at + authority.off, end - authority.off};
	size_t colon = text_find(host, ':'), semicolon = text_find(who, ';');
	bool tls = parameter(rest, "use_ssl", &value) &&
		   (value.len == 0 || text_equal(value, text_of("always")));
	if (colon < host.len &&
		text_number((struct text){host.at + colon + 1, host.len - colon - 1},
			&number) &&
		number <= UINT16_MAX)
		set->port = (uint32_t)number;
	if (set->port == 0)
		set->port = tls ? 995 : 110;
	set->host = decode((struct text){host.at, colon}, a);
	if (parameter(who, "auth", &value))
		mechanism = decode(value, a);
	user = (struct text){who.at, semicolon};
	set->user = decode((struct text){user.at, text_find(user, ':')}, a);
	/* A number below nothing: it is switched off. */
	if (parameter(rest, "delete_after", &value) && text_number(value, &number) &&
		number <= UINT16_MAX)
		set->delete_after_days = (uint32_t)number;
	set->until_deleted = parameter(rest, "delete_expunged", &value);
	name = arena_print(a, "%.*s%s%.*s@%.*s", TEXT_ARG(set->user),
		mechanism.len > 0 ? ";auth=" : "", TEXT_ARG(mechanism),
		TEXT_ARG(set->host));
	return make_safe(name, a).at;
}

/* "<account name= uid=><source keep-on-server="true"><url>pop://…" */
static void
list_account(struct text xml, const char *home, struct arena *a, struct account_list *out)
{
	struct settings set = {.known = true, .by_message_date = true};
	xmlDoc *doc = gconf_parse(xml);
	const xmlNode *root = doc != NULL ? xmlDocGetRootElement(doc) : NULL;
	const xmlNode *from = root != NULL ? gconf_child(root, "source") : NULL;
	const xmlNode *url = from != NULL ? gconf_child(from, "url") : NULL;
	const char *name =
		url != NULL ? read_url(text_trim(gconf_content(url, a)), a, &set) : NULL;

	if (name != NULL) {
		struct text keep = gconf_attribute(from, "keep-on-server", a);
		set.leave_on_server = text_equal(keep, text_of("true"));
		set.until_deleted = set.until_deleted && set.leave_on_server;
		set.name = gconf_attribute(root, "name", a);
		set.key = gconf_attribute(root, "uid", a);
		/* 3.2 moves it to a folder of the account's own name. */
		add_account(out,
			arena_print(a, "%s/.evolution/mail/pop/%s/uid-cache", home, name),
			&set, true);
		add_account(out,
			arena_print(a, "%s/.local/share/evolution/mail/pop/%s/uid-cache",
				home, name),
			&set, true);
		if (set.key.len > 0 && text_find(set.key, '/') == set.key.len)
			add_account(out,
				arena_print(a,
					"%s/.local/share/evolution/mail/%.*s/uid-cache",
					home, TEXT_ARG(set.key)),
				&set, true);
	}
	xmlFreeDoc(doc);
}

int
evolution_accounts(const struct source *src, struct arena *a, struct account_list *out,
	struct err *e)
{
	struct text path = text_of(src->path), name, folder;
	size_t slash = path.len;

	(void)e;
	while (slash > 0 && path.at[slash - 1] != '/')
		slash--;
	name = (struct text){path.at + slash, path.len - slash};
	folder = (struct text){path.at, slash > 0 ? slash - 1 : 0};
	if (text_ends(name, ".source")) {
		name.len -= strlen(".source");
		list_source(src, folder, name, a, out);
		return 0;
	}
	const char *gconf = strstr(src->path, "/.gconf/");
	if (gconf == NULL)
		return 0;
	const char *home =
		arena_string(a, (struct text){src->path, (size_t)(gconf - src->path)});
	struct gconf_list list = {0};
	gconf_strings(src->bytes, "apps/evolution/mail", "accounts", a, &list);
	for (size_t i = 0; i < list.n; i++)
		list_account(list.at[i], home, a, out);
	free(list.at);
	return 0;
}
