import os

SECRET_KEY = os.environ["SECRET_KEY"]
SESSION_COOKIE_SECURE = True
SESSION_COOKIE_SAMESITE = "Lax"
TRUSTED_HOSTS = ["www.example.org"]

SQLALCHEMY_DATABASE_URI = os.environ["DATABASE_URL"]  # postgresql+psycopg://site@localhost/site
SQLALCHEMY_ENGINE_OPTIONS = {"pool_pre_ping": True}

RATELIMIT_STORAGE_URI = os.environ["REDIS_URL"]  # redis://localhost:6379/0
RATELIMIT_STORAGE_OPTIONS = {"socket_timeout": 0.5, "socket_connect_timeout": 0.5}
RATELIMIT_IN_MEMORY_FALLBACK_ENABLED = True

W4R_SECTION = "AU"
W4R_BASE_URL = "https://www.example.org"
W4R_MAIL_SENDER = "Write for Rights <w4r@example.org>"
W4R_MAIL_URL = os.environ["MAIL_URL"]  # smtp://user:password@mail.example.org:587?tls=1
W4R_ENCRYPTION_KEYS = os.environ["W4R_ENCRYPTION_KEYS"]  # newest first, parted by commas
W4R_INDEX_KEY = os.environ["W4R_INDEX_KEY"]
