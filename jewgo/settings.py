"""Settings, in Django's order; every value that differs between installations comes from the environment."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dj_database_url

from jewgo.core import environment, release
from jewgo.core.resilient import NO_RETRY

ENVIRONMENT = environment.read()
LOCAL = ENVIRONMENT.jewgo_local == "on"
BASE_DIR = Path(__file__).resolve().parent.parent

SECRET_KEY = ENVIRONMENT.secret_key
DEBUG = False
ALLOWED_HOSTS = ENVIRONMENT.allowed_hosts
CSRF_TRUSTED_ORIGINS = ENVIRONMENT.csrf_trusted_origins

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "csp",
    "corsheaders",
    "allauth",
    "allauth.account",
    "allauth.headless",
    "allauth.mfa",
    "allauth.usersessions",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "jewgo.core",
    "rollout",  # before waffle: its waffle_flag command takes the place of waffle's own
    "waffle",
    "users",
    "restaurants",
    "reviews",
]

MIDDLEWARE = [
    "jewgo.core.middleware.RequestIdMiddleware",
    "jewgo.core.middleware.AccessLogMiddleware",
    "jewgo.core.retirement.RetirementMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "rollout.middleware.RolloutMiddleware",
]

ROOT_URLCONF = "jewgo.urls"
WSGI_APPLICATION = "jewgo.wsgi.application"
APPEND_SLASH = False

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "jewgo" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

STATEMENT_TIMEOUT_MS = 2000
DATABASES: dict[str, Any] = {
    "default": {
        **dj_database_url.parse(str(ENVIRONMENT.database_url), conn_max_age=600, conn_health_checks=True),
        "OPTIONS": {
            "options": f"-c statement_timeout={STATEMENT_TIMEOUT_MS}",
            "connect_timeout": 2,
            # A database host that vanished without a word is noticed within 10 s, not after the kernel's two hours.
            "keepalives_idle": 4,
            "keepalives_interval": 2,
            "keepalives_count": 3,
            "tcp_user_timeout": 10_000,
        },
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHES: dict[str, Any] = {
    "default": {
        "BACKEND": "jewgo.core.resilient.ResilientCache",
        "LOCATION": str(ENVIRONMENT.redis_url),
        "KEY_PREFIX": "jewgo",
        "TIMEOUT": 300,
        "OPTIONS": {
            "SERIALIZER": "jewgo.core.resilient.OrjsonSerializer",
            "SOCKET_CONNECT_TIMEOUT": 0.1,
            "SOCKET_TIMEOUT": 0.25,
            "CONNECTION_POOL_KWARGS": {"retry": NO_RETRY},
            "MAX_ENTRIES": 2000,
        },
    },
    # waffle caches model instances, and a cache of ours never pickles.
    "waffle": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"},
}

AUTH_USER_MODEL = "users.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend", "users.backends.RoleBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

# Accounts: an e-mail address and a password, proven by a code; apps hold a session token, staff a cookie.
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
HEADLESS_CLIENTS = ("app",)

EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST, EMAIL_PORT = ENVIRONMENT.email_host, ENVIRONMENT.email_port
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = ENVIRONMENT.email_user, ENVIRONMENT.email_password
EMAIL_USE_TLS, EMAIL_USE_SSL = ENVIRONMENT.email_tls == "starttls", ENVIRONMENT.email_tls == "tls"
EMAIL_TIMEOUT = 5
DEFAULT_FROM_EMAIL = SERVER_EMAIL = ENVIRONMENT.default_from_email

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "jewgo" / "static"]
WHITENOISE_USE_FINDERS = True  # served from the packages themselves: there is no step to forget
WHITENOISE_AUTOREFRESH = LOCAL

# Uploads: a picture's name is made by us, and what it holds was written anew (restaurants/pictures.py).
MEDIA_ROOT = ENVIRONMENT.media_root or BASE_DIR / "var" / "media"
MEDIA_URL = ENVIRONMENT.media_url

WAFFLE_FLAG_MODEL = "rollout.Flag"
WAFFLE_CACHE_NAME = "waffle"
WAFFLE_FLAG_DEFAULT = False
WAFFLE_CREATE_MISSING_FLAGS = False

TRUSTED_PROXIES = ENVIRONMENT.trusted_proxies  # how many of X-Forwarded-For's last hops are ours
CALLER = "rollout.identity.identify"  # who calls, for a kernel that knows no app: `key` and `source`
LIMITS: dict[str, Any] = {
    # class -> how often a caller may; the first three go by who asks, the others by what is asked
    "RATES": {
        "anonymous": ENVIRONMENT.limit_anonymous,
        "user": ENVIRONMENT.limit_user,
        "key": ENVIRONMENT.limit_key,
        "write": ENVIRONMENT.limit_write,
        "search": ENVIRONMENT.limit_search,
        "export": ENVIRONMENT.limit_export,
    }
    if ENVIRONMENT.rate_limits == "on"
    else {},
    "PROCESSES": ENVIRONMENT.workers,  # while Redis is away each has its share
}

API_V4_COHORT = "api_v4"
ROLLOUT: dict[str, Any] = {
    "SECRET": ENVIRONMENT.rollout_secret,
    "PULSE": ENVIRONMENT.rollout_pulse == "on",
    "DRILLS": ENVIRONMENT.rollout_drills == "on",
    "RELEASE": ENVIRONMENT.jewgo_release or release.commit(BASE_DIR),
    "THREADS": ENVIRONMENT.threads,
    # No call is slow below this, however fast v3 is: up to 0.1 s an answer seems instantaneous (Miller 1968).
    "SLOW_FLOOR_MS": 100,
    # from where on the service as a whole is worth an alert; the fields of rollout.thresholds.Thresholds
    "ALERTS": {
        "response_ms": ENVIRONMENT.alert_response_ms,
        "error_percent": ENVIRONMENT.alert_error_percent,
        "memory_percent": ENVIRONMENT.alert_memory_percent,
        "cpu_percent": ENVIRONMENT.alert_cpu_percent,
        "cache_hit_percent": ENVIRONMENT.alert_cache_hit_percent,
        "database_failures": ENVIRONMENT.alert_database_failures,
    },
    # who is told of alerts; a webhook goes to these hosts only
    "TELL": {
        "EMAILS": ENVIRONMENT.alert_emails,
        "WEBHOOKS": ENVIRONMENT.alert_webhooks,
        "WEBHOOK_HOSTS": ENVIRONMENT.alert_webhook_hosts,
        "WEBHOOK_SECRET": ENVIRONMENT.alert_webhook_secret,
    },
    # COMPLETE asks for so long a time without a holdout, and for so long a time in which v3 answered nobody
    "CERTIFICATE": {"WITHOUT_HOLDOUT": timedelta(hours=24), "QUIET": timedelta(days=14)},
    # name -> (what it gates, the feature that must be on before it)
    "COHORT": API_V4_COHORT,
    "FEATURES": {
        "api_v4_enabled": ("The v4 API as a whole: the prerequisite of the other seven", None),
        "api_v4_restaurants": ("Restaurants: v4 engine and v4 contract", "api_v4_enabled"),
        "api_v4_reviews": ("Reviews: v4 engine and v4 contract", "api_v4_enabled"),
        "api_v4_users": ("Users: v4 engine and v4 contract", "api_v4_enabled"),
        "api_v4_statistics": ("Statistics: v4 engine and v4 contract", "api_v4_enabled"),
        "api_v4_cache": ("Whether the v4 engine reads through the cache", "api_v4_enabled"),
        "api_v4_validation": ("Whether v3 writes are checked by v4's rules", "api_v4_enabled"),
        "api_v4_error_handling": ("Whether errors of the v3 contract carry v4's code and request id", "api_v4_enabled"),
    },
}

REVIEWS: dict[str, Any] = {
    # so many open flags, each by another person, hide a review until a moderator has looked at it
    "FLAGS_TO_HIDE": 3,
}

REST_FRAMEWORK: dict[str, Any] = {
    # the key comes first, so that a 401 carries its challenge
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "users.api.authentication.ServiceKeyAuthentication",
        "users.api.authentication.SessionTokenAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["users.api.permissions.Authority"],  # what users/authority.py lacks is refused
    # DRF imports these before it has views, so ours cannot stand here; jewgo.core.api's views name their own.
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "jewgo.core.schema.ContractSchema",
    "DEFAULT_METADATA_CLASS": None,
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "URL_FORMAT_OVERRIDE": None,  # `format` is a parameter like any other, and v4 knows none of that name
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_ADD_EXPLICIT_BLANK_NULL_CHOICE": False,
}
V3_DEPRECATED_AT = datetime(2026, 11, 22, tzinfo=UTC)
V3_RICH_ERRORS = "rollout.gate.rich_errors"

# Security: HTTPS everywhere but on a developer's own machine.
SECURE_SSL_REDIRECT = not LOCAL
SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$"]  # probes speak HTTP to the process itself
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if ENVIRONMENT.behind_proxy == "on" else None
SECURE_HSTS_SECONDS = 0 if LOCAL else 365 * 24 * 3600
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = not LOCAL
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not LOCAL
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "jewgo.core.logs.JsonFormatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["stderr"], "level": ENVIRONMENT.log_level},
    "loggers": {
        "django": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
        "django.request": {"level": "ERROR"},  # the access log has every 4xx already, and without its raw path
        "django.security.DisallowedHost": {"level": "CRITICAL"},
    },
}
