#include "model/sylph.h"
#include "model/spell.h"

#include "model/ini.h"

#define NAME_BYTES 4096

/* isspace() of the C locale: what sscanf("%s") stops at. */
static bool
is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool
take_token(struct cursor *c, struct text *token)
{
	size_t i = c->off, from;

	while (i < c->all.len && is_space(c->all.at[i]))
		i++;
	from = i;
	while (i < c->all.len && !is_space(c->all.at[i]))
		i++;
	if (i == from)
		return false;
	*token = (struct text){c->all.at + from, i - from};
	c->off = i;
	return true;
}

/* Any word may be a UIDL, so only the path makes sure. */
int
sylph_probe(const struct source *src)
{
	struct cursor c = {src->bytes, 0};
	struct sylph_entry entry;
	struct err ignored;

	return sylph_next(&c, src, SIZE_MAX, &entry, &ignored) < 0 ? PROBE_NO
								   : PROBE_CONTENT;
}

static int
parse(struct text line, const struct source *src, size_t off, struct sylph_entry *entry,
	struct err *e)
{
	struct cursor c = {line, 0};
	struct text time;

	*entry = (struct sylph_entry){.line = line, .part = {line.at + line.len, 0}};
	if (!take_token(&c, &entry->uidl))
		return 0;
	if (take_token(&c, &time)) {
		/* The clients would take what comes behind the digits for the next word. */
		if (!text_number(time, &entry->time))
			return err_at_line(e, src, off,
				"want \"UIDL TIME\": the second word is not a number");
		entry->timed = true;
		take_token(&c, &entry->part);
	}
	return 1;
}

int
sylph_next(struct cursor *c, const struct source *src, size_t max,
	struct sylph_entry *entry, struct err *e)
{
	size_t off = c->off;
	struct text line;
	int rc;

	for (; take_line(c, &line); off = c->off) {
		size_t nul = text_find(line, '\0');
		if (nul < line.len)
			return err_at_byte(e, src, off + nul,
				"a NUL byte: this is no list of UIDLs");
		if (line.len > max)
			return err_at_line(e, src, off,
				"a line of %zu bytes, and the client reads %zu at a time",
				line.len, max);
		if ((rc = parse(line, src, off, entry, e)) != 0)
			return rc;
	}
	return 0;
}

/*
 * Without a time the client takes the present one, so such a message is not old: 0. One
 * that is to be kept is neither; that this holds even where nothing else is left on the
 * server cannot be said here, and then it counts as one that will be deleted.
 */
struct record
sylph_record(const struct store *s, const struct sylph_entry *entry)
{
	struct record r = {
		.uidl = entry->uidl.at,
		.uidl_len = (uint32_t)entry->uidl.len,
		.at = store_span(s, entry->uidl),
		.whole = store_span(s, entry->line),
		.state = RECORD_KNOWN,
		.status = '-',
	};

	if (entry->timed && entry->time != SYLPH_KEEP && entry->time <= UINT32_MAX)
		r.time = entry->time == 0 ? SYLPH_RECEIVED : (uint32_t)entry->time;
	return r;
}

int
sylph_spell(const struct store *s, enum edit_what what, struct text value,
	struct buf *out, struct err *e)
{
	bool bad = value.len == 0;

	(void)what; /* no host or user stands in the file */
	for (size_t i = 0; i < value.len && !bad; i++)
		bad = is_space(value.at[i]) || value.at[i] == '\0';
	return spell_plain(
		s, value, bad, spell_word(EDIT_UIDL), s->format->client, out, e);
}

int
sylph_name_host(struct text host, struct text user, struct buf *out, struct err *e)
{
	char shown[120];

	if (host.len == 0 || user.len == 0 || text_find(host, '/') < host.len ||
		text_find(host, '\0') < host.len || text_find(user, '\0') < user.len) {
		text_escape(host, shown, sizeof(shown));
		return err_set(e, ERR_DATA, "account",
			"\"%s\" with that user name cannot stand in the name of a file",
			shown);
	}
	buf_add(out, host);
	buf_byte(out, '-');
	return 0;
}

/* One [Account: N]; what is not said is the client's default. */
struct section {
	struct text label, host, user, name;
	uint64_t protocol, port, ssl, days;
	bool has_port, removes;
};

static const struct section defaults = {.port = 110, .removes = true, .days = 7};

/* atoi(), as far as it matters. */
static void
number(struct text value, uint64_t *to)
{
	if (!text_number(value, to))
		*to = 0;
}

static void
read_key(struct section *s, struct text key, struct text value)
{
	uint64_t flag;

	if (text_equal(key, text_of("receive_server")))
		s->host = value;
	else if (text_equal(key, text_of("user_id")))
		s->user = value;
	else if (text_equal(key, text_of("account_name")))
		s->name = value;
	else if (text_equal(key, text_of("protocol")))
		number(value, &s->protocol);
	else if (text_equal(key, text_of("ssl_pop")))
		number(value, &s->ssl);
	else if (text_equal(key, text_of("pop_port")))
		number(value, &s->port);
	else if (text_equal(key, text_of("message_leave_time")))
		number(value, &s->days);
	else if (text_equal(key, text_of("set_popport"))) {
		number(value, &flag);
		s->has_port = flag != 0;
	} else if (text_equal(key, text_of("remove_mail"))) {
		number(value, &flag);
		s->removes = flag != 0;
	}
}

/* Old Claws: 1 is APOP, which is POP3 all the same. */
static bool
is_pop3(const struct section *s)
{
	return text_starts(s->label, "Account: ") && s->protocol <= 1 &&
	       s->host.len > 0 && s->user.len > 0;
}

/* Less than a day, which Claws Mail can say, counts as at once. */
static struct settings
settings_of(const struct section *s, struct arena *a)
{
	return (struct settings){
		.known = true,
		.host = arena_text(a, s->host),
		.user = arena_text(a, s->user),
		.key = arena_text(a, s->label),
		.name = arena_text(a, s->name),
		.port = s->has_port   ? (uint32_t)s->port
			: s->ssl == 1 ? 995
				      : 110,
		.leave_on_server = !s->removes || s->days > 0,
		.delete_after_days = s->removes ? (uint32_t)s->days : 0,
	};
}

static void
add_account(sylph_rename *rename, const struct source *settings, const struct section *s,
	struct arena *a, struct account_list *list)
{
	const char *slash = strrchr(settings->path, '/');
	int folder = slash != NULL ? (int)(slash + 1 - settings->path) : 0;
	struct err ignored;
	struct buf name;

	buf_init(&name, NAME_BYTES);
	if (is_pop3(s) &&
		rename((struct text){"", 0}, s->host, s->user, 0, &name, &ignored) == 0 &&
		!name.full) {
		list->at =
			array_grow(list->at, &list->cap, list->n + 1, sizeof(*list->at));
		list->at[list->n++] = (struct listed_account){
			.store = arena_print(a, "%.*suidl/%.*s", folder, settings->path,
				TEXT_ARG(buf_text(&name))),
			.server = arena_string(a, s->label),
			.settings = settings_of(s, a),
		};
	}
	buf_release(&name);
}

void
sylph_accounts(sylph_rename *rename, const struct source *settings, struct arena *a,
	struct account_list *list)
{
	struct ini i = {.at = {settings->bytes, 0}};
	struct section s = defaults;

	while (ini_next(&i)) {
		if (i.section.at != s.label.at) {
			add_account(rename, settings, &s, a, list);
			s = defaults;
			s.label = i.section;
		}
		read_key(&s, i.key, i.value);
	}
	add_account(rename, settings, &s, a, list);
}
