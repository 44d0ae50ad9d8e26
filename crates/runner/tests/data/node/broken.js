// A handler with a mistake of syntax.
exports.handler = async () => {{;
