// A handler that needs what is not there.
require("aws-sdk");
exports.handler = async () => {};
