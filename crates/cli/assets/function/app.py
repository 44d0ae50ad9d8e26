# Called with an event of a bus each time a conversation ends. An exception is tried again twice, after one and two minutes.
from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from events import ConversationEndEvent


def handler(event: ConversationEndEvent, context):
    detail = event["detail"]
    queue = detail.get("routing", {})
    print(f"conversation {detail['conversationId']} ended in {queue.get('queueName', 'no queue')}")
    return {"conversationId": detail["conversationId"], "queueId": queue.get("queueId")}
