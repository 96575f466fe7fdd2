#!/usr/bin/env python3
"""make_mail.py DIR --count N --seed S [OPTION...]: a Maildir of realistic messages.

The same seed makes the same messages, byte for byte, on every machine, so that two runs
make an old and a new mailbox of one person:

    make_mail.py OLD --count 200 --seed 1
    make_mail.py NEW --count 200 --seed 1 --side new --order shuffle --new 3 --drop 5

  --count N          messages that both sides know, numbered 0 to N-1
  --side old|new     --new, --drop and --received-extra count only on the new side
  --order date|shuffle|reverse   the order in which a server will number them (it goes by
                     file names); shuffle is another order with each --order-seed
  --new K            K messages more, at the end (with --spread: among the others)
  --drop K           without K of the N (their numbers are printed with --names)
  --received-extra   one Received line more at the top of each, as a forward adds
  --delivered-to     a Delivered-To line more at the top, as a new delivery agent adds
  --small            headers of some 300 bytes and one line of body: for speed
  --copies K         about K exact copies among them (default: N/50)
  --crlf             all files with CRLF (default: about one of ten)
  --names FILE       writes "file-name TAB message-number" per message, in order: the truth

Among the messages: Received chains, DKIM signatures, encoded words, raw 8-bit headers,
folded lines, list mail, no Message-ID, equal headers with other bodies, the same size
with other content, empty bodies, no last newline, lines that begin with a dot or "From ",
attachments. Message n of a seed does not depend on the count.
"""

import argparse
import os
import random

EPOCH = 1735689600  # 2025-01-01
NEW = 10**7  # numbers of the messages that only the new side has begin here

FIRST = "Anna Björn Chloé Dmitri Émile Fatma Grete Hans Inês Jürgen Kasia Lars Mária Nils".split()
LAST = "Andersson Bauer Čapek Dubois Eriksen Fischer García Horváth Ivanov Jansen Kowalski".split()
DOMAIN = ["example.org", "mail.example.com", "lists.example.net", "büro.example", "example.co.uk"]
WORD = """meeting invoice report holiday train garden release server backup question answer
picture budget order delivery contract draft review concert recipe weather ticket address
signature letter school exam summer winter project plan table window music coffee""".split()
SUBJECT = ["Re: {a} {b}", "{a} for {b}", "Fwd: {a}: {b} {c}", "[{a}] {b} and {c}", "{a}",
           "Your {a} of {n}", "Größe und Preis: {a}", "{a} – {b}", "日本語の{a}", "Re: Re: {b} {c}"]


def encoded(text, rng):
    """A header value as a mail program writes it: encoded words where it is not ASCII."""
    if text.isascii():
        return text.encode()
    raw = text.encode()
    if rng.random() < 0.5:
        import base64
        return b"=?UTF-8?B?" + base64.b64encode(raw) + b"?="
    out = "".join(chr(c) if chr(c).isalnum() and c < 128 else "=%02X" % c for c in raw)
    return b"=?utf-8?Q?" + out.encode() + b"?="


def date(n):
    import time
    t = time.gmtime(EPOCH + n % NEW * 937 + n // NEW * 300 * 86400)
    return time.strftime("%a, %d %b %Y %H:%M:%S +0000", t).encode()


def hexes(rng, n):
    return b"%0*x" % (n, rng.getrandbits(4 * n))


def b64(rng, n):
    import base64
    return base64.b64encode(rng.randbytes(n))


def received(n, hop, rng):
    host = b"mx%d.example.%s" % (hop, rng.choice((b"org", b"net", b"com")))
    tail = b"; " + date(n)
    style = rng.randrange(3)
    if style == 0:
        return (b"Received: from " + host + b" (" + host + b" [192.0.2.%d])\n" % rng.randrange(256) +
                b"\tby mail.example.org (Postfix) with ESMTPS id " + hexes(rng, 10).upper() +
                b"\n\tfor <user@example.org>" + tail + b"\n")
    if style == 1:
        return (b"Received: by " + host + b" with SMTP id " + hexes(rng, 16) + b"\n" +
                b"        for <user@example.org>\n        " + tail[2:] + b" (UTC)\n")
    return b"Received: (qmail %d invoked by uid 89); %s\n" % (rng.randrange(90000), date(n))


def small(n, seed):
    return (b"Received: from mx.example.org by mail.example.org id %08x%08x; %s\n"
            b"From: sender%d@example.org\nTo: user@example.org\nSubject: message %d\n"
            b"Date: %s\nMessage-ID: <%d.%d@example.org>\n\nbody of %d\n"
            % (seed & 0xffffffff, n, date(n), n % 97, n, date(n), n, seed, n))


def message(n, seed):
    """Message n: bytes with LF line ends."""
    rng = random.Random(seed * 1000003 + n)
    who = rng.choice(FIRST) + " " + rng.choice(LAST)
    a, b, c = rng.choice(WORD), rng.choice(WORD), rng.choice(WORD)
    subject = rng.choice(SUBJECT).format(a=a, b=b, c=c, n=n)
    kind = rng.random()
    out = [b"Return-Path: <sender%d@example.org>\n" % n] if rng.random() < .8 else []
    if rng.random() < .3:
        out.append(b"Delivered-To: user@example.org\n")
    out += [received(n, hop, rng) for hop in range(rng.randrange(1, 6))]
    if rng.random() < .5:
        out.append(b"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.org;\n"
                   b"\ts=%s; t=%d; bh=%s;\n\th=From:To:Subject:Date:Message-ID;\n\tb=%s\n\t %s\n"
                   % (hexes(rng, 4), EPOCH + n, b64(rng, 32), b64(rng, 48), b64(rng, 60)))
    if rng.random() < .2:
        out.append(b"Authentication-Results: mail.example.org;\n\tdkim=pass header.d=example.org\n")
    if rng.random() < .3:
        out.append(b"X-Spam-Status: No, score=%.1f required=5.0\n\ttests=DKIM_VALID,HTML_MESSAGE\n"
                   % (rng.random() * 4 - 2))
    out.append(b"Date: " + date(n) + b"\n")
    out.append(b"From: " + encoded(who, rng) + b" <sender%d@example.org>\n" % n)
    if rng.random() < .3:
        out.append(b"To: user@example.org,\n  \"Second, One\" <two@example.org>,\n\tthree@example.org\n")
    else:
        out.append(b"To: user@example.org\n")
    if kind < .06:  # raw 8-bit, as careless programs send it
        raw = subject.encode("utf-8") if rng.random() < .5 else subject.encode("latin-1", "replace")
        out.append(b"Subject: " + raw + b"\n")
    elif kind < .12:
        out.append(b"Subject:\n\t" + encoded(subject, rng) + b"\n  folded again\n")
    else:
        out.append(b"Subject: " + encoded(subject, rng) + b"\n")
    if kind < .95:
        out.append(b"Message-I%c: <%d.%s@example.org>\n" % (rng.choice(b"Dd"), n, hexes(rng, 12)))
    if rng.random() < .4:
        out.append(b"References: " + b"\n ".join(b"<%s@example.org>" % hexes(rng, 20)
                                               for _ in range(rng.randrange(1, 5))) + b"\n")
    if .3 < kind < .45:
        out.append(b"List-Id: Discussion <talk.lists.example.net>\nPrecedence: list\n"
                   b"List-Unsubscribe: <mailto:talk-request@lists.example.net?subject=unsubscribe>,\n"
                   b" <https://lists.example.net/talk>\n")
    lines = b"".join(b"%s %s %s %d.\n" % (rng.choice(WORD).encode(), rng.choice(WORD).encode(),
                                         rng.choice(WORD).encode(), rng.randrange(1000))
                     for _ in range(rng.randrange(1, 30)))
    odd = rng.random()
    if odd < .03:
        lines = b""
    elif odd < .06:
        lines += b".\n..\n.dot\nFrom the start\n"
    elif odd < .09:
        lines = lines.rstrip(b"\n")
    elif odd < .14:
        lines += "Grüße, größer als früher\n".encode(rng.choice(("utf-8", "latin-1")))
    if odd > .9:
        import base64
        mark = b"=_%s" % hexes(rng, 16)
        blob = base64.encodebytes(rng.randbytes(rng.randrange(1000, 12000)))
        out.append(b"MIME-Version: 1.0\nContent-Type: multipart/mixed;\n boundary=\"" + mark + b"\"\n\n")
        out.append(b"--" + mark + b"\nContent-Type: text/plain; charset=utf-8\n\n" + lines)
        out.append(b"\n--" + mark + b"\nContent-Type: application/pdf\nContent-Transfer-Encoding: base64\n"
                   b"Content-Disposition: attachment; filename=\"" + a.encode() + b".pdf\"\n\n" + blob)
        out.append(b"--" + mark + b"--\n")
    else:
        out.append(b"MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\n")
        out.append(lines)
    return b"".join(out)


def special(n, seed, count_copies_every):
    """Now and then: an exact copy of an earlier message, or its header with another body
    of the same length."""
    if count_copies_every and n % count_copies_every == count_copies_every - 1:
        return message(n // 2, seed)
    if n % 61 == 60:
        text = message(n - 1, seed)
        head, _, body = text.partition(b"\n\n")
        return head + b"\n\n" + bytes(body).swapcase()
    return message(n, seed)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("dir")
    p.add_argument("--count", type=int, default=200)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--side", choices=("old", "new"), default="old")
    p.add_argument("--order", choices=("date", "shuffle", "reverse"), default="date")
    p.add_argument("--order-seed", type=int, default=7)
    p.add_argument("--new", type=int, default=0)
    p.add_argument("--drop", type=int, default=0)
    p.add_argument("--spread", action="store_true")
    p.add_argument("--received-extra", action="store_true")
    p.add_argument("--delivered-to", action="store_true")
    p.add_argument("--small", action="store_true")
    p.add_argument("--copies", type=int, default=None)
    p.add_argument("--crlf", action="store_true")
    p.add_argument("--names")
    o = p.parse_args()
    if o.side == "old":
        o.new = o.drop = 0
        o.received_extra = o.delivered_to = False

    rng = random.Random("%d %d" % (o.seed, o.order_seed))
    numbers = list(range(o.count))
    if o.drop:
        gone = set(rng.sample(numbers, o.drop))
        numbers = [n for n in numbers if n not in gone]
    extra = list(range(NEW, NEW + o.new))
    if o.spread:
        numbers += extra
        extra = []
    if o.order == "shuffle":
        rng.shuffle(numbers)
    elif o.order == "reverse":
        numbers.reverse()
    numbers += extra

    copies = o.count // 50 if o.copies is None else o.copies
    every = o.count // copies if copies else 0
    for d in ("cur", "new", "tmp"):
        os.makedirs(os.path.join(o.dir, d), exist_ok=True)
    names = []
    for place, n in enumerate(numbers):
        text = small(n, o.seed) if o.small else special(n, o.seed, every)
        if o.received_extra:
            text = (b"Received: from old.example.org by new.example.org with ESMTP id %x\n"
                    b"\tfor <user@new.example.org>; %s\n" % (n, date(n))) + text
        if o.delivered_to:
            text = b"Delivered-To: user@new.example.org\n" + text
        if o.crlf or (not o.small and n % 10 == 9):
            text = text.replace(b"\n", b"\r\n")
        # Dovecot numbers new files by the seconds at the head of their names, then by M.
        name = "%d.M%06dP%d.%s" % (EPOCH + place, place % 1000000, o.seed, o.side)
        names.append("%s\t%d\n" % (name, n))
        path = os.path.join(o.dir, "cur", name + ":2,")
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.write(fd, text)
        os.close(fd)
        if not o.small:
            when = EPOCH + (n if n < NEW else o.count + n - NEW) * 937
            os.utime(path, (when, when))
    if o.names:
        with open(o.names, "w") as f:
            f.writelines(names)


main()
