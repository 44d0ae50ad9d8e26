# The runtime of Python functions: imports the handler, asks the Runtime API for invocations, answers them.
import importlib
import json
import os
import sys
import time

# The plain module, without the enums of `socket`; `logging`, `traceback` and `decimal` wait until somebody needs them. A
# start takes half the time so.
import _socket

VERSION = "/2018-06-01/runtime"
NO_BREAK_SPACE = "\u00a0"
IS_JSON = os.environ.get("AWS_LAMBDA_LOG_FORMAT", "").upper() == "JSON"
request_id = None


class Fault(Exception):
    """A mistake that the runtime itself finds, with AWS's type and words."""

    def __init__(self, error_type, message, trace=None):
        super().__init__(message)
        self.error_type = error_type
        self.message = message
        self.trace = trace


# JSON as AWS writes it: with blanks, decimals as numbers, and plain text beyond ASCII since Python 3.12.


class Number(float):
    """A float that is written with a decimal's own digits."""

    def __new__(cls, digits):
        made = super().__new__(cls, digits)
        made.digits = digits
        return made


def minor_version():
    """The version that the function asked for, which decides its rules, also where another one runs it."""
    digits = os.environ.get("AWS_EXECUTION_ENV", "").rsplit(".", 1)[-1]
    return int(digits) if digits.isdigit() else sys.version_info[1]


IS_ASCII = minor_version() < 12


class DecimalEncoder(json.JSONEncoder):
    """Slower than the compiled encoder, which writes floats in its own way only."""

    def default(self, value):
        if is_decimal(value):
            return float("nan") if value.is_nan() else Number(str(value))
        return super().default(value)

    def iterencode(self, value, _one_shot=False):
        quote = json.encoder.encode_basestring_ascii if IS_ASCII else json.encoder.encode_basestring

        def digits_of(number):
            if isinstance(number, Number):
                return number.digits
            if number != number:
                return "NaN"
            if number in (float("inf"), float("-inf")):
                return "Infinity" if number > 0 else "-Infinity"
            return float.__repr__(number)

        make = json.encoder._make_iterencode
        return make({}, self.default, quote, None, digits_of, ": ", ", ", False, False, False)(value, 0)


def is_decimal(value):
    decimal = sys.modules.get("decimal")
    return decimal is not None and isinstance(value, decimal.Decimal)


def has_decimal(value):
    if isinstance(value, dict):
        return any(has_decimal(one) for one in value.values())
    if isinstance(value, (list, tuple)):
        return any(has_decimal(one) for one in value)
    return is_decimal(value)


def to_json(value):
    if "decimal" in sys.modules and has_decimal(value):
        return DecimalEncoder().encode(value)
    return json.dumps(value, ensure_ascii=IS_ASCII)


# What the user reads.


def write_record(text):
    """One record is one line: a line break inside it becomes a carriage return, which the reader turns back."""
    sys.stdout.write(text.rstrip("\n").replace("\n", "\r") + "\n")
    sys.stdout.flush()


def set_up_logging(logging):
    """As soon as `logging` is imported: the root logger has AWS's handler."""

    class RecordHandler(logging.Handler):
        def emit(self, record):
            write_record(self.format(record))

    class RequestFilter(logging.Filter):
        def filter(self, record):
            record.aws_request_id = request_id or ""
            return True

    reserved = set(logging.LogRecord("", 0, "", 0, "", (), None).__dict__) | {"message", "asctime", "aws_request_id"}

    class JsonFormatter(logging.Formatter):
        def format(self, record):
            return json.dumps(fields_of(self, record, reserved), ensure_ascii=False, default=str)

    logging.Formatter.converter = time.gmtime
    handler = RecordHandler()
    if IS_JSON:
        handler.setFormatter(JsonFormatter())
    else:
        text = "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s"
        handler.setFormatter(logging.Formatter(text, "%Y-%m-%dT%H:%M:%S"))
    level = os.environ.get("AWS_LAMBDA_LOG_LEVEL", "").upper().replace("TRACE", "DEBUG")
    if level in ("DEBUG", "INFO", "WARNING", "WARN", "ERROR", "CRITICAL", "FATAL"):
        logging.getLogger().setLevel(level)
    handler.addFilter(RequestFilter())
    logging.getLogger().addHandler(handler)


def fields_of(formatter, record, reserved):
    """What a record says in the JSON format, in AWS's order."""
    import traceback

    trace = record.exc_info
    is_dict = isinstance(record.msg, dict) and not record.args
    fields = {
        "timestamp": formatter.formatTime(record, "%Y-%m-%dT%H:%M:%SZ"),
        "level": record.levelname,
        "message": record.msg if is_dict else record.getMessage(),
        "logger": record.name,
        "stackTrace": traceback.format_tb(trace[2]) if trace else None,
        "errorType": trace[0].__name__ if trace else None,
        "errorMessage": str(trace[1]) if trace else None,
        "requestId": getattr(record, "aws_request_id", None),
        "location": "%s:%s:%s" % (record.pathname, record.funcName, record.lineno) if trace else None,
    }
    for key, value in record.__dict__.items():
        if key not in reserved and key not in fields:
            fields[key] = value
    return {key: value for key, value in fields.items() if value is not None}


def log_error(error):
    if IS_JSON:
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        write_record(to_json({"timestamp": stamp, "level": "ERROR", **error}))
        return
    head = "[ERROR]"
    if error["errorType"]:
        head += " " + error["errorType"]
    if error["errorMessage"]:
        head += (":" if error["errorType"] else "") + " " + error["errorMessage"]
    lines = [head, "Traceback (most recent call last):"]
    for element in error["stackTrace"]:
        for line in element.splitlines() or [""]:
            rest = line.lstrip(" ")
            lines.append(NO_BREAK_SPACE * (len(line) - len(rest)) + rest)
    write_record("\n".join(lines))


# Errors as the caller sees them.


def make_error(message, error_type, trace, invoke_id=""):
    return {
        "errorMessage": message or "",
        "errorType": error_type or "",
        "requestId": invoke_id or "",
        "stackTrace": trace or [],
    }


def error_of(info, invoke_id=""):
    import traceback

    error_type, value, trace = info
    frames = traceback.extract_tb(trace)
    users = [at for at, frame in enumerate(frames) if frame.filename != __file__ and "importlib" not in frame.filename]
    frames = frames[users[0] :] if users else frames
    plain = [(frame.filename, frame.lineno, frame.name, frame.line) for frame in frames]
    return make_error(str(value), error_type.__name__, traceback.format_list(plain), invoke_id)


# The Runtime API.


class RuntimeApi:
    """One connection, one request at a time, each written in one piece."""

    def __init__(self, address):
        host, port = address.rsplit(":", 1)
        self.socket = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
        self.socket.connect((host, int(port)))

    def call(self, method, target, body=b"", headers=""):
        head = "%s %s%s HTTP/1.1\r\nHost: lambda\r\nContent-Length: %d\r\n%s\r\n"
        self.socket.sendall((head % (method, VERSION, target, len(body), headers)).encode("latin-1") + body)
        received = bytearray()
        while b"\r\n\r\n" not in received:
            received += self.receive()
        head, _, rest = bytes(received).partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")[1:]
        answer = {}
        for line in lines:
            name, _, value = line.partition(":")
            answer[name.lower()] = value.strip()
        rest = bytearray(rest)
        while len(rest) < int(answer.get("content-length", 0)):
            rest += self.receive()
        return answer, bytes(rest)

    def receive(self):
        received = self.socket.recv(65536)
        if not received:
            # Without the Runtime API there is nobody to work for.
            os._exit(1)
        return received

    def next(self):
        return self.call("GET", "/invocation/next")

    def respond(self, invoke_id, body, content_type):
        self.call("POST", "/invocation/%s/response" % invoke_id, body, "Content-Type: %s\r\n" % content_type)

    def fail(self, target, error):
        kind = "".join(c if " " <= c <= "~" else "?" for c in error["errorType"])
        headers = "Content-Type: application/json\r\nLambda-Runtime-Function-Error-Type: %s\r\n" % kind
        self.call("POST", target, to_json(error).encode("utf-8"), headers)


# The handler: from its name to the function.


def load_handler(handler):
    try:
        module_name, function_name = handler.rsplit(".", 1)
    except ValueError as error:
        raise Fault("Runtime.MalformedHandlerName", "Bad handler '%s': %s" % (handler, error)) from None
    if module_name.split(".")[0] in sys.builtin_module_names:
        message = "Cannot use built-in module %s as a handler module" % module_name
        raise Fault("Runtime.BuiltInModuleConflict", message)
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        raise Fault("Runtime.ImportModuleError", "Unable to import module '%s': %s" % (module_name, error)) from None
    except SyntaxError as error:
        trace = ['  File "%s" Line %s\n    %s' % (error.filename, error.lineno, error.text)]
        message = "Syntax error in module '%s': %s" % (module_name, error)
        raise Fault("Runtime.UserCodeSyntaxError", message, trace) from None
    try:
        return getattr(module, function_name)
    except AttributeError:
        named = [name for name, value in vars(module).items() if callable(value) and not name.startswith("_")]
        write_record("[trunkline] functions there: " + (", ".join(named) or "none"))
        message = "Handler '%s' missing on module '%s'" % (function_name, module_name)
        raise Fault("Runtime.HandlerNotFound", message) from None


class Client:
    def __init__(self, fields):
        for name in ("installation_id", "app_title", "app_version_name", "app_version_code", "app_package_name"):
            setattr(self, name, (fields or {}).get(name))


class ClientContext:
    def __init__(self, fields):
        self.custom = fields.get("custom")
        self.env = fields.get("env")
        self.client = Client(fields.get("client")) if fields.get("client") is not None else None


class CognitoIdentity:
    def __init__(self, fields):
        self.cognito_identity_id = fields.get("cognitoIdentityId")
        self.cognito_identity_pool_id = fields.get("cognitoIdentityPoolId")


class LambdaContext:
    def __init__(self, headers):
        def parsed(name, words):
            text = headers.get(name)
            if not text:
                return None
            try:
                return json.loads(text)
            except ValueError as error:
                message = "Unable to parse %s JSON: %s" % (words, error)
                raise Fault("Runtime.LambdaContextUnmarshalError", message) from None

        self.aws_request_id = headers.get("lambda-runtime-aws-request-id")
        self.log_group_name = os.environ.get("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = os.environ.get("AWS_LAMBDA_LOG_STREAM_NAME")
        self.function_name = os.environ.get("AWS_LAMBDA_FUNCTION_NAME")
        self.memory_limit_in_mb = os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.function_version = os.environ.get("AWS_LAMBDA_FUNCTION_VERSION")
        self.invoked_function_arn = headers.get("lambda-runtime-invoked-function-arn")
        self.tenant_id = headers.get("lambda-runtime-aws-tenant-id")
        client_context = parsed("lambda-runtime-client-context", "Client Context")
        self.client_context = None if client_context is None else ClientContext(client_context)
        self.identity = CognitoIdentity(parsed("lambda-runtime-cognito-identity", "Cognito Identity") or {})
        self._deadline_ms = int(headers.get("lambda-runtime-deadline-ms") or 0)

    def get_remaining_time_in_millis(self):
        return max(0, self._deadline_ms - int(time.time() * 1000))

    def log(self, message):
        write_record(str(message))

    def __repr__(self):
        shown = ", ".join("%s=%s" % (name, value) for name, value in vars(self).items() if name[0] != "_")
        return "LambdaContext([%s])" % shown


# SDKs: old ones read no AWS_ENDPOINT_URL and would call real AWS.


def point_here(session):
    """As soon as `botocore.session` is imported: clients without an address of their own get ours."""
    create_client = session.Session.create_client

    def create_client_here(self, service_name, *args, **kwargs):
        # Positions of botocore: region_name, api_version, use_ssl, verify, endpoint_url.
        if len(args) < 5 and not kwargs.get("endpoint_url"):
            own = "AWS_ENDPOINT_URL_" + service_name.replace("-", "_").upper()
            kwargs["endpoint_url"] = os.environ.get(own) or os.environ.get("AWS_ENDPOINT_URL")
        return create_client(self, service_name, *args, **kwargs)

    session.Session.create_client = create_client_here


class AfterImport:
    """Calls a function with a module right after it has been imported for the first time."""

    def __init__(self, then):
        self.then = then

    def find_spec(self, name, path=None, target=None):
        if name not in self.then:
            return None
        then = self.then.pop(name)
        for finder in sys.meta_path:
            spec = None if finder is self else finder.find_spec(name, path, target)
            if spec is not None and spec.loader is not None:
                execute = spec.loader.exec_module

                def execute_and_then(module):
                    execute(module)
                    then(module)

                spec.loader.exec_module = execute_and_then
                return spec
        return None


# The loop.


def handle(api, handler, headers, body):
    invoke_id = headers.get("lambda-runtime-aws-request-id")
    error = None
    try:
        context = LambdaContext(headers)
        try:
            event = json.loads(body)
        except ValueError as mistake:
            raise Fault("Runtime.UnmarshalError", "Unable to unmarshal input: %s" % mistake) from None
        result = handler(event, context)
        if isinstance(result, bytes):
            content_type = "application/unknown"
        else:
            content_type = "application/json"
            try:
                result = to_json(result).encode("utf-8")
            except Exception as mistake:
                raise Fault("Runtime.MarshalError", "Unable to marshal response: %s" % mistake) from None
    except Fault as fault:
        error = make_error(fault.message, fault.error_type, fault.trace, invoke_id)
    except Exception:
        error = error_of(sys.exc_info(), invoke_id)
    if error is None:
        api.respond(invoke_id, result, content_type)
    else:
        log_error(error)
        api.fail("/invocation/%s/error" % invoke_id, error)


def main():
    global request_id
    root = os.environ["LAMBDA_TASK_ROOT"]
    # The folder of this file is none of the function's.
    sys.path[:] = [root] + [place for place in sys.path if place != os.path.dirname(os.path.abspath(__file__))]
    then = {"logging": set_up_logging}
    if os.environ.get("AWS_ENDPOINT_URL"):
        then["botocore.session"] = point_here
    if "logging" in sys.modules:
        then.pop("logging")(sys.modules["logging"])
    sys.meta_path.insert(0, AfterImport(then))
    api = RuntimeApi(os.environ["AWS_LAMBDA_RUNTIME_API"])
    try:
        handler = load_handler(os.environ["_HANDLER"])
    except Fault as fault:
        error = make_error(fault.message, fault.error_type, fault.trace)
    except Exception:
        error = error_of(sys.exc_info())
    else:
        error = None
    if error is not None:
        log_error(error)
        api.fail("/init/error", error)
        sys.exit(1)
    while True:
        headers, body = api.next()
        request_id = headers.get("lambda-runtime-aws-request-id")
        trace = headers.get("lambda-runtime-trace-id")
        if trace:
            os.environ["_X_AMZN_TRACE_ID"] = trace
        else:
            os.environ.pop("_X_AMZN_TRACE_ID", None)
        handle(api, handler, headers, body)


main()
