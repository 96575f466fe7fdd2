/*
 * After conf.c and mpop.c of mpop 1.4 and its manual page: a command a line, its argument
 * possibly in double quotes; '#' begins a line of comment.
 */
#include "model/mpoprc.h"

#include <stdlib.h>

#define DEFAULT_FILE "~/.mpop_uidls/%U_at_%H"

enum field { HOST, USER, FILE_NAME, PORT, TLS, STARTTLS, KEEP, NFIELDS };

static const struct {
	const char *name, *value; /* of mpop's own */
} fields[NFIELDS] = {
	[HOST] = {"host", ""},
	[USER] = {"user", ""},
	[FILE_NAME] = {"uidls_file", DEFAULT_FILE},
	[PORT] = {"port", ""},
	[TLS] = {"tls", "off"},
	[STARTTLS] = {"tls_starttls", "on"},
	[KEEP] = {"keep", "off"},
};

struct mpop_account {
	struct text id, value[NFIELDS];
	bool set[NFIELDS]; /* in this account or one that it is made from */
};

struct rc {
	struct arena *arena;
	struct mpop_account *at, defaults;
	size_t n, cap;
	struct mpop_account *now; /* what commands are of; NULL: of nothing yet */
};

static struct text
without_quotes(struct text t)
{
	t = text_trim(t);
	if (t.len >= 2 && t.at[0] == '"' && t.at[t.len - 1] == '"')
		return (struct text){t.at + 1, t.len - 2};
	return t;
}

static const struct mpop_account *
account_named(const struct rc *rc, struct text id)
{
	for (size_t i = 0; i < rc->n; i++)
		if (text_equal(rc->at[i].id, id))
			return &rc->at[i];
	return NULL;
}

/* What the accounts of the list set; false if one of them is not there. */
static bool
inherit(struct rc *rc, struct mpop_account *to, struct text list)
{
	struct cursor c = {list, 0};
	struct text name;

	while (c.off < list.len) {
		if (!take_until(&c, ',', &name)) {
			name = (struct text){list.at + c.off, list.len - c.off};
			c.off = list.len;
		}
		const struct mpop_account *from = account_named(rc, without_quotes(name));
		if (from == NULL)
			return false;
		for (int i = 0; i < NFIELDS; i++)
			if (from->set[i]) {
				to->value[i] = from->value[i];
				to->set[i] = true;
			}
	}
	return true;
}

/* "NAME" or "NAME : OTHER, OTHER" */
static bool
begin_account(struct rc *rc, struct text arg)
{
	struct mpop_account new = rc->defaults;
	size_t colon = text_find(arg, ':');

	memset(new.set, 0, sizeof(new.set));
	new.id = without_quotes((struct text){arg.at, colon});
	if (colon < arg.len &&
		!inherit(
			rc, &new, (struct text){arg.at + colon + 1, arg.len - colon - 1}))
		return false;
	rc->at = array_grow(rc->at, &rc->cap, rc->n + 1, sizeof(*rc->at));
	rc->at[rc->n] = new;
	rc->now = &rc->at[rc->n++];
	return true;
}

static bool
understand(struct rc *rc, struct text command, struct text arg)
{
	if (text_equal(command, text_of("eval")))
		return false;
	if (text_equal(command, text_of("defaults"))) {
		rc->now = &rc->defaults;
		return true;
	}
	if (text_equal(command, text_of("account")))
		return begin_account(rc, arg);
	for (int i = 0; i < NFIELDS; i++)
		if (text_equal(command, text_of(fields[i].name))) {
			if (rc->now == NULL)
				return false;
			rc->now->value[i] = arg;
			rc->now->set[i] = true;
		}
	return true;
}

static bool
read_lines(struct rc *rc, struct text bytes)
{
	struct cursor c = {bytes, 0};
	struct text line, command;

	while (take_line(&c, &line)) {
		struct cursor words = {line, 0};
		if (!take_word(&words, &command) || command.at[0] == '#')
			continue;
		struct text arg = {line.at + words.off, line.len - words.off};
		if (!understand(rc, command, without_quotes(arg)))
			return false;
	}
	return true;
}

/* ~/.mpoprc, or ~/.config/mpop/config */
static struct text
home_of(const struct source *src)
{
	static const char *const names[] = {"/.config/mpop/config", "/.mpoprc"};
	struct text path = text_of(src->path);

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (text_ends(path, names[i]))
			return (struct text){path.at, path.len - strlen(names[i])};
	return (struct text){path.at, 0};
}

/* Where the account's UIDLs are; NULL: from where mpop is started, nobody knows. */
static const char *
store_of(const struct rc *rc, const struct mpop_account *a, struct text home)
{
	struct text name = a->value[FILE_NAME];
	struct buf b;

	buf_init(&b, 4096);
	for (size_t i = 0; i < name.len; i++) {
		char next = i + 1 < name.len ? name.at[i + 1] : '\0';
		if (i == 0 && name.at[0] == '~')
			buf_add(&b, home);
		else if (name.at[i] == '%' && (next == 'U' || next == 'H')) {
			buf_add(&b, a->value[next == 'U' ? USER : HOST]);
			i++;
		} else
			buf_byte(&b, name.at[i]);
	}
	const char *path = b.len > 0 && b.at[0] == '/' && !b.full
				   ? arena_string(rc->arena, buf_text(&b))
				   : NULL;
	buf_release(&b);
	return path;
}

/* "" is "on"; -1: neither. */
static int
switched(struct text t)
{
	if (t.len == 0 || text_equal(t, text_of("on")))
		return 1;
	return text_equal(t, text_of("off")) ? 0 : -1;
}

static bool
list_account(const struct rc *rc, const struct mpop_account *a, struct text home,
	struct account_list *out)
{
	int keep = switched(a->value[KEEP]), tls = switched(a->value[TLS]),
	    starttls = switched(a->value[STARTTLS]);
	const char *store = store_of(rc, a, home);
	uint64_t port = 0;

	if (keep < 0 || tls < 0 || starttls < 0 ||
		(a->value[PORT].len > 0 &&
			(!text_number(a->value[PORT], &port) || port > UINT16_MAX)))
		return false;
	if (store == NULL || a->value[HOST].len == 0 || a->value[USER].len == 0)
		return true;
	if (port == 0)
		port = tls == 1 && starttls == 0 ? 995 : 110;
	out->at = array_grow(out->at, &out->cap, out->n + 1, sizeof(*out->at));
	out->at[out->n++] = (struct listed_account){
		.store = store,
		.server = arena_string(rc->arena, a->id),
		.settings = {.known = true,
			.host = arena_text(rc->arena, a->value[HOST]),
			.user = arena_text(rc->arena, a->value[USER]),
			.port = (uint32_t)port,
			.leave_on_server = keep == 1,
			.key = arena_text(rc->arena, a->id)},
	};
	return true;
}

int
mpop_accounts(const struct source *src, struct arena *arena, struct account_list *out,
	struct err *e)
{
	struct rc rc = {.arena = arena};
	struct text home = home_of(src);
	size_t before = out->n;

	(void)e;
	for (int i = 0; i < NFIELDS; i++)
		rc.defaults.value[i] = text_of(fields[i].value);
	bool understood = read_lines(&rc, src->bytes);
	for (size_t i = 0; i < rc.n && understood; i++)
		understood = list_account(&rc, &rc.at[i], home, out);
	if (!understood)
		out->n = before;
	free(rc.at);
	return 0;
}
