# Function URLs: what is called over HTTP, with Python's own client.

import json
import os
import shutil
import unittest
import urllib.error
import urllib.parse
import urllib.request

import boto3
from door import DoorTest, name
from test_lambda import ROLE, zipped

client = boto3.client("lambda")

CODE = """
exports.handler = async (event) => {
  if (event.rawPath === "/boom") throw new Error("boom");
  if (event.rawPath === "/json") return { path: event.rawPath };
  const { method } = event.requestContext.http;
  return {
    statusCode: 201,
    headers: { "X-Method": method },
    cookies: ["a=1"],
    body: JSON.stringify([event.version, event.rawPath, event.queryStringParameters, event.body]),
  };
};
"""


def ask(url, path="", headers=None, **options):
    """Status, headers and body; the name is below localhost, which not every resolver knows."""
    host = {"Host": urllib.parse.urlsplit(url).netloc}
    request = urllib.request.Request(os.environ["AWS_ENDPOINT_URL"] + path, headers=host | (headers or {}), **options)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.headers, answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.headers, refused.read().decode()


def let_everybody_call(function):
    """Without this statement a function's URL refuses everybody."""
    client.add_permission(
        FunctionName=function,
        StatementId="url",
        Action="lambda:InvokeFunctionUrl",
        Principal="*",
        FunctionUrlAuthType="NONE",
    )


@unittest.skipUnless(shutil.which("node"), "node is not installed")
class FunctionUrls(DoorTest):
    def url(self, auth_type):
        function = name("function")
        client.create_function(
            FunctionName=function,
            Runtime="nodejs20.x",
            Role=ROLE,
            Handler="index.handler",
            Code={"ZipFile": zipped({"index.js": CODE})},
            Timeout=30,
        )
        self.addCleanup(client.delete_function, FunctionName=function)
        made = client.create_function_url_config(FunctionName=function, AuthType=auth_type)
        self.assertRegex(made["FunctionUrl"], r"^http://[0-9a-f]{32}\.lambda-url\.[a-z0-9-]+\.localhost(:\d+)?/$")
        return function, made["FunctionUrl"]

    def test_a_request_reaches_the_function_and_its_answer_the_caller(self):
        function, url = self.url("NONE")
        self.assertEqual(ask(url, "/")[0], 403, "without a permission nobody may call it")
        let_everybody_call(function)
        status, headers, body = ask(url, "/health?a=1&a=2", data=b"text", method="PUT")
        self.assertEqual((status, headers["X-Method"], headers["Set-Cookie"]), (201, "PUT", "a=1"))
        self.assertEqual(json.loads(body), ["2.0", "/health", {"a": "1,2"}, "text"])
        status, headers, body = ask(url, "/json")
        self.assertEqual((status, headers["Content-Type"], json.loads(body)), (200, "application/json", {"path": "/json"}))
        self.assertEqual(ask(url, "/boom")[0], 502)
        client.put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=0)
        self.assertEqual(ask(url, "/json")[0], 429)
        client.delete_function_url_config(FunctionName=function)
        self.assertEqual(ask(url, "/json")[0], 404)

    def test_with_iam_a_request_must_be_signed(self):
        _, url = self.url("AWS_IAM")
        self.assertEqual(ask(url, "/json")[0], 403)
