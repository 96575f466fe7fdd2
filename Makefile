# make            build/reuidl
# make demo       installs what is missing, then the main job on two real servers
# make check      installs what is missing, builds, passes the tests
# make lint       house rules, formatting, static checks
# make check-asan, check-valgrind, check-crash
#                 the tests under sanitizers; dying at every write
# make check-clients, check-clients-all, check-servers
#                 the real Thunderbird and some small clients; all clients there are
# make check-truth, check-rules
#                 no wrong pair in 100 000 pairs of mailboxes whose truth is known; each
#                 rule of matching switched off makes a test fail
# make check-large   1 000 000 messages a side, killed and run again
# make fuzz       FUZZ_SECONDS=60 for each target
# make bench      speed and memory, beside a bare loop in the same run
# make install    PREFIX=/usr/local DESTDIR=; make uninstall
# make clean

CC      ?= cc
CFLAGS  ?= -O2 -g
PREFIX  ?= /usr/local
B       ?= build

WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wconversion
override CFLAGS   += -std=c11 -D_GNU_SOURCE -pthread $(WARN)
override CPPFLAGS += -Isrc -I$(B) $(shell xml2-config --cflags 2>/dev/null)
LDLIBS := -lcurl -lsqlite3 -lxml2 -lz -lcrypto

SRC     := $(wildcard src/base/*.c src/model/*.c src/mailbox/*.c src/map/*.c src/work/*.c)
FORMATS := $(sort $(wildcard formats/*.c))
CMD     := $(wildcard src/cmd/*.c)
TESTS   := $(wildcard tests/test_*.c)
LIB     := $(B)/libreuidl.a
LIBOBJ  := $(SRC:%.c=$(B)/%.o) $(FORMATS:%.c=$(B)/%.o) $(B)/formats.o
CMDOBJ  := $(CMD:%.c=$(B)/%.o)
TESTOBJ := $(TESTS:%.c=$(B)/%.o)
TRUTH   := $(patsubst %.c,$(B)/%.o,$(filter-out %/main.c,$(wildcard tests/truth/*.c)))

all: $(B)/reuidl

$(B)/reuidl: $(CMDOBJ) $(LIB)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(LIB): $(LIBOBJ)
	rm -f $@
	$(AR) rcs $@ $^

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# The table of formats is the folder: a new file there is a new client.
$(B)/formats.c: $(FORMATS) Makefile
	@mkdir -p $(@D)
	@{ echo '#include "model/format.h"'; \
	   for f in $(basename $(notdir $(FORMATS))); do echo "extern const struct format format_$$f;"; done; \
	   echo 'const struct format *const formats[] = {'; \
	   for f in $(basename $(notdir $(FORMATS))); do echo "	&format_$$f,"; done; \
	   echo '	NULL,'; echo '};'; } > $@

$(B)/formats.o: $(B)/formats.c
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(B)/unit: $(TESTOBJ) $(TRUTH) $(LIB)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lcriterion $(LDLIBS)

# A fuzz target is a file tests/fuzz_NAME.c; fuzz_main.c plays files to it.
FUZZ := $(patsubst tests/%.c,$(B)/%,$(filter-out tests/fuzz_main.c,$(wildcard tests/fuzz_*.c)))

$(FUZZ): $(B)/%: $(B)/tests/%.o $(B)/tests/fuzz_main.o $(LIB)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# What a fuzzer found goes to fixtures, and is tried by every check from then on. A first
# byte chooses the format, the number after the last one what stands beside the stores.
corpus: $(FUZZ)
	@for f in $(FUZZ); do \
		$$f $(foreach n,$(shell seq 0 $(words $(FORMATS))),--first=$n fixtures) || exit 1; \
	done

unit: $(B)/unit $(B)/reuidl
	@REUIDL=$(B)/reuidl tests/run.sh $(B)/unit -j2 $(CRITERION)

# xml2-config is asked when make starts: after an installation, make starts again.
demo:
	@tests/install.sh build demo
	@+$(MAKE) --no-print-directory all
	@tests/demo.sh

check:
	@tests/install.sh build demo check
	@+$(MAKE) --no-print-directory all corpus $(B)/session_driver
	@tests/cases.sh $(B)/reuidl tests/*_cases.py
	@+$(MAKE) --no-print-directory unit

SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

check-asan:
	@tests/install.sh build demo check
	@+$(MAKE) --no-print-directory B=$(B)/asan CFLAGS="-g -O1 $(SANITIZE)" sanitized

sanitized: all corpus $(B)/unit
	@REUIDL=$(B)/reuidl tests/sanitized.sh $(B)/unit -j2 $(CRITERION)

# 100 000 small pairs of mailboxes whose truth is known, and a dozen of 60 000 messages.
$(B)/truth: $(B)/tests/truth/main.o $(TRUTH) $(LIB)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

check-truth: $(B)/truth
	@tests/check_truth.py $(B)/truth $(TRUTH_OPTIONS)

# Each rule of the header and of the evidence switched off, one by one: a test must fail.
check-rules:
	@tests/install.sh build check
	@CC="$(CC)" tests/mutate_rules.py $(RULES)

# A few suites only: valgrind takes a hundred times as long.
check-valgrind: $(B)/unit
	@tests/install.sh valgrind
	@tests/valgrind.sh $(B)/unit --filter '$(or $(SUITE),@(store|thunderbird|text|buf)*/*)'

# Dies, and fails, at every call that changes a file, of apply and of undo.
$(B)/crash: $(B)/tests/crash.o $(B)/tests/crash_cache.o $(B)/tests/crash_trace.o
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lsqlite3

$(B)/crash_driver: $(B)/tests/crash_driver.o $(LIB)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(B)/session_driver: $(B)/tests/session_driver.o $(LIB)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

check-crash: all $(B)/crash $(B)/crash_driver
	@tests/crash.sh $(B)

# Some minutes, and gigabytes in /tmp.
check-large: all
	@tests/large.py $(B)/reuidl $(MESSAGES)

# Wants root: they run in overlays of the root file system.
check-servers: all
	@tests/install.sh build demo
	@tests/other_servers.py $(B)/reuidl

check-clients: all
	@tests/install.sh demo clients $(if $(CLIENT),clients-all)
	@tests/clients/run.py $(CLIENT)

check-clients-all: all
	@tests/install.sh demo clients clients-all || echo "not all clients could be installed"
	@tests/clients/run.py --all

lint:
	@tests/install.sh build lint
	@CC="$(CC)" CPPFLAGS="-Isrc -I$(B) $(shell xml2-config --cflags 2>/dev/null)" tests/lint.sh

FUZZ_SECONDS ?= 60

fuzz:
	@tests/install.sh build fuzz
	@+$(MAKE) --no-print-directory B=$(B)/fuzz CC=clang CFLAGS="-g -O1 -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all" fuzzed

fuzzed: $(LIB) $(patsubst $(B)/%,$(B)/tests/%.o,$(FUZZ))
	@for f in $(FUZZ); do \
		$(CC) $(CFLAGS) -fsanitize=fuzzer -o $$f $(B)/tests/$$(basename $$f).o $(LIB) $(LDLIBS) || exit 1; \
	done
	@FUZZ_SECONDS=$(FUZZ_SECONDS) tests/fuzz.sh $(words $(FORMATS)) $(FUZZ)

bench: all
	@tests/install.sh bench
	@CC="$(CC)" tests/bench/bench.py $(B)/reuidl $(BENCH)

install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 755 $(B)/reuidl $(DESTDIR)$(PREFIX)/bin/
	for m in $(wildcard docs/*.1); do install -m 644 $$m $(DESTDIR)$(PREFIX)/share/man/man1/; done

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/reuidl $(patsubst docs/%,$(DESTDIR)$(PREFIX)/share/man/man1/%,$(wildcard docs/*.1))

clean:
	rm -rf $(B)

help:
	@sed -n 's/^# //p;/^$$/q' Makefile

.PHONY: all unit corpus demo check check-asan sanitized check-valgrind check-crash check-clients \
	check-clients-all check-servers check-truth check-rules lint fuzz fuzzed bench install uninstall clean help
.SECONDARY:
-include $(wildcard $(B)/*.d $(B)/*/*.d $(B)/*/*/*.d)
