/*
 * session_driver PORT USER PASSWORD KIND: what `reuidl capture` asks of a mailbox at
 * 127.0.0.1, with a patience of one second instead of sixty; for the transcripts in
 * which a server falls silent (tests/sessions_cases.py). Says the same and ends with the
 * same exit code.
 */
#include <stdio.h>
#include <stdlib.h>

#include "mailbox/mailbox.h"

static void
say(void *arg, const char *sentence)
{
	(void)arg;
	fprintf(stderr, "%s\n", sentence);
}

static int
take(void *arg, struct mailbox *m, size_t index, const struct evidence *ev, struct err *e)
{
	size_t *n = arg;

	(void)m;
	(void)index;
	(void)e;
	*n += (ev->flags & (MESSAGE_HEADER | MESSAGE_NO_HEADER)) == MESSAGE_HEADER;
	return 0;
}

/* interface.md; src/cmd/main.c has them all. */
static int
exit_code(enum err_kind kind)
{
	return kind == ERR_UNREACHABLE ? 69
	       : kind == ERR_BUSY      ? 75
	       : kind == ERR_PROTOCOL  ? 76
	       : kind == ERR_LOGIN     ? 77
				       : 70;
}

int
main(int argc, char **argv)
{
	struct mailbox box = {0}, *boxes = &box;
	struct watch watch = {.say = say};
	struct mailbox_options o = {
		.name = "server", .tls = TLS_OFF, .pipelining = true, .silence = 1};
	struct err e;
	size_t headers = 0;
	int rc;

	if (argc != 5)
		return 64;
	o.password = argv[3];
	o.url = (struct mailbox_url){.scheme = argv[4],
		.user = argv[2],
		.host = "127.0.0.1",
		.port = (uint16_t)strtoul(argv[1], NULL, 10)};
	if (strcmp(argv[4], "imap") == 0) {
		o.uidl_rule = "{u:08x}{v:08x}";
		o.trust_rule = o.no_pop3 = true;
	}
	rc = mailbox_init(&box, &o, &e);
	if (rc == 0)
		rc = mailbox_open(&boxes, 1, &watch, &e);
	if (rc == 0)
		rc = mailbox_headers(&boxes, 1, NULL, take, &headers, &watch, &e);
	if (rc == 0)
		mailbox_close(&boxes, 1);
	for (size_t i = 0; i < box.nnotes; i++)
		fprintf(stderr, "%s\n", box.notes[i]);
	if (rc < 0)
		fprintf(stderr, "%s\n", e.message);
	else
		printf("%zu messages: %zu headers, 0 bodies\n", box.listing.n, headers);
	mailbox_release(&box);
	return rc < 0 ? exit_code(e.kind) : 0;
}
