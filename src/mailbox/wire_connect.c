/*
 * How a wire comes up: libcurl is told what it needs, connects, and is asked whether the
 * server is the one that was meant. What goes over it then is wire.c's.
 */
#include "mailbox/wire.h"

#include <stdio.h>

#include "base/os.h"
#include "mailbox/trust.h"

/* What a server may say before login: greeting, capabilities, STLS. Real ones say under
 * 1 KiB; this only stops those that never end. */
#define BEFORE_MAX ((size_t)64 << 10)

static size_t
on_line_before(char *bytes, size_t size, size_t n, void *arg)
{
	struct wire *w = arg;
	bool first = w->before.len == 0;

	w->heard = os_seconds();
	buf_add(&w->before, (struct text){bytes, size * n});
	/* "+OK", "-ERR", "* OK": what begins otherwise (SMTP's "220 ") is no server of ours,
	 * and libcurl would wait for one until its time is over. Any other number than
	 * size * n ends the transfer. */
	if (first && size * n > 0 && memchr("+-*\r\n", bytes[0], 5) == NULL)
		return 0;
	return w->before.full ? 0 : size * n;
}

static size_t
on_body(char *bytes, size_t size, size_t n, void *arg)
{
	(void)bytes;
	(void)arg;
	return size * n;
}

static int
set_url(struct wire *w, const struct mailbox_kind *kind, const struct mailbox_options *o,
	struct err *e)
{
	char port[8], host[300];
	bool address = strchr(o->url.host, ':') != NULL;

	snprintf(port, sizeof(port), "%u", o->url.port);
	snprintf(host, sizeof(host), address ? "[%s]" : "%s", o->url.host);
	if ((w->url = curl_url()) == NULL ||
		curl_url_set(w->url, CURLUPART_SCHEME, kind->scheme, 0) ||
		curl_url_set(w->url, CURLUPART_HOST, host, 0) ||
		curl_url_set(w->url, CURLUPART_PORT, port, 0) ||
		curl_url_set(w->url, CURLUPART_PATH, "/", 0))
		return err_set(e, ERR_USAGE, "", "%s: \"%s\" is not a host's name",
			o->name, o->url.host);
	return curl_easy_setopt(w->easy, CURLOPT_CURLU, w->url) == CURLE_OK
		       ? 0
		       : err_set(e, ERR_INTERNAL, "", "libcurl does not take an option");
}

/* A fingerprint stands in for the chain and the name: it is compared in wire_connect(),
 * before anything secret is said. */
static CURLcode
set_tls(CURL *c, const struct mailbox_kind *kind, const struct mailbox_options *o)
{
	long verify = o->fingerprint == NULL;
	CURLcode r = 0;

	r |= curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, verify);
	r |= curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, verify ? 2L : 0L);
	r |= curl_easy_setopt(c, CURLOPT_CERTINFO, 1L);
	if (o->cafile != NULL) {
		r |= curl_easy_setopt(c, CURLOPT_CAINFO, o->cafile);
		r |= curl_easy_setopt(c, CURLOPT_CAPATH, NULL);
	}
	if (o->cert != NULL) {
		r |= curl_easy_setopt(c, CURLOPT_SSLCERT, o->cert);
		r |= curl_easy_setopt(
			c, CURLOPT_SSLKEY, o->key != NULL ? o->key : o->cert);
	}
	if (kind->tls || o->tls == TLS_REQUIRED)
		r |= curl_easy_setopt(c, CURLOPT_USE_SSL, (long)CURLUSESSL_ALL);
	return r;
}

static CURLcode
set_rest(struct wire *w, const struct mailbox_options *o)
{
	CURL *c = w->easy;
	long patience = o->silence > 0 ? (long)o->silence : 60;
	CURLcode r = 0;

	r |= curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "pop3,pop3s,imap,imaps");
	r |= curl_easy_setopt(c, CURLOPT_CONNECT_ONLY, 1L);
	r |= curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	r |= curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, patience);
	r |= curl_easy_setopt(c, CURLOPT_ERRORBUFFER, w->words);
	r |= curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_line_before);
	r |= curl_easy_setopt(c, CURLOPT_HEADERDATA, w);
	r |= curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
	r |= curl_easy_setopt(c, CURLOPT_TCP_KEEPALIVE, 1L);
	/* "": not even the one that the environment names. */
	r |= curl_easy_setopt(c, CURLOPT_PROXY, o->proxy != NULL ? o->proxy : "");
	if (o->proxy != NULL) {
		r |= curl_easy_setopt(c, CURLOPT_HTTPPROXYTUNNEL, 1L);
		/* What the proxy says is not the server's greeting. */
		r |= curl_easy_setopt(c, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	}
	return r;
}

int
wire_begin(struct wire *w, const struct mailbox_kind *kind,
	const struct mailbox_options *o, struct err *e)
{
	*w = (struct wire){.fd = CURL_SOCKET_BAD,
		.line_max = (size_t)64 << 10,
		.tls = kind->tls || o->tls == TLS_REQUIRED};
	buf_init(&w->before, BEFORE_MAX);
	w->heard = os_seconds();
	w->easy = curl_easy_init();
	w->multi = curl_multi_init();
	if (w->easy == NULL || w->multi == NULL)
		return err_set(e, ERR_INTERNAL, "", "libcurl cannot be started");
	if (o->fingerprint != NULL && !kind->tls && o->tls == TLS_OFF)
		return err_set(e, ERR_USAGE, "", "%sfingerprint needs TLS, and %stls=off",
			mailbox_option(o), mailbox_option(o));
	if (set_url(w, kind, o, e) < 0)
		return -1;
	if (set_tls(w->easy, kind, o) != CURLE_OK || set_rest(w, o) != CURLE_OK)
		return err_set(e, ERR_INTERNAL, "", "libcurl does not take an option");
	if (curl_multi_add_handle(w->multi, w->easy) != CURLM_OK)
		return err_set(e, ERR_INTERNAL, "", "libcurl cannot be started");
	w->out = must_alloc(WIRE_OUT);
	return 0;
}

static int
wire_is_up(struct wire *w, const struct mailbox_options *o, struct err *e)
{
	if (curl_easy_getinfo(w->easy, CURLINFO_ACTIVESOCKET, &w->fd) != CURLE_OK ||
		w->fd == CURL_SOCKET_BAD)
		return err_set(
			e, ERR_UNREACHABLE, "", "%s: the connection broke off", o->name);
	if (w->tls && trust_check(w->easy, o, e) < 0)
		return -1;
	w->up = true;
	w->heard = os_seconds();
	return 1;
}

int
wire_connect(struct wire *w, const struct mailbox_options *o, struct err *e)
{
	int running, left;
	const CURLMsg *msg;

	if (curl_multi_perform(w->multi, &running) != CURLM_OK)
		return err_set(e, ERR_INTERNAL, "", "libcurl has failed");
	while ((msg = curl_multi_info_read(w->multi, &left)) != NULL) {
		if (msg->msg != CURLMSG_DONE)
			continue;
		if (msg->data.result == CURLE_OK)
			return wire_is_up(w, o, e);
		return trust_explain(
			msg->data.result, w->words, buf_text(&w->before), o, e);
	}
	return 0;
}
