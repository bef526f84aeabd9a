"""Unpacks request bodies: SDKs send gzip, deflate or br. What cannot be unpacked ends there: nothing of its last piece is read."""

import io
import zlib

import brotli
from django.conf import settings
from django.core.exceptions import RequestDataTooBig

# Packed bytes that are unpacked at a time.
PIECE = 8192
# Large enough for whatever is read from a stream whose length nobody knows.
UNKNOWN_LENGTH = "4294967295"


class Deflate:
    """Deflate as either kind of client means it: with zlib's header, or raw."""

    def __init__(self):
        self.unpacker = zlib.decompressobj()
        self.may_be_raw = True

    def unpack(self, piece):
        try:
            return self.unpacker.decompress(piece)
        except zlib.error:
            if not self.may_be_raw:
                raise
            self.may_be_raw = False
            self.unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
            return self.unpacker.decompress(piece)


UNPACKERS = {
    "gzip": lambda: zlib.decompressobj(16 + zlib.MAX_WBITS).decompress,
    "deflate": lambda: Deflate().unpack,
    "br": lambda: brotli.Decompressor().process,
}


class Unpacked(io.RawIOBase):
    """The unpacked body. Raises RequestDataTooBig, a 400 to Django, past GLITCHTIP_MAX_UNZIPPED_PAYLOAD_SIZE."""

    def __init__(self, unpack, packed):
        self.pieces = self._pieces(unpack, packed)
        self.rest = memoryview(b"")

    def readable(self):
        return True

    def readinto(self, buffer):
        while not self.rest:
            piece = next(self.pieces, None)
            if piece is None:
                return 0
            self.rest = memoryview(piece)
        count = min(len(buffer), len(self.rest))
        buffer[:count] = self.rest[:count]
        self.rest = self.rest[count:]
        return count

    @staticmethod
    def _pieces(unpack, packed):
        total = 0
        while packed_piece := packed.read(PIECE):
            try:
                piece = unpack(packed_piece)
            except (zlib.error, brotli.error):
                return
            total += len(piece)
            if total > settings.GLITCHTIP_MAX_UNZIPPED_PAYLOAD_SIZE:
                raise RequestDataTooBig("Decompressed size exceeded limit")
            yield piece


class DecompressBodyMiddleware:
    """Replaces the body stream by the unpacked one."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        encoding = request.META.get("HTTP_CONTENT_ENCODING", "").lower()
        if encoding in UNPACKERS:
            request._stream = io.BufferedReader(Unpacked(UNPACKERS[encoding](), request._stream))
            request.META["CONTENT_LENGTH"] = UNKNOWN_LENGTH
            del request.META["HTTP_CONTENT_ENCODING"]
        return self.get_response(request)
