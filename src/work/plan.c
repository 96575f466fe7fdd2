#include "work/plan_state.h"

#include <stdio.h>
#include <stdlib.h>

void
plan_tombstone(const char *map_id, struct text old_uidl, char out[TOMBSTONE_LEN + 1])
{
	struct hash h = {NULL};
	char hex[65];

	hash_begin(&h);
	hash_add(&h, (struct text){map_id, strlen(map_id) + 1});
	hash_add(&h, old_uidl);
	struct digest d = hash_end(&h);
	hash_release(&h);
	digest_hex(&d, hex);
	snprintf(out, TOMBSTONE_LEN + 1, "reuidl-%.32s", hex);
}

bool
plan_is_tombstone(struct text uidl)
{
	if (uidl.len != TOMBSTONE_LEN || !text_starts(uidl, "reuidl-"))
		return false;
	for (size_t i = 7; i < uidl.len; i++)
		if (memchr("0123456789abcdef", uidl.at[i], 16) == NULL)
			return false;
	return true;
}

static int
make_tombstone(struct planning *ps, size_t record, struct text *to, struct err *e)
{
	struct text uidl = store_uidl(ps->store, record);
	char name[TOMBSTONE_LEN + 1];

	plan_tombstone(ps->info.id, uidl, name);
	for (size_t i = 0; i < ps->nlookalikes; i++)
		if (text_equal(ps->lookalikes[i], text_of(name)))
			return err_set(e, ERR_DATA, "format",
				"a server lists %s, which is a name "
				"that only this run should know; nothing is changed",
				name);
	*to = arena_text(&ps->plan->arena, text_of(name));
	return 0;
}

/* As the client keeps it. */
static struct text
as_kept(struct planning *ps, struct text uidl)
{
	if (ps->store->format->key == NULL)
		return uidl;
	struct text kept = format_kept(ps->store->format, uidl, &ps->key);
	return text_equal(kept, uidl) ? uidl : arena_text(&ps->plan->arena, kept);
}

/* The new UIDLs live in the planning's buffer; the plan takes that over. */
static int
make_edits(struct planning *ps, struct err *e)
{
	struct plan *p = ps->plan;
	size_t want = p->nfate[FATE_RENAMED] + p->nfate[FATE_TOMBSTONE] + 2;

	if (ps->store->server_in_records)
		want += ps->store->nrecords;
	p->edits = must_alloc(want * sizeof(*p->edits));
	for (size_t i = 0; i < ps->store->nrecords; i++) {
		struct text to;

		if (p->fate[i] == FATE_RENAMED)
			to = as_kept(ps, plan_new_uidl(ps, ps->partner[i]));
		else if (p->fate[i] != FATE_TOMBSTONE)
			continue;
		else if (make_tombstone(ps, i, &to, e) < 0)
			return -1;
		p->edits[p->nedits++] = edit_make(EDIT_UIDL, i, to);
	}
	p->texts = ps->texts;
	ps->texts = (struct buf){0};
	return 0;
}

static void
edit_account(struct planning *ps, enum edit_what what, struct value now, struct text to)
{
	struct plan *p = ps->plan;

	if (to.len == 0 || now.at.len == 0 || text_equal(now.text, to))
		return;
	to = arena_text(&p->arena, to);
	p->edits[p->nedits++] = edit_make(what, p->account, to);
	p->host_edited = true;
}

/* Does the record speak of the new server from now on? One that stays as it is does not:
 * under its old server it hides nothing, whatever comes. */
static bool
moves(const struct planning *ps, size_t i)
{
	uint8_t fate = ps->plan->fate[i];

	return store_record(ps->store, i).account == ps->plan->account &&
	       fate != FATE_KEPT && fate != FATE_OTHER;
}

static void
edit_servers(struct planning *ps, struct text to)
{
	struct plan *p = ps->plan;

	if (text_equal_nocase(ps->store->accounts[p->account].host.text, to))
		return;
	to = arena_text(&p->arena, to);
	for (size_t i = 0; i < ps->store->nrecords; i++)
		if (moves(ps, i))
			p->edits[p->nedits++] = edit_make(EDIT_SERVER, i, to);
	p->to_host = to;
	p->host_edited = true;
}

static void
edit_accounts(struct planning *ps)
{
	struct plan *p = ps->plan;
	const struct account *a = &ps->store->accounts[p->account];
	struct who to = plan_target(ps);

	/* What the file does not say is known all the same by now. */
	struct who is = plan_who(ps, p->account);
	if (is.host.len == 0 && is.user.len == 0)
		is = plan_wanted(ps);
	p->from_host = p->to_host = arena_text(&p->arena, is.host);
	p->from_user = p->to_user = arena_text(&p->arena, is.user);
	if (to.host.len == 0)
		to.host = a->host.text;
	if (to.user.len == 0)
		to.user = a->user.text;
	/* Two blocks of one account would be merged by the client. */
	for (size_t i = 0; i < ps->store->naccounts; i++)
		if (i != p->account && who_equal(plan_who(ps, i), to))
			return;
	if (ps->store->server_in_records) {
		edit_servers(ps, to.host);
		return;
	}
	edit_account(ps, EDIT_HOST, a->host, to.host);
	edit_account(ps, EDIT_USER, a->user, to.user);
	if (a->host.at.len > 0)
		p->to_host = arena_text(&p->arena, to.host);
	if (a->user.at.len > 0)
		p->to_user = arena_text(&p->arena, to.user);
}

static void
prepare(struct planning *ps)
{
	size_t n = ps->store->nrecords;
	struct plan *p = ps->plan;

	p->fate = must_alloc(n);
	p->why = must_alloc(n);
	p->will_delete = must_alloc(n);
	p->evidence = must_alloc(n);
	memset(p->evidence, EVIDENCE_NONE, n);
	ps->seats = must_alloc(n * sizeof(*ps->seats));
	for (size_t i = 0; i < n; i++) {
		struct seat *seat = &ps->seats[i];

		seat->in_new = seat->partner = MATCH_NONE;
		if (store_record(ps->store, i).account == p->account)
			seat->flags = SEAT_MINE | SEAT_SEEN;
		else if (ps->store->merged)
			seat->flags = SEAT_SEEN;
	}
}

/* Was this run of the move that is planned? Its account is the store's of that time. */
static bool
is_of_this_move(const struct planning *ps, const struct journal_file *f)
{
	const struct map_side *old = &ps->info.side[SIDE_OLD];
	struct who was = who_parse(f->account);

	return who_equal(was, who_of(old->user, old->host)) ||
	       who_equal(was, plan_wanted(ps));
}

static int
look_back(struct planning *ps, struct journal *j, struct err *e)
{
	struct journal_file *files;
	size_t n;

	if (j == NULL)
		return 0;
	if (journal_files(j, &ps->plan->arena, false, &files, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		const struct journal_file *f = &files[i];
		bool ours = is_of_this_move(ps, f);

		if (f->undoes != 0)
			continue;
		if (ours) {
			ps->map_ids = array_grow(ps->map_ids, &ps->map_ids_cap,
				ps->nmap_ids + 1, sizeof(*ps->map_ids));
			ps->map_ids[ps->nmap_ids++] = f->map_id;
		}
		/* Where --account names the store, nobody knows what it was called then. */
		if ((f->state == JOURNAL_DONE || f->state == JOURNAL_FORGOTTEN) &&
			(ours || ps->options->account != NULL) &&
			strcmp(journal_path(f), ps->store->source->path) == 0)
			ps->written_before = true;
	}
	return 0;
}

/* Whatever the records are now, this map has done its work on them. */
static void
say_already(struct planning *ps)
{
	struct plan *p = ps->plan;

	for (size_t i = 0; i < ps->store->nrecords; i++)
		p->fate[i] = ps->seats[i].in_new != MATCH_NONE ? FATE_NEW : FATE_KEPT;
	plan_foresee(ps);
	p->state = PLAN_ALREADY;
}

static int
make(struct planning *ps, struct journal *j, struct err *e)
{
	struct plan *p = ps->plan;
	bool applied = false;

	if (map_info(ps->map, &p->arena, &ps->info, e) < 0 || look_back(ps, j, e) < 0)
		return -1;
	p->map_age = ps->options->now - ps->info.matched;
	if (j != NULL &&
		journal_applied(j, ps->store->source->path, ps->info.id, &applied, e) < 0)
		return -1;
	if (!applied && (plan_choose_account(ps) < 0 || plan_check_target(ps) < 0 ||
				plan_check_age(ps) < 0 || plan_check_into(ps) < 0))
		return 0;
	prepare(ps);
	if (plan_seat(ps, j, e) < 0)
		return -1;
	if (applied) {
		say_already(ps);
		return 0;
	}
	plan_copies(ps);
	if (plan_check_overlap(ps) < 0 || plan_check_contested(ps, e) < 0 ||
		plan_check_local_mail(ps) < 0)
		return p->state == PLAN_REFUSED ? 0 : -1;
	plan_decide(ps);
	if (plan_check_servers(ps) < 0)
		return 0;
	plan_foresee(ps);
	plan_unseat(ps);
	if (make_edits(ps, e) < 0)
		return -1;
	edit_accounts(ps);
	if (plan_rename(ps, e) < 0)
		return -1;
	/* A copy is wanted even if nothing in it differs. */
	p->state = p->nedits > 0 || p->to_name.len > 0 || ps->options->into != NULL
			   ? PLAN_READY
			   : PLAN_UNCHANGED;
	return 0;
}

int
plan_make(struct plan *p, const struct store *s, const struct settings *settings,
	struct map *m, struct journal *j, const struct plan_options *o, struct err *e)
{
	struct planning ps = {
		.plan = p, .store = s, .settings = settings, .map = m, .options = o};
	int rc;

	ps.after = o->into != NULL ? o->into : settings;
	*p = (struct plan){.settings = *ps.after};
	rc = make(&ps, j, e);
	plan_state_release(&ps);
	if (rc < 0)
		plan_release(p);
	return rc;
}

void
plan_release(struct plan *p)
{
	free(p->edits);
	free(p->fate);
	free(p->why);
	free(p->will_delete);
	free(p->evidence);
	buf_release(&p->texts);
	arena_free(&p->arena);
	*p = (struct plan){0};
}
