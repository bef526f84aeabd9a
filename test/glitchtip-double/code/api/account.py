"""The server's settings, who is asking, and API tokens."""

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.http import JsonResponse

from apps.api_tokens.models import SCOPES, APIToken
from apps.users.models import User
from glitchtip.adapters import is_registration_open

from .http import ApiError, bearer_token, endpoint, paginated, read_json


def settings_view(_request):
    registration = is_registration_open()
    return JsonResponse(
        {
            "socialApps": [],
            "billingEnabled": False,
            "iPaidForGlitchTip": False,
            "enableUserRegistration": registration,
            "enableSocialAppsUserRegistration": registration,
            "enableOrganizationCreation": settings.ENABLE_ORGANIZATION_CREATION,
            "stripePublicKey": None,
            "plausibleUrl": None,
            "plausibleDomain": None,
            "chatwootWebsiteToken": None,
            "sentryDSN": None,
            "sentryTracesSampleRate": 0.01,
            "environment": None,
            "version": settings.GLITCHTIP_VERSION,
            "serverTimeZone": settings.TIME_ZONE,
            "glitchtipInstanceName": None,
        }
    )


def describe_user(user):
    return {
        "id": str(user.id),
        "lastLogin": user.last_login,
        "isSuperuser": user.is_superuser,
        "isActive": user.is_active,
        "name": user.name,
        "email": user.email,
        "username": user.email,
        "dateJoined": user.created,
        "hasPasswordAuth": user.has_usable_password(),
        "identities": [],
        "options": dict.fromkeys(
            ("timezone", "stacktraceOrder", "language", "clock24Hours", "preferredTheme")
        ),
    }


def describe_token(token):
    return {
        "id": token.id,
        "label": token.label,
        "scopes": token.get_scopes(),
        "token": token.token,
        "created": token.created,
    }


def root(request):
    """A session is not seen here, and ended: the real one loads it asynchronously, which its cache client cannot."""
    user = token = None
    if SESSION_KEY in request.session:
        request.session.flush()
    if given := bearer_token(request):
        token = APIToken.objects.filter(token=given, user__is_active=True).first()
        user = User.objects.get(id=token.user_id) if token else None
    return JsonResponse(
        {
            "version": "0",
            "user": describe_user(user) if user else None,
            "auth": describe_token(token) if token else None,
        }
    )


def scope_mask(names):
    try:
        return sum(1 << SCOPES.index(name) for name in set(names))
    except ValueError:
        raise ApiError(422, [{"scopes": "Invalid scope"}]) from None


def create_token(request):
    given = read_json(request, label="", scopes=...)
    token = APIToken.objects.create(
        user_id=request.auth.user_id,
        label=given["label"],
        scopes=scope_mask(given["scopes"]),
    )
    return 201, describe_token(token)


def list_tokens(request):
    mine = APIToken.objects.filter(user_id=request.auth.user_id).order_by("id")
    return paginated(request, mine, describe_token)


def delete_token(request, token_id):
    APIToken.objects.get(user_id=request.auth.user_id, id=token_id).delete()
    return 204, None


tokens = endpoint(tokens_allowed=False, get=list_tokens, post=create_token)
token = endpoint(tokens_allowed=False, delete=delete_token)
