// Handlers of the cases: one export a behaviour.
const fs = require("node:fs");
let count = 0;

exports.echo = async (event) => event;
exports.count = async () => ++count;
exports.undefined = async () => undefined;
exports.silent = () => {};
exports.callback = (event, context, callback) => callback(null, { called: event.n });
exports.late = (event, context, callback) => {
  callback(null, "when the loop is empty");
  setTimeout(() => console.log("the loop is empty"), 20);
};
exports.early = (event, context, callback) => {
  context.callbackWaitsForEmptyEventLoop = false;
  setTimeout(() => {}, 60_000);
  callback(null, "at once");
};
exports.refused = (event, context, callback) => callback(new RangeError("refused"));
exports.succeed = (event, context) => context.succeed("succeeded");
exports.fail = (event, context) => context.fail("a text");
exports.done = (event, context) => context.done(null, "done");
exports.first = (event, context, callback) => {
  context.succeed(1);
  context.succeed(2);
  callback(null, 3);
};
exports.throws = async (event) => {
  throw new TypeError("no such " + event.thing);
};
exports.throwsText = async () => {
  throw "boom";
};
exports.throwsSync = () => {
  null.x;
};
exports.forgets = async () => {
  Promise.reject(new Error("nobody waits"));
  await new Promise((resolve) => setTimeout(resolve, 60_000));
};
exports.timer = async () => {
  setTimeout(() => {
    throw new Error("in a timer");
  }, 1);
  await new Promise((resolve) => setTimeout(resolve, 60_000));
};
exports.never = () => new Promise(() => {});
exports.exits = async (event) => process.exit(event.status);
exports.killed = async (event) => {
  process.kill(process.pid, event.signal);
  await new Promise((resolve) => setTimeout(resolve, 60_000));
};
exports.loops = async () => {
  fs.writeFileSync("/tmp/left-by-a-loop", "kept");
  for (;;);
};
exports.left = async () => [++count, fs.readdirSync("/tmp").filter((name) => name.startsWith("left"))];
exports.greedy = async () => {
  const held = [];
  for (;;) held.push(Buffer.alloc(8 << 20, 1));
};
exports.large = async (event) => "x".repeat(event.length);
exports.loud = async (event) => {
  const line = "y".repeat(1023) + "\n";
  for (let n = 0; n < event.lines; n += 1) process.stdout.write(line);
  return "said";
};
exports.reads = async () => fs.readFileSync(0, "utf8").length;
exports.says = async () => {
  console.log("one", { two: 2 });
  console.warn("three\nfour");
  console.error(new Error("five").message);
  console.debug("six");
  process.stdout.write("raw\n");
};
exports.environment = async () => Object.keys(process.env).sort();
exports.variables = async (names) => names.map((name) => process.env[name] ?? null);
exports.context = async (event, context) => {
  const remaining = context.getRemainingTimeInMillis();
  return {
    ...context,
    getRemainingTimeInMillis: remaining > 1000 && remaining <= 60_000,
    logStreamName: /^\d{4}\/\d\d\/\d\d\/\[\$LATEST\][0-9a-f]{32}$/.test(context.logStreamName),
  };
};
exports.value = 7;
exports.deprecated = (event, context, callback) => callback(null, 1);
exports.stream = awslambda.streamifyResponse(async (event, stream) => {
  stream.setContentType("text/plain");
  for (const part of event.parts) stream.write(part);
  if (event.breaks) throw new Error("on the way");
  stream.end();
});
exports.garbage = async () => {
  const net = require("node:net");
  const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
  const say = (text) =>
    new Promise((resolve) => {
      let answer = "";
      const socket = net.connect({ host, port: Number(port) }, () => socket.end(text));
      socket.on("data", (chunk) => (answer += chunk)).on("close", () => resolve(answer.split("\r\n")[0]));
      socket.on("error", () => resolve("broken"));
    });
  const post = (path, body) =>
    fetch(`http://${host}:${port}/2018-06-01/runtime/${path}`, { method: "POST", body }).then((answer) => answer.status);
  return [
    await say("\u0000\u0001 garbage\r\n\r\n"),
    await post("invocation/none/response", "{}"),
    await post("invocation/none/error", "not json"),
    await post("no/such/call", ""),
  ];
};
exports.bomb = async () => {
  const { spawn } = require("node:child_process");
  spawn("sh", ["-c", "f() { f & f & wait; }; f"], { stdio: "ignore", detached: true });
  await new Promise((resolve) => setTimeout(resolve, 60_000));
};
exports.holds = async (event) => {
  const { spawn } = require("node:child_process");
  const program = `require("net").connect(${event.port}, "127.0.0.1").write("x"); setInterval(() => {}, 1000)`;
  spawn(process.execPath, ["-e", program], { stdio: "ignore", detached: true }).unref();
  await new Promise((resolve) => setTimeout(resolve, event.ms ?? 0));
  return "holding";
};
exports.writes = async () => {
  try {
    fs.writeFileSync(__dirname + "/written", "x");
    return "written";
  } catch (error) {
    return error.code;
  }
};
