/*
 * oldmail-SERVER-PORT-USER in getmail's folder (~/.getmail, ~/.config/getmail), of
 * getmail 4 to 6 (getmailcore/_retrieverbases.py); the line's NUL as ^@:
 *
 *     000000016b02f262^@1795354097
 *     000000026b02f262^@1795354097
 *
 * UIDL NUL TIME, when it was seen first. In no order. Runs of / : ; < > | in the file's
 * name are a '-' each; and every '/' in a UIDL is a '-', in the file as in what the
 * server lists, so two UIDLs may be one. Lines without a NUL are skipped. Read as text,
 * so UTF-8 today.
 *
 * A settings file in that folder is one account; its name is free.
 */
#include "model/format.h"
#include "model/spell.h"

#define PREFIX "oldmail-"

static const char *const places[] = {
	".getmail/" PREFIX "*", ".config/getmail/" PREFIX "*", NULL};
static const char *const settings_places[] = {".getmail/*", ".config/getmail/*", NULL};
static const struct client_lock locks[] = {
	{LOCK_PROCESS, "getmail"},
	{LOCK_NONE, NULL},
};

/* "UIDL NUL TIME", blanks around them; a time may have a sign. */
static bool
take_entry(struct text line, struct text *uidl, uint64_t *time)
{
	struct cursor c = {text_trim(line), 0};

	if (!take_until(&c, '\0', uidl) || uidl->len == 0)
		return false;
	struct text number =
		text_trim((struct text){c.all.at + c.off, c.all.len - c.off});
	if (number.len > 1 && (number.at[0] == '-' || number.at[0] == '+'))
		number = (struct text){number.at + 1, number.len - 1};
	return text_number(number, time);
}

static int
getmail_probe(const struct source *src)
{
	struct cursor c = {src->bytes, 0};
	struct text line, uidl;
	uint64_t time;

	while (take_line(&c, &line))
		if (text_find(line, '\0') < line.len)
			return take_entry(line, &uidl, &time) ? PROBE_CONTENT : PROBE_NO;
		else if (line.len > 0)
			return PROBE_NO;
	return PROBE_CONTENT;
}

static int
read_line(struct store *s, struct text line, uint32_t account, struct err *e)
{
	struct text uidl;
	uint64_t time;
	size_t off = store_span(s, line).off;

	if (text_find(line, '\r') < line.len)
		return err_at_line(
			e, s->source, off, "a CR, where getmail sees the end of a line");
	if (!take_entry(line, &uidl, &time))
		return err_at_line(e, s->source, off,
			"want \"UIDL NUL TIME\": this is not getmail's list of UIDLs");
	return store_add_record(s,
		(struct record){
			.uidl = uidl.at,
			.uidl_len = (uint32_t)uidl.len,
			.account = account,
			.at = store_span(s, uidl),
			.whole = store_span(s, line),
			.time = time <= UINT32_MAX ? (uint32_t)time : 0,
			.status = '-',
		},
		e);
}

static int
getmail_read(struct store *s, struct err *e)
{
	struct cursor c = {s->source->bytes, 0};
	uint32_t account = store_add_nobody(s);
	struct text line;
	size_t skipped = 0;

	if (getmail_probe(s->source) == PROBE_NO)
		return err_at_line(e, s->source, 0,
			"want \"UIDL NUL TIME\": this is not getmail's list of UIDLs");
	while (take_line(&c, &line)) {
		if (text_find(line, '\0') == line.len)
			skipped += text_trim(line).len > 0;
		else if (read_line(s, line, account, e) < 0)
			return -1;
	}
	if (skipped > 0)
		store_note(s, "%zu line%s no NUL: getmail skips %s", skipped,
			skipped == 1 ? " has" : "s have", skipped == 1 ? "it" : "them");
	if (!text_is_utf8(s->source->bytes))
		store_note(s, "it is not valid UTF-8: getmail cannot read it, unless the "
			      "locale says otherwise");
	return 0;
}

static void
getmail_key(struct text uidl, struct buf *out)
{
	size_t start = out->len;

	buf_add(out, uidl);
	for (size_t at = start; at < out->len; at++) {
		at += text_find((struct text){out->at + at, out->len - at}, '/');
		if (at < out->len)
			out->at[at] = '-';
	}
}

/* A '/' is never written: getmail would look for the '-' that it makes of it. */
static int
getmail_spell(const struct store *s, enum edit_what what, struct text value,
	struct buf *out, struct err *e)
{
	/* Blanks before it would be stripped. */
	bool bad = value.len == 0 || value.at[0] == ' ' || value.at[0] == '\t';

	(void)what;
	for (size_t i = 0; i < value.len && !bad; i++)
		bad = value.at[i] == '\0' || value.at[i] == '\r' || value.at[i] == '\n';
	return spell_plain(s, value, bad, spell_word(EDIT_UIDL), "getmail", out, e);
}

static void
add_name(struct buf *out, struct text host, uint32_t port, struct text user)
{
	size_t start = out->len, n = start;
	bool in_run = false;

	buf_print(out, PREFIX "%.*s-%u-%.*s", TEXT_ARG(host), (unsigned)port,
		TEXT_ARG(user));
	for (size_t i = start; i < out->len; i++) {
		bool strip = memchr("/:;<>|", out->at[i], 6) != NULL;
		if (!strip)
			out->at[n++] = out->at[i];
		else if (!in_run)
			out->at[n++] = '-';
		in_run = strip;
	}
	out->len = n;
}

static int
getmail_rename(struct text name, struct text host, struct text user, uint32_t port,
	struct buf *out, struct err *e)
{
	if (!text_starts(name, PREFIX)) {
		buf_add(out, name);
		return 0;
	}
	if (port == 0)
		return err_set(e, ERR_GUARD, "port",
			"%.*s: the port stands in its name, and it is not known which one "
			"getmail will use: say --client-port",
			TEXT_ARG(name));
	add_name(out, host, port, user);
	return 0;
}

/* --- the settings: as Python's RawConfigParser reads them --- */

struct rc {
	struct text type, server, port, username;
	struct text delete, delete_after;
	struct text *last; /* whose value may go on; NULL: of none that we need */
	bool lost;
};

static struct text *
option_of(struct rc *rc, struct text section, struct text name)
{
	const struct {
		const char *section, *name;
		struct text *value;
	} options[] = {
		{"retriever", "type", &rc->type},
		{"retriever", "server", &rc->server},
		{"retriever", "port", &rc->port},
		{"retriever", "username", &rc->username},
		{"options", "delete", &rc->delete},
		{"options", "delete_after", &rc->delete_after},
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++)
		if (text_equal(section, text_of(options[i].section)) &&
			text_equal_nocase(name, text_of(options[i].name)))
			return options[i].value;
	return NULL;
}

/* "NAME = VALUE" or "NAME: VALUE", "[SECTION]"; an indented line goes on with the value
 * before it, which none that we need may do. */
static void
read_rc(struct rc *rc, struct text bytes)
{
	struct cursor c = {bytes, 0};
	struct text line, section = {"", 0};

	while (take_line(&c, &line)) {
		struct text words = text_trim(line);
		if (words.len == 0 || words.at[0] == '#' || words.at[0] == ';')
			continue;
		if (words.at != line.at) {
			rc->lost |= rc->last != NULL;
			continue;
		}
		rc->last = NULL;
		if (words.at[0] == '[') {
			struct cursor name = {words, 1};
			/* DEFAULT has values for all sections. */
			rc->lost |= !take_until(&name, ']', &section) ||
				    text_equal(section, text_of("DEFAULT"));
			continue;
		}
		size_t equals = text_find(words, '='), colon = text_find(words, ':');
		size_t at = equals < colon ? equals : colon;
		struct text *value =
			option_of(rc, section, text_trim((struct text){words.at, at}));
		rc->lost |= at == words.len;
		if (value != NULL && at < words.len)
			*value = text_trim(
				(struct text){words.at + at + 1, words.len - at - 1});
		rc->last = value;
	}
}

/* False: neither. */
static bool
take_bool(struct text t, bool *is)
{
	static const char *const words[] = {
		"", "0", "no", "false", "off", "1", "yes", "true", "on"};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (text_equal_nocase(t, text_of(words[i]))) {
			*is = i >= 5;
			return true;
		}
	return false;
}

/* Those that go by UIDL: {Simple,Multidrop}POP3[SSL]Retriever, MultidropSDPSRetriever. */
static bool
is_pop3(struct text type, bool *ssl)
{
	if (text_starts(type, "Simple"))
		type = (struct text){type.at + 6, type.len - 6};
	else if (text_starts(type, "Multidrop"))
		type = (struct text){type.at + 9, type.len - 9};
	else
		return false;
	*ssl = text_equal(type, text_of("POP3SSLRetriever"));
	return *ssl || text_equal(type, text_of("POP3Retriever")) ||
	       text_equal(type, text_of("SDPSRetriever"));
}

/* What getmail itself takes for no settings file, when it takes all there are. */
static bool
is_rc(struct text name)
{
	static const char *const ends[] = {"~", "#", ".json", ".swp", ".bak"};

	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		if (text_ends(name, ends[i]))
			return false;
	return !text_starts(name, ".") && !text_starts(name, PREFIX);
}

static int
getmail_accounts(const struct source *src, struct arena *a, struct account_list *out,
	struct err *e)
{
	const char *slash = strrchr(src->path, '/');
	struct text folder = {src->path, slash != NULL ? (size_t)(slash - src->path) : 0};
	struct rc rc = {0};
	bool ssl = false, deletes = false;
	uint64_t port = 0, days = 0;
	struct buf name;

	(void)e;
	if (!is_rc(text_of(slash != NULL ? slash + 1 : src->path)))
		return 0;
	read_rc(&rc, src->bytes);
	if (rc.lost || !is_pop3(rc.type, &ssl) || rc.server.len == 0 ||
		rc.username.len == 0 || !take_bool(rc.delete, &deletes) ||
		(rc.port.len > 0 &&
			(!text_number(rc.port, &port) || port > UINT16_MAX)) ||
		(rc.delete_after.len > 0 &&
			(!text_number(rc.delete_after, &days) || days > UINT32_MAX)))
		return 0;
	if (port == 0)
		port = ssl ? 995 : 110;
	buf_init(&name, 4096);
	add_name(&name, rc.server, (uint32_t)port, rc.username);
	out->at = array_grow(out->at, &out->cap, out->n + 1, sizeof(*out->at));
	out->at[out->n++] = (struct listed_account){
		.store = arena_print(
			a, "%.*s/%.*s", TEXT_ARG(folder), TEXT_ARG(buf_text(&name))),
		.server = arena_string(a, rc.server),
		.settings = {.known = true,
			.host = arena_text(a, rc.server),
			.user = arena_text(a, rc.username),
			.port = (uint32_t)port,
			.leave_on_server = !deletes,
			.delete_after_days = (uint32_t)days},
	};
	buf_release(&name);
	return 0;
}

const struct format format_getmail = {
	.name = "getmail",
	.client = "getmail",
	.what = "oldmail-SERVER-PORT-USER",
	.proof = "the real getmail 6 (make check-clients)",
	.places = places,
	.settings_places = settings_places,
	.locks = locks,
	.probe = getmail_probe,
	.read = getmail_read,
	.spell = getmail_spell,
	.rename = getmail_rename,
	.key = getmail_key,
	.accounts = getmail_accounts,
};
