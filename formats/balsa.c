/*
 * pop-uids of Balsa, ~/.balsa/pop-uids up to 2.6 and ~/.local/state/balsa/pop-uids since
 * April 2025, for all its accounts (libbalsa/mailbox_pop3.c, 2.6.4 and later):
 *
 *     alice@pop.example.org 000000016b02f262
 *     bob@mail.example.net:995 000000026b02f262
 *
 * USER@SERVER UIDL, SERVER as it was typed in the account: with ":PORT" if that was. The
 * line as a whole is what Balsa compares; other lines it keeps as they are.
 *
 * Accounts: ~/.balsa/config or ~/.config/balsa/config, user names in config-private:
 *
 *     [mailbox-1]
 *     Type=LibBalsaMailboxPOP3
 *     Server=pop.example.org
 *     Delete=false
 */
#include "model/format.h"
#include "model/spell.h"
#include "model/ini.h"

/* fgets() into 1024 bytes before 2.6. */
#define LINE_MAX_BYTES 1022
#define PRIVATE	       "config-private"

static const char *const places[] = {
	".balsa/pop-uids", ".local/state/balsa/pop-uids", NULL};
static const char *const settings_places[] = {
	".balsa/config", ".config/balsa/config", NULL};
static const char *const settings_beside[] = {PRIVATE, NULL};

/* It reads the list at the start of a check, and writes it in place at its end. */
static const struct client_lock locks[] = {
	{LOCK_PROCESS, "balsa"},
	{LOCK_NONE, NULL},
};

struct entry {
	struct text user, host, uidl;
};

/* How much of the text lies before the last such byte; t.len if there is none. */
static size_t
before_last(struct text t, char byte)
{
	for (size_t i = t.len; i > 0; i--)
		if (t.at[i - 1] == byte)
			return i - 1;
	return t.len;
}

/* False: no line of Balsa's. Neither servers nor UIDLs have blanks. */
static bool
take_entry(struct text line, struct entry *entry)
{
	size_t blank = before_last(line, ' ');
	struct text name = {line.at, blank};
	size_t sign = before_last(name, '@');

	if (blank == line.len || sign == name.len)
		return false;
	entry->user = (struct text){line.at, sign};
	entry->host = (struct text){line.at + sign + 1, blank - sign - 1};
	entry->uidl = (struct text){line.at + blank + 1, line.len - blank - 1};
	return entry->user.len > 0 && entry->host.len > 0 && entry->uidl.len > 0 &&
	       text_find(entry->host, ' ') == entry->host.len;
}

static int
balsa_probe(const struct source *src)
{
	struct cursor c = {src->bytes, 0};
	struct entry entry;
	struct text line;

	while (take_lf_line(&c, &line))
		if (line.len > 0)
			return take_entry(line, &entry) ? PROBE_CONTENT : PROBE_NO;
	return PROBE_CONTENT;
}

static int
refuse_line(const struct store *s, struct text line, struct err *e)
{
	size_t off = store_span(s, line).off;

	if (text_find(line, '\0') < line.len)
		return err_at_line(e, s->source, off,
			"a NUL byte: this is not Balsa's list of UIDLs");
	if (line.len > LINE_MAX_BYTES)
		return err_at_line(e, s->source, off,
			"%zu bytes: Balsa reads lines of at most %d", line.len,
			LINE_MAX_BYTES);
	if (line.len > 0 && line.at[line.len - 1] == '\r')
		return err_at_line(e, s->source, off,
			"a CR before the line's end: Balsa takes it for a part of the "
			"UIDL, and so knows no such message");
	return 0;
}

static int
read_entry(struct store *s, struct text line, const struct entry *entry, struct err *e)
{
	struct text name = {line.at, entry->user.len + 1 + entry->host.len};
	const struct account a = {
		.host = {entry->host, store_span(s, entry->host)},
		.user = {entry->user, store_span(s, entry->user)},
		.prefix = store_span(s, name),
	};
	struct record r = {
		.uidl = entry->uidl.at,
		.uidl_len = (uint32_t)entry->uidl.len,
		.at = store_span(s, entry->uidl),
		.whole = store_span(s, line),
		.status = '-',
	};

	if (store_account_of(s, a, &r.account, e) < 0)
		return -1;
	return store_add_record(s, r, e);
}

static int
balsa_read(struct store *s, struct err *e)
{
	struct cursor c = {s->source->bytes, 0};
	struct entry entry;
	struct text line;

	if (balsa_probe(s->source) == PROBE_NO)
		return err_at_line(e, s->source, 0,
			"want \"USER@SERVER UIDL\": this is not Balsa's list of UIDLs");
	s->account_in_records = true;
	/* Under another name of the server Balsa begins new lines. */
	s->account_rewritten = true;
	while (take_lf_line(&c, &line)) {
		if (refuse_line(s, line, e) < 0)
			return -1;
		if (take_entry(line, &entry) && read_entry(s, line, &entry, e) < 0)
			return -1;
	}
	return 0;
}

static int
balsa_spell(const struct store *s, enum edit_what what, struct text value,
	struct buf *out, struct err *e)
{
	bool bad = value.len == 0 || value.len > LINE_MAX_BYTES;

	for (size_t i = 0; i < value.len && !bad; i++) {
		char c = value.at[i];
		bad = c == '\n' || c == '\0' || (c == ' ' && what != EDIT_USER) ||
		      (c == '@' && what == EDIT_HOST) ||
		      (c == '\r' && what == EDIT_UIDL && i == value.len - 1);
	}
	return spell_plain(s, value, bad, what == EDIT_HOST ? "server" : spell_word(what),
		"Balsa", out, e);
}

/* ~/.balsa/config to ~/.balsa/pop-uids, ~/.config/balsa/… to ~/.local/state/balsa/…. */
static const char *
store_of(const char *settings, struct arena *a)
{
	static const char older[] = "/.balsa/config", newer[] = "/.config/balsa/config";
	struct text path = text_of(settings);

	if (text_ends(path, newer))
		return arena_print(a, "%.*s/%s", (int)(path.len - (sizeof(newer) - 1)),
			settings, places[1]);
	if (text_ends(path, older))
		return arena_print(a, "%.*s/%s", (int)(path.len - (sizeof(older) - 1)),
			settings, places[0]);
	return NULL;
}

/* The user name of that section of config-private; empty: none. */
static struct text
user_of(const struct source *settings, struct text section)
{
	struct text user = {"", 0};

	for (const struct source *s = settings->beside; s != NULL; s = s->beside) {
		struct ini i = {.at = {s->bytes, 0}};
		if (!text_ends(text_of(s->path), "/" PRIVATE))
			continue;
		while (ini_next(&i))
			if (text_equal(i.section, section) &&
				text_equal(i.key, text_of("Username")))
				user = i.value;
	}
	return user;
}

/* With what GKeyFile would unescape in it, we do not know the account. */
static bool
is_plain(struct text t)
{
	return t.len > 0 && text_find(t, '\\') == t.len;
}

static void
add_account(const struct source *settings, struct text section, struct text server,
	bool delete, struct arena *a, struct account_list *out)
{
	const char *store = store_of(settings->path, a);
	struct text user = user_of(settings, section);
	size_t colon = before_last(server, ':');
	uint64_t port = 0;

	if (store == NULL || !is_plain(server) || !is_plain(user))
		return;
	struct settings set = {
		.known = true,
		.host = arena_text(a, server),
		.user = arena_text(a, user),
		.key = arena_text(a, section),
		.leave_on_server = !delete,
	};
	if (colon < server.len &&
		text_number((struct text){server.at + colon + 1, server.len - colon - 1},
			&port) &&
		port <= UINT16_MAX) {
		set.port = (uint32_t)port;
		set.server_host = arena_text(a, (struct text){server.at, colon});
		set.server_user = set.user;
	}
	out->at = array_grow(out->at, &out->cap, out->n + 1, sizeof(*out->at));
	out->at[out->n++] = (struct listed_account){
		.store = store, .server = arena_string(a, section), .settings = set};
}

static int
balsa_accounts(const struct source *settings, struct arena *a, struct account_list *out,
	struct err *e)
{
	struct ini i = {.at = {settings->bytes, 0}};
	struct text section = {"", 0}, server = {"", 0};
	bool pop = false, delete = false;

	(void)e;
	for (bool more = true; more;) {
		more = ini_next(&i);
		if (!more || !text_equal(i.section, section)) {
			if (pop && text_starts(section, "mailbox-"))
				add_account(settings, section, server, delete, a, out);
			section = i.section;
			server = (struct text){"", 0};
			pop = delete = false;
		}
		if (!more)
			break;
		if (text_equal(i.key, text_of("Type")))
			pop = text_equal_nocase(i.value, text_of("LibBalsaMailboxPOP3"));
		else if (text_equal(i.key, text_of("Server")))
			server = i.value;
		else if (text_equal(i.key, text_of("Delete")))
			delete = !text_equal(i.value, text_of("false"));
	}
	return 0;
}

const struct format format_balsa = {
	.name = "balsa",
	.client = "Balsa",
	.what = "pop-uids",
	.proof = "the real Balsa (make check-clients CLIENT=balsa)",
	.places = places,
	.settings_places = settings_places,
	.settings_beside = settings_beside,
	.locks = locks,
	.probe = balsa_probe,
	.read = balsa_read,
	.spell = balsa_spell,
	.accounts = balsa_accounts,
};
