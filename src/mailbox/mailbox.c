#include "mailbox/kind.h"
#include "mailbox/sasl.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/os.h"

static const struct mailbox_kind *const kinds[] = {&mailbox_pop3, &mailbox_pop3s,
	&mailbox_imap, &mailbox_imaps, &mailbox_local, &mailbox_captured,
	&mailbox_maildir, &mailbox_mbox, NULL};

const struct mailbox_kind *
mailbox_kind_named(const char *scheme)
{
	for (size_t i = 0; kinds[i] != NULL; i++) {
		if (strcmp(kinds[i]->scheme, scheme) == 0)
			return kinds[i];
	}
	return NULL;
}

const char *
mailbox_option(const struct mailbox_options *o)
{
	struct text name = text_of(o->name);

	if (text_starts(name, "old"))
		return "--old-";
	return text_starts(name, "new") ? "--new-" : "--";
}

void
mailbox_note(struct mailbox *m, const char *fmt, ...)
{
	char note[512], safe[768];
	va_list args;

	va_start(args, fmt);
	vsnprintf(note, sizeof(note), fmt, args);
	va_end(args);
	text_escape(text_of(note), safe, sizeof(safe));
	for (size_t i = 0; i < m->nnotes; i++) {
		if (strcmp(m->notes[i], safe) == 0)
			return;
	}
	m->notes = array_grow(m->notes, &m->notes_cap, m->nnotes + 1, sizeof(*m->notes));
	m->notes[m->nnotes++] = arena_string(&m->listing.arena, text_of(safe));
}

void
waiting_add(struct waiting *w, curl_socket_t fd, bool to_read, bool to_write)
{
	w->fds = array_grow(w->fds, &w->cap, w->n + 1, sizeof(*w->fds));
	w->fds[w->n++] = (struct curl_waitfd){.fd = fd,
		.events = (short)((to_read ? CURL_WAIT_POLLIN : 0) |
				  (to_write ? CURL_WAIT_POLLOUT : 0))};
}

void
waiting_until(struct waiting *w, double seconds)
{
	int ms = seconds <= 0 ? 0 : (int)(seconds * 1000) + 1;

	if (ms < w->ms)
		w->ms = ms;
}

enum step
turn_end(struct mailbox_job *job, int rc, bool done, struct waiting *w)
{
	if (rc < 0 || done) {
		job->what = JOB_NONE;
		return rc < 0 ? STEP_FAILED : STEP_DONE;
	}
	waiting_until(w, 0);
	return STEP_WAIT;
}

static bool
fingerprint_is_whole(const char *f)
{
	size_t digits = 0;

	for (; *f != '\0'; f++) {
		if (strchr("0123456789abcdefABCDEF", *f) != NULL)
			digits++;
		else if (*f != ':' && *f != ' ')
			return false;
	}
	return digits == 64;
}

int
mailbox_init(struct mailbox *m, const struct mailbox_options *o, struct err *e)
{
	*m = (struct mailbox){.options = *o};
	m->kind = mailbox_kind_named(o->url.scheme);
	if (m->kind == NULL)
		return err_set(e, ERR_USAGE, "", "%s: %s:// is not known", o->name,
			o->url.scheme);
	if (sasl_check(o, e) < 0)
		return -1;
	if (o->fingerprint != NULL && !fingerprint_is_whole(o->fingerprint))
		return err_set(e, ERR_USAGE, "",
			"want %sfingerprint=SHA256: 64 hex digits, with or without "
			"colons",
			mailbox_option(o));
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return err_set(e, ERR_INTERNAL, "", "libcurl cannot be started");
	m->account = arena_string(&m->listing.arena,
		text_of(o->authzid != NULL ? o->authzid : o->url.user));
	m->scheme = o->url.scheme;
	m->port = o->url.port;
	m->state = m->kind->create(m);
	return 0;
}

static int
step_all(struct mailbox *const *m, size_t n, struct waiting *w, bool *done, struct err *e)
{
	*done = true;
	w->n = 0;
	w->ms = 60000;
	for (size_t k = 0; k < n; k++) {
		enum step step =
			m[k]->state != NULL ? m[k]->kind->step(m[k], w, e) : STEP_DONE;
		if (step == STEP_FAILED)
			return -1;
		*done = *done && step == STEP_DONE;
	}
	return 0;
}

/* Until all are through, or one has failed. `until` 0: without end. */
static int
run(struct mailbox *const *m, size_t n, double until, struct err *e)
{
	/* Never holds a transfer: it is only there for its poll(). */
	CURLM *waiter = curl_multi_init();
	struct waiting w = {0};
	bool done = false;
	int result = 0;

	if (waiter == NULL)
		return err_set(e, ERR_INTERNAL, "", "libcurl cannot be started");
	while (result == 0 && !done) {
		result = step_all(m, n, &w, &done, e);
		if (until > 0) {
			if (os_seconds() > until)
				break;
			waiting_until(&w, until - os_seconds());
		}
		if (result == 0 && !done)
			curl_multi_poll(waiter, w.fds, (unsigned)w.n, w.ms, NULL);
	}
	curl_multi_cleanup(waiter);
	free(w.fds);
	return result;
}

static int
run_job(struct mailbox *const *m, size_t n, struct mailbox_job job, uint8_t *const *want,
	struct err *e)
{
	for (size_t k = 0; k < n; k++) {
		job.want = want != NULL ? want[k] : NULL;
		if (m[k]->kind->start(m[k], &job, e) < 0)
			return -1;
	}
	return run(m, n, 0, e);
}

int
mailbox_open(struct mailbox *const *m, size_t n, const struct watch *w, struct err *e)
{
	return run_job(m, n, (struct mailbox_job){.what = JOB_OPEN, .watch = w}, NULL, e);
}

int
mailbox_headers(struct mailbox *const *m, size_t n, uint8_t *const *want,
	mailbox_sink sink, void *arg, const struct watch *w, struct err *e)
{
	struct mailbox_job job = {
		.what = JOB_HEADERS, .sink = sink, .arg = arg, .watch = w};

	return run_job(m, n, job, want, e);
}

int
mailbox_headers_told(struct mailbox *const *m, size_t n, uint8_t *const *want,
	mailbox_sink sink, mailbox_describe_sink describe, void *arg,
	const struct watch *w, struct err *e)
{
	struct mailbox_job job = {.what = JOB_HEADERS,
		.sink = sink,
		.describe = describe,
		.arg = arg,
		.watch = w};

	return run_job(m, n, job, want, e);
}

int
mailbox_bodies(struct mailbox *const *m, size_t n, uint8_t *const *want,
	mailbox_sink sink, void *arg, const struct watch *w, struct err *e)
{
	struct mailbox_job job = {
		.what = JOB_BODIES, .sink = sink, .arg = arg, .watch = w};

	return run_job(m, n, job, want, e);
}

int
mailbox_describe(struct mailbox *const *m, size_t n, uint8_t *const *want,
	mailbox_describe_sink sink, void *arg, const struct watch *w, struct err *e)
{
	struct mailbox_job job = {
		.what = JOB_DESCRIBE, .describe = sink, .arg = arg, .watch = w};

	return run_job(m, n, job, want, e);
}

/* How long a server may take for its goodbye. */
#define QUIT_SECONDS 3

void
mailbox_close(struct mailbox *const *m, size_t n)
{
	struct mailbox_job job = {.what = JOB_QUIT};
	struct err e;

	/* One that fails must not keep the others from their QUIT: it steps as done. */
	for (size_t k = 0; k < n; k++) {
		if (m[k]->state != NULL)
			m[k]->kind->start(m[k], &job, &e);
	}
	run(m, n, os_seconds() + QUIT_SECONDS, &e);
}

void
mailbox_release(struct mailbox *m)
{
	if (m->state != NULL) {
		m->kind->destroy(m);
		curl_global_cleanup();
	}
	m->state = NULL;
	free(m->notes);
	listing_release(&m->listing);
	m->notes = NULL;
	m->nnotes = m->notes_cap = 0;
	m->account = NULL;
}
