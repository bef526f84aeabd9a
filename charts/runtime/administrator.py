"""Makes the first administrator (a container of the migrate Job); does nothing where one exists.

`administrator.py promote`: an ordinary account of that address, as an adopted database may have, becomes the administrator and
keeps its password. Without that word nobody is given rights that nobody asked for.

The password goes from the mounted Secret into this process' own environment, where createsuperuser looks for it:
neither the manifest nor /proc/PID/environ ever holds it.
"""

import os
import sys

SECRET = "/run/secrets/administrator"

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "glitchtip.settings")
sys.path.insert(0, os.getcwd())


def read(key):
    with open(f"{SECRET}/{key}", encoding="utf-8") as file:
        return file.read()


def promote(account):
    if "promote" not in sys.argv[1:]:
        sys.exit(
            f"{account.email} belongs to an ordinary account already: set administrator.promote to true to make it the administrator,"
            " or put another address into key email of the administrator's Secret"
        )
    account.is_superuser = account.is_staff = True
    account.save(update_fields=["is_superuser", "is_staff"])
    print(f"the account {account.email} is the administrator now, with the password that it has", flush=True)


def main():
    import django

    django.setup()
    from django.contrib.auth import get_user_model
    from django.core.management import call_command

    accounts = get_user_model().objects
    if accounts.filter(is_superuser=True).exists():
        print("an administrator exists", flush=True)
        return
    email = read("email")
    account = accounts.filter(email=email).first()
    if account:
        promote(account)
        return
    os.environ["DJANGO_SUPERUSER_EMAIL"] = email
    os.environ["DJANGO_SUPERUSER_PASSWORD"] = read("password")
    call_command("createsuperuser", interactive=False)


main()
