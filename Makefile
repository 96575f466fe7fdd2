# make            build/reuidl
# make demo       installs what is missing, then the main job on two real servers
# make check      installs what is missing, builds, passes the tests
# make help       the rest

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

$(B)/tests: $(TESTOBJ) $(LIB)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lcriterion $(LDLIBS)

clean:
	rm -rf $(B)

.PHONY: all clean
-include $(LIBOBJ:.o=.d) $(CMDOBJ:.o=.d) $(TESTOBJ:.o=.d)
