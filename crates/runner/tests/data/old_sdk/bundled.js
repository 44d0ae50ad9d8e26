// A bundled SDK 2 has no file of its own: it calls https.request itself.
const https = require("node:https");
exports.handler = async () =>
  new Promise((resolve, reject) => {
    const options = { host: "events.us-east-1.amazonaws.com", path: "/x", method: "POST", headers: { a: "b" } };
    const request = https.request(options, (answer) => {
      answer.resume();
      answer.on("end", () => resolve(answer.statusCode));
    });
    request.on("error", (error) => reject(new Error(error.code + " " + error.address)));
    request.end("{}");
  });
