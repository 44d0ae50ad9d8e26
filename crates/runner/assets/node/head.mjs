// The runtime of Node.js functions: loads the handler, asks the Runtime API for invocations, answers them.
// The files of this folder are one module, put together in the order of the list in `runner.rs`: at a cold start one file
// loads faster than ten.
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

