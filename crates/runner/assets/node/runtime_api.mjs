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

