/*
 * One sentence for the person who must act.
 *
 * The caller owns the struct and passes it last; functions return 0, or -1 after
 * writing it. The lowest function that knows the place (path:line, byte offset, the
 * server's words) writes the sentence, and nobody rewrites it. Bytes that came from a
 * file or a server are made safe for a terminal here, once for all.
 *
 * `reason` is a fixed word for scripts (docs: stores[].reason). `kind` says what sort
 * of failure it is; only src/cmd/main.c turns kinds into exit codes.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

enum err_kind {
	ERR_NONE,
	ERR_USAGE,	 /* the command line */
	ERR_DATA,	 /* a store or map is not what it should be */
	ERR_NO_STORE,	 /* no such store */
	ERR_UNREACHABLE, /* a server cannot be reached or broke off */
	ERR_INTERNAL,	 /* our own fault */
	ERR_IO,
	ERR_BUSY,     /* try later: client running, mailbox locked */
	ERR_PROTOCOL, /* the server breaks the protocol */
	ERR_LOGIN,    /* login refused or TLS not trusted */
	ERR_GUARD,    /* a safety rule refused */
	ERR_DECLINED, /* the user said no */
	ERR_EMPTY,    /* the new server is empty or nothing matched */
};

struct err {
	enum err_kind kind;
	const char *reason; /* static; "" if there is no fixed word */
	char message[768];
};

/* All return -1, so that `return err_set(…)` reads well. */
__attribute__((format(printf, 4, 5))) int
err_set(struct err *e, enum err_kind kind, const char *reason, const char *fmt, ...);
/* "PATH: cannot WHAT: strerror(errno)", ERR_IO, reason "io". */
int err_io(struct err *e, const char *path, const char *what);

#endif
