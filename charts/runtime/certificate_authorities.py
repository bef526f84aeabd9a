"""Trusts certificate authorities of one's own beside those that are trusted anyway.

OpenSSL (SSL_CERT_FILE: ssl, aiohttp, smtplib) and requests (REQUESTS_CA_BUNDLE) take one file each, in place of the usual
one and not beside it: so this file has both. It is made anew by each process, for a ConfigMap may have changed meanwhile.
"""

import os
import ssl
import tempfile


def usual():
    """Where requests is, certifi's list is, too; an image without ca-certificates has no other."""
    try:
        import certifi

        return certifi.where()
    except ImportError:
        return ssl.get_default_verify_paths().cafile


def trust(own):
    path = os.path.join(tempfile.gettempdir(), "certificate-authorities.pem")
    parts = []
    for file in filter(None, (usual(), own)):
        with open(file, encoding="utf-8") as source:
            parts.append(source.read())
    # In one step: another process may be reading it.
    with tempfile.NamedTemporaryFile("w", dir=tempfile.gettempdir(), delete=False, encoding="utf-8") as target:
        target.write("\n".join(parts))
    os.replace(target.name, path)
    os.environ["SSL_CERT_FILE"] = os.environ["REQUESTS_CA_BUNDLE"] = path


trust(os.environ["GLITCHKEEPER_CERTIFICATE_AUTHORITIES"])
