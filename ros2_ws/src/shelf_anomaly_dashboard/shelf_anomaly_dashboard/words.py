# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Every sentence that people read, in one place. Plain words; nothing here is markup."""

from __future__ import annotations

from shelf_anomaly.store_layout import StoreLayout

from .views import AlertView, BayView, EventView, RobotView
from .views_reports import KindTrend, UnseenBay

KINDS = {
    'misplaced': 'In the wrong place',
    'foreign': 'Does not belong here',
    'gap': 'Empty place',
    'fallen': 'Fallen over',
    'unknown': 'Something is wrong',
}
STATES = {'open': 'Open', 'resolved': 'Resolved', 'dismissed': 'False alarm'}
VERDICTS = {
    'resolved': 'Marked as resolved',
    'false_alarm': 'Marked as a false alarm',
    'confirmed': 'Confirmed: it will be put right',
    'reopened': 'Opened again',
}
DONE = {
    **VERDICTS,
    'take': 'Yours to put right',
    'seen': 'Marked as seen',
    'give': 'Handed over',
    'free': 'Free for anybody',
    'note': 'Note kept',
}
RELEARN = 'the shelf has changed'
RELEARN_LONG = (
    'This shelf has changed since the robot learnt it. Alerts here may be false until it learns '
    'the shelf anew.'
)
SAME = 'Two robots reported this. The other alert goes on for both.'
LEAD = 'Put these right. Tap one to see where.'
URGENT = 80
"""Alerts of at least this priority are called urgent."""
REFUSALS = {
    'coverage': 'not enough of it in the picture',
    'resolution': 'too far away',
    'incidence': 'seen too much from the side',
    'sharpness': 'blurred',
    'exposure': 'too dark or too bright',
    'pose_age': 'robot was not sure where it was',
    'pose_uncertainty': 'robot was not sure where it was',
    'registration': 'did not look like this shelf',
    'occluded': 'something stood in front',
}
_EVENTS = {
    ('robot', 'opened'): 'Seen by robot',
    ('robot', 'seen_again'): 'Still there on the next patrol',
    ('robot', 'resolved'): 'Robot saw it put right',
    ('robot', 'dismissed'): 'Closed by robot',
    ('robot', 'reopened'): 'Seen again by robot',
    ('robot', 'taken_over'): 'Robot has taken note',
    ('person', 'resolved'): 'Resolved',
    ('person', 'dismissed'): 'False alarm',
    ('person', 'reopened'): 'Opened again',
    ('person', 'confirmed'): 'Confirmed',
    ('person', 'acknowledged'): 'Seen',
    ('person', 'assigned'): 'Assigned',
    ('person', 'unassigned'): 'Given back',
    ('person', 'noted'): 'Note',
}
_ORDINALS = {1: '1st', 2: '2nd', 3: '3rd'}
SECOND_NS = 10**9


def kind(name: str) -> str:
    """Return a kind of fault in words."""
    return KINDS.get(name, KINDS['unknown'])


def alerts(count: int) -> str:
    """Return how many alerts there are."""
    return '1 alert' if count == 1 else f'{count:,} alerts'


def urgent(alert: AlertView) -> bool:
    """Return whether an alert should be put right before the others."""
    return alert.state == 'open' and alert.priority >= URGENT


def level(board: int, boards: int = 0) -> str:
    """
    Return which shelf of a bay it is, as one counts standing in front of it.

    :param board: 0 is the lowest; -1 is not known
    :param boards: how many the bay has; 0 when that is not known
    """
    if board < 0:
        return ''
    if boards > 1 and board == boards - 1:
        return 'top shelf'
    if board == 0:
        return 'bottom shelf'
    return f'{_ORDINALS.get(board + 1, f"{board + 1}th")} shelf from below'


def place(alert: AlertView, layout: StoreLayout) -> str:
    """Return where an alert is: bay and shelf."""
    bay = layout.bays.get(alert.bay)
    shelf = level(alert.level, len(bay.levels) if bay else 0)
    return ' · '.join(part for part in (alert.bay or 'place not known', shelf) if part)


def in_the_home(alert: AlertView, number: int, layout: StoreLayout) -> str:
    """
    Return where in a suggested bay a thing belongs, and how sure that is.

    :param number: of the suggestion, 0 is the best
    """
    bay = layout.bays.get(alert.suggested_bays[number])
    board = alert.suggested_levels[number] if number < len(alert.suggested_levels) else -1
    told = alert.suggested_confidences
    sure = told[number] if number < len(told) else 0.0
    parts = (
        f'Aisle {bay.aisle}' if bay else '',
        level(board, len(bay.levels) if bay else 0),
        f'{sure:.0%} sure' if sure else '',
    )
    return ' · '.join(part for part in parts if part)


def across(alert: AlertView, layout: StoreLayout) -> str:
    """Return where along the shelf an alert is, in words."""
    bay = layout.bays.get(alert.bay)
    if bay is None or alert.x is None:
        return ''
    third = 3 * alert.x / bay.width
    side = 'on the left' if third < 1 else 'in the middle' if third < 2 else 'on the right'
    return f'{side}, {max(0, round(100 * alert.x))} cm from the left edge'


def age(since_ns: int, now_ns: int) -> str:
    """Return how long ago something was, as people say it."""
    elapsed_ns = now_ns - since_ns
    return 'just now' if elapsed_ns < 45 * SECOND_NS else f'{span(elapsed_ns)} ago'


def span(elapsed_ns: int) -> str:
    """Return a length of time, as people say it."""
    seconds = max(0, elapsed_ns) // SECOND_NS
    if seconds < 45:
        return f'{seconds} s'
    if seconds < 3570:
        return f'{max(1, round(seconds / 60))} min'
    if seconds < 36 * 3600:
        return f'{round(seconds / 3600)} h'
    return f'{round(seconds / 86400)} days'


def event(told: EventView) -> str:
    """Return a line of the time line."""
    text = _EVENTS.get((told.by, told.what), told.what)
    return (
        f'{text} by {told.who}'
        if told.by == 'person'
        else f'{text} {told.who}'
        if text.endswith('robot')
        else text
    )


def patrol(name: str) -> str:
    """Return a note of a robot's event."""
    return f'patrol {name}' if name else ''


def bay(view: BayView, now_ns: int) -> str:
    """Return a bay's state in words."""
    state = _bay_state(view, now_ns)
    return f'{state} · {RELEARN}' if view.relearn else state


def _bay_state(view: BayView, now_ns: int) -> str:
    if view.open_alerts:
        return f'{view.open_alerts} to do' + (
            f' · seen {age(view.seen_ns, now_ns)}' if view.seen_ns else ''
        )
    if view.result is None:
        return 'not looked at yet'
    if view.result == 'not_seen':
        why = next((REFUSALS.get(name, name) for name in view.refusals), '')
        return f'could not be seen {age(view.looked_ns, now_ns)}' + (f': {why}' if why else '')
    return f'all good · seen {age(view.seen_ns, now_ns)}'


def unseen(one: UnseenBay, now_ns: int) -> tuple[str, str]:
    """Return since when a bay was not seen well, and why."""
    view = one.view
    since = f'last seen {age(view.seen_ns, now_ns)}' if view.seen_ns else 'never seen yet'
    if one.tries:
        since += f' · {one.tries} {"pass" if one.tries == 1 else "passes"} in vain'
    if one.reason:
        why = REFUSALS.get(one.reason, one.reason)
        return since, why[:1].upper() + why[1:]
    if view.result == 'not_seen':
        return since, 'Not seen well enough'
    return since, 'No robot has passed by' if view.looked_ns else 'No robot has been here yet'


def change(count: int, before: int, days: int) -> str:
    """Return how a count compares with that of the days before."""
    if not before:
        return f'none in the {days} days before'
    percent = round(100 * (count - before) / before)
    if not percent:
        return f'as many as in the {days} days before'
    return f'{abs(percent)} % {"more" if percent > 0 else "fewer"} than in the {days} days before'


def kind_trend(one: KindTrend) -> str:
    """Return what became of the alerts of a kind."""
    parts = []
    if one.median_ns is not None:
        parts.append(f'put right within {span(one.median_ns)}')
    if one.closed:
        parts.append(f'{100 * one.dismissed / one.closed:.0f} % false alarms')
    return ' · '.join(parts) or 'none closed yet'


def state(alert: AlertView) -> str:
    """Return the state of an alert, as its badge says it."""
    closed = alert.state != 'open'
    return 'Told twice' if closed and alert.same_as else STATES[alert.state]


def expected(alert: AlertView) -> str:
    """Return what should stand in the place of an alert; nothing when that is not known."""
    return f'Should stand here: {alert.expected_sku}' if alert.expected_sku else ''


def sure(confidence: float) -> str:
    """Return how sure an answer is, as people say it."""
    if confidence >= 0.75:
        return 'very likely'
    return 'likely' if confidence >= 0.4 else 'perhaps'


def connection(robots: list[RobotView], now_ns: int) -> tuple[str, str]:
    """Return how the road to the robots is: a word for its colour and the sentence."""
    if not robots:
        return 'none', 'Waiting for a robot'
    here = sum(robot.connected for robot in robots)
    if here == len(robots):
        return 'good', 'Robot connected' if here == 1 else f'{here} robots connected'
    if here:
        return 'good', f'{here} of {len(robots)} robots connected'
    return 'bad', f'Robot silent for {span(now_ns - robots[0].heard_ns)}'


def actor(name: str) -> str:
    """Return who spoke, or nothing for staff without a name."""
    return '' if name == 'staff' else name
