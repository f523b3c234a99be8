# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Bags through the player and the live detector: the same alerts as the offline replay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
import json
import os
from pathlib import Path
import time
from typing import Any

from geometry_msgs.msg import PoseWithCovarianceStamped
from graph import Graph, Processes, wait
import numpy as np
import pytest
from rosbags.highlevel import AnyReader
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CompressedImage
from shelf_anomaly_msgs.msg import BayInspection, DetectorStatus, ShelfAlert
import tiny_store

from shelf_anomaly.errors import BagError
from shelf_anomaly.ros import qos
from shelf_anomaly.ros.alert_messages import alert_from_message
from shelf_anomaly.ros.playback import Bag, choose, find, Pace, split_names

DATA = Path(os.environ.get('SHELF_ANOMALY_DATA', Path(__file__).parents[6] / 'shared'))
HOUR_NS = 3600 * 1_000_000_000
REPLAY = 'import sys; from shelf_anomaly.cli import main; sys.exit(main(sys.argv[1:]))'


@pytest.fixture(scope='module')
def bags(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Write a patrol with the fault, and one an hour later without it."""
    folder = tmp_path_factory.mktemp('bags')
    return (
        tiny_store.write_bag(folder / 'monday', seed=40, fault=True),
        tiny_store.write_bag(folder / 'tuesday', seed=41, start_ns=tiny_store.START_NS + HOUR_NS),
    )


def live(
    graph: Graph,
    processes: Processes,
    bags: Sequence[Path],
    store: Path,
    model: Path,
    rate: float,
    budget: float = 1.0,
) -> tuple[list[ShelfAlert], list[BayInspection]]:
    """Play bags to a live detector; return the last word on each alert, and the inspections."""
    alerts = graph.hear(ShelfAlert, 'shelf_alerts', qos.ALERTS)
    inspections = graph.hear(BayInspection, 'bay_inspections', qos.INSPECTIONS)
    states = graph.hear(DetectorStatus, 'detector_status', qos.STATUS)
    detector = processes.node(
        'detector_node',
        store=store,
        model=model,
        pose_source='topic',
        camera_mount=tiny_store.MOUNT if 'tiny' in str(store) else mount_of(bags[0]),
        use_sim_time=True,
        false_alarms_per_aisle_patrol=budget,
        status_period_s=0.2,
    )
    detector.wait_output('inspecting ')
    player = processes.node('bag_player_node', bag=','.join(map(str, bags)), rate=rate)
    wait(lambda: not player.running, 'the end of the bags', 200.0)
    assert player.code() == 0, player.output
    assert player.output.count('/tf: type tf2_msgs/msg/TFMessage is not installed') <= 1
    assert detector.end()[0] == 0
    last = states[-1]
    assert last.frames_dropped == 0, 'too slow a machine for this rate'
    assert last.frames_rejected == last.frames_unplaced == 0
    newest = {alert.id: alert for alert in alerts}
    return list(newest.values()), inspections


def mount_of(bag: Path) -> list[float]:
    """Return the camera mount that a bag has recorded."""
    with AnyReader([bag]) as reader:
        connections = [c for c in reader.connections if c.topic == '/tf_static']
        _, _, raw = next(reader.messages(connections))
        transform = reader.deserialize(raw, connections[0].msgtype).transforms[0].transform
    t, q = transform.translation, transform.rotation
    return [t.x, t.y, t.z, q.x, q.y, q.z, q.w]


def offline(
    processes: Processes,
    bags: Sequence[Path],
    store: Path,
    model: Path,
    out: Path,
    budget: float = 1.0,
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Replay the same bags without ROS; return alerts and report."""
    arguments = [
        'replay',
        *map(str, bags),
        '--model',
        str(model),
        '--store',
        str(store),
        '--out',
        str(out),
    ]
    process = processes.python(
        '-c', REPLAY, *arguments, '--pose-topic', '/robot_pose', '--budget', str(budget)
    )
    wait(lambda: not process.running, 'the replay', 200.0)
    assert process.code() == 0, process.output
    lines = (out / 'alerts.jsonl').read_text().splitlines()
    return [json.loads(line) for line in lines], json.loads((out / 'report.json').read_text())


def assert_same(
    alerts: list[ShelfAlert], inspections: list[BayInspection], wanted: Any, bags: Sequence[Path]
) -> None:
    """Compare what the live node said with what the replay wrote; ids differ, they are random."""
    rows, report = wanted
    # The live node names a patrol after its first frame, the replay after the bag.
    live_names = list(dict.fromkeys(i.patrol for i in inspections))
    assert len(live_names) == len(bags)
    name_of = dict(zip(live_names, [bag.name for bag in bags], strict=True))
    found = sorted(
        (alert_from_message(a) for a in alerts), key=lambda a: (a.bay, a.box.y, a.box.x)
    )
    rows = sorted(rows, key=lambda r: (r['bay'], r['y'], r['x']))
    assert [a.bay for a in found] == [r['bay'] for r in rows]
    for alert, row in zip(found, rows, strict=True):
        assert (alert.kind.value, alert.state.value, alert.level) == (
            row['kind'],
            row['state'],
            row['level'],
        )
        assert [name_of[n] for n in alert.seen_in] == row['seen_in']
        assert (name_of[alert.resolved_in] if alert.resolved_in else None) == row['resolved_in']
        assert list(alert.suggested_bays) == row['suggested_bays']
        assert (alert.first_seen_ns, alert.last_seen_ns) == (
            row['first_seen_ns'],
            row['last_seen_ns'],
        )
        assert alert.sightings == row['sightings']
        numbers = (alert.box.x, alert.box.y, alert.box.width, alert.box.height, alert.score)
        assert numbers == pytest.approx(
            [row[k] for k in ('x', 'y', 'width', 'height', 'score')], rel=1e-4
        )
    results = {1: 'normal', 2: 'alert', 3: 'not_seen'}
    bays = {
        name_of[n]: {i.bay: results[i.result] for i in inspections if i.patrol == n}
        for n in live_names
    }
    assert bays == report['patrols']


def test_the_live_node_says_what_the_replay_says(
    tiny: tuple[Path, Path],
    bags: tuple[Path, Path],
    graph: Graph,
    processes: Processes,
    tmp_path: Path,
) -> None:
    wanted = offline(processes, bags, *tiny, tmp_path / 'out')
    assert [r['resolved_in'] for r in wanted[0] if r['kind'] == 'foreign'] == ['tuesday']

    alerts, inspections = live(graph, processes, bags, *tiny, rate=1.0)

    assert_same(alerts, inspections, wanted, bags)


@pytest.mark.skipif(
    not (DATA / 'patrols').is_dir(), reason=f'{DATA}/patrols is not there (SHELF_ANOMALY_DATA)'
)
@pytest.mark.timeout(600)
def test_recorded_patrols_say_the_same_live_and_offline(
    graph: Graph, processes: Processes, tmp_path: Path
) -> None:
    store = DATA / 'patrols' / 'store.yaml'
    normal = [DATA / 'patrols' / 'train' / f'patrol_0{i}' for i in range(3)]
    bags = [DATA / 'patrols' / 'test' / f'patrol_0{i}' for i in range(2)]
    model = tiny_store.learn(normal, store, tmp_path / 'learnt')
    # A network of a few sums, so a generous budget: what is said is the same, right or wrong. Not
    # so generous that naming all that it finds takes longer than the next frame.
    wanted = offline(processes, bags, store, model, tmp_path / 'out', budget=10.0)
    assert len(wanted[0]) >= 3

    alerts, inspections = live(graph, processes, bags, store, model, rate=1.0, budget=10.0)

    assert_same(alerts, inspections, wanted, bags)


def test_it_keeps_the_time_of_the_bag(
    bags: tuple[Path, Path], graph: Graph, processes: Processes
) -> None:
    clock = graph.hear(Clock, '/clock', qos.profile(1000))
    arrived: list[tuple[float, int]] = []

    def note(message: CompressedImage) -> None:
        arrived.append(
            (time.monotonic(), message.header.stamp.sec * 10**9 + message.header.stamp.nanosec)
        )

    graph.node.create_subscription(
        CompressedImage, '/camera/image_raw/compressed', note, qos.profile(50)
    )

    player = processes.node('bag_player_node', bag=bags[0], rate=4.0, start_offset=2.0)

    assert player.code() == 0, player.output
    wait(lambda: len(arrived) == tiny_store.FRAMES - 5, 'the frames from the offset on')
    times = np.array([t for t, _ in arrived])
    stamps = np.array([s - arrived[0][1] for _, s in arrived]) / 1e9
    assert arrived[0][1] == tiny_store.START_NS + 2_000_000_000
    assert times[-1] - times[0] == pytest.approx(stamps[-1] / 4.0, abs=0.25)
    told = [c.clock.sec * 10**9 + c.clock.nanosec for c in clock]
    assert told == sorted(told)
    assert told[0] >= tiny_store.START_NS + 2_000_000_000
    assert len(told) > 50


def test_it_loops_until_it_is_stopped_and_plays_what_is_asked_for(
    bags: tuple[Path, Path], graph: Graph, processes: Processes
) -> None:
    poses = graph.hear(PoseWithCovarianceStamped, '/robot_pose', qos.profile(1000))
    images = graph.hear(CompressedImage, '/camera/image_raw/compressed', qos.profile(50))
    player = processes.node(
        'bag_player_node', bag=bags[0], rate=20.0, loop=True, bag_gap=0.0, topics='/robot_pose'
    )

    wait(lambda: len(poses) > 4 * tiny_store.FRAMES, 'a second round')

    code, seconds = player.end()
    assert code == 0
    assert seconds < 2.0
    assert 'Traceback' not in player.output
    assert images == []


def test_what_cannot_be_played_is_one_line(
    bags: tuple[Path, Path], processes: Processes, tmp_path: Path
) -> None:
    (tmp_path / 'text.mcap').write_text('no bag')
    cases = [
        ({'bag': tmp_path / 'none'}, 'no such file'),
        ({'bag': tmp_path / 'text.mcap'}, 'cannot be read as a bag'),
        ({'bag': "''"}, 'parameter bag'),
        ({'bag': bags[0], 'topics': '/no_topic'}, '/no_topic is in none of the bags'),
        ({'bag': bags[0], 'start_offset': 1000.0}, 'start_offset 1000 s is after its end'),
        ({'bag': bags[0], 'topics': '/tf'}, 'types are not installed'),
    ]
    for parameters, text in cases:
        player = processes.node('bag_player_node', **parameters)
        assert player.code() == 2, player.output
        last = player.output.splitlines()[-1]
        assert last.startswith('bag_player_node: error: ')
        assert text in last


def test_names_with_commas(bags: tuple[Path, Path]) -> None:
    assert split_names('') == []
    assert split_names('a, b,,c ') == ['a', 'b', 'c']
    assert split_names(str(bags[0])) == [str(bags[0])]


def test_latched_topics_come_first_with_an_offset(bags: tuple[Path, Path]) -> None:
    bag = Bag(bags[0], start_offset_s=3.0)
    messages = list(bag.messages(set(bag.topics)))

    assert messages[0].topic == '/tf_static'
    assert messages[0].time_ns == tiny_store.START_NS + 3_000_000_000
    assert {m.topic for m in messages if m.time_ns < messages[0].time_ns} == set()
    assert [m.time_ns for m in messages] == sorted(m.time_ns for m in messages)


def test_bags_of_different_make(bags: tuple[Path, Path]) -> None:
    one, two = find([str(bags[0]), str(bags[1])], 0.0)
    assert set(choose([one, two], [])) == set(one.topics)
    assert set(choose([one, two], ['/robot_pose'])) == {'/robot_pose'}
    two.topics['/robot_pose'] = replace(two.topics['/tf'], name='/robot_pose')
    with pytest.raises(BagError, match='/robot_pose is tf2_msgs/msg/TFMessage, before it was'):
        choose([one, two], [])


def test_the_pace() -> None:
    pace = Pace(start_ns=1_000_000_000, start_s=50.0, rate=2.0)

    assert pace.due_s(5_000_000_000) == 52.0
    assert pace.time_ns(52.0) == 5_000_000_000
