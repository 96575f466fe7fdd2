"""Thirty letters that have been in a mailbox for a while, and three that came since.

Made from the number alone, so each run has the same bytes.  They differ as letters do:
folded headers, words in other alphabets, several parts, none with a body like another's.
"""

SUBJECTS = [
    "Minutes of Thursday",
    "Re: minutes of Thursday",
    "=?UTF-8?Q?Gr=C3=BC=C3=9Fe_aus_K=C3=B6ln?=",
    "Invoice 2026/114",
    "(no subject)",
    "Your order has been sent",
    "[list] Digest, Vol 7, Issue 3",
]


def letter(number):
    host = f"mail{number % 5}.example.net"
    day, hour, minute = 1 + number % 28, 6 + number % 13, (number * 7) % 60
    date = f"{day:02d} Oct 2026 {hour:02d}:{minute:02d}:{number:02d} +0200"
    sender = f"sender{number % 9}@{host}"
    head = [
        f"Return-Path: <{sender}>",
        f"Received: from {host} ({host} [192.0.2.{number}])",
        f"\tby mx.example.org (Postfix) with ESMTPS id 4T{number:06X}",
        f"\tfor <lab@example.org>; {date}",
        f"Date: {date}",
        f"From: Sender Number {number % 9} <{sender}>",
        "To: lab@example.org",
        f"Subject: {SUBJECTS[number % len(SUBJECTS)]}",
        f"Message-ID: {ident(number, brackets=True)}",
        "MIME-Version: 1.0",
    ]
    text = [f"This is letter {number}."] + [
        f"Line {i} of it, {'.' * ((number * i) % 50)}" for i in range(number % 17)]
    if number % 4 == 3:
        bound = f"=_part_{number}"
        head.append(f'Content-Type: multipart/alternative;\n boundary="{bound}"')
        text = [f"--{bound}", "Content-Type: text/plain", "", *text,
                f"--{bound}", "Content-Type: text/html", "", f"<p>Letter {number}</p>",
                f"--{bound}--"]
    else:
        head.append("Content-Type: text/plain; charset=us-ascii")
    return ("\n".join(head + [""] + text) + "\n").encode()


def ident(number, brackets=False):
    bare = f"2026{number:04d}.{number * 7919 % 65536:04x}@mail{number % 5}.example.net"
    return f"<{bare}>" if brackets else bare


OLD = range(1, 31)
NEWLY = range(31, 34)
