"""Makes the first administrator (a container of the migrate Job); does nothing where one exists.

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


def main():
    import django

    django.setup()
    from django.contrib.auth import get_user_model
    from django.core.management import call_command

    if get_user_model().objects.filter(is_superuser=True).exists():
        print("an administrator exists", flush=True)
        return
    os.environ["DJANGO_SUPERUSER_EMAIL"] = read("email")
    os.environ["DJANGO_SUPERUSER_PASSWORD"] = read("password")
    call_command("createsuperuser", interactive=False)


main()
