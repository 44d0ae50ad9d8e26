// The validator that seed 003 leaves to its reader: a batch where there are items, and nothing without an id.

exports.handler = async (event) => {
  if (!event.interactionId && !event.details?.items) throw new Error("Missing interactionId");
  const items = event.details?.items;
  return items ? { isBatch: true, items } : { isBatch: false };
};
