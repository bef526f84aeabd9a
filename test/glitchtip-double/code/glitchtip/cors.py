"""What browsers of other origins are told: django-cors-headers as GlitchTip 5.2 sets it up."""

from django.http import HttpResponse
from django.utils.cache import patch_vary_headers

HEADERS = "accept, authorization, content-type, user-agent, x-csrftoken, x-requested-with, x-sentry-auth, baggage, sentry-trace"
METHODS = "DELETE, GET, OPTIONS, PATCH, POST, PUT"


class CorsMiddleware:
    """Answers a browser that asks before it sends, whatever the path, and allows every origin."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        asks = request.method == "OPTIONS" and "access-control-request-method" in request.headers
        response = HttpResponse(headers={"content-length": "0"}) if asks else self.get_response(request)
        patch_vary_headers(response, ("origin",))
        if request.headers.get("origin"):
            response["access-control-allow-origin"] = "*"
            if request.method == "OPTIONS":
                response["access-control-allow-headers"] = HEADERS
                response["access-control-allow-methods"] = METHODS
                response["access-control-max-age"] = "86400"
        return response
