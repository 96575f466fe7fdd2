/*
 * After rcfile_y.y of fetchmail 6.3 and the manual page of 6.4: options of a server come
 * first, then users with theirs; "defaults" is a server that stands for all later ones.
 */
#include "model/fetchmailrc.h"

#include "model/fetchmailrc_words.h"

#define STORE_NAME ".fetchids"

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
	struct rc_words in;
	struct account_list *out;
	const struct source *source;
	struct server server, every_server; /* the second: what "defaults" says */
	struct user user, every_user;
	bool polled, in_defaults, in_list, daemon;
	struct text idfile, last; /* `last`: the last string of a list */
};

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
		.server = arena_string(rc->in.arena, s->name), .settings = set};
}

static bool
begin_server(struct rc *rc, enum rc_word is)
{
	record(rc);
	rc->in_defaults = is == RC_DEFAULTS;
	rc->polled = is == RC_POLL;
	rc->server = rc->every_server;
	rc->user = rc->every_user;
	return is == RC_DEFAULTS || rc_take_value(&rc->in, &rc->server.name);
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
	return rc_take_value(&rc->in, &rc->user.name);
}

static bool
understand_no(struct rc *rc)
{
	struct text ignored;
	enum rc_word is = rc_take(&rc->in, &ignored);

	if (is == RC_KEEP)
		rc->user.keep = false;
	else if (is == RC_FLUSH)
		rc->user.flush = false;
	else if (is == RC_SSL)
		rc->user.ssl = false;
	return is == RC_KEEP || is == RC_FLUSH || is == RC_SSL || is == RC_NOISE ||
	       is == RC_NUMBERED;
}

static bool
understand_value(struct rc *rc, enum rc_word is)
{
	struct text value;
	uint64_t n;

	if (!rc_take_value(&rc->in, &value))
		return false;
	switch (is) {
	case RC_NUMBERED:
		return !text_number(value, &n) || rc_take_value(&rc->in, &value);
	case RC_VIA:
		rc->server.via = value;
		return true;
	case RC_PROTOCOL:
		rc->server.other_protocol = !is_pop3(value);
		return true;
	case RC_PORT:
		rc->server.port = port_of(value);
		return true;
	case RC_FASTUIDL:
		return text_number(value, &rc->user.fastuidl);
	case RC_DAEMON:
		rc->daemon = text_number(value, &n) && n > 0;
		return true;
	case RC_IDFILE:
		rc->idfile = value;
		return true;
	default:
		return true;
	}
}

static bool
understand(struct rc *rc, enum rc_word is, struct text t)
{
	bool listed = rc->in_list;
	struct text ignored;

	rc->in_list = is == RC_LIST || (listed && (is == RC_STRING || is == RC_MAP));
	switch (is) {
	case RC_STRING:
		rc->last = t;
		return listed;
	case RC_MAP: /* name at the server = local name */
		return listed && rc_take_value(&rc->in, &ignored);
	case RC_NOISE:
	case RC_LIST:
		return true;
	case RC_POLL:
	case RC_DEFAULTS:
		return begin_server(rc, is);
	case RC_USER:
		return begin_user(rc);
	case RC_HERE: /* "user LOCAL here is REMOTE there", or "is LOCAL here" */
		if (!listed)
			rc->user.name.len = 0;
		return true;
	case RC_THERE:
		if (listed)
			rc->user.name = rc->last;
		return true;
	case RC_KEEP:
	case RC_NOKEEP:
		rc->user.keep = is == RC_KEEP;
		return true;
	case RC_FLUSH:
	case RC_NOFLUSH:
		rc->user.flush = is == RC_FLUSH;
		return true;
	case RC_SSL:
		rc->user.ssl = true;
		return true;
	case RC_NO:
		return understand_no(rc);
	case RC_END:
	case RC_LOST:
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
		return arena_string(rc->in.arena, rc->idfile);
	return arena_print(rc->in.arena, "%.*s/%.*s", TEXT_ARG(folder),
		TEXT_ARG(rc->idfile.len > 0 ? rc->idfile : text_of(STORE_NAME)));
}

int
fetchmail_accounts(const struct source *source, struct arena *a, struct account_list *out,
	struct err *e)
{
	struct rc rc = {.in = {{source->bytes, 0}, a},
		.out = out,
		.source = source,
		.every_user = {.fastuidl = 4}};
	size_t before = out->n;
	struct text t;
	enum rc_word is;

	(void)e;
	rc.user = rc.every_user;
	while ((is = rc_take(&rc.in, &t)) != RC_END)
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
