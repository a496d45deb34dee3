"""The product's settings for tests in this process: a clean environment, throw-away servers, cheap hashes."""

import os

from tests.environment import TEST_ENVIRONMENT, product_variables

for _name in product_variables(os.environ):
    del os.environ[_name]
os.environ.update(TEST_ENVIRONMENT)
os.environ["DATABASE_URL"] = os.environ.get("TEST_DATABASE_URL", "sqlite:///:memory:")
os.environ["REDIS_URL"] = ""

from support_bot.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
