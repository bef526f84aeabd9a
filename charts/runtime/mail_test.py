"""Sends a test mail as GlitchTip would (`glitchkeeper mail test`): one line of JSON says what became of it, without a password."""

import json
import smtplib
import socket
import ssl
import sys

import django
from django.conf import settings


def reason(error):
    """In words for a person; answers of a server are cut, and those to a login left out: some repeat what they were sent."""
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return f"the server refuses the login ({error.smtp_code})"
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return "the server refuses the recipient: " + "; ".join(f"{code} {text.decode(errors='replace')[:200]}" for code, text in error.recipients.values())
    if isinstance(error, smtplib.SMTPResponseException):
        return f"the server refuses: {error.smtp_code} {error.smtp_error.decode(errors='replace')[:200] if isinstance(error.smtp_error, bytes) else error.smtp_error[:200]}"
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return f"the server cannot do what is asked for: {error}"
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return "the server closed the connection"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return f"no TLS with the server: {error.reason}"
    if isinstance(error, socket.gaierror):
        return "its name is not known"
    if isinstance(error, TimeoutError):
        return f"no answer within {settings.EMAIL_TIMEOUT} s: a firewall, or a policy (settings.email.port, privateNetworks)"
    return str(error) or type(error).__name__


def send(recipient):
    from django.core.mail import send_mail

    if not settings.EMAIL_BACKEND.endswith(".smtp.EmailBackend"):
        return {"sent": False, "server": None, "reason": "no server is set: mails are written to the log"}
    tls = "ssl" if settings.EMAIL_USE_SSL else "starttls" if settings.EMAIL_USE_TLS else "none"
    found = {"server": f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}", "tls": tls, "login": bool(settings.EMAIL_HOST_USER), "from": settings.DEFAULT_FROM_EMAIL, "to": recipient}
    try:
        send_mail("GlitchTip can send mails", "This is the test mail that glitchkeeper was asked for.", None, [recipient])
    except Exception as error:  # Whatever it is, a person wants to know it.
        return {"sent": False, **found, "reason": reason(error)}
    return {"sent": True, **found}


django.setup()
print(json.dumps(send(sys.argv[1])))
