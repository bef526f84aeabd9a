"""What uWSGI serves. Bodies with Transfer-Encoding: chunked (as Node's Sentry SDK sends them) are read here."""

import io
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "glitchtip.settings")

django_application = get_wsgi_application()


def read_chunked_body():
    import uwsgi  # exists inside uWSGI only

    parts = []
    while part := uwsgi.chunked_read():
        parts.append(part)
    return b"".join(parts)


def application(environ, start_response):
    if environ.get("HTTP_TRANSFER_ENCODING", "").lower() == "chunked":
        body = read_chunked_body()
        environ["wsgi.input"] = io.BytesIO(body)
        environ["CONTENT_LENGTH"] = str(len(body))
    return django_application(environ, start_response)
