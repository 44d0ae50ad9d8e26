# Answers in parts: InvokeWithResponseStream, whose messages boto3 checks by their CRCs, and a function URL that streams.

import base64
import json
import shutil
import unittest

import boto3
from door import DoorTest, name
from test_function_urls import ask, let_everybody_call
from test_lambda import ROLE, zipped

client = boto3.client("lambda")

CODE = """
exports.handler = awslambda.streamifyResponse(async (event, stream, context) => {
  if (event.rawPath) {
    const headers = { "Content-Type": "text/plain", "Access-Control-Allow-Origin": "https://nobody.example" };
    stream = awslambda.HttpResponseStream.from(stream, { statusCode: 202, headers, cookies: ["a=1"] });
  }
  stream.write("first ");
  if (event.fails || event.rawPath === "/boom") throw new TypeError("on the way");
  stream.write("second");
  stream.end();
});
exports.whole = async (event) => ({ got: event });
exports.broken = async () => { throw new RangeError("at once"); };
"""


@unittest.skipUnless(shutil.which("node"), "node is not installed")
class ResponseStreams(DoorTest):
    def function(self, handler="handler"):
        function = name("function")
        client.create_function(
            FunctionName=function,
            Runtime="nodejs20.x",
            Role=ROLE,
            Handler=f"index.{handler}",
            Code={"ZipFile": zipped({"index.js": CODE})},
            Timeout=30,
        )
        self.addCleanup(client.delete_function, FunctionName=function)
        return function

    def streamed(self, function, **options):
        """The parts together, and how it ended."""
        answer = client.invoke_with_response_stream(FunctionName=function, **options)
        self.assertEqual((answer["StatusCode"], answer["ExecutedVersion"]), (200, "$LATEST"))
        self.assertEqual(answer["ResponseStreamContentType"], "application/vnd.amazon.eventstream")
        events = list(answer["EventStream"])
        self.assertEqual([name for event in events[:-1] for name in event], ["PayloadChunk"] * (len(events) - 1))
        parts = b"".join(event["PayloadChunk"]["Payload"] for event in events[:-1])
        return parts, events[-1]["InvokeComplete"]

    def test_parts_come_as_events(self):
        function = self.function()
        parts, ended = self.streamed(function, Payload=b"{}", LogType="Tail")
        self.assertEqual((parts, ended.get("ErrorCode")), (b"first second", None))
        self.assertIn("REPORT RequestId", base64.b64decode(ended["LogResult"]).decode())
        parts, ended = self.streamed(function, Payload=json.dumps({"fails": True}))
        self.assertEqual((parts, ended["ErrorCode"]), (b"first ", "Unhandled"))
        self.assertEqual(json.loads(ended["ErrorDetails"])["errorType"], "TypeError")

    def test_a_handler_that_does_not_stream_is_one_part(self):
        parts, ended = self.streamed(self.function("whole"), Payload=b'{"a":1}')
        self.assertEqual((json.loads(parts), ended), ({"got": {"a": 1}}, {}))
        parts, ended = self.streamed(self.function("broken"))
        self.assertEqual((parts, ended["ErrorCode"]), (b"", "Unhandled"))
        self.assertEqual(json.loads(ended["ErrorDetails"])["errorMessage"], "at once")

    def test_what_is_refused_is_no_stream(self):
        function = self.function()
        refused = ("ValidationException", "ParamValidationError", "InvalidParameterValueException")
        call = client.invoke_with_response_stream
        self.assert_error("ResourceNotFoundException", call, FunctionName=name("none"))
        self.assert_error(refused, call, FunctionName=function, InvocationType="Event")
        self.assert_error("InvalidRequestContentException", call, FunctionName=function, Payload=b"{")
        client.put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=0)
        self.assert_error("TooManyRequestsException", call, FunctionName=function)

    def test_a_url_streams_and_tells_pages_who_may_call(self):
        function = self.function()
        cors = {"AllowOrigins": ["https://page.example"], "AllowMethods": ["PUT"], "AllowHeaders": ["x-a"], "MaxAge": 5}
        made = client.create_function_url_config(
            FunctionName=function, AuthType="NONE", InvokeMode="RESPONSE_STREAM", Cors=cors
        )
        self.assertEqual((made["InvokeMode"], made["Cors"]), ("RESPONSE_STREAM", cors))
        let_everybody_call(function)
        url, page = made["FunctionUrl"], {"Origin": "https://page.example"}
        status, headers, body = ask(url, "/x")
        self.assertEqual((status, body, headers["Set-Cookie"]), (202, "first second", "a=1"))
        self.assertIsNone(headers["Access-Control-Allow-Origin"], "the function's own CORS headers are replaced")
        status, headers, body = ask(url, "/x", headers=page)
        self.assertEqual((status, headers["Access-Control-Allow-Origin"]), (202, "https://page.example"))
        asked = {"Access-Control-Request-Method": "PUT"}
        status, headers, body = ask(url, "/x", headers=page | asked, method="OPTIONS")
        told = [headers[f"Access-Control-{what}"] for what in ("Allow-Origin", "Allow-Methods", "Allow-Headers", "Max-Age")]
        self.assertEqual((status, told, body), (200, ["https://page.example", "PUT", "x-a", "5"], ""))
        other = {"Origin": "https://other.example"}
        self.assertEqual(ask(url, "/x", headers=other)[0], 403, "a page that is not let in")
        self.assertEqual(ask(url, "/x", headers=other | asked, method="OPTIONS")[0], 403)
        client.update_function_url_config(FunctionName=function, InvokeMode="BUFFERED", Cors={})
        self.assertEqual(ask(url, "/x", headers=page)[0], 403)
