# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The page *Robots*: whether they work, how fast, and what troubles them."""

from __future__ import annotations

from typing import Any

from nicegui import Client, html

from .. import words
from ..site import Site
from ..views import RobotView, StatusView
from .frame import live, page, picture, route


def build(site: Site) -> None:
    """Register the page."""

    @route('/robots', f'Robots · {site.title}')
    async def robots_page(client: Client) -> None:
        with page(site, client, 'Robots', heading='Robots'):
            await _RobotsPage(site).build()


class _RobotsPage:
    """The robots, one card each; one for each open page."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._drawn: object = None

    async def build(self) -> None:
        self._body = html.div().classes('robots')
        await self._refresh()
        live(self._site, self._refresh)

    async def _refresh(self) -> None:
        status: StatusView = await self._site.read('status', self._site.status)
        now = self._site.clock()
        shown = [(r, words.age(r.heard_ns, now)) for r in status.robots]
        essence = repr(
            [(r.robot, r.connected, r.model, r.status, age) for r, age in shown]
        ) + repr((status.problems, status.last_problem, status.lost))
        if essence == self._drawn:
            return
        self._drawn = essence
        self._body.clear()
        with self._body:
            if not shown:
                _nobody()
            for robot, age in shown:
                _card(robot, age)
            _dashboard(status)


def _nobody() -> None:
    with html.div().classes('empty'):
        picture('robot', 'big-icon')
        html.p('No robot has reported yet').classes('empty-title')
        html.p('Once a robot starts its patrol, it shows up here by itself.')


def _card(robot: RobotView, age: str) -> None:
    status = robot.status
    with html.section().classes('box robot-card'):
        with html.div().classes('robot-head'):
            picture('robot', 'robot-icon')
            with html.div():
                with html.h2().classes('robot-name'):
                    html.bdi(robot.robot or 'A robot without a name')
                with html.p().classes('soft'):
                    html.span('Model ')
                    html.bdi(robot.model or 'not loaded')
            text = 'Working' if robot.connected else f'Silent · heard {age}'
            html.span(text).classes(f'state {"good" if robot.connected else "bad"}')
        if not status:
            html.p('It has not told yet how it is doing.').classes('soft')
            return
        if problem := str(status.get('last_problem') or ''):
            with html.p().classes('trouble'):
                picture('unknown')
                with html.span():
                    html.span('Last problem: ').classes('strong')
                    html.bdi(problem)
        _numbers(status, now_working=robot.connected)
        _stages(status.get('stages_ms'))


def _numbers(status: dict[str, Any], *, now_working: bool) -> None:
    received = _count(status, 'frames_received')
    with html.dl().classes('figures'):
        rate = _decimal(status.get('frame_rate')) if now_working else '–'
        delay = _decimal(status.get('latency_ms'), ' ms') if now_working else '–'
        _figure('Pictures a second', rate, 'large')
        _figure('Delay', delay, 'large')
        _figure('Pictures taken', f'{received:,}')
        _figure('Inspected', _share(status, 'frames_inspected', received))
        _figure('Skipped, too busy', _share(status, 'frames_dropped', received))
        _figure('Place not known', _share(status, 'frames_unplaced', received))
        _figure('Unreadable', _share(status, 'frames_rejected', received))
        _figure('Open alerts', f'{_count(status, "open_alerts"):,}')


def _figure(name: str, value: str, css: str = '') -> None:
    with html.div().classes(f'figure {css}'):
        html.dt(name)
        html.dd(value)


def _stages(stages: object) -> None:
    if not isinstance(stages, dict) or not stages:
        return
    times = {str(k): float(v) for k, v in stages.items() if isinstance(v, (int, float))}
    longest = max(times.values(), default=0.0) or 1.0
    with html.details().classes('stages'):
        html.summary(f'Time for one picture: {sum(times.values()):.0f} ms')
        with html.ul():
            for name, ms in times.items():
                with html.li().classes('stage'):
                    html.bdi(name)
                    with html.span().classes('track'):
                        html.span().classes('fill').style(
                            f'width: {max(1.0, 100 * ms / longest):.1f}%'
                        )
                    html.span(f'{ms:.1f} ms').classes('ms')


def _dashboard(status: StatusView) -> None:
    lost = sum(status.lost.values())
    if not status.problems and not lost:
        return
    with html.section().classes('box'):
        html.h2('This dashboard')
        if status.problems:
            html.p(f'{status.problems:,} messages could not be used. The last one:')
            html.bdi(status.last_problem).classes('soft')
        if lost:
            html.p(f'{lost:,} messages came faster than they could be kept.')


def _count(status: dict[str, Any], name: str) -> int:
    value = status.get(name)
    return int(value) if isinstance(value, (int, float)) else 0


def _share(status: dict[str, Any], name: str, whole: int) -> str:
    count = _count(status, name)
    return f'{count:,}' if not whole else f'{count:,} ({100 * count / whole:.1f} %)'


def _decimal(value: object, unit: str = '') -> str:
    return f'{value:.1f}{unit}' if isinstance(value, (int, float)) else 'not known'
