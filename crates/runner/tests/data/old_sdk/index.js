// A handler of the tutorials' time: SDK 2, which reads no AWS_ENDPOINT_URL.
const AWS = require("aws-sdk");
exports.handler = async () => AWS.config.endpoint;
