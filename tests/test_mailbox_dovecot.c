/* The same against a real Dovecot: STLS, master user, locked mailbox. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/os.h"
#include "mailbox/mailbox.h"

static char folder[64], cafile[80];
static unsigned port;
static pid_t server;
static struct mailbox box, other;
static struct mailbox_options options;
static struct err e;
static size_t given, wrong;

static struct sockaddr_in
address(unsigned p)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)p)};

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return a;
}

static unsigned
free_port(void)
{
	struct sockaddr_in a = address(0);
	socklen_t len = sizeof(a);
	int s = socket(AF_INET, SOCK_STREAM, 0);

	cr_assert_eq(bind(s, (struct sockaddr *)&a, sizeof(a)), 0);
	cr_assert_eq(getsockname(s, (struct sockaddr *)&a, &len), 0);
	close(s);
	return ntohs(a.sin_port);
}

static bool
answers(void)
{
	struct sockaddr_in a = address(port);
	int s = socket(AF_INET, SOCK_STREAM, 0);
	bool yes = connect(s, (struct sockaddr *)&a, sizeof(a)) == 0;

	close(s);
	return yes;
}

static int
shell(const char *command)
{
	FILE *p = popen(command, "r");

	return p == NULL ? -1 : pclose(p);
}

static void
start(void)
{
	const struct passwd *nobody = getpwnam("nobody");
	char number[16];

	if (shell("command -v dovecot >/dev/null && test -x /usr/lib/dovecot/pop3") != 0)
		cr_skip("no dovecot here");
	snprintf(folder, sizeof(folder), "/tmp/rdXXXXXX");
	cr_assert(mkdtemp(folder) != NULL);
	if (geteuid() == 0)
		cr_assert_eq(chown(folder, nobody->pw_uid, nobody->pw_gid), 0);
	port = free_port();
	snprintf(number, sizeof(number), "%u", port);
	snprintf(cafile, sizeof(cafile), "%s/cert", folder);
	server = fork();
	if (server == 0) {
		execlp("sh", "sh", "tests/dovecot-pop3.sh", folder, number, (char *)NULL);
		_exit(127);
	}
	for (int i = 0; i < 150 && !answers(); i++)
		usleep(100000);
	options = (struct mailbox_options){.name = "new server",
		.password = "secret",
		.cafile = cafile,
		.pipelining = true};
	options.url = (struct mailbox_url){.scheme = "pop3",
		.user = "u",
		.host = "127.0.0.1",
		.port = (uint16_t)port};
}

static void
stop(void)
{
	char command[100];

	if (server <= 0)
		return;
	kill(server, SIGTERM);
	waitpid(server, NULL, 0);
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	cr_assert_eq(shell(command), 0);
}

TestSuite(mailbox_dovecot, .init = start, .fini = stop, .timeout = 60);

static int
take(void *arg, struct mailbox *m, size_t index, const struct evidence *ev,
	struct err *err)
{
	size_t n = index + 1;
	size_t octets = (size_t)snprintf(NULL, 0,
		"Message-ID: <%zu@example.org>\r\nDate: Mon, 1 Jan 2024 00:00:00 "
		"+0000\r\n"
		"Subject: message %zu\r\n\r\n",
		n, n);
	char body[40];
	struct digest digest;

	(void)arg;
	(void)err;
	snprintf(body, sizeof(body), ".dot %zu\n", n);
	digest = digest_of(text_of(body));
	given++;
	wrong += ev->header_octets != octets;
	wrong += (ev->flags & MESSAGE_BODY) != 0 && !digest_equal(&digest, &ev->body);
	message_learn(&m->listing.at[index], ev);
	return 0;
}

Test(mailbox_dovecot, lists_and_reads_over_stls)
{
	struct mailbox *m = &box;

	cr_assert_eq(mailbox_init(m, &options, &e), 0);
	cr_assert_eq(mailbox_open(&m, 1, NULL, &e), 0, "%s", e.message);
	cr_assert_eq(m->listing.n, 120);
	cr_expect(m->listing.whole);
	cr_assert_eq(
		mailbox_headers(&m, 1, NULL, take, NULL, NULL, &e), 0, "%s", e.message);
	cr_expect(given == 120 && wrong == 0);
	cr_assert_eq(
		mailbox_bodies(&m, 1, NULL, take, NULL, NULL, &e), 0, "%s", e.message);
	cr_expect(given == 240 && wrong == 0);
	for (size_t i = 0; i < 120; i++)
		cr_assert(m->listing.at[i].flags & MESSAGE_BODY);
	cr_expect_eq(m->nnotes, 0);
	mailbox_close(&m, 1);
	mailbox_release(m);
}

Test(mailbox_dovecot, wrong_password)
{
	struct mailbox *m = &box;

	options.password = "not it";
	cr_assert_eq(mailbox_init(m, &options, &e), 0);
	cr_assert_eq(mailbox_open(&m, 1, NULL, &e), -1);
	cr_expect_eq(e.kind, ERR_LOGIN);
	cr_expect(strstr(e.message, "[AUTH]") != NULL, "%s", e.message);
	mailbox_close(&m, 1);
	mailbox_release(m);
}

Test(mailbox_dovecot, master_user)
{
	struct mailbox *m = &box;

	options.url.user = "boss";
	options.password = "master";
	options.authzid = "u";
	cr_assert_eq(mailbox_init(m, &options, &e), 0);
	cr_assert_eq(mailbox_open(&m, 1, NULL, &e), 0, "%s", e.message);
	cr_expect_eq(m->listing.n, 120);
	cr_expect_str_eq(m->account, "u");
	mailbox_close(&m, 1);
	mailbox_release(m);
}

Test(mailbox_dovecot, another_session_holds_the_lock)
{
	struct mailbox *m = &box, *second = &other;

	options.wait = 1;
	cr_assert_eq(mailbox_init(m, &options, &e), 0);
	cr_assert_eq(mailbox_init(second, &options, &e), 0);
	cr_assert_eq(mailbox_open(&m, 1, NULL, &e), 0, "%s", e.message);
	cr_assert_eq(mailbox_open(&second, 1, NULL, &e), -1);
	cr_expect_eq(e.kind, ERR_BUSY);
	cr_expect_str_eq(e.reason, "locked");
	cr_expect(strstr(e.message, "[IN-USE]") != NULL, "%s", e.message);
	mailbox_close(&m, 1);
	cr_expect_eq(mailbox_open(&second, 1, NULL, &e), 0, "%s", e.message);
	mailbox_close(&second, 1);
	mailbox_release(m);
	mailbox_release(second);
}
