// Called with an event of a bus each time a conversation ends. An exception is tried again twice, after one and two minutes.

/** @param {import("./events").ConversationEndEvent} event */
export const handler = async (event) => {
  const { conversationId, routing, wrapUpCode, duration } = event.detail;
  console.log(`conversation ${conversationId} ended in ${routing?.queueName ?? "no queue"} after ${duration} ms`);
  return { conversationId, queueId: routing?.queueId, wrapUpCode };
};
