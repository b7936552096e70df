"""Django settings. Everything that differs between installations comes from the environment."""

from __future__ import annotations

import secrets
import sys
from pathlib import Path

import environ
from csp.constants import SELF, UNSAFE_INLINE

from qbr import postgres

ROOT = Path(__file__).resolve().parent.parent
env = environ.Env()


def _kept(name: str) -> str:
    """A secret of this checkout, made once and kept beside its data; production sets it in the environment."""
    path = postgres.LOCAL / name
    if not path.exists():
        from cryptography.fernet import Fernet

        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(Fernet.generate_key().decode() if name == "encryption_key" else secrets.token_urlsafe(50))
        path.chmod(0o600)
    return path.read_text().strip()


DEBUG = env.bool("DEBUG", default=False)
TESTING = "pytest" in sys.modules
SECRET_KEY = env("SECRET_KEY", default="") or _kept("secret_key")
# Newest first: the first encrypts, all of them decrypt (see `manage.py rotate_keys`).
ENCRYPTION_KEYS: list[str] = env.list("ENCRYPTION_KEYS", default=[]) or [_kept("encryption_key")]
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", default=[])
SANDBOX_URL = env("SANDBOX_URL", default="")  # set by `make demo`; a connection to it may play the past
DEMO = env.bool("DEMO", default=False)
DROP_FOLDER = Path(env("QBR_DROP", default=str(postgres.LOCAL / "drop")))  # the folder whose files are loaded
SETUP_TOKEN = env("SETUP_TOKEN", default="")  # asked of whoever makes the first admin from another machine

INSTALLED_APPS = [
    "qbr.apps.QbrConfig",
    "metrics",
    "organizations",
    "collectors",
    "qbr.admin_site.QbrAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",  # so that widgets find the project's own templates
    "django_q",
    "django_htmx",
    "csp",
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
    "django_htmx.middleware.HtmxMiddleware",
]
ROOT_URLCONF = "qbr.urls"
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
WSGI_APPLICATION = "qbr.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

DATABASES = {"default": environ.Env.db_url_config(env("DATABASE_URL", default="") or postgres.url())}
DATABASES["default"]["ENGINE"] = "django.db.backends.postgresql"
DATABASES["default"]["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", default=0)  # the web process sets 60; workers must not
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
# Our statements are wide and their data small: compiling one takes PostgreSQL seconds, running it milliseconds.
DATABASES["default"].setdefault("OPTIONS", {}).setdefault("options", "-c jit=off")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
    # django-q2 keeps its heartbeats here, where the web process can read them too
    "q": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "queue_cache",
          "OPTIONS": {"MAX_ENTRIES": 10_000}},  # wrong guesses at passwords are counted here too
}
Q_CLUSTER = {
    "name": "qbr",
    "orm": "default",
    "workers": env.int("WORKERS", default=4),
    "queue_limit": env.int("WORKERS", default=4),  # = workers: a waiting task's retry clock already runs
    "bulk": 1,
    "timeout": 900,
    "retry": 3600,
    "ack_failures": True,
    "max_attempts": 1,
    "catch_up": False,
    "recycle": 50,
    "save_limit": 250,
    "poll": 1,
    "cache": "q",
}

PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
if TESTING:
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "sign_in"
LOGIN_REDIRECT_URL = "today"
LOGOUT_REDIRECT_URL = "sign_in"

LANGUAGE_CODE = "en-us"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"  # inside everything is UTC; the business time zone is a setting people own

DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000  # a year of months for every metric of a client is one form

STATIC_URL = "static/"
STATIC_ROOT = ROOT / "staticfiles"
STATICFILES_DIRS = [ROOT / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG or TESTING
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = DEBUG or TESTING

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF, UNSAFE_INLINE],  # plotly writes inline styles
        "img-src": [SELF, "data:", "blob:"],
        "connect-src": [SELF],
        "frame-ancestors": ["'none'"],
        "form-action": [SELF],
        "base-uri": [SELF],
        "object-src": ["'none'"],
    }
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
HTTPS = env.bool("HTTPS", default=False)
if HTTPS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SECURE_HSTS_SECONDS = 31_536_000

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env("LOG_LEVEL", default="WARNING")},
    "loggers": {"qbr": {"level": "INFO"}, "collectors": {"level": "INFO"}, "metrics": {"level": "INFO"}},
}
