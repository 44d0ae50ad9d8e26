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

