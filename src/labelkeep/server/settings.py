"""Django's settings, made from `configuration.read()`; nothing is set here that an operator should change."""

from __future__ import annotations

from labelkeep import __version__, configuration
from labelkeep.server import logs
from labelkeep.server.database import databases
from labelkeep.server.secret import secret_key
from labelkeep.web import TEMPLATE_DIR

CONFIGURATION = configuration.read()
DATA_DIR = CONFIGURATION.data_dir

SECRET_KEY = secret_key(DATA_DIR)
DEBUG = False
ALLOWED_HOSTS = list(CONFIGURATION.allowed_hosts)
ROOT_URLCONF = "labelkeep.server.urls"
WSGI_APPLICATION = "labelkeep.server.wsgi.application"
APPEND_SLASH = False
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-us"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "rest_framework",
    "drf_spectacular",
    "labelkeep.accounts",
    "labelkeep.operations",
    "labelkeep.mail",
    "labelkeep.media",
    "labelkeep.projects",
    "labelkeep.snapshots",
    "labelkeep.schedules",
]
MIDDLEWARE = [
    "labelkeep.server.middleware.ProxyMiddleware",
    "labelkeep.server.middleware.RequestMiddleware",
    "labelkeep.server.middleware.RoomMiddleware",
    "labelkeep.server.middleware.CompressionMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["labelkeep.accounts.backends.CaseInsensitiveBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
PASSWORD_RESET_TIMEOUT = 86_400  # seconds that the link in a letter is good for
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "DIRS": [TEMPLATE_DIR]}]
CSRF_FAILURE_VIEW = "labelkeep.web.page.csrf_failed"
# People behind TLS reach us through the public address, whatever the last hop speaks.
_PUBLIC_URL = CONFIGURATION.public_url
CSRF_TRUSTED_ORIGINS = [_PUBLIC_URL] if _PUBLIC_URL else []
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _PUBLIC_URL.startswith("https://")
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
# A file part is streamed to the store by our own handler; Django's in-memory limit concerns plain fields only.
DATA_UPLOAD_MAX_MEMORY_SIZE = 16 * 2**20
DATA_UPLOAD_MAX_NUMBER_FILES = None
DATA_UPLOAD_MAX_NUMBER_FIELDS = 100_000

DATABASES = databases(CONFIGURATION.database_url, DATA_DIR)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REST_FRAMEWORK = {
    "DEFAULT_SCHEMA_CLASS": "labelkeep.api.openapi.ViewSchema",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Labelkeep",
    "DESCRIPTION": "The API of CVAT, as far as Labelkeep speaks it.",
    "VERSION": __version__,
    "AUTHENTICATION_WHITELIST": [],
    "OAS_VERSION": "3.1.0",
    "POSTPROCESSING_HOOKS": ["labelkeep.api.openapi.with_components"],
}

LOGGING_CONFIG = None
logs.configure(CONFIGURATION.log_level)
