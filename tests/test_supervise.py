"""The supervisor with real children: small Python programs that write what happens to them into files."""

import os
import shutil
import signal

import pytest

from support_bot.probes import Deafness, web_probe
from support_bot.startup import Limits, StartError, require_free_port
from support_bot.supervise import node_name, pidfile, web_command, worker_commands
from tests.processes import Running, Stack, children_of, is_running, name_of, start, wait_until
from tests.servers import free_port

# The supervisor kills five seconds after the drain; a test does not wait that long.
SUPERVISOR = """
import sys
from functools import partial
from support_bot import errortext
from support_bot.probes import Deafness
from support_bot.logs import logging_config
from support_bot.supervise import Child, Supervisor, pidfile
logging_config(readable=False)
errortext.log_uncaught()
child = Child("child", partial(exec, sys.argv[1], {}))
answers = iter([True] + [False] * 2 + [True] * 10**6) if "deaf" in sys.argv else iter([True] * 10**6)
deafness = Deafness(lambda: next(answers), what="it is deaf", patience_s=0.5)
with pidfile(sys.argv[2]):
    sys.exit(Supervisor([child], deafness=deafness, drain_s=-4).run())
"""
PATIENT = "import signal; signal.pause()"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('stubborn', flush=True); signal.pause()"
WITH_GRANDCHILD = """
import os, signal
from support_bot.lifeline import die_with_parent
parent = os.getpid()
if os.fork() == 0:
    die_with_parent(parent=parent)
    print("tied", flush=True)
signal.pause()
"""

ORPHANED = """
import os, signal, time
from support_bot.lifeline import die_with_parent
parent = os.getpid()
if os.fork() == 0:
    print("late", flush=True)
    while os.getppid() == parent:
        time.sleep(0.01)
    die_with_parent(parent=parent)
    print("tied", flush=True)
signal.pause()
"""


@pytest.fixture
def supervised(tmp_path):
    """Starts a supervisor of one child program; ends what is left of it."""
    started: list[Running] = []

    def begin(program: str, *flags: str) -> Running:
        running = start(["-c", SUPERVISOR, program, str(tmp_path / "pid"), *flags], log=tmp_path / "log")
        started.append(running)
        return running

    yield begin
    for running in started:
        running.stop(signal.SIGKILL)


def child_of(running: Running, *, other_than: int = 0) -> int:
    """The pid of the child, once it goes by its own name."""

    def found() -> list[int]:
        return [pid for pid in children_of(running.pid) if pid != other_than and name_of(pid) == "child"]

    wait_until(lambda: bool(found()), what=f"a child: {running.output()}", within=30)
    return found()[0]


def test_a_killed_child_is_started_again(supervised):
    running = supervised(PATIENT)
    first = child_of(running)

    os.kill(first, signal.SIGKILL)

    assert child_of(running, other_than=first) != first
    assert '"code": -9' in running.output()


def test_a_deaf_child_is_killed_and_started_again(supervised):
    running = supervised(PATIENT, "deaf")
    first = child_of(running)

    running.wait_for_output('"reason": "it is deaf for 0.5 s"', within=30)

    assert child_of(running, other_than=first) != first


def test_children_and_their_children_die_when_the_parent_is_killed(supervised):
    running = supervised(WITH_GRANDCHILD)
    child = child_of(running)
    running.wait_for_output("tied", within=30)
    grandchild = children_of(child)[0]

    os.kill(running.pid, signal.SIGKILL)

    wait_until(lambda: not is_running(child) and not is_running(grandchild), what="both have ended", within=30)


def test_a_child_whose_parent_died_before_it_was_tied_ends_by_itself(supervised):
    running = supervised(ORPHANED)
    child = child_of(running)
    running.wait_for_output("late", within=30)
    grandchild = children_of(child)[0]

    os.kill(running.pid, signal.SIGKILL)

    wait_until(lambda: not is_running(grandchild), what="it has ended", within=30)
    assert "tied" not in running.output()


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_a_clean_stop_ends_the_child_with_0(supervised, signum):
    running = supervised(PATIENT)
    child = child_of(running)

    code = running.stop(signum)

    assert code == 0
    assert not is_running(child)


def test_a_child_that_does_not_drain_is_killed_in_the_end(supervised):
    running = supervised(STUBBORN)
    running.wait_for_output("stubborn")

    code = running.stop()

    assert code == 0
    assert '"event": "child.killed"' in running.output()


def test_the_pidfile_holds_the_parents_pid_and_goes_with_it(supervised, tmp_path):
    running = supervised(PATIENT)
    child_of(running)

    assert (tmp_path / "pid").read_text().strip() == str(running.pid)

    running.stop()

    assert not (tmp_path / "pid").exists()


def test_a_pidfile_that_another_process_took_over_stays(tmp_path):
    path = tmp_path / "pid"

    with pidfile(str(path)):
        path.write_text("1\n")

    assert path.read_text() == "1\n"


def test_a_child_whose_parent_is_gone_does_not_start(tmp_path):
    begin = "from support_bot.supervise import _become; _become('x', lambda: print('started'), 1, 9)"
    running = start(["-c", begin], log=tmp_path / "log")

    assert running.process.wait(10) == 1
    assert "started" not in running.output()


def test_what_a_child_raises_is_a_record_and_ends_it_with_1(supervised):
    running = supervised("raise RuntimeError('a secret')")

    running.wait_for_output('"code": 1')

    assert '"type": "RuntimeError"' in running.output()
    assert "Traceback" not in running.output()
    assert "a secret" not in running.output()


# --- deafness ---------------------------------------------------------------------------------------------------------


def judged(answers: list[bool | None], *, patience_s: float, start_s: float = 0.0) -> list[str]:
    """What `take` says after each of the answers, which come one second apart."""
    remaining = iter(answers)
    deafness = Deafness(lambda: next(remaining), what="deaf", patience_s=patience_s, start_s=start_s)
    said = []
    for second in range(len(answers)):
        deafness.look(now=float(second))
        said.append(deafness.take())
    return said


def test_only_an_unbroken_row_of_failures_is_deafness():
    assert judged([True, False, False, False], patience_s=2) == ["", "", "", "deaf for 2 s"]


@pytest.mark.parametrize("breaks", [True, None])
def test_an_answer_or_a_doubt_breaks_the_row(breaks):
    assert not any(judged([False, False, breaks, False, False], patience_s=2))


def test_the_new_child_gets_the_whole_patience_again():
    assert judged([False, False, False, False, False], patience_s=1) == ["", "deaf for 1 s", "", "deaf for 1 s", ""]


def test_one_that_has_not_been_heard_since_its_start_gets_more_patience():
    answers: list[bool | None] = [False, False, False, True, False, False, False, False]

    assert judged(answers, patience_s=1, start_s=3) == ["", "", "", "", "", "deaf for 1 s", "", ""]


def test_a_web_server_that_never_answered_yet_is_not_deaf():
    said = []
    probe = web_probe(host="127.0.0.1", port=free_port(), on_first=lambda: said.append("ready"))

    assert probe() is None
    assert not said


def test_a_web_server_that_stopped_answering_fails(model_server):
    """The model server answers GET with 501, which is a failure; a POST server that is up is not yet a healthy one."""
    port = int(model_server.url.split(":")[2].split("/")[0])
    probe = web_probe(host="127.0.0.1", port=port, on_first=lambda: None)

    assert probe() is None


# --- start ------------------------------------------------------------------------------------------------------------


def limits(**changes) -> Limits:
    values = {"host": "127.0.0.1", "port": free_port(), "drain_s": 15.0, "ws_max_bytes": 65536, "redis_url": ""}
    return Limits(**{**values, **changes})


def test_a_taken_port_is_one_line_with_a_way_out(model_server):
    port = int(model_server.url.split(":")[2].split("/")[0])

    with pytest.raises(StartError, match=f"cannot listen on .*:{port}/: Address already in use. .* PORT={port + 1}"):
        require_free_port(limits(port=port))


def test_the_web_command_carries_the_limits():
    line = " ".join(web_command(limits(port=8123, ws_max_bytes=1000, drain_s=7.0)))

    assert "--port 8123" in line
    assert "--ws-max-size 1000" in line
    assert "--timeout-graceful-shutdown 7" in line
    assert "--no-proxy-headers" in line


def test_effects_and_turns_have_workers_of_their_own():
    commands = worker_commands()

    for queue in ("effects", "turns"):
        assert node_name(queue) in commands[queue]
        assert commands[queue][commands[queue].index("-Q") + 1] == queue
    assert "beat" in commands["beat"]


def test_a_bad_variable_is_one_line_and_2(tmp_path):
    running = start(["-m", "support_bot.supervise", "web"], log=tmp_path / "log", PORT="eighty")

    assert running.process.wait(30) == 2
    (line,) = running.output().splitlines()
    assert line.startswith("supervise: PORT: must be a whole number")


def test_a_pidfile_that_cannot_be_written_is_one_line(tmp_path):
    path = str(tmp_path / "no" / "such" / "pid")

    with pytest.raises(StartError, match=r"^PIDFILE: cannot write .*: No such file or directory$"), pidfile(path):
        pass


def test_a_database_that_cannot_be_opened_is_one_line_and_2(tmp_path):
    url = f"sqlite:///{tmp_path}/no/such/folder/demo.sqlite3"
    running = start(["-m", "support_bot.supervise", "web"], log=tmp_path / "log", DATABASE_URL=url)

    assert running.process.wait(30) == 2
    (line,) = running.output().splitlines()
    assert line.startswith("supervise: DATABASE_URL:")


def test_a_database_without_tables_says_what_to_run(tmp_path):
    url = f"sqlite:///{tmp_path}/demo.sqlite3"
    running = start(["-m", "support_bot.supervise", "web"], log=tmp_path / "log", DATABASE_URL=url)

    assert running.process.wait(30) == 2
    (line,) = running.output().splitlines()
    assert "run `make migrate`" in line


def test_a_worker_without_redis_says_so_and_ends_with_0(sqlite_url, tmp_path):
    running = start(["-m", "support_bot.supervise", "worker"], log=tmp_path / "log", DATABASE_URL=sqlite_url)

    assert running.process.wait(30) == 0
    (line,) = running.output().splitlines()
    assert "REDIS_URL is not set" in line


# --- the real programs ------------------------------------------------------------------------------------------------


def descendants(pid: int) -> list[int]:
    found = children_of(pid)
    return [*found, *(grandchild for child in found for grandchild in descendants(child))]


@pytest.fixture(scope="module")
def demo_web(_sqlite_template, tmp_path_factory):
    """The demo as `make demo` serves it, and its pidfile; its child may be killed, it comes back."""
    folder = tmp_path_factory.mktemp("demo")
    shutil.copyfile(_sqlite_template, folder / "demo.sqlite3")
    made = Stack(folder=folder, database_url=f"sqlite:///{folder}/demo.sqlite3", redis_url="")
    yield made.web(PIDFILE=str(folder / "pid")), folder / "pid"
    made.stop()


def test_a_killed_web_server_answers_again_on_the_same_port(demo_web):
    web, _ = demo_web
    (first,) = children_of(web.pid)

    os.kill(first, signal.SIGKILL)

    wait_until(lambda: children_of(web.pid) not in ([], [first]), what="another child", within=30)
    web.wait_for_http()


def test_a_second_server_on_the_port_is_one_line_and_leaves_the_first_its_pidfile(demo_web, tmp_path):
    web, pid = demo_web

    second = start(
        ["-m", "support_bot.supervise", "web"],
        log=tmp_path / "log",
        PORT=web.url.rpartition(":")[2],
        DATABASE_URL=f"sqlite:///{pid.parent}/demo.sqlite3",
        PIDFILE=str(pid),
    )

    assert second.process.wait(30) == 2
    (line,) = second.output().splitlines()
    assert "Address already in use" in line
    assert pid.read_text().strip() == str(web.pid)


def test_the_workers_slots_die_with_its_parent(stack):
    worker = stack.worker()
    wait_until(lambda: len(descendants(worker.pid)) >= 5, what="the effects with two slots, the turns, and beat")
    family = descendants(worker.pid)

    os.kill(worker.pid, signal.SIGKILL)

    wait_until(lambda: not any(map(is_running, family)), what="all have ended", within=30)
