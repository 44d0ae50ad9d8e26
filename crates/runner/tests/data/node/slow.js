// A handler whose file takes longer to load the first time than a start may.
const fs = require("node:fs");
const isFirst = !fs.existsSync("/tmp/seen");
fs.writeFileSync("/tmp/seen", "");
if (isFirst) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60_000);
exports.handler = async () => "at last";
