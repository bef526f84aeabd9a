"""Who may sign up: everybody when registration is on, and anybody while the database has no user."""

from inspect import signature

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import record_authentication
from django.conf import settings

from apps.users.models import User


def is_registration_open():
    return settings.ENABLE_USER_REGISTRATION or not User.objects.exists()


class AccountAdapter(DefaultAccountAdapter):
    """allauth's adapter with GlitchTip's rule for sign-up."""

    def is_open_for_signup(self, request):
        return is_registration_open()

    def save_user(self, request, user, form, commit=True):
        user = super().save_user(request, user, form, commit)
        if commit:
            # Debian's allauth takes no user here yet, that of 6.2 does.
            takes_user = "user" in signature(record_authentication).parameters
            record_authentication(request, *([user] if takes_user else []), method="signup")
        return user
