"""What the product is made of: pinned, known, installed as pinned, and above the versions with known holes."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pytest
from packaging.markers import Marker
from packaging.version import Version

from tests.environment import product_variables

ROOT = Path(__file__).resolve().parent.parent.parent
FLOORS = {
    "django": "5.2.18",
    "daphne": "4.2.2",
    "channels": "4.3",
    "celery": "5.6",
    "redis": "5",
    "django-allauth": "65.14.1",
    "uvicorn": "0.54",
    "psycopg": "3.3",
    "urllib3": "2.7",
}
PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)==([^\s;\\]+)(?:\s*;\s*([^\\]+?))?\s*\\?$", re.M)


def pins(lock: str) -> dict[str, str]:
    """Name -> version of what a lock pins for this interpreter."""
    text = (ROOT / lock).read_text()
    found = {name: number for name, number, marker in PIN.findall(text) if not marker or Marker(marker).evaluate()}
    assert len(found) > 20
    return found


def installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def run(*command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    ours = product_variables(os.environ)
    clean = {name: value for name, value in os.environ.items() if name not in (*ours, "DJANGO_SETTINGS_MODULE")}
    return subprocess.run(command, cwd=ROOT, env={**clean, **variables}, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("lock", ["requirements.txt", "requirements-dev.txt"])
def test_pv_11_what_is_installed_is_what_is_pinned(lock: str):
    wrong = {name: (number, installed(name)) for name, number in pins(lock).items() if installed(name) != number}

    assert wrong == {}


@pytest.mark.parametrize("lock", ["requirements.txt", "requirements-dev.txt", "requirements-uv.txt"])
def test_pv_11_every_pin_has_its_hash(lock: str):
    text = (ROOT / lock).read_text()
    blocks = [block for block in re.split(r"\n(?=[a-z0-9])", text.strip()) if "==" in block.splitlines()[0]]

    assert [block.splitlines()[0] for block in blocks if "--hash=sha256:" not in block] == []
    assert not re.search(r"^(?:-e|--index-url|--extra-index-url|--find-links|https?:|git\+)", text, re.M)


@pytest.mark.parametrize(("name", "floor"), FLOORS.items())
def test_pv_11_versions_with_known_holes_are_behind_us(name: str, floor: str):
    pinned = [found[name] for found in (pins("requirements.txt"), pins("requirements-dev.txt")) if name in found]

    assert pinned
    assert min(map(Version, pinned)) >= Version(floor)


def test_pv_11_the_bill_of_materials_is_what_is_installed(tmp_path: Path):
    target = tmp_path / "sbom.json"
    recipe = run("make", "-n", "sbom").stdout
    assert "cyclonedx_py requirements requirements.txt" in recipe

    command = "-W ignore -m cyclonedx_py requirements requirements.txt --pyproject pyproject.toml"
    options = "--output-reproducible --validate --of JSON --output-file"
    done = run(sys.executable, *command.split(), *options.split(), str(target))

    assert done.returncode == 0, done.stderr[-500:]
    bill: dict[str, Any] = json.loads(target.read_text())
    listed = {(part["name"], part["version"]) for part in bill["components"]}
    assert bill["bomFormat"] == "CycloneDX"
    assert set(pins("requirements.txt").items()) <= listed
    assert all(part["externalReferences"][0]["hashes"] for part in bill["components"])


def test_pv_11_a_deployment_is_checked_with_warnings_as_failures():
    recipe = run("make", "-n", "lint").stdout.splitlines()
    line = next(line for line in recipe if "check --deploy" in line)
    variables = dict(re.findall(r"(\w+)=(\S*)", line.split(" .venv/")[0]))
    assert line.endswith("--fail-level WARNING")
    assert (variables["DEMO"], variables["DEBUG"]) == ("false", "false")
    command = (sys.executable, "-W", "ignore", "manage.py", "check", "--deploy", "--fail-level", "WARNING")

    good = run(*command, **variables)
    weak = run(*command, **{**variables, "SECRET_KEY": "short"})

    assert good.returncode == 0, good.stderr[-1000:]
    assert weak.returncode != 0


FOUND = {
    "dependencies": [{"name": "django", "version": "5.2.1", "vulns": [{"id": "CVE-1", "fix_versions": ["5.2.2"]}]}]
}
CLEAN = {"dependencies": [{"name": "django", "version": "5.2.19", "vulns": []}]}
SKIPPED = {"dependencies": [{"name": "django", "skip_reason": "not found"}, *CLEAN["dependencies"]]}
NO_NETWORK = "requests.exceptions.ConnectionError: HTTPSConnectionPool(host='api.osv.dev', port=443): Max retries"
BLOCKED = "ERROR:pip_audit._cli:Tip: your network may be blocking this service. Try another service with `-s SERVICE`"


def audit(folder: Path, *, answer: str = "", says: str = "", code: int, dry: int = 0) -> tuple[int, str]:
    """(exit code, output) of our audit over a pip-audit that answers and ends so; `dry`: how its dry run ends."""
    program = folder / "pip-audit"
    for name, text in (("answer", answer), ("says", says)):
        (folder / name).write_text(text)
    lines = [
        "#!/bin/sh",
        f'case "$*" in *--dry-run*) echo "the dry run ended with {dry}" >&2; exit {dry};; esac',
        f"cat '{folder}/answer'; cat '{folder}/says' >&2; exit {code}",
    ]
    program.write_text("\n".join(lines))
    program.chmod(0o755)
    done = run(sys.executable, ".ci/audit", str(program), "requirements.txt")
    assert 'Traceback (most recent call last):\n  File "' not in done.stderr, done.stderr
    return done.returncode, done.stdout


def test_pv_11_known_holes_are_asked_for_and_fail_the_lint(tmp_path: Path):
    lint = run("make", "-n", "lint").stdout.splitlines()
    assert any(".ci/audit" in line and "requirements.txt" in line for line in lint)

    found = audit(tmp_path, answer=json.dumps(FOUND), code=1)
    clean = audit(tmp_path, answer=json.dumps(CLEAN), code=0)

    assert found == (1, "django 5.2.1: CVE-1, fixed in 5.2.2\npip-audit: 1 packages, 1 known holes\n")
    assert clean == (0, "pip-audit: 1 packages, 0 known holes\n")


@pytest.mark.parametrize(
    "says",
    [
        f"Traceback (most recent call last):\n  ...\n{NO_NETWORK}",
        "requests.exceptions.ReadTimeout: HTTPSConnectionPool(host='api.osv.dev', port=443): Read timed out.",
        "requests.exceptions.ConnectTimeout: HTTPSConnectionPool(host='api.osv.dev', port=443)",
        "requests.exceptions.ProxyError: HTTPSConnectionPool(host='api.osv.dev', port=443): Max retries",
        f"ERROR:pip_audit._cli:Could not connect to OSV's vulnerability feed\n{BLOCKED}",
    ],
)
def test_pv_11_a_network_that_is_not_there_is_said(tmp_path: Path, says: str):
    assert audit(tmp_path, says=says, code=1) == (
        0,
        "pip-audit was not run: its data (https://api.osv.dev) cannot be reached\n",
    )
    code, said = audit(tmp_path, says=says, code=1, dry=1)
    assert (code, "the dry run ended with 1" in said) == (1, True)


@pytest.mark.parametrize(
    ("told", "cause"),
    [
        ({"answer": "no network", "code": 0}, "exit 0"),
        ({"answer": "", "code": 1}, "exit 1: it said nothing"),
        ({"says": "ERROR:pip_audit._cli:requirement django==5 does not contain a hash", "code": 1}, "contain a hash"),
        ({"says": f"{NO_NETWORK}\nTypeError: 'NoneType' object is not iterable", "code": 1}, "TypeError: 'NoneType'"),
        ({"says": f"ERROR:pip_audit._cli:invalid requirements input: {NO_NETWORK}", "code": 1}, "invalid requirements"),
        ({"says": "requests.exceptions.SSLError: certificate verify failed", "code": 1}, "certificate verify failed"),
        ({"says": "pip_audit._service.interface.ServiceError", "code": 1}, "ServiceError"),
        ({"says": "Killed", "answer": json.dumps(CLEAN), "code": 137}, "exit 137"),
        ({"says": "Fatal", "answer": json.dumps(CLEAN), "code": 1}, "Fatal"),
        ({"answer": json.dumps(FOUND), "code": 0}, "1 known holes"),
        ({"answer": json.dumps({"dependencies": []}), "code": 0}, "0 packages"),
        ({"answer": json.dumps(SKIPPED), "code": 0}, "django: was not looked at: not found"),
    ],
)
def test_pv_11_an_audit_that_fails_is_no_audit_that_passed(tmp_path: Path, told: dict[str, Any], cause: str):
    code, said = audit(tmp_path, **told)

    assert code == 1
    assert cause in said
    assert "was not run" not in said


def test_pv_11_the_real_auditor_fails_for_what_is_wrong_here(tmp_path: Path):
    """With or without a network."""
    broken = tmp_path / "broken.txt"
    broken.write_text("django==5.2.19\n")
    program = str(Path(sys.executable).with_name("pip-audit"))
    cases = [
        ([program, str(broken)], "does not contain a hash"),
        ([program, "requirements-uv.txt", str(broken)], "does not contain a hash"),
        ([str(tmp_path / "pip-audit"), "requirements-uv.txt"], "cannot be run: No such file or directory"),
    ]
    for command, cause in cases:
        done = run(sys.executable, ".ci/audit", *command)
        assert (done.returncode, cause in done.stdout) == (1, True), (command, done)


LOADERS = {"pickle", "marshal", "shelve", "dill", "cloudpickle", "jsonpickle", "code", "codeop"}
RUNNERS = {"eval", "exec", "compile", "__import__", "mark_safe", "SafeString", "SafeText"}
REACHED = {("os", "system"), ("os", "popen"), ("yaml", "load"), ("yaml", "unsafe_load"), ("yaml", "full_load")}
FLAGS = {("shell", True), ("verify", False)}


def dangers(source: str) -> list[str]:
    """What in a module would make code, objects or markup of data, or a shell, or a line nobody vouches for."""
    found = []
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                found += [name.name for name in names if name.name.split(".")[0] in LOADERS]
            case ast.ImportFrom(module=module, names=names):
                found += [str(module)] if str(module).split(".")[0] in LOADERS else []
                found += [n.name for n in names if n.name in RUNNERS or (module, n.name) in REACHED]
            case ast.Name(id=name) if name in RUNNERS:
                found.append(name)
            case ast.Attribute(value=ast.Name(id=owner), attr=name) if (owner, name) in REACHED:
                found.append(f"{owner}.{name}")
            case ast.Attribute(value=ast.Name(id="builtins" | "safestring"), attr=name) if name in RUNNERS:
                found.append(name)
            case ast.keyword(arg=name, value=ast.Constant(value=value)) if (name, value) in FLAGS:
                found.append(f"{name}={value!r}")
    return found


@pytest.mark.parametrize(
    "source",
    [
        "eval(text)", "run = exec", "import builtins\nbuiltins.eval(text)", "import pickle", "import pickle as p",
        "from pickle import loads", "from marshal import loads as read", "import yaml\nyaml.load(text)",
        "from yaml import unsafe_load", "from os import system as go", "os.popen(text)", "mark_safe(text)",
        "from django.utils.safestring import SafeString as Text", "run(\n    text,\n    shell=True,\n)",
        "httpx2.get(url, verify=False)", "__import__(name)",
    ],
)  # fmt: skip
def test_pv_11_the_search_for_dangers_finds_each(source: str):
    assert dangers(source)
    assert dangers("import re\nre.compile(text)\nyaml.safe_load(text)\nget(url, verify=True)") == []


def test_pv_11_nothing_reads_code_or_objects_from_data():
    """Ruff's S rules say the same with more words; these few must not come back by a `noqa` either."""
    modules = [path for folder in ("support_bot", "tools", "tracking") for path in (ROOT / folder).rglob("*.py")]
    assert len(modules) > 100
    assert {str(path.relative_to(ROOT)): found for path in modules if (found := dangers(path.read_text()))} == {}
    selected = re.search(r"select = \[(.*?)\]", (ROOT / "pyproject.toml").read_text(), re.S)
    assert selected
    assert '"S"' in selected.group(1)


# Template -> why it may leave a text as it is, once.
UNESCAPED = {
    "templates/account/_fields.html": "help texts of forms are written by us and by Django, with a list in one",
    "templates/mail/contact_changed.txt": "a mail of plain text, where an entity would be shown as it stands",
    "templates/mail/verify_change.txt": "a mail of plain text, where an entity would be shown as it stands",
}


def test_pv_11_templates_leave_nothing_unescaped_but_what_is_listed():
    unescaped = re.compile(r"\|\s*safe(?:seq)?\b|\{%-?\s*autoescape\s+off")
    counts = {
        str(path.relative_to(ROOT)): len(unescaped.findall(path.read_text()))
        for folder in ("templates", "support_bot", "tools", "tracking")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in (".html", ".txt", ".xml", ".svg")
    }
    assert len(counts) > 20
    assert {name: count for name, count in counts.items() if count} == dict.fromkeys(UNESCAPED, 1)
