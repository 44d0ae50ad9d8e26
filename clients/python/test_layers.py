# Layers: published, laid over each other at /opt, and kept by the functions that use them.

import shutil
import unittest

import boto3
from door import DoorTest, name
from test_lambda import ROLE, zipped

client = boto3.client("lambda")

CODE = """
import os

import of_a_layer


def handler(event, context):
    return [of_a_layer.NAME, os.path.exists("/opt/data/extra.txt")]
"""


@unittest.skipUnless(shutil.which("python3.11"), "python3.11 is not installed")
class Layers(DoorTest):
    def published(self, files):
        layer = name("layer")
        made = client.publish_layer_version(
            LayerName=layer, Content={"ZipFile": zipped(files)}, CompatibleRuntimes=["python3.11"]
        )
        self.assertEqual(made["Version"], 1)
        self.addCleanup(client.delete_layer_version, LayerName=layer, VersionNumber=1)
        return layer, made["LayerVersionArn"]

    def test_the_last_layer_lies_on_top_and_a_deleted_one_stays_where_it_is_used(self):
        lower, lower_arn = self.published({"python/of_a_layer.py": "NAME = 'the lower one'"})
        _, upper_arn = self.published({"python/of_a_layer.py": "NAME = 'upper'", "data/extra.txt": "x"})
        function = name("function")
        client.create_function(
            FunctionName=function,
            Runtime="python3.11",
            Role=ROLE,
            Handler="app.handler",
            Code={"ZipFile": zipped({"app.py": CODE})},
            Timeout=30,
            Layers=[lower_arn],
        )
        self.addCleanup(client.delete_function, FunctionName=function)

        def answer():
            called = client.invoke(FunctionName=function)
            self.assertNotIn("FunctionError", called)
            return called["Payload"].read()

        self.assertEqual(answer(), b'["the lower one", false]')
        changed = client.update_function_configuration(FunctionName=function, Layers=[lower_arn, upper_arn])
        self.assertEqual([layer["Arn"] for layer in changed["Layers"]], [lower_arn, upper_arn])
        self.assertEqual(answer(), b'["upper", true]')
        client.delete_layer_version(LayerName=lower, VersionNumber=1)
        self.assert_error("ResourceNotFoundException", client.get_layer_version, LayerName=lower, VersionNumber=1)
        client.update_function_configuration(FunctionName=function, Timeout=20)
        self.assertEqual(answer(), b'["upper", true]')

    def test_layers_are_listed_and_shared(self):
        layer, arn = self.published({"python/a.py": ""})
        self.assertEqual(client.get_layer_version_by_arn(Arn=arn)["LayerVersionArn"], arn)
        pages = client.get_paginator("list_layers").paginate(CompatibleRuntime="python3.11")
        self.assertIn(layer, [one["LayerName"] for page in pages for one in page["Layers"]])
        self.assertEqual(len(client.list_layer_versions(LayerName=layer)["LayerVersions"]), 1)
        of_version = {"LayerName": layer, "VersionNumber": 1}
        client.add_layer_version_permission(
            **of_version, StatementId="all", Action="lambda:GetLayerVersion", Principal="*"
        )
        self.assertIn("lambda:GetLayerVersion", client.get_layer_version_policy(**of_version)["Policy"])
        client.remove_layer_version_permission(**of_version, StatementId="all")
        self.assert_error("ResourceNotFoundException", client.get_layer_version_policy, **of_version)
        foreign = "arn:aws:lambda:us-east-1:017000801446:layer:AWSLambdaPowertoolsPythonV3:1"
        self.assert_error(
            "AccessDeniedException",
            client.create_function,
            FunctionName=name("function"),
            Runtime="python3.11",
            Role=ROLE,
            Handler="app.handler",
            Code={"ZipFile": zipped({"app.py": CODE})},
            Layers=[foreign.replace("us-east-1", client.meta.region_name)],
        )
