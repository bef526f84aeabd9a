"""Authentication, errors and pagination of the REST interface, as django-ninja gives them to the real one."""

import json
from dataclasses import dataclass

from django.contrib.auth import SESSION_KEY
from django.core.exceptions import ObjectDoesNotExist
from django.http import HttpResponse, JsonResponse
from django.middleware.csrf import CsrfViewMiddleware
from django.views.decorators.csrf import csrf_exempt

from apps.api_tokens.models import APIToken

PAGE_SIZE = 50


class ApiError(Exception):
    """Ends a request with this status and detail."""

    def __init__(self, status, detail):
        super().__init__(detail)
        self.status = status
        self.detail = detail


@dataclass(frozen=True)
class Auth:
    """Who asks; scopes is None for a session, which may do everything its user may."""

    user_id: int
    scopes: list | None = None


def bearer_token(request):
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" else None


def session_auth(request):
    """The user id of the cached session. Its hash is not compared, so a new SECRET_KEY alone ends no session."""
    if CsrfViewMiddleware(lambda _: None).process_view(request, None, (), {}):
        raise ApiError(403, "CSRF check Failed")
    user_id = request.session.get(SESSION_KEY)
    return Auth(int(user_id)) if user_id else None


def token_auth(request):
    token = bearer_token(request)
    if not token:
        return None
    found = APIToken.objects.filter(token=token, user__is_active=True).first()
    return Auth(found.user_id, found.get_scopes()) if found else None


def authenticate(request, tokens_allowed):
    auth = token_auth(request) if tokens_allowed else None
    auth = auth or session_auth(request)
    if auth is None:
        raise ApiError(401, "Unauthorized")
    return auth


def require_scope(request, *scopes):
    if request.auth.scopes is not None and not set(scopes) & set(request.auth.scopes):
        raise ApiError(403, "Permission denied")


def read_json(request, **fields):
    """The body's fields by name; a field whose given default is `...` must be there."""
    try:
        body = json.loads(request.body)
    except ValueError:
        raise ApiError(400, "Cannot parse request body") from None
    missing = [
        {"type": "missing", "loc": ["body", "payload", name], "msg": "Field required"}
        for name, default in fields.items()
        if default is ... and name not in body
    ]
    if missing:
        raise ApiError(422, missing)
    return {name: body.get(name, default) for name, default in fields.items()}


def paginated(request, queryset, serialize):
    """One page, with the Link header that Sentry's clients follow."""
    try:
        limit = min(int(request.GET.get("limit") or PAGE_SIZE), 100)
        offset = int(request.GET.get("cursor") or 0)
    except ValueError:
        raise ApiError(422, "Invalid cursor") from None
    rows = list(queryset[offset : offset + limit + 1])
    url = request.build_absolute_uri(request.path)

    def link(relation, exists, cursor):
        results = str(exists).lower()
        return (
            f'<{url}?limit={limit}&cursor={cursor}>; rel="{relation}"; results="{results}"; cursor="{cursor}"'
        )

    response = JsonResponse([serialize(row) for row in rows[:limit]], safe=False)
    response["Link"] = ", ".join(
        (
            link("previous", offset > 0, max(offset - limit, 0)),
            link("next", len(rows) > limit, offset + limit),
        )
    )
    response["X-Hits"] = queryset.count() if offset or len(rows) > limit else len(rows[:limit])
    return response


def endpoint(tokens_allowed=True, **handlers):
    """A view from one handler a method. A handler returns a response, or a body, or a status and a body."""

    @csrf_exempt
    def view(request, **arguments):
        handler = handlers.get(request.method.lower())
        if handler is None:
            return HttpResponse("Method not allowed", status=405)
        try:
            request.auth = authenticate(request, tokens_allowed)
            result = handler(request, **arguments)
        except ApiError as error:
            return JsonResponse({"detail": error.detail}, status=error.status)
        except ObjectDoesNotExist:
            return JsonResponse({"detail": "Not Found"}, status=404)
        if isinstance(result, HttpResponse):
            return result
        status, body = result if isinstance(result, tuple) else (200, result)
        if status == 204:
            return HttpResponse(status=204)
        return JsonResponse(body, status=status, safe=False)

    return view
