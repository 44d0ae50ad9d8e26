// Called asynchronously by EventBridge: an error is tried again twice by Lambda, after one and two minutes, and never reaches
// the rule's dead-letter queue.
export const handler = async (event) => {
  const { conversationId, routing, duration = 0 } = event.detail;
  const seconds = Math.round(duration / 1000);
  console.log(`${conversationId} ended in ${routing.queueName} after ${seconds} s`);
  return { conversationId, seconds };
};
