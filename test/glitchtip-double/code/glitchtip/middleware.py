"""Unpacks request bodies: SDKs send gzip, deflate or br. What cannot be unpacked reads as an empty body."""

import io
import zlib

import brotli
from django.conf import settings
from django.http import HttpResponse

WINDOW_BITS = {"gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}


class TooBigError(Exception):
    """The unpacked body is longer than GLITCHTIP_MAX_UNZIPPED_PAYLOAD_SIZE."""


def unpack(encoding, packed):
    limit = settings.GLITCHTIP_MAX_UNZIPPED_PAYLOAD_SIZE
    try:
        if encoding == "br":
            body = brotli.decompress(packed)
        else:
            body = zlib.decompressobj(WINDOW_BITS[encoding]).decompress(packed, limit + 1)
    except (zlib.error, brotli.error):
        return b""
    if len(body) > limit:
        raise TooBigError
    return body


class DecompressBodyMiddleware:
    """Replaces the body stream by the unpacked one."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        encoding = request.META.get("HTTP_CONTENT_ENCODING", "").lower()
        if encoding in ("gzip", "deflate", "br"):
            try:
                body = unpack(encoding, request._stream.read())
            except TooBigError:
                return HttpResponse("Decompressed size exceeded limit", status=413)
            request._stream = io.BytesIO(body)
            request.META["CONTENT_LENGTH"] = str(len(body))
            del request.META["HTTP_CONTENT_ENCODING"]
        return self.get_response(request)
