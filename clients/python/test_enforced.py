# What AWS would refuse for want of a permission, on a server that refuses it too.

import json
import unittest

from botocore.exceptions import ClientError
from own_server import BINARY, OwnServer
from test_lambda import zipped


@unittest.skipUnless(BINARY, "the server is another's, and does not enforce permissions")
class Enforced(unittest.TestCase):
    def test_a_mapping_needs_a_role_that_may_work_on_the_queue(self):
        server = OwnServer("--permissions", "enforce")
        self.addCleanup(server.end)
        functions, sqs, iam = (server.client(service) for service in ("lambda", "sqs", "iam"))
        trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        trust = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        role = iam.create_role(RoleName="worker", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        functions.create_function(
            FunctionName="worker",
            Runtime="provided.al2023",
            Role=role,
            Handler="any",
            Code={"ZipFile": zipped({"bootstrap": "#!/bin/sh\n"})},
        )
        queue = sqs.create_queue(QueueName="orders")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        with self.assertRaises(ClientError) as caught:
            functions.create_event_source_mapping(FunctionName="worker", EventSourceArn=arn)
        error = caught.exception.response["Error"]
        self.assertEqual("InvalidParameterValueException", error["Code"])
        words = "The function execution role does not have permissions to call ReceiveMessage on SQS"
        self.assertEqual(words, error["Message"])
        policy = "arn:aws:iam::aws:policy/service-role/AWSLambdaSQSQueueExecutionRole"
        iam.attach_role_policy(RoleName="worker", PolicyArn=policy)
        made = functions.create_event_source_mapping(FunctionName="worker", EventSourceArn=arn)
        self.assertEqual("Creating", made["State"])


if __name__ == "__main__":
    unittest.main()
