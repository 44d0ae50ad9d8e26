// The runtime of Node.js functions: loads the handler, asks the Runtime API for invocations, answers them.
import { createRequire, syncBuiltinESMExports } from "node:module";
import fs from "node:fs";
import Module from "node:module";
import net from "node:net";
import path from "node:path";
import { Writable } from "node:stream";
import { pathToFileURL } from "node:url";
import util from "node:util";

const require = createRequire(import.meta.url);
const VERSION = "/2018-06-01/runtime";
/** The version that the function asked for, which decides its rules, also where another one runs it. */
const RUNTIME_MAJOR = Number(/nodejs(\d+)/.exec(process.env.AWS_EXECUTION_ENV ?? "")?.[1] ?? parseInt(process.versions.node));
const STREAMING = Symbol.for("aws.lambda.runtime.handler.streaming");
const REQUEST_ID = Symbol.for("aws.lambda.runtime.requestId");

// --- What the user reads: the console.

const LEVELS = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];
const IS_JSON = (process.env.AWS_LAMBDA_LOG_FORMAT ?? "").toUpperCase() === "JSON";

/** One record is one line: a line break inside it becomes a carriage return, which the reader turns back. */
function writeRecord(text) {
  process.stdout.write(text.replace(/\n/g, "\r") + "\n");
}

function textRecord(level, message, ...params) {
  const time = new Date().toISOString();
  writeRecord(`${time}\t${globalThis[REQUEST_ID]}\t${level}\t${util.format(message, ...params)}`);
}

function describeError(_, value) {
  if (!(value instanceof Error)) return value;
  const stackTrace = typeof value.stack === "string" ? value.stack.split("\n") : value.stack;
  return { errorType: value.constructor?.name ?? "UnknownError", errorMessage: value.message, stackTrace, ...value };
}

function jsonRecord(level, ...messages) {
  const record = { timestamp: new Date().toISOString(), level, requestId: globalThis[REQUEST_ID] };
  if (messages.length === 1) {
    record.message = messages[0];
    try {
      return writeRecord(JSON.stringify(record, describeError));
    } catch {
      record.message = util.format(messages[0]);
      return writeRecord(JSON.stringify(record));
    }
  }
  record.message = util.format(...messages);
  const error = messages.find((message) => message instanceof Error);
  if (error) {
    const { errorType, errorMessage, stackTrace } = describeError("", error);
    Object.assign(record, { errorType, errorMessage, stackTrace: stackTrace ?? [] });
  }
  writeRecord(JSON.stringify(record));
}

function patchConsole() {
  const wanted = LEVELS.indexOf((process.env.AWS_LAMBDA_LOG_LEVEL ?? "TRACE").toUpperCase());
  const record = IS_JSON ? jsonRecord : textRecord;
  const at = (level) =>
    LEVELS.indexOf(level) >= wanted || level === "FATAL" ? (...all) => record(level, ...all) : () => {};
  for (const level of LEVELS) console[level.toLowerCase()] = at(level);
  console.log = console.info;
}

/** An error of the handler, with all that it carries, on one record. */
function logError(title, thrown) {
  const error = thrown instanceof Error ? thrown : new Error(thrown);
  if (IS_JSON) return console.error(error);
  const withAll = (_, value) => {
    if (!(value instanceof Error)) return value;
    const all = { errorType: value.name, errorMessage: value.message, code: value.code, ...value };
    if (typeof value.stack === "string") all.stack = value.stack.split("\n");
    return all;
  };
  let text;
  try {
    text = JSON.stringify(error, withAll);
  } catch {
    text = JSON.stringify(payloadOf(error));
  }
  console.error(title, "\t" + text);
}

// --- Errors as the caller sees them.

function named(name, Base = Error) {
  const made = { [name]: class extends Base {} }[name];
  made.prototype.name = `Runtime.${name}`;
  return made;
}
const ImportModuleError = named("ImportModuleError");
const HandlerNotFound = named("HandlerNotFound");
const MalformedHandlerName = named("MalformedHandlerName");
const UserCodeSyntaxError = named("UserCodeSyntaxError");
const UnhandledPromiseRejection = named("UnhandledPromiseRejection");
const CallbackHandlerDeprecated = named("CallbackHandlerDeprecated");
const InvalidStreamingOperation = named("InvalidStreamingOperation");
const NodeJsExit = named("NodeJsExit");
const NEVER_SETTLED =
  "The Lambda Runtime client detected an unexpected Node.js exit code. This is most commonly caused by a Promise that was never settled. For more information, see https://nodejs.org/docs/latest/api/process.html#exit-codes";

function payloadOf(error) {
  const clean = (text) => text.replace(/\x7F/g, "%7F");
  try {
    const looksLikeOne = error?.name && error.message && error.stack && typeof error.stack === "string";
    if (util.types.isNativeError(error) || looksLikeOne) {
      return {
        errorType: clean(error.name),
        errorMessage: clean(error.message),
        trace: clean(error.stack).split("\n"),
      };
    }
    return { errorType: typeof error, errorMessage: error.toString(), trace: [] };
  } catch {
    const errorMessage =
      "callback called with Error argument, but there was a problem while retrieving one or more of its message, name, and stack";
    return { errorType: "handled", errorMessage };
  }
}

// --- The Runtime API: one connection, one request at a time, each written in one piece.

class RuntimeApi {
  constructor(address) {
    const [host, port] = address.split(":");
    this.socket = net.connect({ host, port: Number(port), noDelay: true });
    this.socket.on("data", (chunk) => this.#read(chunk));
    // Without the Runtime API there is nobody to work for.
    this.socket.on("error", () => process.exit(1));
    this.socket.on("close", () => process.exit(1));
    this.pieces = [];
    this.length = 0;
    this.wanted = -1;
  }

  #read(chunk) {
    this.pieces.push(chunk);
    this.length += chunk.length;
    if (this.wanted < 0) {
      const all = this.pieces.length === 1 ? chunk : Buffer.concat(this.pieces);
      this.pieces = [all];
      const end = all.indexOf("\r\n\r\n");
      if (end < 0) return;
      const [status, ...lines] = all.toString("latin1", 0, end).split("\r\n");
      this.status = Number(status.split(" ")[1]);
      this.headers = {};
      for (const line of lines) {
        const colon = line.indexOf(":");
        this.headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
      }
      this.bodyAt = end + 4;
      this.wanted = this.bodyAt + Number(this.headers["content-length"] ?? 0);
    }
    if (this.length < this.wanted) return;
    const body = Buffer.concat(this.pieces).subarray(this.bodyAt, this.wanted).toString("utf8");
    this.pieces = [];
    this.length = 0;
    this.wanted = -1;
    // An empty event loop is the end of a handler, so this connection only counts while it is waited for.
    this.socket.unref();
    const { done } = this;
    this.done = undefined;
    done?.({ status: this.status, headers: this.headers, body });
  }

  /** Starts a request whose body follows; `done` gets the answer. */
  begin(method, target, headers, done) {
    let head = `${method} ${VERSION}${target} HTTP/1.1\r\nHost: lambda\r\n`;
    for (const [name, value] of Object.entries(headers)) head += `${name}: ${value}\r\n`;
    this.done = done;
    this.socket.ref();
    return head + "\r\n";
  }

  next(done) {
    this.socket.write(this.begin("GET", "/invocation/next", {}, done));
  }

  post(target, text, headers, done) {
    const all = { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(text), ...headers };
    this.socket.write(this.begin("POST", target, all, done) + text);
  }

  postError(target, error, done) {
    const payload = payloadOf(error);
    const type = String(payload.errorType).replace(/[^\x20-\x7e]/g, "?");
    this.post(target, JSON.stringify(payload), { "Lambda-Runtime-Function-Error-Type": type }, done);
  }
}

function serialize(result) {
  try {
    return JSON.stringify(result === undefined ? null : result) ?? "null";
  } catch {
    throw new Error("Unable to stringify response body");
  }
}

/** What a streaming handler writes to: chunks of one request to the Runtime API. */
class ResponseStream extends Writable {
  constructor(api, id, answered) {
    super({ highWaterMark: 64 * 1024 });
    Object.assign(this, { api, id, answered, contentType: "application/octet-stream", isBegun: false });
  }
  setContentType(contentType) {
    if (this.isBegun) throw new InvalidStreamingOperation("Cannot set content-type, too late.");
    this.contentType = contentType;
  }
  write(chunk, ...rest) {
    const isBytes = typeof chunk === "string" || chunk instanceof Uint8Array;
    return super.write(isBytes ? chunk : JSON.stringify(chunk), ...rest);
  }
  #begin() {
    if (this.isBegun) return "";
    this.isBegun = true;
    const headers = {
      "Lambda-Runtime-Function-Response-Mode": "streaming",
      "Content-Type": this.contentType,
      "Transfer-Encoding": "chunked",
      Trailer: "Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body",
    };
    const head = this.api.begin("POST", `/invocation/${this.id}/response`, headers, () => this.answered());
    this.api.socket.write(head);
    if (typeof this._onBeforeFirstWrite === "function") this._onBeforeFirstWrite((chunk) => this.#chunk(chunk));
  }
  #chunk(chunk, done) {
    const bytes = Buffer.from(chunk);
    if (bytes.length === 0) return done?.();
    const framed = Buffer.concat([Buffer.from(bytes.length.toString(16) + "\r\n"), bytes, Buffer.from("\r\n")]);
    this.api.socket.write(framed, done);
  }
  _write(chunk, _encoding, done) {
    this.#begin();
    this.#chunk(chunk, done);
  }
  _final(done) {
    this.#begin();
    this.api.socket.write("0\r\n\r\n", done);
  }
  fail(error, done) {
    this.#begin();
    const payload = payloadOf(error);
    const body = Buffer.from(JSON.stringify(payload)).toString("base64");
    const type = String(payload.errorType).replace(/[^\x20-\x7e]/g, "?");
    this.answered = done;
    this.api.socket.write(
      `0\r\nLambda-Runtime-Function-Error-Type: ${type}\r\nLambda-Runtime-Function-Error-Body: ${body}\r\n\r\n`,
    );
  }
}

// --- The handler: from its name to the function.

function isModuleFolder(folder) {
  if (folder.endsWith("/node_modules")) return false;
  const file = path.join(folder, "package.json");
  if (fs.existsSync(file)) {
    try {
      return JSON.parse(fs.readFileSync(file, "utf8"))?.type === "module";
    } catch (error) {
      console.warn(`${file} cannot be read, it will be ignored for ES module detection purposes.`, error);
      return false;
    }
  }
  return folder === "/" ? false : isModuleFolder(path.dirname(folder));
}

async function loadModule(root, folder, name) {
  const file = path.resolve(root, folder, name);
  const isFile = (candidate) => fs.existsSync(candidate) && fs.statSync(candidate).isFile();
  const load = (candidate) => import(pathToFileURL(candidate));
  if (isFile(file)) return require(file);
  if (isFile(file + ".js")) {
    return isModuleFolder(path.dirname(file)) ? load(file + ".js") : require(file + ".js");
  }
  if (isFile(file + ".mjs")) return load(file + ".mjs");
  if (isFile(file + ".cjs")) return require(file + ".cjs");
  return require(require.resolve(name, { paths: [root, path.resolve(root, folder)] }));
}

async function loadHandler(root, handler) {
  if (handler.includes("..")) {
    throw new MalformedHandlerName(
      `'${handler}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`,
    );
  }
  const last = path.basename(handler);
  const dot = last.indexOf(".");
  if (dot < 0) throw new MalformedHandlerName("Bad handler");
  let module;
  try {
    module = await loadModule(root, handler.slice(0, handler.length - last.length), last.slice(0, dot));
  } catch (error) {
    if (error instanceof SyntaxError) throw new UserCodeSyntaxError(error);
    if (error?.code === "MODULE_NOT_FOUND") throw new ImportModuleError(error);
    throw error;
  }
  const names = last.slice(dot + 1).split(".");
  const found = names.reduce((inner, name) => inner && inner[name], module);
  if (!found) {
    const error = new HandlerNotFound(`${handler} is undefined or not exported`);
    Object.defineProperty(error, "exported", { value: Object.keys(module ?? {}) });
    throw error;
  }
  if (typeof found !== "function") throw new HandlerNotFound(`${handler} is not a function`);
  if (RUNTIME_MAJOR >= 24 && found.length >= 3 && !found[STREAMING]) {
    throw new CallbackHandlerDeprecated(
      "ERROR: AWS Lambda has removed support for callback-based function handlers starting with Node.js 24. You need to modify this function to use a supported handler signature to use Node.js 24 or later. For more information see https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html.",
    );
  }
  return found;
}

// --- SDKs: those that AWS ships with its runtimes are found where they were installed, and old ones are pointed at us.

/** SDK 2 reads no AWS_ENDPOINT_URL and would call real AWS: its own configuration is told, as soon as it is loaded. */
function pointOldSdkHere() {
  const load = Module._extensions[".js"];
  Module._extensions[".js"] = function (module, filename) {
    const result = load.call(this, module, filename);
    // The loader makes a new configuration after the core has made one.
    if (/[\\/]aws-sdk[\\/]lib[\\/](core|node_loader)\.js$/.test(filename)) {
      const core = Module._cache[filename.replace(/node_loader\.js$/, "core.js")]?.exports;
      const endpoint = process.env.AWS_ENDPOINT_URL;
      if (endpoint) core?.config?.update({ endpoint, s3ForcePathStyle: true });
    }
    return result;
  };
}

/** SDK 2 inside a bundle has no file of its own; its requests to AWS go to us all the same. */
function keepRequestsHere() {
  const endpoint = process.env.AWS_ENDPOINT_URL;
  if (!endpoint) return;
  const here = new URL(endpoint);
  const https = require("node:https");
  const http = require("node:http");
  const isAws = (host) => /(^|\.)amazonaws\.com(\.cn)?$/.test(host ?? "");
  const original = https.request;
  https.request = function (...all) {
    const options = all.find((one) => one && typeof one === "object" && !(one instanceof URL)) ?? {};
    const url = all[0] instanceof URL || typeof all[0] === "string" ? new URL(all[0]) : undefined;
    const host = options.hostname ?? options.host ?? url?.hostname;
    if (!isAws(host)) return original.apply(this, all);
    const target = here.protocol === "http:" ? http.request : original;
    // AWS's name as the host would be refused as a stranger's.
    const isOurs = ([name]) => name.toLowerCase() !== "host";
    const headers = Object.fromEntries(Object.entries(options.headers ?? {}).filter(isOurs));
    const path = options.path ?? (url ? url.pathname + url.search : "/");
    const port = here.port || (here.protocol === "http:" ? 80 : 443);
    const moved = { ...options, headers, path, protocol: here.protocol, host: here.hostname, hostname: here.hostname, port };
    delete moved.agent;
    const done = all.find((one) => typeof one === "function");
    return target(moved, done);
  };
  https.get = function (...all) {
    const request = https.request(...all);
    request.end();
    return request;
  };
  syncBuiltinESMExports();
}

/** `import` ignores NODE_PATH: what is found nowhere else is looked for in the folders that NODE_PATH names. */
function findImports() {
  const folders = (process.env.NODE_PATH ?? "").split(":").filter((folder) => folder && fs.existsSync(folder));
  if (folders.length === 0) return;
  const parents = folders.map((folder) => pathToFileURL(path.join(path.dirname(folder), "x.mjs")).href);
  const isBare = (specifier) => !/^(\.|\/|node:|file:|data:|#)/.test(specifier);
  if (typeof Module.registerHooks === "function") {
    Module.registerHooks({
      resolve(specifier, context, next) {
        try {
          return next(specifier, context);
        } catch (error) {
          if (error?.code !== "ERR_MODULE_NOT_FOUND" || !isBare(specifier)) throw error;
          for (const parentURL of parents) {
            try {
              return next(specifier, { ...context, parentURL });
            } catch {
              // The next folder may have it.
            }
          }
          throw error;
        }
      },
    });
    return;
  }
  if (typeof Module.register !== "function") return;
  const hooks = `const parents = ${JSON.stringify(parents)}; const isBare = ${isBare};
    export async function resolve(specifier, context, next) {
      try { return await next(specifier, context); } catch (error) {
        if (error?.code !== "ERR_MODULE_NOT_FOUND" || !isBare(specifier)) throw error;
        for (const parentURL of parents) {
          try { return await next(specifier, { ...context, parentURL }); } catch {}
        }
        throw error;
      }
    }`;
  Module.register("data:text/javascript," + encodeURIComponent(hooks));
}

/** The export that was probably meant, as a setting. */
function nearest(exported) {
  const [file, wanted] = process.env._HANDLER.split(/\.(?=[^.\/]*$)/);
  const distance = (a, b) => {
    let row = [...b].map((_, i) => i + 1);
    [...a].forEach((letter, i) => {
      let left = i + 1, diagonal = i;
      row = row.map((above, j) => {
        const here = Math.min(above + 1, left + 1, diagonal + (letter === b[j] ? 0 : 1));
        diagonal = above;
        left = here;
        return here;
      });
    });
    return row.at(-1) ?? a.length;
  };
  const far = (name) => distance(name.toLowerCase(), (wanted ?? "").toLowerCase());
  const [best] = exported.filter((name) => name !== "default").sort((a, b) => far(a) - far(b));
  return best ? `; the handler may be meant to be ${file}.${best}` : "";
}

// --- The loop.

const isThenable = (value) => value && typeof value.then === "function";

class Runtime {
  constructor(api, handler) {
    this.api = api;
    this.handler = handler;
    this.onEmptyLoop = () => {};
  }

  iterate() {
    setImmediate(() =>
      this.api.next(({ headers, body }) => {
        if (this.handler[STREAMING]) this.handleOnceStreaming(headers, body);
        else this.handleOnceNonStreaming(headers, body);
      }),
    );
  }

  begin(headers) {
    this.id = headers["lambda-runtime-aws-request-id"];
    globalThis[REQUEST_ID] = this.id;
    const trace = headers["lambda-runtime-trace-id"];
    if (trace) process.env._X_AMZN_TRACE_ID = trace;
    else delete process.env._X_AMZN_TRACE_ID;
  }

  contextOf(headers, own) {
    const parse = (text, name) => {
      if (text === undefined) return undefined;
      try {
        return JSON.parse(text);
      } catch (error) {
        throw new Error(`Cannot parse ${name} as json: ${error}`);
      }
    };
    const deadline = Number(headers["lambda-runtime-deadline-ms"]);
    return Object.assign(own, {
      functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
      functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
      memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
      logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
      logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
      clientContext: parse(headers["lambda-runtime-client-context"], "ClientContext"),
      identity: parse(headers["lambda-runtime-cognito-identity"], "CognitoIdentity"),
      invokedFunctionArn: headers["lambda-runtime-invoked-function-arn"],
      awsRequestId: this.id,
      tenantId: headers["lambda-runtime-aws-tenant-id"],
      getRemainingTimeInMillis: () => deadline - Date.now(),
    });
  }

  /** The answers of one invocation: the first one counts. */
  answersOf(id) {
    let isAnswered = false;
    let isComplete = false;
    let waits = true;
    const once = (answer) => (...all) => {
      if (isAnswered) return;
      isAnswered = true;
      answer(...all);
    };
    const fail = (error) => {
      logError("Invoke Error", error);
      this.api.postError(`/invocation/${id}/error`, error, () => this.iterate());
    };
    const complete = (result) => {
      if (isComplete) return;
      isComplete = true;
      let text;
      try {
        text = serialize(result);
      } catch (error) {
        return fail(error);
      }
      this.api.post(`/invocation/${id}/response`, text, {}, () => this.iterate());
    };
    const done = (error, result) => {
      this.onEmptyLoop = () => {};
      if (error !== undefined && error !== null) fail(error);
      else complete(result);
    };
    const callback = once((error, result) => {
      if ((error !== undefined && error !== null) || !waits) return done(error, result);
      this.onEmptyLoop = () => setImmediate(() => done(null, result));
    });
    const context = {
      get callbackWaitsForEmptyEventLoop() {
        return waits;
      },
      set callbackWaitsForEmptyEventLoop(value) {
        waits = value;
      },
      done: once(done),
    };
    const first = context.done;
    context.succeed = (result) => first(null, result);
    context.fail = (error) => first(error === undefined || error === null ? "handled" : error);
    return { callback, context };
  }

  handleOnceNonStreaming(headers, body) {
    this.begin(headers);
    const id = this.id;
    const { callback, context } = this.answersOf(id);
    // A handler that neither answers nor waits for anything any more has ended without a word.
    this.onEmptyLoop = () => context.succeed(null);
    try {
      const result = this.handler(JSON.parse(body), this.contextOf(headers, context), callback);
      if (!isThenable(result)) return;
      this.onEmptyLoop = () => context.fail(new NodeJsExit(NEVER_SETTLED));
      result.then(context.succeed, context.fail).catch?.(context.fail);
    } catch (error) {
      callback(error);
    }
  }

  async handleOnceStreaming(headers, body) {
    this.begin(headers);
    let answered;
    const isAnswered = new Promise((resolve) => (answered = resolve));
    const stream = new ResponseStream(this.api, this.id, answered);
    stream.on("error", () => {});
    const fail = (error) => {
      logError("Invoke Error", error);
      stream.fail(error, () => this.iterate());
    };
    this.onEmptyLoop = () => fail(new NodeJsExit(NEVER_SETTLED));
    const context = this.contextOf(headers, { callbackWaitsForEmptyEventLoop: true });
    try {
      const result = this.handler(JSON.parse(body), stream, context);
      if (!isThenable(result)) return fail("Streaming does not support non-async handlers.");
      if ((await result) !== undefined) console.warn("Streaming handlers ignore return values.");
      await isAnswered;
      this.onEmptyLoop = () => {};
      this.iterate();
    } catch (error) {
      fail(error);
    }
  }
}

async function main() {
  patchConsole();
  const api = new RuntimeApi(process.env.AWS_LAMBDA_RUNTIME_API);
  const runtime = new Runtime(api, undefined);
  const target = () => (runtime.id === undefined ? "/init/error" : `/invocation/${runtime.id}/error`);
  const end = (title, error, status) => {
    logError(title, error);
    // A connection on which something is still said or waited for takes no second request.
    const free = api.done === undefined ? api : new RuntimeApi(process.env.AWS_LAMBDA_RUNTIME_API);
    free.postError(target(), error, () => process.exit(status));
  };
  process.on("uncaughtException", (error) => end("Uncaught Exception", error, 129));
  process.on("unhandledRejection", (reason) => {
    const error = new UnhandledPromiseRejection(reason);
    Object.assign(error, { reason });
    end("Unhandled Promise Rejection", error, 128);
  });
  process.on("beforeExit", () => runtime.onEmptyLoop());
  globalThis.awslambda = {
    streamifyResponse: (handler) => Object.assign(handler, { [STREAMING]: "response" }),
    HttpResponseStream: class {
      static from(stream, prelude) {
        stream.setContentType("application/vnd.awslambda.http-integration-response");
        stream._onBeforeFirstWrite = (write) => {
          write(JSON.stringify(prelude));
          write(new Uint8Array(8));
        };
        return stream;
      }
    },
  };
  pointOldSdkHere();
  keepRequestsHere();
  findImports();
  try {
    runtime.handler = await loadHandler(process.env.LAMBDA_TASK_ROOT, process.env._HANDLER);
  } catch (error) {
    if (error?.exported) console.error(`[trunkline] exported there: ${error.exported.join(", ") || "nothing"}${nearest(error.exported)}`);
    return end("Uncaught Exception", error, 129);
  }
  runtime.iterate();
}

main();
