#include "cmd/console.h"
#include "cmd/servers.h"
#include "work/capturing.h"

struct captured {
	struct capturing_result result;
	const char *path;
	bool finished;
};

static void
captured_json(void *arg, struct json *j)
{
	const struct captured *c = arg;

	json_open(j, "capture", '{');
	json_string(j, "file", c->path);
	json_number(j, "messages", (int64_t)c->result.messages);
	json_number(j, "headers", (int64_t)c->result.headers);
	json_number(j, "bodies", (int64_t)c->result.bodies);
	json_bool(j, "finished", c->finished);
	json_close(j, '}');
}

/* "size" saves what only a match could save: a capture has nobody to compare with. */
static int
take_options(const struct options *o, struct capturing_options *to, struct err *e)
{
	if (o->nstores != 1)
		return err_set(e, ERR_USAGE, "",
			"capture wants one URL: reuidl capture URL --to FILE");
	if (o->to == NULL)
		return err_set(
			e, ERR_USAGE, "", "capture wants --to FILE, where it is kept");
	to->bodies = o->evidence == NULL;
	if (o->evidence != NULL && strcmp(o->evidence, "header") != 0)
		return err_set(e, ERR_USAGE, "",
			"capture takes --evidence=header, which leaves the bodies out, and "
			"not \"%s\"",
			o->evidence);
	to->fresh = o->no_cache;
	return 0;
}

static void
show(struct run *r, const struct captured *c, const struct server *s, double took)
{
	const struct capturing_result *n = &c->result;

	if (n->begun_anew)
		tell(r->console,
			"%s: an earlier run was interrupted, and the mailbox is not what it "
			"was, so all was read again\n",
			c->path);
	out(r->console, "%zu messages of %s at %s: %zu headers, %zu bodies", n->messages,
		s->box.account, s->box.options.url.host, n->headers, n->bodies);
	if (n->headers < n->messages)
		out(r->console, ", %zu that the server would not give",
			n->messages - n->headers);
	out(r->console, "; %.1f s\n", took);
	out(r->console,
		"The capture is in %s. Next, when the mailbox has moved: reuidl "
		"match --old capture:%s --new URL --map FILE\n",
		c->path, c->path);
}

static int
capture(struct run *r, struct server *s, struct captured *c, struct err *e)
{
	struct capturing_options o = {.now = r->now};
	struct watch w = console_watch(r->console);
	double began = os_seconds();

	if (take_options(r->options, &o, e) < 0 || server_init(s, r, SIDE_PLAIN, e) < 0)
		return -1;
	int rc = capturing_run(&s->box, c->path, &o, &w, &c->result, e);
	c->finished = rc == 0;
	console_settle(r->console);
	server_notes(r, s);
	if (rc == 0)
		show(r, c, s, os_seconds() - began);
	return rc;
}

int
cmd_capture(struct run *r, struct err *e)
{
	struct captured *c = arena_alloc(&r->arena, sizeof(*c));
	struct server s = {.made = false};

	c->path = r->options->to;
	int rc = capture(r, &s, c, e);
	if (c->path != NULL) {
		r->json_more = captured_json;
		r->json_arg = c;
	}
	server_release(&s);
	return rc;
}
