"""Who may sign up: everybody when registration is on, and anybody while the database has no user."""

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings

from apps.users.models import User


def is_registration_open():
    return settings.ENABLE_USER_REGISTRATION or not User.objects.exists()


class AccountAdapter(DefaultAccountAdapter):
    """allauth's adapter with GlitchTip's rule for sign-up."""

    def is_open_for_signup(self, request):
        return is_registration_open()
