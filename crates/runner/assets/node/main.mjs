// --- The start.

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
