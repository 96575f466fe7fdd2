#include "model/format.h"
#include "model/verify.h"

#define SHOWN 120 /* bytes of a value that a message shows */

static int
fail_record(const struct store_check *c, size_t i, const char *what, struct err *e)
{
	char uidl[SHOWN];

	if (i >= c->was->nrecords)
		return err_set(e, ERR_INTERNAL, "verify",
			"%s: the output is not right: record %zu: %s; nothing was "
			"written",
			c->was->source->path, i + 1, what);
	text_escape(store_uidl(c->was, i), uidl, sizeof(uidl));
	return err_set(e, ERR_INTERNAL, "verify",
		"%s: the output is not right: record %zu (%s): %s; nothing was written",
		c->was->source->path, i + 1, uidl, what);
}

static int
fail_account(const struct store_check *c, size_t i, const char *what, struct err *e)
{
	return err_set(e, ERR_INTERNAL, "verify",
		"%s: the output is not right: account %zu: %s; nothing was written",
		c->was->source->path, i + 1, what);
}

/* The bytes between two places; empty if they are in no order. */
static struct text
between(const struct source *src, size_t from, size_t to)
{
	if (from > to || to > src->bytes.len)
		return (struct text){"", 0};
	return (struct text){src->bytes.at + from, to - from};
}

/* The inverse edit must give the input's own bytes. */
static bool
inverse_is_input(
	const struct store *was, enum edit_what what, struct text old, struct span at)
{
	struct text in_file = store_at(was, at);
	struct buf b;
	struct err e;
	bool same;

	if (text_equal(old, in_file))
		return true;
	if (was->format->spell == NULL)
		return false;
	buf_init(&b, SOURCE_MAX);
	same = was->format->spell(was, what, old, &b, &e) == 0 &&
	       text_equal(buf_text(&b), in_file);
	buf_release(&b);
	return same;
}

/*
 * Step over an edited value: since the last one, output and input must be equal. Does
 * for all edits together what applying the inverse edits to the output would show.
 * Readers of spliced formats go through the file in order (store.h).
 */
static const char *
step(struct store_check *c, const struct store *now, enum edit_what what, struct text old,
	struct span was_at, struct span now_at)
{
	if (c->was->format->write != NULL)
		return NULL;
	if (was_at.off < c->was_end || now_at.off < c->now_end)
		return "it is not read in the order of the file";
	if (!text_equal(between(c->was->source, c->was_end, was_at.off),
		    between(now->source, c->now_end, now_at.off)))
		return "bytes before it have changed";
	if (!inverse_is_input(c->was, what, old, was_at))
		return "its old value could not be put back";
	c->was_end = (size_t)was_at.off + was_at.len;
	c->now_end = (size_t)now_at.off + now_at.len;
	return NULL;
}

static const char *
account_value(struct store_check *c, const struct store *now, enum edit_what what,
	const struct edit *edit, const struct value *was, const struct value *is)
{
	if (edit == NULL)
		return text_equal(was->text, is->text) ? NULL : "a value has changed";
	if (!text_equal(edit_text(edit), is->text))
		return "a value is not the new one";
	/* Each of its records has it, and is looked at by itself. */
	if (now->account_in_records)
		return NULL;
	return step(c, now, what, was->text, was->at, is->at);
}

void
verify_account(const struct store *now, const struct account *a)
{
	struct store_check *c = now->check;
	size_t i = c->naccounts++;
	const struct account *was;
	const char *wrong = NULL;

	/* With server_in_records an account is what its records say, and those are looked
	 * at. */
	if (c->failed || now->server_in_records)
		return;
	c->failed = true;
	if (i >= c->was->naccounts) {
		fail_account(c, i, "there was none", &c->err);
		return;
	}
	was = &c->was->accounts[i];
	/* In the order of the file: some clients write user@host. */
	bool user_first = was->user.at.off < was->host.at.off && was->user.at.len > 0;
	for (int k = 0; k < 2 && wrong == NULL; k++)
		if ((k == 0) == user_first)
			wrong = account_value(c, now, EDIT_USER, c->table->of_user[i],
				&was->user, &a->user);
		else
			wrong = account_value(c, now, EDIT_HOST, c->table->of_host[i],
				&was->host, &a->host);
	if (wrong != NULL)
		fail_account(c, i, wrong, &c->err);
	c->failed = wrong != NULL;
}

static size_t
after_prefix(const struct store *s, const struct record *r)
{
	if (!s->account_in_records)
		return r->whole.off;
	return (size_t)r->whole.off + s->accounts[r->account].prefix.len;
}

/* Step over the edited host and user that stand in the record, in their order. */
static const char *
step_account(struct store_check *c, const struct store *now, const struct record *was,
	const struct record *r)
{
	const struct account *a = &c->was->accounts[was->account];
	const struct account *b = &now->accounts[r->account];
	bool user_first = a->user.at.off < a->host.at.off;
	const char *wrong = NULL;

	for (int k = 0; k < 2 && wrong == NULL; k++) {
		bool user = (k == 0) == user_first;
		const struct value *old = user ? &a->user : &a->host;
		const struct value *new = user ? &b->user : &b->host;

		if ((user ? c->table->of_user : c->table->of_host)[was->account] != NULL)
			wrong = step(c, now, user ? EDIT_USER : EDIT_HOST, old->text,
				store_account_at(c->was, was, *old),
				store_account_at(now, r, *new));
	}
	return wrong;
}

/* What stands in the record before and behind its UIDL, without the account. */
static bool
same_around(const struct store *was, const struct record *a, const struct store *now,
	const struct record *b)
{
	size_t a_from = after_prefix(was, a), b_from = after_prefix(now, b);
	size_t a_end = (size_t)a->at.off + a->at.len,
	       b_end = (size_t)b->at.off + b->at.len;
	size_t a_whole = (size_t)a->whole.off + a->whole.len;
	size_t b_whole = (size_t)b->whole.off + b->whole.len;

	if (a->at.off == 0 && a->at.len == 0)
		return text_equal(store_at(was, a->whole), store_at(now, b->whole));
	if (a->at.off < a_from || b->at.off < b_from || a_end > a_whole ||
		b_end > b_whole)
		return false;
	return text_equal(between(was->source, a_from, a->at.off),
		       between(now->source, b_from, b->at.off)) &&
	       text_equal(between(was->source, a_end, a_whole),
		       between(now->source, b_end, b_whole));
}

/* The account of a record that is of a server by itself. */
static const char *
record_server(struct store_check *c, const struct store *now, size_t i,
	const struct record *was, const struct record *r)
{
	const struct account *a = &c->was->accounts[was->account];
	const struct account *b = &now->accounts[r->account];
	const struct edit *edit =
		edit_table_next(c->table, &c->next, i, EDIT_SERVER, a->host.text);

	if (!text_equal(a->user.text, b->user.text))
		return "it has another account";
	if (edit == NULL)
		return text_equal(a->host.text, b->host.text) ? NULL
							      : "its server has changed";
	return text_equal(edit_text(edit), b->host.text)
		       ? NULL
		       : "its server is not the new one";
}

int
verify_record(const struct store *now, const struct record *r, struct err *e)
{
	struct store_check *c = now->check;
	size_t i = c->nrecords++;
	const char *wrong = NULL;

	if (c->failed) {
		*e = c->err;
		return -1;
	}
	if (i >= c->was->nrecords)
		return fail_record(c, i, "there was none", e);
	struct record was = store_record(c->was, i);
	const struct edit *edit =
		edit_table_next(c->table, &c->next, i, EDIT_UIDL, record_uidl(&was));
	struct text want = edit == NULL ? record_uidl(&was) : edit_text(edit);
	if (!text_equal(want, record_uidl(r)))
		return fail_record(c, i,
			edit == NULL ? "its UIDL has changed"
				     : "its UIDL is not the new one",
			e);
	if (now->server_in_records)
		wrong = record_server(c, now, i, &was, r);
	else if (was.account != r->account)
		wrong = "it has another account";
	if (wrong != NULL)
		return fail_record(c, i, wrong, e);
	if (was.state != r->state || was.status != r->status)
		return fail_record(c, i, "its status has changed", e);
	if (was.time != r->time)
		return fail_record(c, i, "its time has changed", e);
	if (c->was->format->write == NULL && !same_around(c->was, &was, now, r))
		return fail_record(c, i, "bytes beside its UIDL have changed", e);
	if (now->account_in_records)
		wrong = step_account(c, now, &was, r);
	if (edit != NULL && wrong == NULL)
		wrong = step(c, now, EDIT_UIDL, record_uidl(&was), was.at, r->at);
	return wrong != NULL ? fail_record(c, i, wrong, e) : 0;
}

static int
finish(const struct store_check *c, const struct store *now, struct err *e)
{
	const struct store *was = c->was;

	if (c->failed) {
		*e = c->err;
		return -1;
	}
	if (c->nrecords != was->nrecords)
		return fail_record(c, c->nrecords, "it is missing", e);
	if (c->naccounts != was->naccounts && !was->server_in_records)
		return fail_account(c, c->naccounts, "it is missing", e);
	if ((!was->adapted && was->merged != now->merged) ||
		was->account_in_records != now->account_in_records ||
		was->server_in_records != now->server_in_records)
		return fail_account(c, 0, "the file reads as another kind", e);
	if (was->format->write == NULL &&
		!text_equal(between(was->source, c->was_end, was->source->bytes.len),
			between(now->source, c->now_end, now->source->bytes.len)))
		return err_set(e, ERR_INTERNAL, "verify",
			"%s: the output is not right: bytes behind the last edit have "
			"changed; nothing was written",
			was->source->path);
	return 0;
}

/* A file that is not spliced must mean the same but for what was edited. */
static int
same_dump(const struct store *was, const struct source *now, struct err *e)
{
	const struct format *f = was->format;
	struct buf before, after;
	size_t at = 0;
	int rc = 0;

	if (f->write == NULL)
		return 0;
	if (f->dump == NULL)
		return err_set(e, ERR_INTERNAL, "verify",
			"%s: the output of this format cannot be compared with its input; "
			"nothing was written",
			was->source->path);
	buf_init(&before, SIZE_MAX);
	buf_init(&after, SIZE_MAX);
	if (f->dump(was->source, &before, e) < 0 || f->dump(now, &after, e) < 0)
		rc = -1;
	else if (!text_equal(buf_text(&before), buf_text(&after))) {
		while (at < before.len && at < after.len && before.at[at] == after.at[at])
			at++;
		rc = err_set(e, ERR_INTERNAL, "verify",
			"%s: the output is not right: more than the edited values has "
			"changed (byte %zu of what the file means); nothing was written",
			was->source->path, at);
	}
	buf_release(&before);
	buf_release(&after);
	return rc;
}

int
verify_output(const struct store *was, const struct edit_table *table, struct text output,
	struct err *e)
{
	/* No digest: nobody asks for it, and it would take longer than the reading. */
	struct source src = {.path = was->source->path, .bytes = output};
	struct store_check check = {.was = was, .table = table};
	struct store now = {.format = was->format, .source = &src, .check = &check};
	int result;

	if (table->n == 0 && !text_equal(output, was->source->bytes))
		return err_set(e, ERR_INTERNAL, "verify",
			"%s: the output differs although nothing was to change; nothing "
			"was written",
			was->source->path);
	src.stat = was->source->stat;
	src.stat.size = output.len;
	result = was->format->read(&now, e);
	if (result == 0)
		result = finish(&check, &now, e) < 0 ? -1 : same_dump(was, &src, e);
	else if (e->kind != ERR_INTERNAL) {
		struct err why = *e;
		err_set(e, ERR_INTERNAL, "verify",
			"the output cannot be read again (%.500s); nothing was written",
			why.message);
	}
	store_release(&now);
	return result;
}
