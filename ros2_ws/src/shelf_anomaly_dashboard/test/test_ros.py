# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""From a robot over ROS 2 to the REST interface, and back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
import signal
from typing import Any
import uuid

import httpx
import pytest

Start = Callable[..., Any]
Until = Callable[..., Any]


def test_a_round_trip(
    ros_environment: None, robot: Any, start_dashboard: Start, until: Until, tmp_path: Path
) -> None:
    process, address = start_dashboard(node=True)
    api = httpx.Client(base_url=f'{address}/api/v1', timeout=10)

    def detail(alert_id: str) -> Any:
        answer = api.get(f'/alerts/{alert_id}')
        return answer.json() if answer.status_code == 200 else None

    # a late dashboard has what was open before it came
    late = until(lambda: detail(robot.open_id), 20, 'the open alert')
    assert tuple(
        late['alert'][name] for name in ('kind', 'state', 'bay', 'level', 'suggested_bays')
    ) == ('misplaced', 'open', 'A1-L01', 2, ['A2-L01'])
    assert late['alert']['suggested_levels'] == [1]
    assert late['alert']['suggested_confidences'] == [0.75]
    assert httpx.get(address + late['alert']['evidence']).status_code == 200

    # what happens now is there too, bad messages in between or not
    robot.order('bad')
    robot.order(f'alert {(fresh := str(uuid.uuid4()))} 3')
    until(lambda: detail(fresh), 10, 'the new alert')

    def status() -> Any:
        return api.get('/status').json()

    until(lambda: status()['problems'] == 2, 10, 'both bad messages counted')
    assert 'state 77 is none' in status()['last_problem']
    until(
        lambda: (
            [(r['robot'], r['connected'], r['model']) for r in status()['robots']]
            == [('rover', True, 'm 1')]
        ),
        10,
        "the detector's status",
    )

    # inspections and the robot's place
    robot.order('inspect A2-L01')
    robot.order('place 1.5 -0.5 1.0')
    until(
        lambda: any(
            b['result'] == 'normal' for b in api.get('/bays').json() if b['bay'] == 'A2-L01'
        ),
        10,
        'inspection',
    )
    placed = until(lambda: [r for r in status()['robots'] if r['x'] is not None], 10, 'place')[0]
    assert pytest.approx((placed['x'], placed['y'], placed['yaw'])) == (1.5, -0.5, 1.0)

    # a verdict reaches the robot, and its answer comes back
    said = {'verdict': 'false_alarm', 'author': 'Anna', 'note': 'a poster'}
    assert api.post(f'/alerts/{fresh}/verdict', json=said).json()['alert']['state'] == 'dismissed'
    until(lambda: f"verdict {fresh} 2 Anna 'a poster'" in robot.heard, 10, 'the verdict')
    until(lambda: detail(fresh)['alert']['verdict_taken'], 10, 'the answer')
    assert [event['what'] for event in detail(fresh)['events']] == [
        'opened',
        'dismissed',
        'taken_over',
    ]

    process.send_signal(signal.SIGINT)
    assert process.wait(10) == 0
    assert 'Traceback' not in (tmp_path / 'dashboard.log').read_text()


@pytest.mark.parametrize(
    ('arguments', 'complaint'),
    [
        (('-p', 'store:=""'), 'parameter store is empty'),
        (('-p', 'store:=/no/store.yaml'), 'no such file'),
        (('-p', 'host:=0.0.0.0'), 'allow_network:=true'),
        (('-p', 'port:=70000'), 'port'),
        (('-p', 'port:=a'), 'port'),
    ],
)
def test_a_bad_parameter_gives_one_clear_line(
    ros_environment: None,
    start_dashboard: Start,
    tmp_path: Path,
    arguments: tuple[str, ...],
    complaint: str,
) -> None:
    process, _ = start_dashboard(*arguments, node=True)

    assert process.wait(20) == 2
    said = (tmp_path / 'dashboard.log').read_text()
    assert complaint in said
    assert 'Traceback' not in said
