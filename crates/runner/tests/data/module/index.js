// A handler that is an ES module by its package.json.
export const handler = async () => typeof require;
