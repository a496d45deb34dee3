"""docker-compose.yml and Dockerfile, without an engine: what they promise, and their very commands on real servers."""

import ast
import os
import re
import subprocess
import sys
import uuid
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
import yaml

from tests.environment import product_variables
from tests.journeys.main_job import NEW_PHONE, walk
from tests.processes import ROOT, Running, wait_until
from tests.servers import die_with_parent, free_port

COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
SETTINGS = ROOT / "support_bot" / "settings.py"
SECRETS = {"SECRET_KEY": "k" * 50, "POSTGRES_PASSWORD": "owner", "APP_DB_PASSWORD": "app"}
VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")


class RequiredError(Exception):
    """Compose would refuse to start: a required variable is empty."""


def interpolated(text: str, variables: dict[str, str]) -> str:
    """`${A}`, `${A:-default}` and `${A:?message}`, as compose fills them in."""

    def value(match: re.Match[str]) -> str:
        name, kind, rest = match.groups()
        if kind == "?" and not variables.get(name):
            raise RequiredError(name)
        return variables.get(name) or (rest if kind == "-" else "")

    return VARIABLE.sub(value, text)


def environment_of(service: str, variables: dict[str, str]) -> dict[str, str]:
    """What a container gets whose .env sets `variables`: the file where the service names it, then its own."""
    handed_on = variables if {"path": ".env", "required": False} in SERVICES[service].get("env_file", []) else {}
    own = {name: interpolated(str(text), variables) for name, text in SERVICES[service]["environment"].items()}
    return {**handed_on, **own}


# --- what the file promises -------------------------------------------------------------------------------------------


def test_the_services_are_there():
    assert set(SERVICES) == {"web", "worker", "migrate", "postgres", "redis"}


@pytest.mark.parametrize("service", ["web", "worker", "postgres", "redis"])
def test_what_stays_up_has_a_health_check_and_comes_back(service):
    assert SERVICES[service]["healthcheck"]["test"][0] == "CMD"
    assert SERVICES[service]["restart"] == "unless-stopped"


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_nothing_runs_as_root_or_writes_where_it_need_not(service):
    settings = SERVICES[service]

    assert settings["user"] not in {"root", "0"}
    assert settings["read_only"] is True
    assert settings["cap_drop"] == ["ALL"]
    assert settings["security_opt"] == ["no-new-privileges:true"]


@pytest.mark.parametrize("service", ["web", "worker"])
def test_the_product_waits_for_tables_and_broker(service):
    assert SERVICES[service]["depends_on"] == {
        "migrate": {"condition": "service_completed_successfully"},
        "redis": {"condition": "service_healthy"},
    }


@pytest.mark.parametrize("missing", sorted(SECRETS))
def test_there_is_no_secret_but_yours(missing):
    given = {name: value for name, value in SECRETS.items() if name != missing}

    refused = []
    for service in ("web", "migrate", "postgres"):
        try:
            environment_of(service, given)
        except RequiredError as error:
            refused.append(str(error))

    assert missing in refused


def test_only_loopback_is_published():
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]

    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_every_variable_of_the_file_is_explained():
    used = {match[0] for match in VARIABLE.findall((ROOT / "docker-compose.yml").read_text())}
    explained = set(re.findall(r"^#? ?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))

    assert used - explained == set()


def variables_of_settings() -> set[str]:
    """Every variable that settings.py reads."""
    calls = [node for node in ast.walk(ast.parse(SETTINGS.read_text())) if isinstance(node, ast.Call)]
    ours = [call for call in calls if isinstance(call.func, ast.Attribute) and ast.unparse(call.func.value) == "env"]
    return {
        str(argument.value)
        for call in ours
        for argument in call.args[:1]
        if isinstance(argument, ast.Constant) and re.fullmatch(r"[A-Z_]+", str(argument.value))
    }


@pytest.mark.parametrize("service", ["web", "worker"])
def test_whatever_is_set_reaches_web_and_worker(service):
    named = variables_of_settings()
    assert {"TURN_TIMEOUT_S", "RATE_LOGIN", "SECOND_APPROVER_ABOVE", "DAILY_TOKENS_TOTAL", "SESSION_MAX_S"} <= named

    given = environment_of(service, SECRETS | dict.fromkeys(named, "planted"))

    fixed = {"DATABASE_URL", "MIGRATE_DATABASE_URL", "REDIS_URL"} | ({"HOST", "PORT"} if service == "web" else set())
    assert {name for name in named if given.get(name) != "planted"} == fixed


@pytest.mark.parametrize("service", ["web", "worker"])
def test_a_changed_limit_counts_in_web_and_worker(service):
    lines = (ROOT / ".env.example").read_text().partition("--- limits")[2]
    limits = dict(re.findall(r"^# ([A-Z_]+)=([0-9.]*(?:/minute)?)$", lines, re.MULTILINE))
    changed = {name: re.sub(r"^\d*", lambda found: str(int(found[0] or 60) + 1), text) for name, text in limits.items()}
    assert len(changed) > 30

    inherited = {name: value for name, value in os.environ.items() if name not in product_variables(os.environ)}
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            f"from support_bot import settings\nfor n in {sorted(changed)}: print(getattr(settings, n))",
        ],
        cwd=ROOT,
        env={**inherited, **environment_of(service, SECRETS | {"DEMO": "true"} | changed)},
        capture_output=True,
        text=True,
        check=True,
    )

    counts = [text.removesuffix(".0") for text in done.stdout.split()]
    assert counts == [changed[name] for name in sorted(changed)]


@pytest.mark.parametrize("service", ["web", "worker"])
def test_no_container_that_serves_holds_what_is_the_owners(service):
    secrets = {"POSTGRES_PASSWORD": "planted-owner", "MIGRATE_DATABASE_URL": "postgres://o:planted-url@h/d"}
    files = {"MIGRATE_DATABASE_URL_FILE": "planted-file", "DATABASE_URL_FILE": "planted-file"}

    given = environment_of(service, SECRETS | secrets | files | {"APP_DB_PASSWORD": "of-the-application"})

    assert [name for name, text in given.items() if "planted" in text] == []
    # The application's own password is where it is used, and nowhere else.
    assert [name for name, text in given.items() if "of-the-application" in text] == ["DATABASE_URL"]


def test_the_image_is_not_roots_and_checks_its_health():
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    instructions = [line.split(maxsplit=1)[0] for line in lines if re.match(r"[A-Z]+ ", line)]

    assert "USER support" in lines
    assert lines.index("USER support") > max(number for number, line in enumerate(lines) if line.startswith("RUN"))
    assert "HEALTHCHECK" in instructions
    assert "--require-hashes" in "\n".join(lines)


def test_the_image_holds_every_package():
    copied = set(re.findall(r"^COPY (\w+) \1$", (ROOT / "Dockerfile").read_text(), re.MULTILINE))
    let_through = set(re.findall(r"^!(\w+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE))

    assert copied == let_through == {"support_bot", "tracking", "tools", "templates", "static"}


# --- its commands on real servers -------------------------------------------------------------------------------------


class Composed:
    """Runs the commands of the file with its environment; only the addresses of the servers are those of the tests."""

    def __init__(self, *, folder: Path, postgres_url: str, redis_url: str, database: str, **variables: str) -> None:
        self.folder = folder
        self.postgres = urlsplit(postgres_url)
        self.redis = urlsplit(redis_url)
        self.database = database
        self.variables = {**SECRETS, **variables}
        self.port = str(free_port())
        self.running: list[Running] = []

    def environment(self, service: str) -> dict[str, str]:
        own = environment_of(service, self.variables)
        for name, text in own.items():
            moved = text.replace("@postgres:5432/support_bot", f"@127.0.0.1:{self.postgres.port}/{self.database}")
            own[name] = moved.replace("redis://redis:6379", f"redis://127.0.0.1:{self.redis.port}")
        inherited = {name: value for name, value in os.environ.items() if name not in product_variables(os.environ)}
        inherited.pop("DJANGO_SETTINGS_MODULE", None)
        # Outside a container every address is shared, so the server takes a free one and stays on loopback.
        return {**inherited, **own, "HOST": "127.0.0.1", "PORT": self.port}

    def run(self, service: str, command: list[str], *, succeed: bool = True) -> int:
        """Runs a command to its end in the environment of the service."""
        done = subprocess.run(
            self._ours(command), cwd=ROOT, env=self.environment(service), capture_output=True, text=True, check=False
        )
        assert done.returncode == 0 or not succeed, done.stdout + done.stderr
        return done.returncode

    def up(self, service: str) -> Running:
        log = self.folder / f"{service}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                self._ours(SERVICES[service]["command"]),
                cwd=ROOT,
                env=self.environment(service),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                preexec_fn=die_with_parent(15),
            )
        running = Running(process, log, f"http://127.0.0.1:{self.port}")
        self.running.append(running)
        return running

    def healthy(self, service: str) -> bool:
        return self.run(service, SERVICES[service]["healthcheck"]["test"][1:], succeed=False) == 0

    def make_database(self) -> None:
        """What the image of PostgreSQL does at its first start: the database, then our script."""
        with psycopg.connect(self.postgres.geturl(), autocommit=True) as session:
            session.execute(f"CREATE DATABASE {self.database}".encode())
        script = ROOT / "deploy" / "postgres" / "10-app-role.sh"
        server = {"PGHOST": "127.0.0.1", "PGPORT": str(self.postgres.port), "PATH": os.environ["PATH"]}
        own = {**environment_of("postgres", self.variables), "POSTGRES_DB": self.database}
        subprocess.run(["/bin/sh", script], env={**server, **own}, check=True, capture_output=True)

    def down(self) -> None:
        for running in reversed(self.running):
            running.stop()
        with psycopg.connect(self.postgres.geturl(), autocommit=True) as session:
            session.execute(f"DROP DATABASE IF EXISTS {self.database} WITH (FORCE)".encode())
            session.execute(b"DROP ROLE IF EXISTS support_bot_app")

    @staticmethod
    def _ours(command: list[str]) -> list[str]:
        return [sys.executable, *command[1:]] if command[0] == "python" else command


@pytest.fixture
def composed(tmp_path, postgres_url, redis_server, model_server):
    made = Composed(
        folder=tmp_path,
        postgres_url=postgres_url,
        redis_url=redis_server.url,
        database=f"compose_{uuid.uuid4().hex[:12]}",
        DEMO="true",
        LLM_MODEL="openai:scripted",
        OPENAI_BASE_URL=model_server.url,
    )
    made.make_database()
    yield made
    made.down()


@pytest.mark.long
def test_the_main_job_on_the_commands_of_the_file(composed, model_server):
    composed.run("migrate", SERVICES["migrate"]["command"])
    composed.run("web", ["python", "manage.py", "seed_demo"])
    web, worker = composed.up("web"), composed.up("worker")
    web.wait_for_http()
    worker.wait_for_output("effects.")
    assert composed.healthy("web")

    walk(web.url, model_server)

    wait_until(lambda: composed.healthy("worker"), what=f"a healthy worker: {worker.output()[-2000:]}")
    with psycopg.connect(composed.environment("web")["DATABASE_URL"]) as rows:
        found = rows.execute("SELECT phone FROM tracking_customer WHERE email = 'alice@example.com'").fetchall()
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            rows.execute("DROP TABLE tracking_customer CASCADE")
    assert found == [(NEW_PHONE,)]
    assert (web.stop(), worker.stop()) == (0, 0)


def test_a_web_server_that_is_not_there_is_unhealthy(composed):
    assert not composed.healthy("web")
