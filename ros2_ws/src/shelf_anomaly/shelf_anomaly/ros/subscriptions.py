# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""A subscription that follows what its publishers offer, and callbacks that cannot end spin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rclpy.event_handler import SubscriptionEventCallbacks
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, ReliabilityPolicy
from rclpy.subscription import Subscription

from . import qos


class AdaptiveSubscription:
    """
    One subscription whose reliability follows its publishers.

    The graph is looked at by ``update``, which is called a few times a second and is cheap until
    something changed; the subscription is made anew only when the choice changes.
    """

    def __init__(
        self,
        node: Node,
        message_type: Any,
        topic: str,
        callback: Callable[[Any], None],
        *,
        asked: str = 'auto',
        depth: int = qos.POSE_DEPTH,
        latched: bool = True,
    ) -> None:
        """
        Subscribe.

        :param asked: ``auto``, ``reliable`` or ``best_effort``
        :param depth: messages held by the middleware
        :param latched: take the last message of publishers that all keep it (transient local)
        """
        self._node = node
        self._type = message_type
        self._topic = topic
        self._callback = callback
        self._asked = asked
        self._depth = depth
        self._latched = latched
        self._changed = True
        self._chosen: tuple[ReliabilityPolicy, DurabilityPolicy] | None = None
        self._subscription: Subscription | None = None
        self.topic = node.resolve_topic_name(topic)
        self.publishers = 0
        self.update()

    @property
    def reliability(self) -> str:
        """What is asked of the publishers now, for people."""
        return 'nothing' if self._chosen is None else self._chosen[0].name.lower()

    def update(self, *, every: bool = False) -> None:
        """Subscribe anew if the publishers ask for it; ``every`` looks even if none was told."""
        if not (self._changed or every):
            return
        self._changed = False
        infos = self._node.get_publishers_info_by_topic(self.topic)
        self.publishers = len(infos)
        reliability = qos.choose_reliability(
            self._asked, [i.qos_profile.reliability for i in infos]
        )
        keeps = [i.qos_profile.durability == DurabilityPolicy.TRANSIENT_LOCAL for i in infos]
        durability = (
            DurabilityPolicy.TRANSIENT_LOCAL
            if self._latched and keeps and all(keeps)
            else DurabilityPolicy.VOLATILE
        )
        if infos or self._subscription is None:
            self._subscribe(reliability, durability)

    def close(self) -> None:
        """Unsubscribe."""
        if self._subscription is not None:
            self._node.destroy_subscription(self._subscription)
        self._subscription, self._chosen = None, None

    def _subscribe(self, reliability: ReliabilityPolicy, durability: DurabilityPolicy) -> None:
        if self._chosen == (reliability, durability):
            return
        self.close()
        self._chosen = (reliability, durability)
        events = SubscriptionEventCallbacks(
            matched=self._note_change,
            incompatible_qos=self._note_change,
            use_default_callbacks=False,
        )
        self._subscription = self._node.create_subscription(
            self._type,
            self._topic,
            self._callback,
            qos.profile(self._depth, reliability, durability),
            event_callbacks=events,
        )

    def _note_change(self, _event: object) -> None:
        # Only noted: an entity must not be destroyed while its own event is being handled.
        self._changed = True
