/* The changed records of a planned store, in the manner of diff -u. */
#include "cmd/stores.h"

/* Changed lines shown without --all; support staff want to see the kind of change. */
#define LINES_MAX 12

static void
print_line(struct console *c, char sign, struct text t)
{
	char safe[2048];

	out_colour(c, sign, "%c%s", sign, text_escape(t, safe, sizeof(safe)));
}

/* Where a line begins and ends around a place. */
static struct text
line_around(struct text bytes, struct span at)
{
	size_t from = at.off, to = at.off + at.len;

	while (from > 0 && bytes.at[from - 1] != '\n')
		from--;
	while (to < bytes.len && bytes.at[to] != '\n' && bytes.at[to] != '\r')
		to++;
	return (struct text){bytes.at + from, to - from};
}

static struct span
place_of(const struct store *s, const struct edit *e)
{
	switch (e->what) {
	case EDIT_HOST:
		return s->accounts[e->index].host.at;
	case EDIT_USER:
		return s->accounts[e->index].user.at;
	default:
		return store_record(s, e->index).at;
	}
}

struct lines {
	struct console *c;
	const struct store *s;
	size_t off, line; /* line number at an offset, counted on */
	const char
		*last; /* end of the line shown last: what follows belongs to its hunk */
	/* What changes in every record, where the account stands in each. */
	const struct edit *account;
	size_t naccount;
};

/* A line as it is and as it will be. */
struct two {
	struct buf before, after;
};

static size_t
line_number(struct lines *l, size_t off)
{
	if (off < l->off)
		l->off = l->line = 0;
	for (; l->off < off; l->off++)
		l->line += l->s->source->bytes.at[l->off] == '\n';
	return l->line + 1;
}

static enum redact_kind
kind_of(const struct edit *e)
{
	return e->what == EDIT_HOST   ? REDACT_HOST
	       : e->what == EDIT_USER ? REDACT_USER
				      : REDACT_UIDL;
}

/* In the client's spelling. */
static void
add_new(struct lines *l, struct buf *b, const struct edit *e)
{
	const struct format *f = l->s->format;
	size_t before = b->len;
	struct err ignored;

	if (f->spell != NULL && f->spell(l->s, e->what, edit_text(e), b, &ignored) == 0)
		return;
	b->len = before;
	buf_add(b, edit_text(e));
}

/* What an edit replaces, and by what; where that ends. */
static size_t
add_edit(struct lines *l, struct two *b, const struct edit *e, size_t done,
	struct span place)
{
	struct text bytes = l->s->source->bytes;
	struct text as_it_is = {bytes.at + done, place.off - done};
	struct redact *redact = l->c->redact;

	buf_add(&b->before, as_it_is);
	buf_add(&b->after, as_it_is);
	if (redact == NULL) {
		buf_add(&b->before, (struct text){bytes.at + place.off, place.len});
		add_new(l, &b->after, e);
	} else {
		enum redact_kind kind = kind_of(e);
		buf_add(&b->before,
			text_of(redact_token(redact, kind, store_value(l->s, e))));
		buf_add(&b->after, text_of(redact_token(redact, kind, edit_text(e))));
	}
	return (size_t)place.off + place.len;
}

/* The account at the start of a record, as far as it changes; where it ends. */
static size_t
add_account(struct lines *l, struct two *b, const struct edit *e, size_t done)
{
	struct record r = store_record(l->s, e->index);
	const struct edit *at[2] = {NULL, NULL};

	if (e->what != EDIT_UIDL)
		return done;
	for (size_t i = 0; i < l->naccount; i++)
		if (l->account[i].index == r.account)
			at[l->account[i].what == EDIT_HOST] = &l->account[i];
	const struct account *a = &l->s->accounts[r.account];
	bool host_first = a->host.at.off < a->user.at.off;
	for (int k = 0; k < 2; k++) {
		const struct edit *edit = at[(k == 0) == host_first];
		if (edit == NULL)
			continue;
		struct span place = store_account_at(
			l->s, &r, edit->what == EDIT_HOST ? a->host : a->user);
		done = add_edit(l, b, edit, done, place);
	}
	return done;
}

/* One line of a text file with the edits that lie in it; returns how many did. */
static size_t
show_line(struct lines *l, const struct edit *edits, size_t n)
{
	struct text bytes = l->s->source->bytes;
	struct span at = place_of(l->s, &edits[0]);
	struct text line = line_around(bytes, at);
	size_t from = (size_t)(line.at - bytes.at), done = from, used = 0;
	struct two b;

	buf_init(&b.before, 1 << 16);
	buf_init(&b.after, 1 << 16);
	for (; used < n; used++) {
		at = place_of(l->s, &edits[used]);
		if (at.off < done || at.off + at.len > from + line.len)
			break;
		if (l->naccount > 0)
			done = add_account(l, &b, &edits[used], done);
		done = add_edit(l, &b, &edits[used], done, at);
	}
	struct text rest = {bytes.at + done, from + line.len - done};
	buf_add(&b.before, rest);
	buf_add(&b.after, rest);
	if (l->last == NULL || line.at - l->last > 2 || line.at < l->last)
		out_colour(l->c, '@', "@@ line %zu @@", line_number(l, from));
	l->last = line.at + line.len;
	print_line(l->c, '-', buf_text(&b.before));
	print_line(l->c, '+', buf_text(&b.after));
	buf_release(&b.before);
	buf_release(&b.after);
	return used > 0 ? used : 1;
}

static size_t
show_record(struct lines *l, const struct edit *e)
{
	static const char *const names[] = {
		"record", "host of account", "user of account"};

	out_colour(l->c, '@', "@@ %s %u @@", names[e->what], e->index + 1);
	char safe[2][2048];
	enum redact_kind kind = kind_of(e);

	out_colour(l->c, '-', "-%s",
		console_show(l->c, kind, store_value(l->s, e), safe[0], sizeof(safe[0])));
	out_colour(l->c, '+', "+%s",
		console_show(l->c, kind, edit_text(e), safe[1], sizeof(safe[1])));
	return 1;
}

void
show_hunks(struct run *r, const struct job *j)
{
	const struct plan *p = &j->plan;
	struct lines l = {.c = r->console, .s = &j->store};
	struct text bytes = j->store.source->bytes;
	bool binary = bytes.len > 0 && memchr(bytes.at, '\0', bytes.len) != NULL;
	size_t max = r->options->all ? SIZE_MAX : LINES_MAX, shown = 0;
	size_t accounts = 0;

	out_colour(r->console, '!', "--- %s", j->target.path);
	out_colour(r->console, '!', "+++ %s (planned)",
		j->into.path != NULL ? j->into.path : j->target.path);
	/* The account's edits stand last in the plan and first in the file. */
	while (accounts < p->nedits &&
		p->edits[p->nedits - 1 - accounts].what != EDIT_UIDL)
		accounts++;
	if (j->store.account_in_records && accounts < p->nedits) {
		l.account = &p->edits[p->nedits - accounts];
		l.naccount = accounts;
	}
	/* That the servers of records change is said above, in one line. */
	for (size_t i = p->nedits - accounts;
		i < p->nedits && l.naccount == 0 && !j->store.server_in_records;)
		i += binary ? show_record(&l, &p->edits[i])
			    : show_line(&l, &p->edits[i], p->nedits - i);
	for (size_t i = 0; i < p->nedits - accounts && shown < max; shown++)
		i += binary ? show_record(&l, &p->edits[i])
			    : show_line(&l, &p->edits[i], p->nedits - accounts - i);
	if (p->nedits - accounts > shown)
		out(r->console,
			"… and %zu more changed records (--all shows every one)\n",
			p->nedits - accounts - shown);
}
