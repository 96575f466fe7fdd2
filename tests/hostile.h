/* Start tests/hostile_pop3.py, or HOSTILE_SCRIPT with HOSTILE_SCHEME, ask it as reuidl
 * would, and keep what came. */
#ifndef TESTS_HOSTILE_H
#define TESTS_HOSTILE_H

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/os.h"
#include "mailbox/mailbox.h"

#ifndef HOSTILE_SCRIPT
#define HOSTILE_SCRIPT "tests/hostile_pop3.py"
#define HOSTILE_SCHEME "pop3"
#endif
#define HOSTILE_MOST 4000

struct hostile {
	pid_t pid;
	FILE *from; /* its standard output */
	int to;	    /* its standard input: it ends when this is closed */
	unsigned port;
	char seen[2000];

	struct mailbox mailbox;
	struct mailbox_options options;
	struct watch watch;
	struct arena arena;
	struct err e;
	size_t n, times[HOSTILE_MOST]; /* by index */
	struct evidence evidence[HOSTILE_MOST];
	char subjects[HOSTILE_MOST][40];
	char said[8000], notes[8000];
};

static void
hostile_say(void *arg, const char *sentence)
{
	struct hostile *h = arg;
	size_t n = strlen(h->said);

	snprintf(h->said + n, sizeof(h->said) - n, "%s\n", sentence);
}

/* `behaviour` is NAME=VALUE;NAME;… */
static void
hostile_start(struct hostile *h, const char *behaviour)
{
	char line[1000], *words[40] = {"python3", HOSTILE_SCRIPT};
	int in[2], out[2], n = 2;

	snprintf(line, sizeof(line), "%s", behaviour);
	for (char *at = line; *at != '\0' && n < 39;) {
		words[n++] = at;
		at += strcspn(at, ";");
		if (*at != '\0')
			*at++ = '\0';
	}
	memset(h, 0, sizeof(*h));
	cr_assert(pipe(in) == 0 && pipe(out) == 0);
	h->pid = fork();
	if (h->pid == 0) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		close(in[1]);
		close(out[0]);
		execvp(words[0], words);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	h->to = in[1];
	h->from = fdopen(out[0], "r");
	cr_assert(fgets(line, sizeof(line), h->from) != NULL, "the server fails");
	h->port = (unsigned)strtoul(line, NULL, 10);
	h->watch = (struct watch){.say = hostile_say, .arg = h};
	h->options = (struct mailbox_options){.name = "old server",
		.password = "secret",
		.tls = TLS_OFF,
		.pipelining = true,
		.silence = 1};
	h->options.url = (struct mailbox_url){.scheme = HOSTILE_SCHEME,
		.user = "u",
		.host = "127.0.0.1",
		.port = (uint16_t)h->port};
}

/* Stop the server and read what it has seen. */
static void
hostile_stop(struct hostile *h)
{
	close(h->to);
	if (fgets(h->seen, sizeof(h->seen), h->from) == NULL)
		h->seen[0] = '\0';
	fclose(h->from);
	waitpid(h->pid, NULL, 0);
	/* Whatever a test is about: nothing was changed, no message read as read. */
	cr_assert(h->seen[0] != '\0');
	cr_assert(strstr(h->seen, "DELE") == NULL && strstr(h->seen, "RETR") == NULL);
}

static inline int
hostile_take(void *arg, struct mailbox *m, size_t index, const struct evidence *ev,
	struct err *e)
{
	struct hostile *h = arg;

	(void)e;
	cr_assert(index < m->listing.n && index < HOSTILE_MOST);
	h->n++;
	h->times[index]++;
	h->evidence[index] = *ev;
	message_learn(&m->listing.at[index], ev);
	return 0;
}

static inline int
hostile_describe(
	void *arg, struct mailbox *m, size_t index, const struct text v[3], struct err *e)
{
	struct hostile *h = arg;

	(void)m;
	(void)e;
	h->n++;
	snprintf(h->subjects[index], sizeof(h->subjects[index]), "%.*s", TEXT_ARG(v[2]));
	return 0;
}

static int
hostile_open(struct hostile *h)
{
	struct mailbox *m = &h->mailbox;

	if (mailbox_init(m, &h->options, &h->e) < 0)
		return -1;
	return mailbox_open(&m, 1, &h->watch, &h->e);
}

static int
hostile_headers(struct hostile *h)
{
	struct mailbox *m = &h->mailbox;

	return mailbox_headers(&m, 1, NULL, hostile_take, h, &h->watch, &h->e);
}

/* Open and read all headers; the first failure's result. */
static int
hostile_run(struct hostile *h)
{
	return hostile_open(h) < 0 ? -1 : hostile_headers(h);
}

static void
hostile_end(struct hostile *h)
{
	struct mailbox *m = &h->mailbox;

	mailbox_close(&m, 1);
	hostile_stop(h);
	for (size_t i = 0, at = 0; i < m->nnotes; i++)
		at += (size_t)snprintf(
			h->notes + at, sizeof(h->notes) - at, "%s\n", m->notes[i]);
	mailbox_release(m);
	arena_free(&h->arena);
}

/* What header(k) of the server is long, with the empty line behind it. */
static inline size_t
hostile_octets(size_t k)
{
	return (size_t)snprintf(NULL, 0, "Message-ID: <%zu@example.org>\r\n", k) +
	       strlen("Date: Mon, 1 Jan 2024 00:00:00 +0000\r\n"
		      "From: A <a@example.org>\r\nSubject: message 1\r\nX-Pad: ") +
	       k + 1 + strlen("\r\n\r\n");
}

/* Every message arrived once, and each with its own header. */
static inline void
hostile_all_right(const struct hostile *h, size_t n)
{
	cr_assert_eq(h->mailbox.listing.n, n);
	cr_assert_eq(h->n, n);
	for (size_t i = 0; i < n; i++) {
		cr_assert_eq(
			h->times[i], 1, "message %zu came %zu times", i, h->times[i]);
		cr_assert(h->evidence[i].flags & MESSAGE_HEADER, "message %zu", i);
		cr_assert_eq(h->evidence[i].header_octets, hostile_octets(i),
			"message %zu was given another's header", i);
	}
}

#define hostile_fails(h, wanted, words)                                                  \
	do {                                                                             \
		cr_expect_eq((h)->e.kind, wanted, "kind %d: %s", (h)->e.kind,            \
			(h)->e.message);                                                 \
		cr_expect(strstr((h)->e.message, words) != NULL, "%s", (h)->e.message);  \
	} while (0)

#endif
