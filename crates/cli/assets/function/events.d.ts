// The events that Trunkline derives, as a rule's target gets them. docs/functions.md has the field's meaning.

export interface EventBridgeEvent<Type extends string, Detail> {
  version: "0";
  id: string;
  "detail-type": Type;
  source: string;
  account: string;
  /** ISO 8601. */
  time: string;
  region: string;
  resources: string[];
  detail: Detail;
}

export interface WrapUp {
  queueId?: string;
  userId?: string;
  code?: string;
  durationMs?: number;
}

export interface ConversationEnd {
  id: string;
  conversationId: string;
  type?: "voice" | "chat" | "email" | "callback" | "message" | string;
  direction?: "inbound" | "outbound" | string;
  status: string;
  routing?: { queueId?: string; queueName?: string; queueIds?: string[] };
  wrapUpCode?: string;
  wrapUps?: WrapUp[];
  /** Milliseconds. */
  duration?: number;
  startTime?: string;
  endTime?: string;
  participantCount?: number;
  disconnectType?: string;
  segments?: {
    ivrMs?: number;
    queueMs?: number;
    alertMs?: number;
    talkMs?: number;
    holdMs?: number;
    acwMs?: number;
  };
  outcome?: "answered" | "abandoned" | "flow-out" | string;
  /** The conversation had begun before Trunkline saw it. */
  partial?: boolean;
}

export type ConversationEndEvent = EventBridgeEvent<"conversation.end", ConversationEnd>;
