"""Which environment the tests give to the product: a clean one, so that a developer's shell decides nothing."""

from collections.abc import Iterable, Mapping

PRODUCT_PREFIXES = (
    "ALLOWED_", "APPROVAL_", "AUDIT_", "BREAKER_", "CALL_", "CONFIRM_", "DAILY_", "DATABASE_", "DB_", "DEBUG",
    "DEFAULT_FROM_", "DEMO", "DRAIN_", "EFFECT_", "EMAIL_", "HISTORY_", "HOST", "HTTP_MAX_", "LLM_", "MAX_", "MIGRATE_",
    "OPENAI_", "PENDING_", "PER_ADDRESS", "PIDFILE", "PORT", "PUBLIC_", "RATE_", "REAUTH_", "REDIS_", "SECOND_",
    "SECRET_", "SESSION_", "SLOW_", "STILL_", "SWEEP_", "TIME_ZONE", "TOOL_", "TRUSTED_", "TURN_", "WEBHOOK_", "WS_",
)  # fmt: skip
TEST_ENVIRONMENT = {"DEMO": "true", "SECRET_KEY": "only-for-tests-" + "0" * 40}
# By these a started process would measure its own coverage, which makes it slower by two fifths.
COVERAGE_PREFIX = "COVERAGE_"


def product_variables(environment: Iterable[str]) -> list[str]:
    return [name for name in environment if name.startswith(PRODUCT_PREFIXES)]


def measured(environment: Mapping[str, str]) -> dict[str, str]:
    """For the servers that many tests share: their lines count in the coverage of the run, if it has one."""
    return {name: value for name, value in environment.items() if name.startswith(COVERAGE_PREFIX)}


def process_environment(inherited: Mapping[str, str], **variables: str) -> dict[str, str]:
    """For a real web or worker process: PATH and the like from outside, everything that we read from the test."""
    product = set(product_variables(inherited))
    ours = {"DJANGO_SETTINGS_MODULE", "TEST_DATABASE_URL", "TEST_REDIS_URL"}
    kept = {
        name: value
        for name, value in inherited.items()
        if name not in product | ours and not name.startswith(COVERAGE_PREFIX)
    }
    return {**kept, **TEST_ENVIRONMENT, "PYTHONUNBUFFERED": "1", **variables}
