#include "mailbox/trust.h"

#include <openssl/evp.h>

#include "base/buf.h"
#include "mailbox/kind.h"
#include "mailbox/login.h"

#define HOST_PORT(o) (o)->url.host, (unsigned)(o)->url.port
/* Real certificates are below 10 KiB. */
#define CERTIFICATE_MAX ((size_t)256 << 10)

/* The leaf certificate in DER, from libcurl's "Cert:-----BEGIN CERTIFICATE-----…". */
static bool
leaf_digest(CURL *easy, struct digest *out)
{
	struct curl_certinfo *chain = NULL;
	struct buf base64, der;
	struct text pem = {NULL, 0}, line;
	struct cursor c;
	int n = -1;

	if (curl_easy_getinfo(easy, CURLINFO_CERTINFO, &chain) != CURLE_OK ||
		chain == NULL || chain->num_of_certs < 1)
		return false;
	for (struct curl_slist *s = chain->certinfo[0]; s != NULL; s = s->next) {
		if (text_starts(text_of(s->data), "Cert:"))
			pem = text_of(s->data + 5);
	}
	buf_init(&base64, CERTIFICATE_MAX);
	buf_init(&der, CERTIFICATE_MAX);
	c = (struct cursor){pem, 0};
	while (pem.at != NULL && take_line(&c, &line)) {
		if (!text_starts(line, "-----"))
			buf_add(&base64, line);
	}
	if (base64.len > 0 && !base64.full && buf_room(&der, base64.len) != NULL)
		n = EVP_DecodeBlock((unsigned char *)der.at,
			(const unsigned char *)base64.at, (int)base64.len);
	for (size_t i = base64.len; n > 0 && i > 0 && base64.at[i - 1] == '='; i--)
		n--;
	if (n > 0)
		*out = digest_of((struct text){der.at, (size_t)n});
	buf_release(&base64);
	buf_release(&der);
	return n > 0;
}

/* With or without colons, in any case. */
static bool
fingerprint_is(const char *wanted, const char hex[65])
{
	size_t n = 0;

	for (; *wanted != '\0'; wanted++) {
		char c = *wanted;
		if (c == ':' || c == ' ')
			continue;
		if (c >= 'A' && c <= 'F')
			c = (char)(c + 32);
		if (n >= 64 || c != hex[n++])
			return false;
	}
	return n == 64;
}

int
trust_check(CURL *easy, const struct mailbox_options *o, struct err *e)
{
	struct digest digest;
	char hex[65];

	if (!leaf_digest(easy, &digest))
		return err_set(e, ERR_LOGIN, "tls",
			"%s: %s:%u has shown no certificate; nothing secret was sent",
			o->name, HOST_PORT(o));
	digest_hex(&digest, hex);
	if (o->fingerprint != NULL && !fingerprint_is(o->fingerprint, hex))
		return err_set(e, ERR_LOGIN, "tls",
			"%s: the certificate of %s:%u has another fingerprint than "
			"%sfingerprint: %s; nothing secret was sent",
			o->name, HOST_PORT(o), mailbox_option(o), hex);
	return 0;
}

static int
not_trusted(const char *words, const struct mailbox_options *o, struct err *e)
{
	const char *x = mailbox_option(o);

	/* The one word that all of libcurl's sentences about a wrong name share. */
	if (strstr(words, "host name") != NULL || strstr(words, "hostname") != NULL)
		return err_set(e, ERR_LOGIN, "tls",
			"%s: the certificate of %s:%u is for another name: give the "
			"name it is for, or %sfingerprint if you know it is the right "
			"one (%s)",
			o->name, HOST_PORT(o), x, words);
	return err_set(e, ERR_LOGIN, "tls",
		"%s: the certificate of %s:%u is not trusted: give the file of the "
		"authority that signed it with %scafile, or its fingerprint with "
		"%sfingerprint (%s)",
		o->name, HOST_PORT(o), x, x, words);
}

static bool
is_imap(const struct mailbox_options *o)
{
	return text_starts(text_of(o->url.scheme), "imap");
}

/* The server has answered, but not as one that has time for us. */
static int
bad_greeting(struct text before, const struct mailbox_options *o, struct err *e)
{
	struct cursor c = {before, 0};
	struct text line = {"", 0}, next;

	while (take_line(&c, &next))
		line = next;
	if (line.len > 200)
		line.len = 200;
	if (login_is_busy(line))
		return err_set(e, ERR_BUSY, "locked", "%s: %s:%u is busy: \"%.*s\"",
			o->name, HOST_PORT(o), TEXT_ARG(line));
	if (text_starts(line, "-ERR") || text_starts(line, "* BYE"))
		return err_set(e, ERR_UNREACHABLE, "",
			"%s: %s:%u turns us away: \"%.*s\"", o->name, HOST_PORT(o),
			TEXT_ARG(line));
	return err_set(e, ERR_PROTOCOL, "",
		"%s: %s:%u does not answer like %s server: \"%.*s\"", o->name,
		HOST_PORT(o), is_imap(o) ? "an IMAP" : "a POP3", TEXT_ARG(line));
}

static int
endless(const struct mailbox_options *o, struct err *e)
{
	return err_set(e, ERR_PROTOCOL, "", "%s: the greeting of %s:%u has no end",
		o->name, HOST_PORT(o));
}

int
trust_explain(CURLcode code, const char *words, struct text before,
	const struct mailbox_options *o, struct err *e)
{
	const char *x = mailbox_option(o);

	if (words[0] == '\0')
		words = curl_easy_strerror(code);
	switch (code) {
	case CURLE_PEER_FAILED_VERIFICATION:
		return not_trusted(words, o, e);
	case CURLE_USE_SSL_FAILED:
		return err_set(e, ERR_LOGIN, "tls",
			"%s: %s:%u offers no TLS (%s), and a password is not sent in "
			"clear: try %s://, or %stls=off on a network that you trust",
			o->name, HOST_PORT(o), is_imap(o) ? "STARTTLS" : "STLS",
			is_imap(o) ? "imaps" : "pop3s", x);
	case CURLE_SSL_CACERT_BADFILE:
		if (o->cafile == NULL)
			return err_set(e, ERR_LOGIN, "tls",
				"%s: this machine has no certificate authorities to "
				"trust (install ca-certificates), or give %scafile (%s)",
				o->name, x, words);
		return err_set(e, ERR_USAGE, "", "%s: cannot use %scafile %s (%s)",
			o->name, x, o->cafile, words);
	case CURLE_SSL_CERTPROBLEM:
		return err_set(e, ERR_USAGE, "", "%s: cannot use %scert %s (%s)", o->name,
			x, o->cert != NULL ? o->cert : "", words);
	case CURLE_WEIRD_SERVER_REPLY:
		return bad_greeting(before, o, e);
	case CURLE_WRITE_ERROR:
		return before.len > 0 && memchr("+-*\r\n", before.at[0], 5) == NULL
			       ? bad_greeting(before, o, e)
			       : endless(o, e);
	case CURLE_OPERATION_TIMEDOUT:
		return err_set(e, ERR_UNREACHABLE, "", "%s: %s:%u does not answer (%s)",
			o->name, HOST_PORT(o), words);
	default:
		/* Debian's libcurl has a limit of its own for all that it takes for headers. */
		if (strstr(words, "Too large response") != NULL)
			return endless(o, e);
		if (code == CURLE_RECV_ERROR || code == CURLE_GOT_NOTHING)
			return err_set(e, ERR_UNREACHABLE, "",
				"%s: %s:%u hangs up before anything was asked (%s)",
				o->name, HOST_PORT(o), words);
		return err_set(e, ERR_UNREACHABLE, "", "%s: cannot reach %s:%u (%s)",
			o->name, HOST_PORT(o), words);
	}
}
