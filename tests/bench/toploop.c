/*
 * What is there to beat: the bare loop of TOPs, both servers at once in one thread, with
 * nothing done about the answers but finding where they end.
 *
 *     toploop WINDOW COUNT USER PASS PORT [USER PASS PORT]
 *
 * Logs in on loopback in clear, asks UIDL and LIST, then TOP n 0 for the first COUNT
 * messages with WINDOW commands under way. Prints seconds, answers and octets.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_SIDES 2

struct side {
	const char *user, *pass;
	int fd;
	size_t step;  /* answers seen: greeting, USER, PASS, UIDL, LIST, then TOPs */
	size_t sent;  /* TOPs asked for */
	int many;     /* inside an answer of several lines */
	char line[4]; /* the first bytes of the line that is being read */
	size_t at;    /* its length so far */
	char out[1 << 16];
	size_t nout;
	size_t octets;
};

enum { GREETING, USER, PASS, UIDL, LIST, TOP };

static void
fail(const char *what)
{
	perror(what);
	exit(1);
}

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
connect_to(struct side *s, const char *port)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
		.sin_port = htons((uint16_t)strtoul(port, NULL, 10))};
	int one = 1;

	inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
	s->fd = socket(AF_INET, SOCK_STREAM, 0);
	if (s->fd < 0 || connect(s->fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		fail(port);
	setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	fcntl(s->fd, F_SETFL, O_NONBLOCK);
}

static void
put(struct side *s, const char *command, const char *argument)
{
	int n = snprintf(s->out + s->nout, sizeof(s->out) - s->nout, "%s%s\r\n", command,
		argument);

	if (n < 0 || (size_t)n >= sizeof(s->out) - s->nout)
		fail("command");
	s->nout += (size_t)n;
}

/* An answer is complete: what comes next. */
static void
answered(struct side *s)
{
	switch (s->step++) {
	case GREETING:
		put(s, "USER ", s->user);
		break;
	case USER:
		put(s, "PASS ", s->pass);
		break;
	case PASS:
		put(s, "UIDL", "");
		put(s, "LIST", "");
		break;
	default:
		break;
	}
}

static void
ask(struct side *s, size_t window, size_t count)
{
	if (s->step < TOP)
		return;
	while (s->sent < count && s->sent - (s->step - TOP) < window &&
		s->nout < sizeof(s->out) - 64) {
		char number[32];

		snprintf(number, sizeof(number), "%zu 0", ++s->sent);
		put(s, "TOP ", number);
	}
}

static void
line_ends(struct side *s)
{
	if (!s->many) {
		if (s->line[0] != '+') {
			fprintf(stderr, "toploop: the server refused step %zu\n",
				s->step);
			exit(1);
		}
		if (s->step < UIDL)
			answered(s);
		else
			s->many = 1;
	} else if (s->at == 3 && s->line[0] == '.' && s->line[1] == '\r') {
		s->many = 0;
		answered(s);
	}
	s->at = 0;
}

static void
take(struct side *s, const char *bytes, size_t len)
{
	s->octets += len;
	for (const char *p = bytes, *end = bytes + len; p < end;) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		size_t n = (size_t)((nl ? nl + 1 : end) - p);

		for (size_t i = 0; i < n && s->at + i < sizeof(s->line); i++)
			s->line[s->at + i] = p[i];
		s->at += n;
		if (nl)
			line_ends(s);
		p += n;
	}
}

static void
turn(struct side *s, short ready)
{
	static char in[1 << 18];

	if (ready & (POLLIN | POLLHUP)) {
		ssize_t n = read(s->fd, in, sizeof(in));
		if (n <= 0)
			fail("the server hung up");
		take(s, in, (size_t)n);
	}
	if (s->nout > 0) {
		ssize_t n = write(s->fd, s->out, s->nout);
		if (n > 0) {
			s->nout -= (size_t)n;
			memmove(s->out, s->out + n, s->nout);
		}
	}
}

int
main(int argc, char **argv)
{
	static struct side sides[MAX_SIDES];
	size_t nsides = (size_t)(argc - 3) / 3, octets = 0;
	double start = now();

	if (argc != 6 && argc != 9) {
		fprintf(stderr,
			"usage: toploop WINDOW COUNT USER PASS PORT [USER PASS PORT]\n");
		return 64;
	}
	size_t window = strtoul(argv[1], NULL, 10), count = strtoul(argv[2], NULL, 10);
	for (size_t i = 0; i < nsides; i++) {
		sides[i].user = argv[3 + 3 * i];
		sides[i].pass = argv[4 + 3 * i];
		connect_to(&sides[i], argv[5 + 3 * i]);
	}
	for (;;) {
		struct pollfd p[MAX_SIDES];
		nfds_t open = 0;
		size_t which[MAX_SIDES];

		for (size_t i = 0; i < nsides; i++) {
			struct side *s = &sides[i];

			if (s->step == TOP + count)
				continue;
			ask(s, window, count);
			which[open] = i;
			p[open++] = (struct pollfd){
				s->fd, (short)(POLLIN | (s->nout ? POLLOUT : 0)), 0};
		}
		if (open == 0)
			break;
		if (poll(p, open, 60000) <= 0)
			fail("poll");
		for (nfds_t i = 0; i < open; i++)
			turn(&sides[which[i]], p[i].revents);
	}
	for (size_t i = 0; i < nsides; i++)
		octets += sides[i].octets;
	printf("%.3f %zu %zu\n", now() - start, nsides * count, octets);
	return 0;
}
