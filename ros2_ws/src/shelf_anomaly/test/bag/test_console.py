# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""What the terminal shows."""

import io

from replay_builder import alert, report, store
from rich.console import Console

from shelf_anomaly.bag.console import print_summary, ReplayDisplay
from shelf_anomaly.bag.problems import Problem, ProblemLog
from shelf_anomaly.bag.replay import Progress
from shelf_anomaly.bag.result import Patrol, ReplayResult
from shelf_anomaly.records import BayResult, State


def console(terminal: bool = False) -> Console:
    return Console(file=io.StringIO(), width=80, force_terminal=terminal, highlight=False)


def shown(screen: Console) -> str:
    assert isinstance(screen.file, io.StringIO)
    return screen.file.getvalue()


def test_summary_fits_80_columns_and_names_everything() -> None:
    log = ProblemLog()
    log.add(Problem('[red]monday', '', 0, 'truncated', 'image: cut [off]', frame_lost=True))
    bays = {'L01': BayResult.ALERT, 'L02': BayResult.NORMAL, 'L03': BayResult.NOT_SEEN}
    passes = {'L01': [report('L01', 'monday', BayResult.ALERT)]}
    patrols = {
        '[red]monday': Patrol('[red]monday', bays, passes, 10, 8, problems=log),
        'tuesday': Patrol('tuesday', bays, error='tuesday.mcap: cut off'),
    }
    alerts = (
        alert(1, seen_in=('monday', 'tuesday')),
        alert(2, state=State.RESOLVED, resolved_in='friday'),
    )
    screen = console()
    print_summary(screen, ReplayResult(store(), 'shop', 1.0, patrols, alerts, 2.0, {}, {}))
    text = shown(screen)
    for said in (
        'L01',
        '2/3',
        '0.35 m',
        'misplaced',
        'L03',
        'monday +1',
        'friday',
        '7.25',
        '1 open, 1 put right; 10 frames of 2 patrols, 8 inspected, 2.0 s (5.0 frames/s)',
        '[red]monday: not seen: L03',
        '[red]monday: 1 x truncated: image: cut [off]',
        'tuesday: tuesday.mcap: cut off',
    ):
        assert said in ' '.join(text.split()), said


def test_no_alerts() -> None:
    screen = console()
    print_summary(screen, ReplayResult(store(), 'shop', 1.0, {}, (), 2.0, {}, {}))
    assert 'No alerts' in shown(screen)


def test_progress_is_drawn_on_a_terminal_only() -> None:
    for terminal in (True, False):
        screen = console(terminal)
        with ReplayDisplay(screen) as display:
            display.update(Progress('[b]monday', 2, 9, 5, 38, 43, 3, 2.0))
        assert ('bag 2/9 [b]monday' in shown(screen)) is terminal
        assert ('3 open alerts' in shown(screen)) is terminal
