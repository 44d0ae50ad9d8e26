// A task of the state machine: its answer is the execution's output, its error is named by its class.
export const handler = async (event) => {
  const { interactionId, change } = event.detail;
  if (!interactionId) throw new TypeError("no interactionId");
  console.log(`${interactionId}: ${change}`);
  return { interactionId };
};
