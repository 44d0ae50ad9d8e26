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

