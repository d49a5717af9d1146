#!/bin/sh
# Starts a new project of Debian's Django (apt-get install python3-django
# python3-django-redis) with nothing but its admin site and three accounts
# (admin, alice, bob; the password is the name and -pass) on a loopback port,
# and stays in the foreground. A Redis must listen already.
#   APP_PORT    where it listens (8531)
#   REDIS_PORT  where its sessions are (6379, database 1)
#   DATA        where it keeps the rest (.run/django-admin)
set -eu
port=${APP_PORT:-8531}
data=${DATA:-$(cd "$(dirname "$0")/../.." && pwd)/.run/django-admin}
python=/usr/bin/python3
$python -c 'import django, django_redis' 2>/dev/null || {
	echo "django is missing; install it: apt-get install -y --no-install-recommends python3-django python3-django-redis" >&2
	exit 1
}
if [ ! -f "$data/site/manage.py" ]; then
	mkdir -p "$data/site"
	$python -m django startproject legacy "$data/site"
fi
cat >"$data/site/legacy/local.py" <<PYTHON
from .settings import *

ALLOWED_HOSTS = ["localhost", "127.0.0.1"]
DATABASES["default"]["NAME"] = "$data/db.sqlite3"
SESSION_ENGINE = "django.contrib.sessions.backends.cache"
CACHES = {
    "default": {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": "redis://127.0.0.1:${REDIS_PORT:-6379}/1",
        # The one setting that the gate needs: sessions as JSON, not as pickles.
        "OPTIONS": {"SERIALIZER": "django_redis.serializers.json.JSONSerializer"},
    }
}
PYTHON
cd "$data/site"
export DJANGO_SETTINGS_MODULE=legacy.local PYTHONDONTWRITEBYTECODE=1
$python manage.py migrate -v0
$python manage.py shell -c '
from django.contrib.auth.models import User
for name in ("admin", "alice", "bob"):
    if not User.objects.filter(username=name).exists():
        User.objects.create_superuser(name, name + "@acme.example", name + "-pass")
'
exec $python manage.py runserver --noreload "127.0.0.1:$port"
