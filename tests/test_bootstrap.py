# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The bootstrap: when it builds, what it says, what it hands to the tools."""

import os
from pathlib import Path
import shutil
import subprocess
import sys
import time

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / 'scripts'))

from shelf_environment import (  # noqa: E402  (the scripts are no installed package)
    fingerprint,
    hints,
    indexes,
    install,
    layout,
    lock,
    mend,
    prerequisites,
    progress,
    records,
    settings,
)
from shelf_environment.errors import BootstrapError  # noqa: E402

# --- which environment ---------------------------------------------------------------------------


def test_without_ros_the_wheels_are_used() -> None:
    found = layout.find_layout(Path('/r'), {'ROS_DISTRO': 'jazzy'})  # not sourced: no prefix path
    assert found.ros_distro == ''
    assert found.venv == Path('/r/.venv')
    assert found.install == Path('/r/ros2_ws/install')


@pytest.mark.parametrize('distro', ['jazzy', 'kilted', 'rolling'])
def test_a_sourced_ros_has_an_environment_of_its_own(distro: str) -> None:
    environ = {'ROS_DISTRO': distro, 'AMENT_PREFIX_PATH': f'/opt/ros/{distro}'}
    found = layout.find_layout(Path('/r'), environ)
    assert found.venv == Path(f'/r/.venv-{distro}')
    assert found.install == Path(f'/r/ros2_ws/install-{distro}')
    assert found.state == Path(f'/r/.bootstrap-{distro}')


def test_an_old_ros_is_refused_with_the_way_out() -> None:
    environ = {'ROS_DISTRO': 'humble', 'AMENT_PREFIX_PATH': '/opt/ros/humble'}
    with pytest.raises(BootstrapError, match=r"'humble'.*Jazzy or later.*no ROS is sourced"):
        layout.find_layout(Path('/r'), environ)


# --- when something is built ---------------------------------------------------------------------


def make_repository(root: Path) -> layout.Layout:
    """Make the files that the stamps look at."""
    package = root / 'ros2_ws' / 'src' / 'one'
    (package / 'msg').mkdir(parents=True)
    (package / 'launch').mkdir()
    (package / 'one').mkdir()
    (package / 'package.xml').write_text('<package/>')
    (package / 'setup.py').write_text('setup()')
    (package / 'msg' / 'A.msg').write_text('uint8 x')
    (root / 'requirements').mkdir()
    (root / 'requirements' / 'lock.txt').write_text('numpy==2.2.6\nrich==15.0.0\n')
    return layout.Layout(root)


def keys(place: layout.Layout, python: tuple[str, str] = ('/usr/bin/python3', 'python3.11')):
    """Return the keys of environment and workspace."""
    base = fingerprint.venv_base(place, python)
    tools = fingerprint.workspace_base(place, base)
    return fingerprint.venv_key(place, base), fingerprint.workspace_key(place, tools)


PACKAGE = 'ros2_ws/src/one/'


@pytest.mark.parametrize(
    ('file', 'content', 'venv', 'workspace'),
    [
        # what changes -> is the environment, is the workspace built again?
        ('requirements/lock.txt', 'numpy==2.2.6\nrich==15.0.1\n', True, False),
        ('requirements/lock.txt', 'numpy==2.2.7\nrich==15.0.0\n', True, True),  # built against it
        ('requirements/lock-numpy1.txt', 'numpy==1.26.4\n', False, False),  # not used here
        ('training/pyproject.toml', '[project]', True, False),
        (PACKAGE + 'package.xml', '<package format="3"/>', False, True),
        (PACKAGE + 'setup.py', 'setup(name="one")', False, True),
        (PACKAGE + 'msg/A.msg', 'uint16 x', False, True),
        (PACKAGE + 'msg/B.msg', 'uint8 x', False, True),
        (PACKAGE + 'launch/a.launch.py', '', False, True),  # installed by name
        (PACKAGE + 'one/core.py', 'x = 1', False, False),  # symlinked, live
        ('README.md', 'new', False, False),
    ],
)
def test_a_change_rebuilds_what_depends_on_it(
    tmp_path: Path, file: str, content: str, venv: bool, workspace: bool
) -> None:
    place = make_repository(tmp_path)
    before = keys(place)
    assert keys(place) == before
    path = tmp_path / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    after = keys(place)
    assert (before[0] != after[0], before[1] != after[1]) == (venv, workspace)


def test_another_python_or_place_rebuilds_everything(tmp_path: Path) -> None:
    place = make_repository(tmp_path / 'a')
    other = make_repository(tmp_path / 'b')
    here = keys(place)
    assert set(here).isdisjoint(keys(place, ('/usr/bin/python3', 'python3.12')))
    assert set(here).isdisjoint(keys(other))


def test_the_digest_keeps_pieces_apart() -> None:
    one = fingerprint.digest([('a', b'bc'), ('d', b'')])
    assert one != fingerprint.digest([('a', b'b'), ('cd', b'')])
    assert one == fingerprint.digest([('a', b'bc'), ('d', b'')])


def test_ready_only_while_whole(tmp_path: Path) -> None:
    folder = tmp_path / 'venv'
    (folder / 'yaml').mkdir(parents=True)
    stamp = tmp_path / 'venv.json'
    names = fingerprint.top_level(folder)
    assert names == ['yaml']
    why = 'interrupted'
    assert why in (fingerprint.why_not_ready(stamp, 'k', 'it') or '')
    fingerprint.write_stamp(stamp, 'k', folder, names)
    assert fingerprint.why_not_ready(stamp, 'k', 'it') is None
    assert 'other sources' in (fingerprint.why_not_ready(stamp, 'other', 'it') or '')
    (folder / 'yaml').rmdir()
    assert f'it is broken: {folder}/yaml is missing' == fingerprint.why_not_ready(stamp, 'k', 'it')


@pytest.mark.parametrize('content', ['', '{', '[]', '{"key": "k"}', '{"key": "k", "names": 1}'])
def test_a_damaged_stamp_counts_as_none(tmp_path: Path, content: str) -> None:
    stamp = tmp_path / 'venv.json'
    stamp.write_text(content)
    assert 'interrupted' in (fingerprint.why_not_ready(stamp, 'k', 'it') or '')


def test_an_interpreter_that_is_gone_is_noticed(tmp_path: Path) -> None:
    (tmp_path / 'python').symlink_to(tmp_path / 'nowhere')
    assert fingerprint.missing(tmp_path, ['python']) == 'python'
    assert fingerprint.all_files(tmp_path) == []


def test_a_lost_file_inside_a_package_is_noticed(tmp_path: Path) -> None:
    info = tmp_path / 'one-1.0.dist-info'
    info.mkdir()
    (tmp_path / 'one').mkdir()
    (tmp_path / 'one' / 'core.py').write_text('')
    rows = ['one/core.py,sha256=x,0', 'one/__pycache__/core.cpython-311.pyc,,', '"a,b.txt",,']
    (info / 'RECORD').write_text('\n'.join(rows))
    (tmp_path / 'a,b.txt').write_text('')
    assert records.first_lost_file(tmp_path) is None
    (tmp_path / 'one' / 'core.py').unlink()
    assert records.first_lost_file(tmp_path) == str(tmp_path / 'one' / 'core.py')


# --- what the machine must bring -----------------------------------------------------------------


@pytest.mark.parametrize(
    ('version', 'fits'),
    [((3, 9), False), ((3, 10), True), ((3, 13), True), ((3, 14), False), ((2, 7), False)],
)
def test_python_versions(version: tuple[int, int], fits: bool) -> None:
    finding = prerequisites.check_python(version, '/usr/bin/python3')
    assert (finding is None) == fits
    if finding:
        assert f'is Python {version[0]}.{version[1]}' in finding
        assert 'apt install python3' in finding
        assert 'PYTHON=' in finding


def test_missing_tools_name_their_package() -> None:
    there = {'gcc': '/usr/bin/gcc'}
    assert prerequisites.missing_tools(there.get) == [
        'g++ is missing. Debian and Ubuntu: apt install g++',
        'make is missing. Debian and Ubuntu: apt install make',
    ]


def test_missing_headers_and_venv_name_their_package(tmp_path: Path) -> None:
    name = f'python{sys.version_info[0]}.{sys.version_info[1]}'
    found = prerequisites.missing_python_parts(str(tmp_path), lambda module: None)
    assert len(found) == 2
    assert f'apt install {name}-venv' in found[0]
    assert f'Python.h). Debian and Ubuntu: apt install {name}-dev' in found[1]
    (tmp_path / 'Python.h').write_text('')
    assert prerequisites.missing_python_parts(str(tmp_path), lambda module: object()) == []


def test_platform_and_disk(tmp_path: Path) -> None:
    assert prerequisites.wrong_platform('Linux', 'x86_64') is None
    assert 'aarch64' in (prerequisites.wrong_platform('Linux', 'aarch64') or '')
    assert prerequisites.disk_shortage(tmp_path, needed=1) is None
    assert 'GB free' in (prerequisites.disk_shortage(tmp_path, needed=10**18) or '')


@pytest.mark.parametrize(
    ('log', 'advice'),
    [
        ('OSError: [Errno 28] No space left on device', 'disk is full'),
        ('fatal error: Python.h: No such file or directory', 'apt install python3-dev'),
        ('dns error: failed to lookup address information', 'index was not reached'),
        ('Temporary failure in name resolution', 'HTTPS_PROXY'),
        ('ERROR: No matching distribution found for ros-rclpy==7.1.6', 'Python 3.10 to 3.13'),
        ('invalid peer certificate: UnknownIssuer', 'certificate'),
        ('something else', ''),
    ],
)
def test_known_failures_have_a_way_out(log: str, advice: str) -> None:
    hint = hints.hint_for(log)
    assert (advice in hint) if advice else hint == ''


# --- what is installed from where ----------------------------------------------------------------


def test_pip_settings_are_read_and_the_environment_wins() -> None:
    text = (
        "global.index-url='https://mirror.example/simple'\n"
        "global.extra-index-url='https://a.example\\nhttps://b.example'\n"
        "install.no-index='0'\n"
        ":env:.index-url='https://env.example/simple'\n"
        "freeze.all='1'\n"
    )
    assert indexes.parse_pip_config(text) == {
        'index-url': 'https://env.example/simple',
        'extra-index-url': 'https://a.example\nhttps://b.example',
        'no-index': '0',
    }


def test_pip_settings_become_those_of_uv() -> None:
    options, variables, unknown = indexes.uv_equivalent(
        {
            'index-url': 'https://mirror.example/simple',
            'extra-index-url': 'https://a.example\nhttps://b.example',
            'find-links': '/wheels',
            'cert': '/ca.crt',
            'proxy': 'http://proxy:3128',
            'disable-pip-version-check': '1',
            'keyring-provider': 'subprocess',
        }
    )
    assert options == [
        *('--default-index', 'https://mirror.example/simple'),
        *('--index', 'https://a.example', '--index', 'https://b.example'),
        *('--find-links', '/wheels', '--index-strategy', 'unsafe-best-match'),
    ]
    assert variables['SSL_CERT_FILE'] == '/ca.crt'
    assert variables['HTTPS_PROXY'] == 'http://proxy:3128'
    assert unknown == ['keyring-provider']  # so pip itself does the work


def test_with_a_sourced_ros_its_packages_are_left_out() -> None:
    text = 'empy==4.2.1\nnumpy==2.2.6\nros-rclpy==7.1.6\nrosbags==0.11.9\n'
    assert install.wanted_packages(text, sourced_ros=False) == text
    assert install.wanted_packages(text, sourced_ros=True) == 'numpy==2.2.6\nrosbags==0.11.9\n'


@pytest.mark.parametrize('name', ['lock.txt', 'lock-numpy1.txt'])
def test_the_locks_name_versions_and_no_place(name: str) -> None:
    text = (ROOT / 'requirements' / name).read_text()
    lines = [line for line in text.splitlines() if line and not line.startswith('#')]
    assert len(lines) > 200
    assert [line for line in lines if '==' not in line.partition(';')[0]] == []
    assert '://' not in text
    assert '--' not in text
    ros = [line for line in lines if line.startswith('ros-jazzy-')]
    assert len(ros) >= 10
    assert install.locked_line(text, 'uv').startswith('uv==')
    with pytest.raises(BootstrapError, match='no line for nothing'):
        install.locked_line(text, 'nothing')


def test_the_lock_has_every_named_package() -> None:
    names = set()
    for path in (ROOT / 'requirements').glob('*.in'):
        lines = [line.partition('#')[0].strip() for line in path.read_text().splitlines()]
        wanted = [line for line in lines if line and not line.startswith('-')]
        separators = str.maketrans('<>=;[ ', '      ')  # name, then version or extras
        names |= {line.translate(separators).split()[0].lower() for line in wanted}
    locked = install.package_names((ROOT / 'requirements' / 'lock.txt').read_text())
    assert len(names) > 30
    assert names - locked == set()


# --- what is mended and set ----------------------------------------------------------------------


def test_foreign_folders_become_ours(tmp_path: Path) -> None:
    rules = mend.replacements('/v', '/usr/include/python3.11', '/v/np/include')
    text = (
        'set(a "/opt/python/cp311-cp311/include/python3.11;/opt/python/cp311-cp311/lib/python3.11/'
        'site-packages/numpy/_core/include;/opt/python/cp311-cp311")'
    )
    assert mend.mend_text(text, rules) == 'set(a "/usr/include/python3.11;/v/np/include;/v")'


def test_mending_leaves_hard_linked_copies_alone(tmp_path: Path) -> None:
    share = tmp_path / 'share'
    share.mkdir()
    cached = tmp_path / 'cached.cmake'
    cached.write_text('/opt/python/cp310-cp310/include/python3.10')
    os.link(cached, share / 'x.cmake')
    assert mend.mend_exports(tmp_path, Path(sys.executable)) == 1
    assert '/opt/python' not in (share / 'x.cmake').read_text()
    assert '/opt/python' in cached.read_text()
    assert mend.mend_exports(tmp_path, Path(sys.executable)) == 0


def test_shell_lines_put_ours_first_and_keep_the_callers(tmp_path: Path) -> None:
    root = tmp_path / "a b'c"  # a folder name that needs quoting
    place = make_repository(root)
    file = tmp_path / 'settings.sh'
    file.write_text(settings.shell_lines(place, 'python3.11'))
    show = 'echo "$PATH|$PYTHONPATH|$TF_CPP_MIN_LOG_LEVEL|$RMW_IMPLEMENTATION"'
    result = subprocess.run(
        ['/bin/bash', '-euc', f'. "{file}"; {show}'],
        env={'PATH': '/usr/bin:/bin', 'TF_CPP_MIN_LOG_LEVEL': '0'},
        capture_output=True,
        text=True,
        check=True,
    )
    path, python_path, noise, middleware = result.stdout.strip().split('|')
    assert path.split(':')[0] == f'{root}/.venv/bin'
    assert path.endswith(':/usr/bin:/bin')
    assert python_path.split(':')[0] == f'{root}/ros2_ws/src/one'
    assert '' not in python_path.split(':')  # an empty entry would mean the current folder
    assert (noise, middleware) == ('0', 'rmw_fastrtps_cpp')


def test_an_environment_can_be_taken_off_again(tmp_path: Path) -> None:
    place = make_repository(tmp_path)
    before = {'PATH': '/usr/bin:/bin', 'HOME': '/h', 'PYTHONPATH': '/mine'}
    inside = settings.environment(place, 'python3.11', before)
    assert inside['PATH'] != before['PATH']
    after = settings.without_environment(inside)
    assert {name: after[name] for name in before} == before
    assert 'AMENT_PREFIX_PATH' not in after
    assert 'VIRTUAL_ENV' not in after


# --- running -------------------------------------------------------------------------------------


def test_a_failed_step_shows_the_end_of_its_log(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = progress.Progress(2, tmp_path / 'log')
    shown.begin('first')
    command = [sys.executable, '-c', 'print("dns error"); raise SystemExit(3)']
    with pytest.raises(BootstrapError, match=r'trying it failed \(exit code 3\)') as info:
        shown.run(command, env=dict(os.environ), what='trying it')
    assert 'dns error' in str(info.value)
    assert 'index was not reached' in str(info.value)
    assert '[1/2] first' in capsys.readouterr().err
    with pytest.raises(BootstrapError, match='does not start'):
        shown.run([str(tmp_path / 'no')], env={}, what='trying it')


ENDED = """
import sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from shelf_environment.progress import end_on_sigterm, Progress
end_on_sigterm()
shown = Progress(1, Path(sys.argv[2]))
shown.begin('long')
shown.run(['/bin/sh', '-c', 'sleep 300 & echo $! && wait'], env={}, what='waiting')
"""


def test_an_ended_call_leaves_no_process_behind(tmp_path: Path) -> None:
    command = [sys.executable, '-c', ENDED, str(ROOT / 'scripts'), str(tmp_path)]
    call = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    log = tmp_path / '1.log'
    limit = time.monotonic() + 20
    while not (log.is_file() and log.read_text().count('\n') > 1):
        assert time.monotonic() < limit, 'the command did not start'
        time.sleep(0.02)
    grandchild = int(log.read_text().splitlines()[1])
    call.terminate()
    assert call.wait(timeout=20) == 128 + 15
    while is_running(grandchild):
        assert time.monotonic() < limit + 20, 'a process was left behind'
        time.sleep(0.02)


def is_running(pid: int) -> bool:
    """Tell whether a process lives; one that waits for its parent to look does not."""
    try:
        return Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()[0] != 'Z'
    except FileNotFoundError:
        return False


HOLDER = """
import sys, time
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from shelf_environment.lock import one_at_a_time
with one_at_a_time(Path(sys.argv[2])):
    print('held', flush=True)
    sys.stdin.read()
"""


def test_a_second_call_waits_for_the_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / 'lock'
    command = [sys.executable, '-c', HOLDER, str(ROOT / 'scripts'), str(path)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdin is not None
        assert holder.stdout is not None
        assert holder.stdout.readline() == 'held\n'
        # The holder ends a moment after this call has begun to wait.
        waker = subprocess.Popen(['/bin/sh', '-c', f'sleep 0.5; kill -9 {holder.pid}'])
        begin = time.monotonic()
        with lock.one_at_a_time(path):
            waited = time.monotonic() - begin
        waker.wait()
    assert waited > 0.2
    assert f'process {holder.pid}) is building' in capsys.readouterr().err


def fake_python(folder: Path, name: str, version: str) -> None:
    """Put a program into a folder that says it is a Python of that version."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f'#!/bin/sh\necho {version}\n')
    path.chmod(0o755)


def call_bootstrap(root: Path, path: Path, **env: str) -> 'subprocess.CompletedProcess[str]':
    """Call the bootstrap of a copy with nothing on the path but one folder."""
    (root / 'scripts').mkdir(parents=True)
    shutil.copy(ROOT / 'scripts' / 'bootstrap', root / 'scripts')
    for tool in ('dirname', 'readlink'):
        (path / tool).symlink_to(shutil.which(tool) or '')
    return subprocess.run(
        ['/bin/bash', str(root / 'scripts' / 'bootstrap')],
        env={'PATH': str(path), **env},
        capture_output=True,
        text=True,
        check=False,
    )


def test_no_python_that_fits_is_said_with_what_was_found(tmp_path: Path) -> None:
    fake_python(tmp_path / 'bin', 'python3', '3.9')
    fake_python(tmp_path / 'bin', 'python3.10', '3.14')
    result = call_bootstrap(tmp_path / 'r', tmp_path / 'bin')
    assert result.returncode == 1
    assert 'Python 3.10 to 3.13 is needed.' in result.stderr
    assert f'{tmp_path}/bin/python3 is Python 3.9' in result.stderr
    assert 'apt install python3 python3-venv python3-dev' in result.stderr


def test_a_chosen_python_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    fake_python(tmp_path / 'bin', 'python3', '3.11')
    fake_python(tmp_path / 'bin', 'python3.14', '3.14')
    result = call_bootstrap(tmp_path / 'r', tmp_path / 'bin', PYTHON='python3.14')
    assert result.returncode == 1
    assert 'and PYTHON=python3.14 is none' in result.stderr


def test_another_python_is_found_when_the_default_does_not_fit(tmp_path: Path) -> None:
    fake_python(tmp_path / 'bin', 'python3', '3.9')
    fake_python(tmp_path / 'bin', 'python3.12', '3.12')
    result = call_bootstrap(tmp_path / 'r', tmp_path / 'bin')
    assert result.returncode == 0
    assert result.stdout == '3.12\n'  # it was handed the work


def test_run_hands_over_folder_arguments_and_exit_code(tmp_path: Path) -> None:
    command = 'import os, sys; print(os.getcwd(), sys.argv[1:]); sys.exit(7)'
    result = subprocess.run(
        [str(ROOT / 'scripts' / 'run'), 'python', '-c', command, 'a b', '*'],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 7, result.stderr
    assert result.stdout == f"{tmp_path} ['a b', '*']\n"


def test_run_without_a_command_says_how() -> None:
    result = subprocess.run(
        [str(ROOT / 'scripts' / 'run')], capture_output=True, text=True, check=False
    )
    assert result.returncode == 2
    assert 'usage: scripts/run CMD' in result.stderr


def test_messages_cross_the_network_layer_unchanged() -> None:
    pytest.importorskip('rclpy')
    from rclpy.serialization import deserialize_message, serialize_message
    from shelf_anomaly_msgs.msg import AlertVerdict, BayInspection, ShelfAlert, ShelfAlertArray

    # 0 is "not filled in" in each enumeration that has it.
    assert min(ShelfAlert.STATE_OPEN, ShelfAlert.STATE_RESOLVED, ShelfAlert.STATE_DISMISSED) == 1
    assert (BayInspection.RESULT_NORMAL, AlertVerdict.VERDICT_CONFIRMED) == (1, 1)
    assert ShelfAlert.KIND_UNKNOWN == 0
    alert = ShelfAlert(id='7f', kind=ShelfAlert.KIND_GAP, suggested_bays=['a1'], reason='leer: ü')
    alert.location.level = -1
    alert.evidence.data = bytes(range(256))
    sent = ShelfAlertArray(alerts=[alert], more=2)
    assert deserialize_message(serialize_message(sent), ShelfAlertArray) == sent


@pytest.mark.parametrize(
    'command',
    ['shelf-anomaly', 'shelf-anomaly-sim', 'shelf-anomaly-dashboard', 'shelf-train', 'colcon'],
)
def test_commands_are_on_the_path(command: str) -> None:
    result = subprocess.run(
        [str(ROOT / 'scripts' / 'run'), 'bash', '-c', f'type -P {command}'],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.stdout.strip().startswith(str(ROOT)), result.stderr
