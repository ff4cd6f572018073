"""Settings, in Django's order; every value that differs between installations comes from the environment."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dj_database_url

from jewgo.core import cross_origin, environment, release
from jewgo.core.resilient import NO_RETRY

ENVIRONMENT = environment.read()
LOCAL = ENVIRONMENT.jewgo_local == "on"
BASE_DIR = Path(__file__).resolve().parent.parent

SECRET_KEY, SECRET_KEY_FALLBACKS = ENVIRONMENT.secret_key, ENVIRONMENT.secret_key_fallbacks
DEBUG = False
ALLOWED_HOSTS = ENVIRONMENT.allowed_hosts
CSRF_TRUSTED_ORIGINS = ENVIRONMENT.csrf_trusted_origins

# Whose pages in a browser may call the API: a page sends its token itself, cookies stay out of it.
CORS_ALLOWED_ORIGINS = ENVIRONMENT.cors_allowed_origins
CORS_URLS_REGEX = cross_origin.ROUTES if CORS_ALLOWED_ORIGINS else r"(?!)"
CORS_ALLOW_HEADERS, CORS_EXPOSE_HEADERS = cross_origin.SENT, cross_origin.READ

INSTALLED_APPS = [
    "users.staff_site.StaffAdminConfig",
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
    "corsheaders.middleware.CorsMiddleware",  # above all that may answer in a view's place
    "jewgo.core.retirement.RetirementMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "jewgo.core.policy.PolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "users.accounts.middleware.AccountRoutesMiddleware",
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
        "ENGINE": "jewgo.core.postgres",
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

# Accounts (docs/adr/0019): an e-mail address and a password, proven by codes; apps hold a token, staff a cookie.
ACCOUNT_ADAPTER, MFA_ADAPTER = "users.accounts.adapters.AccountAdapter", "users.accounts.adapters.MFAAdapter"
ACCOUNT_LOGIN_METHODS, ACCOUNT_SIGNUP_FIELDS = {"email"}, ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD, ACCOUNT_EMAIL_SUBJECT_PREFIX, ACCOUNT_SESSION_REMEMBER = None, "", False
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = True
ACCOUNT_PASSWORD_RESET_BY_CODE_TIMEOUT = 900
ACCOUNT_CHANGE_EMAIL = True  # one address a person; a new one takes the old one's place once it is proven
ACCOUNT_EMAIL_NOTIFICATIONS = ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_METHODS = ("password", "mfa")
ACCOUNT_FORMS = {"login": "users.accounts.forms.LoginForm"}
ACCOUNT_RATE_LIMITS = MFA_RATE_LIMITS = False  # they live in the cache; ours in PostgreSQL (users/accounts/limits.py)
MFA_FORMS = {name: f"users.accounts.forms.{name.title()}Form" for name in ("authenticate", "reauthenticate")}
MFA_TOTP_ISSUER, MFA_TOTP_TOLERANCE = "JewGo", 1
HEADLESS_CLIENTS = ("app",)
HEADLESS_FRONTEND_URLS = {"account_signup": "/", "account_reset_password": "/"}  # our e-mails name no address
LOGIN_URL, LOGIN_REDIRECT_URL, LOGOUT_REDIRECT_URL = "account_login", "admin:index", "account_login"
SESSION_COOKIE_AGE = 90 * 24 * 3600  # an app's; the login page gives staff half a day
STAFF_SECOND_FACTOR = not LOCAL

_MAIL_AS_FILES = LOCAL and not ENVIRONMENT.email_host
EMAIL_BACKEND = f"django.core.mail.backends.{'filebased' if _MAIL_AS_FILES else 'smtp'}.EmailBackend"
EMAIL_FILE_PATH = ENVIRONMENT.email_dir or str(BASE_DIR / "var" / "mail")
EMAIL_HOST, EMAIL_PORT = ENVIRONMENT.email_host, ENVIRONMENT.email_port
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = ENVIRONMENT.email_user, ENVIRONMENT.email_password
EMAIL_USE_TLS, EMAIL_USE_SSL = ENVIRONMENT.email_tls == "starttls", ENVIRONMENT.email_tls == "tls"
EMAIL_TIMEOUT = 5
DEFAULT_FROM_EMAIL = SERVER_EMAIL = ENVIRONMENT.default_from_email

LANGUAGE_CODE, TIME_ZONE = "en-us", "UTC"
USE_I18N = USE_TZ = True

STATIC_URL, STATICFILES_DIRS = "/static/", [BASE_DIR / "jewgo" / "static"]
WHITENOISE_USE_FINDERS = True  # served from the packages themselves: there is no step to forget
WHITENOISE_AUTOREFRESH = LOCAL

# Uploads: a picture's name is made by us, and what it holds was written anew (restaurants/pictures.py).
MEDIA_ROOT = ENVIRONMENT.media_root or BASE_DIR / "var" / "media"
MEDIA_URL = ENVIRONMENT.media_url

WAFFLE_FLAG_MODEL, WAFFLE_CACHE_NAME = "rollout.Flag", "waffle"
WAFFLE_FLAG_DEFAULT = WAFFLE_CREATE_MISSING_FLAGS = False

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
    # asks whoever moves a feature in the admin for their password again, unless that was recent
    "ASK_AGAIN": "users.reauthentication.ask_again",
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
