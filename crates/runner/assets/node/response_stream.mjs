// --- Answers in parts.

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

