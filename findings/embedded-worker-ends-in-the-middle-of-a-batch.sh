#!/usr/bin/env bash
# Seen 2026-11-30 with django-vtasks 3.2.0, Django 6.0, granian 2.8.9 and SQLite (Python 3.12 or later). Its worker may run inside an ASGI server; on
# SIGTERM it finishes what it took, it says, and one would think that a task which is under way when the server is told to end is done and gone.
# The signal's handler stops the worker and waits; then the server sends lifespan.shutdown, whose own Worker.stop() finds that it is stopping
# already ("if not self.running: return"), answers at once, and the server ends the process. The row of the task stays PROCESSING under the name
# HOST-PID, and another host never takes it again. Each line is what is left in the table after SIGTERM, while a task of two seconds was under way:
#   with the signal's handler: PROCESSING 1
#   without it, by lifespan.shutdown alone: nothing
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
"${PYTHON:-python3.13}" -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check Django==6.0 django-vtasks==3.2.0 granian==2.8.9 orjson==3.13.0 pyzstd==0.20.0
mkdir shop
touch shop/__init__.py
cat > settings.py <<'END'
SECRET_KEY = "finding"
ALLOWED_HOSTS = ["127.0.0.1"]
INSTALLED_APPS = ["django_vtasks", "django_vtasks.db"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "queue.sqlite3", "OPTIONS": {"timeout": 20, "transaction_mode": "IMMEDIATE"}}}
ROOT_URLCONF = "shop.urls"
TASKS = {"default": {"BACKEND": "django_vtasks.backends.db.DatabaseTaskBackend", "QUEUES": ["default"]}}
LOGGING_CONFIG = None
END
cat > shop/tasks.py <<'END'
import time

from django_vtasks import task


@task
def slow():
    open("begun", "w").close()
    time.sleep(2)
END
cat > shop/urls.py <<'END'
from django.http import HttpResponse
from django.urls import path

from .tasks import slow


def enqueue(_request):
    slow.enqueue()
    return HttpResponse("ok")


urlpatterns = [path("", enqueue)]
END
cat > application.py <<'END'
import os

os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
from django.core.asgi import get_asgi_application

django_application = get_asgi_application()
import django_vtasks.asgi

if os.environ.get("HANDLER") == "none":
    django_vtasks.asgi._install_stop_signal_chain = lambda *_: None
application = django_vtasks.asgi.get_worker_application(django_application)
END
export DJANGO_SETTINGS_MODULE=settings
venv/bin/django-admin migrate --pythonpath . --verbosity 0
left() { # HANDLER: what is in the table once the server has ended
  rm -f begun
  HANDLER=$1 venv/bin/granian --interface asgi --port 18080 --workers 1 --no-log application:application > server.log 2>&1 &
  local server=$!
  until venv/bin/python -c 'import urllib.request as r; r.urlopen("http://127.0.0.1:18080/")' 2> /dev/null; do sleep 0.2; done
  until [ -e begun ]; do sleep 0.1; done
  kill -TERM "$server"
  wait "$server" || true
  venv/bin/python - <<'END'
import sqlite3

rows = sqlite3.connect("queue.sqlite3").execute("SELECT status, count(*) FROM db_queuedtask GROUP BY 1").fetchall()
print(*(f"{status} {count}" for status, count in rows) if rows else ["nothing"])
END
  venv/bin/python -c 'import sqlite3; sqlite3.connect("queue.sqlite3", isolation_level=None).execute("DELETE FROM db_queuedtask")'
}
found="with the signal's handler: $(left chained)
without it, by lifespan.shutdown alone: $(left none)"
echo "$found"
[ "$found" = "with the signal's handler: PROCESSING 1
without it, by lifespan.shutdown alone: nothing" ]
