// A handler in a folder, nested in an object.
exports.api = { v1: { handler: async () => "deep" } };
