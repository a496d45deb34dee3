"""Every setting, from the environment, in one file. A wrong value stops the start with one line (ConfigError)."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from celery.schedules import crontab
from csp.constants import NONCE, NONE, SELF

from support_bot import env
from support_bot.logs import logging_config

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"

DEMO = env.flag("DEMO")
DEBUG = env.flag("DEBUG")
RELAXED = DEMO or DEBUG  # plain http on this machine, generated secret, limits may be off
HOST = env.text("HOST", "127.0.0.1")
PORT = env.integer("PORT", 8000, high=65535)


SECRET_KEY = env.secret_key(generated=VAR_DIR / "secret_key" if RELAXED else None)
SECRET_KEY_FALLBACKS = env.secret_key_fallbacks(relaxed=RELAXED)
_LOCAL = "127.0.0.1,localhost" if RELAXED else ""
ALLOWED_HOSTS = env.hosts("ALLOWED_HOSTS", _LOCAL)
if not ALLOWED_HOSTS:
    raise env.ConfigError("ALLOWED_HOSTS", "is required unless DEMO or DEBUG is true", "support.example.com")
if "*" in ALLOWED_HOSTS and not RELAXED:
    raise env.ConfigError("ALLOWED_HOSTS", "names every host; name yours", "support.example.com")
_ORIGINS = f"http://127.0.0.1:{PORT},http://localhost:{PORT}" if RELAXED else ""
ALLOWED_ORIGINS = env.origins("ALLOWED_ORIGINS", _ORIGINS)
if not ALLOWED_ORIGINS:
    raise env.ConfigError("ALLOWED_ORIGINS", "is required unless DEMO or DEBUG is true", "https://support.example.com")
TRUSTED_PROXIES = env.networks("TRUSTED_PROXIES")
PUBLIC_URL = env.url(
    "PUBLIC_URL", ALLOWED_ORIGINS[0], schemes=("http", "https"), example="https://support.example.com"
).rstrip("/")
CSRF_TRUSTED_ORIGINS = ALLOWED_ORIGINS

# --- applications -----------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
    "channels",
    "tracking",
    "tools",
    "support_bot.chat",
    "support_bot",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "support_bot.auditing.AuditedRequest",
    "allauth.account.middleware.AccountMiddleware",
    "support_bot.middleware.SessionLimits",
    "support_bot.second_factor.SecondFactor",
    "support_bot.outage.CountersAway",
]
ROOT_URLCONF = "support_bot.urls"
ASGI_APPLICATION = "support_bot.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "support_bot.pages.site",
            ]
        },
    }
]

# --- data -------------------------------------------------------------------------------------------------------

# Threads that may wait for the database at once in one process; each has its connection from a pool of that size.
DB_THREADS = env.integer("DB_THREADS", 8, high=200)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASE_URL = env.text("DATABASE_URL", f"sqlite:///{VAR_DIR / 'demo.sqlite3'}" if RELAXED else "")
if not DATABASE_URL:
    raise env.ConfigError("DATABASE_URL", "is required unless DEMO or DEBUG is true", "postgres://user:secret@host/db")
_OWNER_URL = env.text("MIGRATE_DATABASE_URL", DATABASE_URL)
# `make migrate` runs as the owner of the tables; nothing that serves ever does.
_MIGRATING = len(sys.argv) > 1 and sys.argv[1] in ("migrate", "setup_roles")
_NAME, _URL = ("MIGRATE_DATABASE_URL", _OWNER_URL) if _MIGRATING else ("DATABASE_URL", DATABASE_URL)
DATABASES = {"default": env.database(_NAME, _URL, threads=DB_THREADS)}

REDIS_URL = env.url("REDIS_URL", "", schemes=("redis", "rediss", "unix"), example="redis://127.0.0.1:6379/0")
if REDIS_URL:
    CHANNEL_LAYERS: dict[str, Any] = {
        "default": {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            # A Redis that hangs is one that is away: a turn's words must not wait for it.
            "CONFIG": {
                "hosts": [{"address": REDIS_URL, "socket_timeout": 2, "socket_connect_timeout": 2}],
                "prefix": "support_bot",
            },
        }
    }
    CACHES: dict[str, Any] = {
        "default": {
            "BACKEND": "support_bot.cache.TrustlessRedisCache",
            "LOCATION": REDIS_URL,
            # Django's default is pickle, which turns a write to Redis into code in our process.
            "OPTIONS": {
                "serializer": "support_bot.cache.JSONSerializer",
                # A Redis that hangs is one that is away: a page must not wait for it.
                "socket_timeout": 1,
                "socket_connect_timeout": 1,
            },
        }
    }
else:
    CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer", "CONFIG": {"capacity": 1000}}}
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

# --- people -----------------------------------------------------------------------------------------------------

AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "support_bot.accounts.Backend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "/accounts/login/"
LOGIN_REDIRECT_URL = "/chat/"
RATE_LOGIN = env.rate("RATE_LOGIN", "10/minute", may_be_off=RELAXED)
REAUTH_S = env.integer("REAUTH_S", 600)
SITE_NAME = "Parcel desk"
ACCOUNT_ADAPTER = "support_bot.accounts.AccountAdapter"
ACCOUNT_FORMS = {
    "signup": "support_bot.accounts.SignupForm",
    "reset_password": "support_bot.accounts.ResetPasswordForm",
}
ACCOUNT_LOGIN_METHODS = {"username", "email"}
# A user name would have to be told taken, and so tell who is a customer here; allauth makes one up.
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = REAUTH_S
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
# allauth writes 10/minute as 10/m.
_LOGIN_RATE = re.sub(r"/(.)[a-z]+", r"/\1", RATE_LOGIN) if RATE_LOGIN else None
ACCOUNT_RATE_LIMITS: dict[str, Any] | bool = (
    {
        "login": f"{_LOGIN_RATE}/ip",
        "login_failed": f"{_LOGIN_RATE}/ip,5/5m/key",
        "signup": "10/m/ip",
        "reset_password": "10/m/ip,5/h/key",
        "reset_password_from_key": "10/m/ip",
        "reauthenticate": "10/m/user",
    }
    if _LOGIN_RATE
    else False
)
KNOWN_BROWSER_COOKIE = "known_browser" if RELAXED else "__Host-known_browser"
# Possible everywhere, required where real customers are.
STAFF_NEED_SECOND_FACTOR = not RELAXED
MFA_ADAPTER = "support_bot.second_factor.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_TOLERANCE = 1  # of 30 s: clocks of telephones are not exact
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = RELAXED
# Whether an address may be added at all is our own flow's matter, and it lets nobody in before the first is verified.
MFA_ALLOW_UNVERIFIED_EMAIL = True
ALLAUTH_TRUSTED_CLIENT_IP_HEADER = None
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_IDLE_S = env.integer("SESSION_IDLE_S", 0, low=0) or None
SESSION_MAX_S = env.integer("SESSION_MAX_S", 0, low=0) or None
SESSION_COOKIE_AGE = SESSION_MAX_S or 2592000
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
# Browsers keep Secure cookies over plain http on loopback only, other clients never: hence plain names in the demo.
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not RELAXED
SESSION_COOKIE_NAME = "sessionid" if RELAXED else "__Host-sessionid"
CSRF_COOKIE_NAME = "csrftoken" if RELAXED else "__Host-csrftoken"

# --- what a browser may do --------------------------------------------------------------------------------------

SECURE_SSL_REDIRECT = not RELAXED
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 0 if RELAXED else 31536000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = not RELAXED
# For the answers that are not Django's: a refused body, for one.
HSTS = f"max-age={SECURE_HSTS_SECONDS}; includeSubDomains; preload" if SECURE_HSTS_SECONDS else ""
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF, *(origin.replace("http", "ws", 1) for origin in ALLOWED_ORIGINS)],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
        "manifest-src": [SELF],
    }
}
HTTP_MAX_BYTES = env.integer("HTTP_MAX_BYTES", 2621440)
DATA_UPLOAD_MAX_MEMORY_SIZE = HTTP_MAX_BYTES
WS_MAX_BYTES = env.integer("WS_MAX_BYTES", 65536)
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = True  # files are served from where they lie: nothing to collect

LANGUAGE_CODE = "en"
USE_I18N = True
USE_TZ = True
TIME_ZONE = env.zone("TIME_ZONE", "UTC")

# --- the model and its turns ------------------------------------------------------------------------------------

MODEL_PROVIDERS = ("openai", "demo")
LLM_MODEL = env.model("LLM_MODEL", "demo:rules", providers=MODEL_PROVIDERS)
LLM_FALLBACK_MODELS = env.models("LLM_FALLBACK_MODELS", providers=MODEL_PROVIDERS)
LLM_CONNECT_TIMEOUT_S = env.seconds("LLM_CONNECT_TIMEOUT_S", 5)
LLM_FIRST_TOKEN_TIMEOUT_S = env.seconds("LLM_FIRST_TOKEN_TIMEOUT_S", 15)
LLM_IDLE_TIMEOUT_S = env.seconds("LLM_IDLE_TIMEOUT_S", 15)
LLM_MAX_BYTES = env.integer("LLM_MAX_BYTES", 4194304)
BREAKER_FAILURES = env.integer("BREAKER_FAILURES", 5)
BREAKER_PROBE_S = env.seconds("BREAKER_PROBE_S", 10)
OPENAI_BASE_URL = env.url("OPENAI_BASE_URL", "", schemes=("http", "https"), example="http://127.0.0.1:8001/v1")
OPENAI_API_KEY = env.token("OPENAI_API_KEY")
if any(name.startswith("openai:") for name in [LLM_MODEL, *LLM_FALLBACK_MODELS]) and not (
    OPENAI_API_KEY or OPENAI_BASE_URL
):
    raise env.ConfigError("OPENAI_API_KEY", "is required for an openai: model without OPENAI_BASE_URL", "sk-...")
TOOL_MODULES = env.modules("TOOL_MODULES", "tools.read_tools,tools.write_tools")
TURN_MAX_STEPS = env.integer("TURN_MAX_STEPS", 6, high=50)
TURN_TIMEOUT_S = env.seconds("TURN_TIMEOUT_S", 60)
TURN_LEASE_S = env.seconds("TURN_LEASE_S", 10)
TURN_QUEUE = env.integer("TURN_QUEUE", 5)
MAX_TOOL_CALLS_PER_STEP = env.integer("MAX_TOOL_CALLS_PER_STEP", 8, high=100)
STILL_WORKING_S = env.seconds("STILL_WORKING_S", 8)
HISTORY_TOKENS = env.integer("HISTORY_TOKENS", 8000)
MAX_MESSAGE_CHARS = env.integer("MAX_MESSAGE_CHARS", 4000, high=100000)

# --- calls, approvals, limits -----------------------------------------------------------------------------------

TOOL_TIMEOUT_S = env.seconds("TOOL_TIMEOUT_S", 5)
CALL_LEASE_S = env.seconds("CALL_LEASE_S", 30)
EFFECT_TIMEOUT_S = env.seconds("EFFECT_TIMEOUT_S", 10)
EFFECT_TRIES = env.integer("EFFECT_TRIES", 5, high=100)
EFFECT_GATEWAY_URL = env.service_url("EFFECT_GATEWAY_URL", example="https://payments.example.com/v1")
SWEEP_S = env.seconds("SWEEP_S", 5)
DRAIN_S = env.seconds("DRAIN_S", 15)
# A peer that reads nothing is gone within this.
SLOW_SOCKET_S = env.seconds("SLOW_SOCKET_S", 30)
CONFIRM_TTL_S = env.seconds("CONFIRM_TTL_S", 900)
APPROVAL_TTL_S = env.seconds("APPROVAL_TTL_S", 86400)
PENDING_PER_CONVERSATION = env.integer("PENDING_PER_CONVERSATION", 3)
PENDING_PER_DAY = env.integer("PENDING_PER_DAY", 10)
SECOND_APPROVER_ABOVE = env.money("SECOND_APPROVER_ABOVE", "100.00")
RATE_MESSAGES = env.rate("RATE_MESSAGES", "20/minute", may_be_off=RELAXED)
RATE_TOOL_CALLS = env.rate("RATE_TOOL_CALLS", "60/minute", may_be_off=RELAXED)
RATE_HANDSHAKES = env.rate("RATE_HANDSHAKES", "30/minute", may_be_off=RELAXED)
RATE_TRACK = env.rate("RATE_TRACK", "20/minute", may_be_off=RELAXED)
MAX_SOCKETS = env.limit("MAX_SOCKETS", 10, may_be_off=RELAXED)
# One address may do this many times what one customer may: an office, a school, a mobile network.
PER_ADDRESS = env.limit("PER_ADDRESS", 20, may_be_off=RELAXED)
DAILY_TOKENS = env.limit("DAILY_TOKENS", 200000, may_be_off=RELAXED)
DAILY_TOKENS_TOTAL = env.limit("DAILY_TOKENS_TOTAL", None, may_be_off=RELAXED)

# --- worker -----------------------------------------------------------------------------------------------------

CELERY_BROKER_URL = REDIS_URL or "memory://localhost/"
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = (
    {
        # Unfinished work of a killed worker comes back after two minutes; the sweep has usually done it long before.
        "visibility_timeout": 120,
        "unacked_restore_interval": 2,
        "unacked_restore_throttle": 1,
        # Who decides must not wait for a broker that is away: its wake-up is lost at once, and the sweep makes up for
        # it. The worker itself tries for ever (CELERY_BROKER_CONNECTION_MAX_RETRIES).
        "max_retries": 1,
        "interval_start": 0,
        "socket_connect_timeout": 2,
        "socket_timeout": 5,
    }
    if REDIS_URL
    # kombu's virtual transports poll once a second unless told otherwise.
    else {"polling_interval": 0.05}
)
CELERY_TASK_SERIALIZER = CELERY_RESULT_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# Celery would end the whole pool of connections before and after each task; celery.py hands back the one that was used.
CELERY_DB_REUSE_MAX = sys.maxsize
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_TIME_LIMIT = 90
CELERY_TASK_SOFT_TIME_LIMIT = 75
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
# Else whoever can write to Redis could stop the worker, or have it take no more tasks while it looks alive.
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_TASK_DEFAULT_QUEUE = "effects"
CELERY_TASK_ROUTES = {"support_bot.chat.tasks.*": {"queue": "turns"}}
HEARTBEAT_S = env.seconds("HEARTBEAT_S", 5)
SEAL_S = 1.0
AUDIT_ANCHOR_S = env.seconds("AUDIT_ANCHOR_S", 60)
CELERY_BEAT_SCHEDULE = {
    "sweep calls": {"task": "tools.tasks.sweep", "schedule": SWEEP_S, "options": {"expires": SWEEP_S * 2}},
    "purge": {"task": "support_bot.chat.tasks.purge", "schedule": crontab(hour="3", minute="17")},
    "seal the audit": {"task": "tools.tasks.seal", "schedule": SEAL_S, "options": {"expires": SEAL_S * 5}},
    # One for each queue: a worker that no longer hears its own is restarted, however well the other one does.
    **{
        f"heartbeat of {queue}": {
            "task": "tools.tasks.heartbeat",
            "schedule": HEARTBEAT_S,
            "options": {"expires": HEARTBEAT_S * 2, "queue": queue},
        }
        for queue in ("effects", "turns")
    },
}

# --- mail and logs ----------------------------------------------------------------------------------------------

_EMAIL_URL = env.text("EMAIL_URL", "console:" if RELAXED else "")
if not _EMAIL_URL:
    raise env.ConfigError("EMAIL_URL", "is required unless DEMO or DEBUG is true", "smtp://user:secret@mail.host:587")
globals().update(env.email(_EMAIL_URL))
DEFAULT_FROM_EMAIL = env.sender("DEFAULT_FROM_EMAIL", f"support@{urlsplit(PUBLIC_URL).hostname or 'localhost'}")
LOGGING_CONFIG = None
LOGGING = logging_config(readable=RELAXED and sys.stdout.isatty())
