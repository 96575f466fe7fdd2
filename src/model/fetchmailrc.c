/*
 * After rcfile_l.l and rcfile_y.y of fetchmail 6.3 and its manual page of 6.4: words and
 * quoted strings, in no lines; a keyword in quotes is none. Options of a server come
 * first, then users with theirs; "defaults" is a server that stands for all later ones.
 */
#include "model/fetchmailrc.h"

#define STORE_NAME ".fetchids"

enum word {
	NOISE, /* means nothing, or nothing to us, and stands alone */
	VALUE, /* has one value, which we do not need */
	LIST,  /* has strings up to the next keyword */
	NUMBERED,
	POLL,
	DEFAULTS,
	NO,
	MAP,
	VIA,
	PROTOCOL,
	PORT,
	USER,
	HERE,
	THERE,
	KEEP,
	NOKEEP,
	FLUSH,
	NOFLUSH,
	SSL,
	FASTUIDL,
	IDFILE,
	DAEMON,
	STRING, /* no keyword */
	END,
	LOST, /* not to be understood */
};

static const struct {
	enum word is;
	const char *names;
} keywords[] = {
	{NOISE, "and bouncemail checkalias dns dropdelivered dropstatus "
		"fetchall forcecr has idle invisible limitflush lmtp mimedec "
		"mimedecode nobouncemail nocheckalias nodns nodropdelivered "
		"nodropstatus noenvelope nofetchall noforcecr noidle "
		"nolimitflush nomimedec nomimedecode nopass8 nopass8bits "
		"norewrite nospambounce nostripcr nouidl options pass8 "
		"pass8bits rewrite set showdots softbounce spambounce sslcertck "
		"stripcr syslog tracepolls uidl wants with"},
	{VALUE, "auth authenticate bad-header badheader batchlimit bsmtp "
		"esmtpname esmtppassword expunge fetchlimit fetchsizelimit "
		"interface interval limit logfile mda monitor pass password "
		"pidfile plugin plugout post postconnect postmaster pre preauth "
		"preauthenticate preconnect principal properties qvirtual "
		"smtpaddress smtpname sslcert sslcertfile sslcertpath "
		"sslcommonname sslfingerprint sslkey sslproto timeout warnings"},
	{LIST, "aka antispam fetchdomains folder folders is local localdomains "
	       "smtp smtphost to"},
	{NUMBERED, "envelope"},
	{POLL, "poll server skip"},
	{DEFAULTS, "defaults"},
	{NO, "no"},
	{VIA, "via"},
	{PROTOCOL, "proto protocol"},
	{PORT, "port service"},
	{USER, "user username"},
	{HERE, "here"},
	{THERE, "there"},
	{KEEP, "keep"},
	{NOKEEP, "nokeep"},
	{FLUSH, "flush"},
	{NOFLUSH, "noflush"},
	{SSL, "ssl"},
	{FASTUIDL, "fastuidl"},
	{IDFILE, "idfile"},
	{DAEMON, "daemon"},
};

struct server {
	struct text name, via;
	bool other_protocol;
	uint32_t port; /* 0: the usual one */
};

struct user {
	struct text name;
	bool named, keep, flush, ssl;
	uint64_t fastuidl;
};

struct rc {
	struct cursor at;
	struct arena *arena;
	struct account_list *out;
	const struct source *source;
	struct server server, every_server; /* the second: what "defaults" says */
	struct user user, every_user;
	bool polled, in_defaults, in_list, daemon;
	struct text idfile, last; /* `last`: the last string of a list */
};

/* escapes() of rcfile_l.l: \n \t \b \r, \x41, octal \012, decimal \65, and \ before
 * anything else means that. */
static struct text
unescape(struct arena *a, struct text t)
{
	char *to = arena_alloc(a, t.len + 1);
	size_t n = 0;

	for (size_t i = 0; i < t.len;) {
		static const char *const names = "ntbr", *const bytes = "\n\t\b\r";
		const char *found;
		unsigned base = 10, value = 0, digit;

		if (t.at[i] != '\\' || i + 1 == t.len) {
			to[n++] = t.at[i++];
			continue;
		}
		char c = t.at[++i];
		if (c != 'x' && c != 'X' && (c < '0' || c > '9')) {
			found = memchr(names, c, 4);
			if (c != '\n') /* which joins lines */
				to[n++] = found != NULL ? bytes[found - names] : c;
			i++;
			continue;
		}
		if (c == 'x' || c == 'X') {
			base = 16;
			i++;
		} else if (c == '0')
			base = 8;
		for (size_t most = base == 16 ? 2 : 3; i < t.len && most > 0;
			i++, most--) {
			c = t.at[i];
			digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
				: c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10)
				: c >= 'A' && c <= 'F' ? (unsigned)(c - 'A' + 10)
						       : 99;
			if (digit >= base)
				break;
			value = value * base + digit;
		}
		to[n++] = (char)value;
	}
	return (struct text){to, n};
}

/* No escape lets a quote stand in a string that begins with it. */
static bool
take_quoted(struct rc *rc, struct text *t)
{
	char quote = rc->at.all.at[rc->at.off++];
	struct text raw;

	if (!take_until(&rc->at, quote, &raw))
		return false;
	*t = unescape(rc->arena, raw);
	return true;
}

static bool
is_one_of(char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

static void
skip_blanks(struct rc *rc)
{
	struct text all = rc->at.all, line;

	for (; rc->at.off < all.len; rc->at.off++) {
		char c = all.at[rc->at.off];
		if (c == '#') {
			if (!take_until(&rc->at, '\n', &line))
				rc->at.off = all.len;
			if (rc->at.off == all.len)
				return;
			rc->at.off--;
		} else if (!is_one_of(c, " \t\r\n;:,") &&
			   !(c == '\\' && rc->at.off + 1 < all.len &&
				   all.at[rc->at.off + 1] == '\n'))
			return;
	}
}

static enum word
keyword(struct text word)
{
	struct text name;

	for (size_t i = 0; i < sizeof(keywords) / sizeof(*keywords); i++) {
		struct cursor c = {text_of(keywords[i].names), 0};
		while (take_word(&c, &name))
			if (text_equal(name, word))
				return keywords[i].is;
	}
	return STRING;
}

/* The next word, and what it is if it is no keyword's value. */
static enum word
take(struct rc *rc, struct text *t)
{
	struct text all = rc->at.all;
	size_t from;

	skip_blanks(rc);
	if (rc->at.off >= all.len)
		return END;
	from = rc->at.off;
	if (all.at[from] == '"' || all.at[from] == '\'')
		return take_quoted(rc, t) ? STRING : LOST;
	if (all.at[from] == '=') {
		rc->at.off++;
		return MAP;
	}
	while (rc->at.off < all.len && !is_one_of(all.at[rc->at.off], "=;:, \t\r\n"))
		rc->at.off++;
	struct text word = {all.at + from, rc->at.off - from};
	*t = unescape(rc->arena, word);
	return keyword(word);
}

/* What stands behind a keyword; a "set" may have a '=' before it. A keyword may be the
 * name of a user, or a password. */
static bool
take_value(struct rc *rc, struct text *value)
{
	size_t from;

	for (;;) {
		skip_blanks(rc);
		from = rc->at.off;
		enum word is = take(rc, value);
		if (is == STRING)
			return true;
		if (is == END || is == LOST)
			return false;
		if (is != MAP)
			break;
	}
	*value = (struct text){rc->at.all.at + from, rc->at.off - from};
	return true;
}

static uint32_t
port_of(struct text t)
{
	uint64_t n;

	if (text_number(t, &n) && n <= UINT16_MAX)
		return (uint32_t)n;
	if (text_equal(t, text_of("pop3s")))
		return 995;
	return text_equal(t, text_of("pop3")) ? 110 : 0;
}

/* Kinds that ask a POP3 server. AUTO may end there, too. */
static bool
is_pop3(struct text protocol)
{
	static const char *const names[] = {
		"pop3", "apop", "rpop", "kpop", "sdps", "auto"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (text_equal_nocase(protocol, text_of(names[i])))
			return true;
	return false;
}

/* One user of the server is complete. */
static void
record(struct rc *rc)
{
	const struct server *s = &rc->server;
	const struct user *u = &rc->user;

	if (rc->in_defaults) {
		rc->every_server = *s;
		rc->every_user = *u;
		rc->every_user.named = false;
	}
	if (!rc->polled || s->other_protocol || u->name.len == 0)
		return;
	struct settings set = {
		.known = true,
		.host = s->via.len > 0 ? s->via : s->name,
		.user = u->name,
		.port = s->port != 0 ? s->port
			: u->ssl     ? 995
				     : 110,
		.leave_on_server = u->keep && !u->flush,
		.key = s->name,
	};
	/* A daemon bisects but for one poll of N; N is 4 if nothing is said. */
	if (u->fastuidl == 1 || (rc->daemon && u->fastuidl > 1))
		set.advice =
			"fetchmail looks for new mail by bisection here (fastuidl) and "
			"would miss what stands between old mail: once after the move, "
			"run \"fetchmail --fastuidl 0\"";
	struct account_list *l = rc->out;
	l->at = array_grow(l->at, &l->cap, l->n + 1, sizeof(*l->at));
	l->at[l->n++] = (struct listed_account){
		.server = arena_string(rc->arena, s->name), .settings = set};
}

static bool
begin_server(struct rc *rc, enum word is)
{
	record(rc);
	rc->in_defaults = is == DEFAULTS;
	rc->polled = is == POLL;
	rc->server = rc->every_server;
	rc->user = rc->every_user;
	return is == DEFAULTS || take_value(rc, &rc->server.name);
}

/* The first user has the options that stand before it, the others have not. */
static bool
begin_user(struct rc *rc)
{
	if (rc->user.named) {
		record(rc);
		rc->user = rc->every_user;
	}
	rc->user.named = true;
	return take_value(rc, &rc->user.name);
}

static bool
understand_no(struct rc *rc)
{
	struct text ignored;
	enum word is = take(rc, &ignored);

	if (is == KEEP)
		rc->user.keep = false;
	else if (is == FLUSH)
		rc->user.flush = false;
	else if (is == SSL)
		rc->user.ssl = false;
	return is == KEEP || is == FLUSH || is == SSL || is == NOISE || is == NUMBERED;
}

static bool
understand_value(struct rc *rc, enum word is)
{
	struct text value;
	uint64_t n;

	if (!take_value(rc, &value))
		return false;
	switch (is) {
	case NUMBERED:
		return !text_number(value, &n) || take_value(rc, &value);
	case VIA:
		rc->server.via = value;
		return true;
	case PROTOCOL:
		rc->server.other_protocol = !is_pop3(value);
		return true;
	case PORT:
		rc->server.port = port_of(value);
		return true;
	case FASTUIDL:
		return text_number(value, &rc->user.fastuidl);
	case DAEMON:
		rc->daemon = text_number(value, &n) && n > 0;
		return true;
	case IDFILE:
		rc->idfile = value;
		return true;
	default:
		return true;
	}
}

static bool
understand(struct rc *rc, enum word is, struct text t)
{
	bool listed = rc->in_list;
	struct text ignored;

	rc->in_list = is == LIST || (listed && (is == STRING || is == MAP));
	switch (is) {
	case STRING:
		rc->last = t;
		return listed;
	case MAP: /* name at the server = local name */
		return listed && take_value(rc, &ignored);
	case NOISE:
	case LIST:
		return true;
	case POLL:
	case DEFAULTS:
		return begin_server(rc, is);
	case USER:
		return begin_user(rc);
	case HERE: /* "user LOCAL here is REMOTE there", or "is LOCAL here" */
		if (!listed)
			rc->user.name.len = 0;
		return true;
	case THERE:
		if (listed)
			rc->user.name = rc->last;
		return true;
	case KEEP:
	case NOKEEP:
		rc->user.keep = is == KEEP;
		return true;
	case FLUSH:
	case NOFLUSH:
		rc->user.flush = is == FLUSH;
		return true;
	case SSL:
		rc->user.ssl = true;
		return true;
	case NO:
		return understand_no(rc);
	case END:
	case LOST:
		return false;
	default:
		return understand_value(rc, is);
	}
}

/* A path without '/' in front is meant from where fetchmail is started: mostly home. */
static const char *
store_of(const struct rc *rc)
{
	const char *path = rc->source->path, *slash = strrchr(path, '/');
	struct text folder = {path, slash != NULL ? (size_t)(slash - path) : 0};

	if (rc->idfile.len > 0 && rc->idfile.at[0] == '/')
		return arena_string(rc->arena, rc->idfile);
	return arena_print(rc->arena, "%.*s/%.*s", TEXT_ARG(folder),
		TEXT_ARG(rc->idfile.len > 0 ? rc->idfile : text_of(STORE_NAME)));
}

int
fetchmail_accounts(const struct source *source, struct arena *a, struct account_list *out,
	struct err *e)
{
	struct rc rc = {.at = {source->bytes, 0},
		.arena = a,
		.out = out,
		.source = source,
		.every_user = {.fastuidl = 4}};
	size_t before = out->n;
	struct text t;
	enum word is;

	(void)e;
	rc.user = rc.every_user;
	while ((is = take(&rc, &t)) != END)
		if (!understand(&rc, is, t)) {
			out->n = before;
			return 0;
		}
	record(&rc);
	const char *store = store_of(&rc);
	for (size_t i = before; i < out->n; i++)
		out->at[i].store = store;
	return 0;
}
