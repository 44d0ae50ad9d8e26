# Handlers of the cases: one function a behaviour.
import os
import sys

count = 0


def echo(event, context):
    return event


def counts(event, context):
    global count
    count += 1
    return count


def nothing(event, context):
    pass


def throws(event, context):
    raise ValueError("no such " + event["thing"])


def nested(event, context):
    def inner():
        {}["missing"]

    inner()


def unserialisable(event, context):
    return {1, 2}


def exits(event, context):
    sys.exit(event["status"])


def decimals(event, context):
    from decimal import Decimal

    return {"price": Decimal("3.10"), "count": Decimal("5"), "text": "ü"}


def raw(event, context):
    return b"bytes"


def says(event, context):
    import logging

    print("printed\nin two lines")
    logging.getLogger().warning("warned %s", "twice\nover")
    logging.getLogger().info("not shown")
    context.log("logged\n")
    sys.stderr.write("to stderr\n")


def fails_loudly(event, context):
    import logging

    try:
        1 / 0
    except ZeroDivisionError:
        logging.getLogger("mine").exception("divided", extra={"by": 0})


def context(event, context):
    remaining = context.get_remaining_time_in_millis()
    return [
        context.aws_request_id,
        context.function_name,
        context.function_version,
        context.invoked_function_arn,
        context.memory_limit_in_mb,
        context.log_group_name,
        context.client_context.custom if context.client_context else None,
        context.identity.cognito_identity_id,
        1000 < remaining <= 60000,
    ]


def environment(event, context):
    return sorted(os.environ)


def loops(event, context):
    while True:
        pass


def greedy(event, context):
    held = []
    while True:
        held.append(bytearray(b"x" * (8 << 20)))


def layered(event, context):
    import in_layer

    return in_layer.NAME
