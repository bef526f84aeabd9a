"""The API of an old Sentry, or of another GlitchTip: lists, page by page, by a token that goes nowhere else."""

import http.client
import json
import re
import urllib.error
import urllib.parse
import urllib.request

TIMEOUT_SECONDS = 30
NEXT_PAGE = re.compile(r'<([^>]+)>;[^,]*rel="next"(?:;[^,]*results="(true|false)")?')


class Refused(Exception):
    """What stays so however often it is tried."""


class Away(Exception):
    """What may be over at the next try."""


class NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect would take the token to another server."""

    def redirect_request(self, req, fp, code, msg, headers, newurl):
        raise Refused(f"it redirects ({code}): put the address that it leads to into move.from")


class OldServer:
    def __init__(self, url, token):
        self.url = url.rstrip("/")
        self.token = token
        self.opener = urllib.request.build_opener(NoRedirects)

    def read(self, path):
        """An object, or a list whole: Sentry and GlitchTip give 50 to 100 rows a page, and say in a header where the next one is."""
        body, following = self._page(self.url + path)
        while following is not None:
            # Of this server, whatever name or proxy it believes to be behind.
            link = urllib.parse.urlsplit(following)
            page, following = self._page(f"{self.url}{path}?{link.query}")
            body += page
        return body

    def _page(self, url):
        request = urllib.request.Request(url, headers={"Authorization": f"Bearer {self.token}", "Accept": "application/json", "User-Agent": "glitchkeeper"})
        path = url.removeprefix(self.url)
        try:
            with self.opener.open(request, timeout=TIMEOUT_SECONDS) as response:
                return json.load(response), next_page(response.headers.get_all("Link") or [])
        except urllib.error.HTTPError as error:
            raise failure(error.code, path) from error
        except json.JSONDecodeError as error:
            raise Refused(f"{path}: expected JSON, found something else") from error
        except (OSError, http.client.HTTPException) as error:
            raise Away(f"it does not answer ({type(getattr(error, 'reason', error)).__name__})") from error


def failure(code, path):
    if code == 401:
        return Refused("it refuses the token (401)")
    if code == 403:
        return Refused(f"the token may not read {path} (403): it needs org:read, project:read, team:read and member:read")
    if code == 404:
        return Refused(f"{path}: it is not there (404); move.organization has to be its slug")
    return Away(f"it answers {code} to {path}") if code == 429 or code >= 500 else Refused(f"it answers {code} to {path}")


def next_page(links):
    """None: there is none. GlitchTip leaves the link out where Sentry says results="false"."""
    found = NEXT_PAGE.search(",".join(links))
    return found.group(1) if found and found.group(2) != "false" else None
