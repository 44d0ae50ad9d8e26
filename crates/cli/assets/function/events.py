# The events that Trunkline derives, as a rule's target gets them: types for the editor.
from typing import List, TypedDict


class WrapUp(TypedDict, total=False):
    queueId: str
    userId: str
    code: str
    durationMs: int


class Routing(TypedDict, total=False):
    queueId: str
    queueName: str
    queueIds: List[str]


class Segments(TypedDict, total=False):
    ivrMs: int
    queueMs: int
    alertMs: int
    talkMs: int
    holdMs: int
    acwMs: int


class ConversationEnd(TypedDict, total=False):
    id: str
    conversationId: str
    type: str
    direction: str
    status: str
    routing: Routing
    wrapUpCode: str
    wrapUps: List[WrapUp]
    duration: int
    startTime: str
    endTime: str
    participantCount: int
    disconnectType: str
    segments: Segments
    outcome: str
    partial: bool


# "detail-type" is no name in Python, so that this one is a call.
ConversationEndEvent = TypedDict(
    "ConversationEndEvent",
    {
        "version": str,
        "id": str,
        "detail-type": str,
        "source": str,
        "account": str,
        "time": str,
        "region": str,
        "resources": List[str],
        "detail": ConversationEnd,
    },
)
