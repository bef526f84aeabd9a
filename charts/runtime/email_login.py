"""The mail server with its login, from the Secret that settings.email.secret names; sitecustomize.py loads it.

GlitchTip reads EMAIL_URL from the file that EMAIL_URL_FILE names, and strips nothing from it, where EMAIL_URL is there at
all: so what the Secret says becomes one file of this container, and no password is in an environment. A pod without the
Secret starts all the same, and writes its mails to the log: events are worth more than mails.
"""

import os
import sys
import tempfile
from urllib.parse import quote

SCHEMES = {"starttls": ("smtp+tls", "587"), "ssl": ("smtp+ssl", "465"), "none": ("smtp", "25")}


def url_of(folder):
    """None where there is no server in it. ValueError says which key is wrong."""

    def value(key):
        try:
            with open(os.path.join(folder, key), encoding="utf-8") as file:
                return file.read().strip()
        except FileNotFoundError:
            return ""

    if value("url"):
        return value("url")
    host, user = value("host"), value("user")
    if not host:
        return None
    tls = value("tls") or "starttls"
    if tls not in SCHEMES:
        raise ValueError(f"key tls of the Secret: expected {', '.join(SCHEMES)}, found {tls}")
    scheme, usual_port = SCHEMES[tls]
    login = f"{quote(user, safe='')}:{quote(value('password'), safe='')}@" if user else ""
    return f"{scheme}://{login}{host}:{value('port') or usual_port}"


def use(folder):
    try:
        url = url_of(folder)
    except ValueError as error:
        print(f"no mail is sent: {error}", file=sys.stderr, flush=True)
        return
    if url is None:
        print("no mail is sent: the Secret of settings.email.secret is missing, or has neither url nor host", file=sys.stderr, flush=True)
        return
    # Made for its owner alone, and put there in one step: each process of the container makes it.
    file, scratch = tempfile.mkstemp()
    with os.fdopen(file, "w", encoding="utf-8") as target:
        target.write(url)
    path = os.path.join(tempfile.gettempdir(), "email-url")
    os.replace(scratch, path)
    os.environ["EMAIL_URL_FILE"] = path


use(os.environ["GLITCHKEEPER_EMAIL_DIR"])
