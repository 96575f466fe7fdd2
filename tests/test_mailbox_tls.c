/* Certificates: made by openssl at test time, served by tests/hostile_pop3.py. */
#include "hostile.h"

TestSuite(mailbox_tls, .timeout = 20);

static struct hostile h;
static char folder[64], fingerprint[128];

static void
shell(const char *fmt, const char *a)
{
	char line[1000];
	FILE *p;

	snprintf(line, sizeof(line), fmt, a, a, a);
	p = popen(line, "r");
	cr_assert(p != NULL);
	if (fgets(fingerprint, sizeof(fingerprint), p) != NULL)
		fingerprint[strcspn(fingerprint, "\n")] = '\0';
	cr_assert_eq(pclose(p), 0, "%s", line);
}

/* Behaviour "tls=implicit" or "tls=stls" with a certificate for `name`, and options
 * that demand TLS. */
static void
start(const char *tls, const char *name)
{
	char behaviour[400], command[400];

	snprintf(folder, sizeof(folder), "/tmp/reuidl-tls-XXXXXX");
	cr_assert(mkdtemp(folder) != NULL);
	snprintf(command, sizeof(command),
		"openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=%s -addext "
		"subjectAltName=%s%s -keyout %%s/key -out %%s/cert 2>/dev/null",
		name, strcmp(name, "127.0.0.1") == 0 ? "IP:" : "DNS:", name);
	shell(command, folder);
	shell("openssl x509 -in %s/cert -noout -fingerprint -sha256 | sed s/.*=//",
		folder);
	snprintf(behaviour, sizeof(behaviour), "n=40;tls=%s;cert=%s/cert;key=%s/key", tls,
		folder, folder);
	hostile_start(&h, behaviour);
	h.options.tls = TLS_REQUIRED;
	h.options.silence = 5;
	if (strcmp(tls, "implicit") == 0)
		h.options.url.scheme = "pop3s";
}

static void
end(void)
{
	hostile_end(&h);
	shell("rm -r %s", folder);
}

/* Nothing secret was said. */
static void
end_without_login(void)
{
	end();
	cr_expect(strstr(h.seen, "logins=0 ") != NULL, "%s", h.seen);
	cr_expect(strstr(h.seen, "USER") == NULL && strstr(h.seen, "AUTH") == NULL);
}

static const char *
cafile(void)
{
	static char path[100];

	snprintf(path, sizeof(path), "%s/cert", folder);
	return path;
}

Test(mailbox_tls, pop3s_with_a_trusted_certificate)
{
	start("implicit", "127.0.0.1");
	h.options.cafile = cafile();
	cr_assert_eq(hostile_run(&h), 0, "%s", h.e.message);
	hostile_all_right(&h, 40);
	end();
}

Test(mailbox_tls, stls_with_a_trusted_certificate)
{
	start("stls", "127.0.0.1");
	h.options.cafile = cafile();
	cr_assert_eq(hostile_run(&h), 0, "%s", h.e.message);
	hostile_all_right(&h, 40);
	end();
	cr_expect(strstr(h.seen, "STLS") != NULL);
}

Test(mailbox_tls, untrusted_certificate)
{
	start("implicit", "127.0.0.1");
	cr_assert_eq(hostile_run(&h), -1);
	hostile_fails(&h, ERR_LOGIN, "is not trusted");
	cr_expect(strstr(h.e.message, "--old-cafile") != NULL, "%s", h.e.message);
	cr_expect(strstr(h.e.message, "--old-fingerprint") != NULL, "%s", h.e.message);
	end_without_login();
}

Test(mailbox_tls, untrusted_certificate_after_stls)
{
	start("stls", "127.0.0.1");
	cr_assert_eq(hostile_run(&h), -1);
	hostile_fails(&h, ERR_LOGIN, "is not trusted");
	end_without_login();
}

Test(mailbox_tls, certificate_for_another_name)
{
	start("stls", "mail.example.org");
	h.options.cafile = cafile();
	cr_assert_eq(hostile_run(&h), -1);
	hostile_fails(&h, ERR_LOGIN, "is for another name");
	end_without_login();
}

Test(mailbox_tls, right_fingerprint_with_colons)
{
	start("stls", "mail.example.org");
	cr_assert_eq(strlen(fingerprint), 95);
	h.options.fingerprint = fingerprint;
	cr_assert_eq(hostile_run(&h), 0, "%s", h.e.message);
	end();
}

Test(mailbox_tls, right_fingerprint_without_colons)
{
	char plain[100];
	size_t n = 0;

	start("implicit", "mail.example.org");
	for (size_t i = 0; fingerprint[i] != '\0'; i++) {
		if (fingerprint[i] != ':')
			plain[n++] = (char)(fingerprint[i] | 0x20);
	}
	plain[n] = '\0';
	h.options.fingerprint = plain;
	cr_assert_eq(hostile_run(&h), 0, "%s", h.e.message);
	end();
}

Test(mailbox_tls, wrong_fingerprint)
{
	start("stls", "127.0.0.1");
	fingerprint[0] = fingerprint[0] == '0' ? '1' : '0';
	h.options.fingerprint = fingerprint;
	h.options.cafile = cafile();
	cr_assert_eq(hostile_run(&h), -1);
	hostile_fails(&h, ERR_LOGIN, "another fingerprint");
	end_without_login();
}

Test(mailbox_tls, part_of_a_fingerprint_is_a_wrong_one)
{
	start("stls", "127.0.0.1");
	fingerprint[47] = '\0';
	h.options.fingerprint = fingerprint;
	cr_assert_eq(hostile_run(&h), -1);
	hostile_fails(&h, ERR_USAGE, "64 hex digits");
	end_without_login();
}

Test(mailbox_tls, no_stls)
{
	hostile_start(&h, "");
	h.options.tls = TLS_REQUIRED;
	cr_assert_eq(hostile_run(&h), -1);
	hostile_fails(&h, ERR_LOGIN, "offers no TLS (STLS)");
	cr_expect(strstr(h.e.message, "--old-tls=off") != NULL, "%s", h.e.message);
	hostile_end(&h);
	cr_expect(strstr(h.seen, "logins=0 ") != NULL, "%s", h.seen);
}

Test(mailbox_tls, no_stls_and_no_capa)
{
	hostile_start(&h, "no_capa");
	h.options.tls = TLS_REQUIRED;
	cr_assert_eq(hostile_run(&h), -1);
	hostile_fails(&h, ERR_LOGIN, "offers no TLS (STLS)");
	hostile_end(&h);
}

Test(mailbox_tls, plain_pop3_on_the_port_of_pop3s)
{
	hostile_start(&h, "");
	h.options.url.scheme = "pop3s";
	cr_assert_eq(hostile_run(&h), -1);
	hostile_fails(&h, ERR_UNREACHABLE, "cannot reach");
	hostile_end(&h);
}

Test(mailbox_tls, missing_cafile)
{
	start("implicit", "127.0.0.1");
	h.options.cafile = "/nonexistent/ca";
	cr_assert_eq(hostile_run(&h), -1);
	hostile_fails(&h, ERR_USAGE, "--old-cafile /nonexistent/ca");
	end_without_login();
}
