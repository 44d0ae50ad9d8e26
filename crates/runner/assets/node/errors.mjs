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

