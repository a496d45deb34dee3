"""Sessions that are there already: a sign-in by password takes a fifth of a second, and most tests test else."""

from __future__ import annotations

import secrets
from datetime import timedelta

import psycopg
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone

ADD = "INSERT INTO django_session (session_key, session_data, expire_date) VALUES (%s, %s, %s)"
BACKEND = "django.contrib.auth.backends.ModelBackend"


def make_sessions(database_url: str, *, names: str) -> dict[str, str]:
    """One for each user whose name is LIKE `names`: their keys by user name. The product must have our SECRET_KEY."""
    ends = timezone.now() + timedelta(days=1)
    made: dict[str, str] = {}
    with psycopg.connect(database_url) as rows:
        users = rows.execute("SELECT id, username, password FROM auth_user WHERE username LIKE %s", [names]).fetchall()
        for pk, name, password in users:
            hashed = User(pk=pk, password=password).get_session_auth_hash()
            data = {SESSION_KEY: str(pk), BACKEND_SESSION_KEY: BACKEND, HASH_SESSION_KEY: hashed}
            made[name] = secrets.token_hex(16)
            values = [made[name], SessionStore().encode(data), ends]
            rows.execute(
                "INSERT INTO django_session (session_key, session_data, expire_date) VALUES (%s, %s, %s)", values
            )
    return made
