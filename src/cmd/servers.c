#include "cmd/servers.h"
#include "cmd/console.h"
#include "cmd/path_side.h"
#include "cmd/secret.h"
#include "mailbox/sasl.h"

#include <stdlib.h>

const char *const server_prefixes[SIDES] = {"old-", "new-", ""};
const char *const server_names[SIDES] = {"old server", "new server", "server"};

static int
one_of(const char *side, const char *option, const char *value, const char *yes,
	const char *no, bool *out_, struct err *e)
{
	if (value == NULL || strcmp(value, yes) == 0)
		*out_ = true;
	else if (strcmp(value, no) == 0)
		*out_ = false;
	else
		return err_set(e, ERR_USAGE, "", "--%s%s is %s or %s, not \"%s\"", side,
			option, yes, no, value);
	return 0;
}

/* libcurl finds out only when it connects, and then says that the server is away. */
static int
check_proxy(const char *side, const char *proxy, struct err *e)
{
	static const char *const schemes[] = {"socks5h://", "socks5://", "socks4a://",
		"socks4://", "http://", "https://"};

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		if (proxy == NULL || (text_starts(text_of(proxy), schemes[i]) &&
					     strlen(proxy) > strlen(schemes[i])))
			return 0;
	return err_set(e, ERR_USAGE, "",
		"--%sproxy wants socks5h://HOST:PORT or http://HOST:PORT, "
		"not \"%s\"",
		side, proxy);
}

/* Options that only a server could heed are a misunderstanding. */
static int
check_path_options(const struct side_options *so, const char *prefix, const char *scheme,
	struct err *e)
{
	if (so->password_file == NULL && so->password_command == NULL &&
		so->password_env == NULL && !so->netrc && so->authzid == NULL &&
		so->auth == NULL && so->tls == NULL && so->cafile == NULL &&
		so->fingerprint == NULL && so->proxy == NULL && so->pipelining == NULL &&
		so->token_command == NULL && so->cert == NULL && so->key == NULL &&
		so->mailbox == NULL && so->pop3 == NULL &&
		(so->uidl_rule == NULL || strcmp(scheme, "maildir") == 0))
		return 0;
	return err_set(e, ERR_USAGE, "",
		"%s: is no server: it takes no --%spassword-file and the like", scheme,
		prefix);
}

static int
open_store(
	struct run *r, const struct mailbox_url *url, struct store_side *s, struct err *e)
{
	const struct options *o = r->options;
	struct store_side_options so = {o->account, o->client, o->state};

	return store_side_open(s, with_home(r, url->path), &so, e);
}

int
server_store(struct run *r, int side, const char **path, struct err *e)
{
	const char *url = r->options->side[side].url;
	struct mailbox_url parsed;
	struct store_side s;

	*path = NULL;
	if (url == NULL)
		return 0;
	if (mailbox_url_parse(url, &r->arena, &parsed, e) < 0)
		return -1;
	if (parsed.path == NULL || strcmp(parsed.scheme, "store") != 0)
		return 0;
	int rc = open_store(r, &parsed, &s, e);
	if (rc == 0)
		*path = arena_string(&r->arena, text_of(s.path));
	store_side_release(&s);
	return rc;
}

/* The account in place of the server. */
static int
open_store_side(struct server *s, struct run *r, struct mailbox_options *o, int side,
	struct err *e)
{
	o->name = side == 0 ? "old store" : "new store";
	if (open_store(r, &o->url, &s->side, e) < 0)
		return -1;
	o->url.user = s->side.user;
	o->url.host = s->side.host;
	o->store = &s->side.mail;
	return 0;
}

/* The mailbox as it was in place of what it is. */
static int
open_capture_side(struct server *s, struct run *r, struct mailbox_options *o, int side,
	struct err *e)
{
	o->name = side == 0 ? "old capture" : "new capture";
	if (capture_side_open(&s->capture, with_home(r, o->url.path), e) < 0)
		return -1;
	o->url.user = s->capture.info.side.user;
	o->url.host = s->capture.info.side.host;
	o->url.port = s->capture.info.side.port;
	o->capture = &s->capture.mail;
	return 0;
}

static int
open_path(struct server *s, struct run *r, struct mailbox_options *o, int side,
	struct err *e)
{
	const struct side_options *so = &r->options->side[side];

	if (check_path_options(so, server_prefixes[side], o->url.scheme, e) < 0)
		return -1;
	if (side == SIDE_PLAIN)
		return err_set(e, ERR_USAGE, "",
			"%s wants the URL of a server: what %s: names is on this disk as it "
			"is",
			r->options->command, o->url.scheme);
	if (strcmp(o->url.scheme, "maildir") == 0 || strcmp(o->url.scheme, "mbox") == 0)
		return path_side(r, side, o, e);
	if (path_side_none(r, side, o->url.scheme, e) < 0)
		return -1;
	if (strcmp(o->url.scheme, "capture") == 0)
		return open_capture_side(s, r, o, side, e);
	return open_store_side(s, r, o, side, e);
}

/* Of IMAP: which mailbox, and how its UIDLs are known. */
static int
imap_options(struct run *r, const struct side_options *so, const char *prefix,
	struct mailbox_options *o, struct err *e)
{
	bool imap = text_starts(text_of(o->url.scheme), "imap");
	struct mailbox_url *pop3;

	if (!imap && (so->mailbox != NULL || so->pop3 != NULL))
		return err_set(e, ERR_USAGE, "", "--%s%s is for imap:// and imaps://",
			prefix, so->mailbox != NULL ? "mailbox" : "pop3");
	o->mailbox = so->mailbox != NULL ? so->mailbox : o->url.mailbox;
	o->uidl_rule = so->uidl_rule;
	o->trust_rule = r->options->trust_rule;
	o->no_pop3 = so->pop3 != NULL && strcmp(so->pop3, "none") == 0;
	if (so->pop3 == NULL || o->no_pop3)
		return 0;
	pop3 = arena_alloc(&r->arena, sizeof(*pop3));
	if (mailbox_url_parse(so->pop3, &r->arena, pop3, e) < 0)
		return -1;
	if (!text_starts(text_of(pop3->scheme), "pop3"))
		return err_set(e, ERR_USAGE, "",
			"--%spop3 wants pop3://user@host, pop3s://… or none", prefix);
	o->pop3 = pop3;
	return 0;
}

static struct text
text_or_empty(const char *s)
{
	return text_of(s != NULL ? s : "");
}

int
server_init(struct server *s, struct run *r, int side, struct err *e)
{
	const struct side_options *so = &r->options->side[side];
	struct mailbox_options o = {
		.name = server_names[side],
		.authzid = so->authzid,
		.auth = so->auth,
		.cafile = so->cafile,
		.fingerprint = so->fingerprint,
		.proxy = so->proxy,
		.cert = so->cert,
		.key = so->key,
		.wait = (unsigned)r->options->wait,
	};
	bool tls = true;

	*s = (struct server){.made = false};
	if (so->url == NULL)
		return side == SIDE_PLAIN
			       ? err_set(e, ERR_USAGE, "", "%s wants a URL",
					 r->options->command)
			       : err_set(e, ERR_USAGE, "", "%s wants --%s URL",
					 r->options->command, side == 0 ? "old" : "new");
	const char *prefix = server_prefixes[side];
	if (mailbox_url_parse(so->url, &r->arena, &o.url, e) < 0 ||
		imap_options(r, so, prefix, &o, e) < 0)
		return -1;
	if (o.url.path != NULL) {
		if (open_path(s, r, &o, side, e) < 0)
			return -1;
	} else if (path_side_none(r, side, o.url.scheme, e) < 0 ||
		   check_proxy(prefix, so->proxy, e) < 0 || sasl_check(&o, e) < 0 ||
		   one_of(prefix, "tls", so->tls, "required", "off", &tls, e) < 0 ||
		   one_of(prefix, "pipelining", so->pipelining, "auto", "off",
			   &o.pipelining, e) < 0 ||
		   secret_get(r, side, &o.url, &s->password, &s->token, e) < 0) {
		return -1;
	}
	/* What a file names is not on the command line. */
	redact_token(r->console->redact, REDACT_USER, text_or_empty(o.url.user));
	redact_token(r->console->redact, REDACT_HOST, text_or_empty(o.url.host));
	o.tls = tls ? TLS_REQUIRED : TLS_OFF;
	o.password = s->password;
	o.token = s->token;
	if (mailbox_init(&s->box, &o, e) < 0)
		return -1;
	if (o.capture != NULL && strchr(s->capture.info.side.scheme, '+') != NULL)
		s->box.scheme = arena_print(
			&r->arena, "capture%s", strchr(s->capture.info.side.scheme, '+'));
	s->made = true;
	return 0;
}

void
server_notes(struct run *r, const struct server *s)
{
	for (size_t i = 0; i < s->box.nnotes; i++)
		tell(r->console, "%s\n", s->box.notes[i]);
}

void
server_release(struct server *s)
{
	if (s->made)
		mailbox_release(&s->box);
	if (s->password != NULL)
		os_wipe(s->password, strlen(s->password));
	if (s->token != NULL)
		os_wipe(s->token, strlen(s->token));
	free(s->password);
	free(s->token);
	store_side_release(&s->side);
	capture_side_release(&s->capture);
	*s = (struct server){.made = false};
}
