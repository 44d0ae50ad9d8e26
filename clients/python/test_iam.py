# IAM through boto3: what set-up scripts do with roles and policies, from creation to deletion.

import json

import boto3
from door import DoorTest, account, name

iam = boto3.client("iam")

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}
PERMISSIONS = {
    "Version": "2012-10-17",
    "Statement": [{"Sid": "Queues", "Effect": "Allow", "Action": "sqs:*", "Resource": "arn:aws:sqs:*:*:q/<&>"}],
}
BASIC = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"


class Roles(DoorTest):
    def role(self, **options):
        """A new role, gone after the test."""
        role = iam.create_role(
            RoleName=name("role"), AssumeRolePolicyDocument=json.dumps(TRUST), **options
        )["Role"]
        self.addCleanup(iam.delete_role, RoleName=role["RoleName"])
        return role

    def policy(self, **options):
        """A new managed policy, gone after the test."""
        policy = iam.create_policy(PolicyName=name("policy"), PolicyDocument=json.dumps(PERMISSIONS), **options)["Policy"]
        self.addCleanup(iam.delete_policy, PolicyArn=policy["Arn"])
        return policy

    def test_a_role_is_created_shown_changed_and_deleted(self):
        role = self.role(Path="/teams/a/", Description="what <it> is & does", Tags=[{"Key": "team", "Value": "a"}])
        role_name = role["RoleName"]
        self.assertEqual(f"arn:aws:iam::{account()}:role/teams/a/{role_name}", role["Arn"])
        self.assertTrue(role["RoleId"].startswith("AROA"), role)
        self.assertEqual(TRUST, role["AssumeRolePolicyDocument"])
        shown = iam.get_role(RoleName=role_name)["Role"]
        self.assertEqual((3600, {}, "what <it> is & does"), (shown["MaxSessionDuration"], shown["RoleLastUsed"], shown["Description"]))
        self.assertEqual(role["CreateDate"], shown["CreateDate"])
        iam.get_waiter("role_exists").wait(RoleName=role_name)
        iam.update_role(RoleName=role_name, Description="new", MaxSessionDuration=7200)
        described = iam.update_role_description(RoleName=role_name, Description="newer")["Role"]
        self.assertEqual("newer", described["Description"])
        trust = {**TRUST, "Statement": [{**TRUST["Statement"][0], "Principal": {"Service": "events.amazonaws.com"}}]}
        iam.update_assume_role_policy(RoleName=role_name, PolicyDocument=json.dumps(trust))
        shown = iam.get_role(RoleName=role_name)["Role"]
        self.assertEqual((trust, 7200), (shown["AssumeRolePolicyDocument"], shown["MaxSessionDuration"]))
        self.assertEqual([], iam.list_instance_profiles_for_role(RoleName=role_name)["InstanceProfiles"])

    def test_errors_are_those_that_scripts_catch(self):
        role = self.role()["RoleName"]
        with self.assertRaises(iam.exceptions.EntityAlreadyExistsException):
            iam.create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps(TRUST))
        with self.assertRaises(iam.exceptions.NoSuchEntityException):
            iam.get_role(RoleName=name("none"))
        with self.assertRaises(iam.exceptions.MalformedPolicyDocumentException):
            iam.create_role(RoleName=name("role"), AssumeRolePolicyDocument="{}")
        with self.assertRaises(iam.exceptions.MalformedPolicyDocumentException):
            iam.put_role_policy(RoleName=role, PolicyName="p", PolicyDocument=json.dumps(TRUST))
        self.assert_error("ValidationError", iam.create_role, RoleName="a b", AssumeRolePolicyDocument=json.dumps(TRUST))
        self.assert_error("InvalidAction", iam.create_user, UserName="anna")

    def test_inline_policies(self):
        role = self.role()["RoleName"]
        iam.put_role_policy(RoleName=role, PolicyName="p", PolicyDocument=json.dumps(PERMISSIONS))
        self.assertEqual(["p"], iam.list_role_policies(RoleName=role)["PolicyNames"])
        self.assertEqual(PERMISSIONS, iam.get_role_policy(RoleName=role, PolicyName="p")["PolicyDocument"])
        with self.assertRaises(iam.exceptions.DeleteConflictException):
            iam.delete_role(RoleName=role)
        iam.delete_role_policy(RoleName=role, PolicyName="p")

    def test_managed_policies_are_attached_and_detached(self):
        role, policy = self.role()["RoleName"], self.policy(Path="/pipes/", Description="d")
        arn = policy["Arn"]
        iam.get_waiter("policy_exists").wait(PolicyArn=arn)
        for one in (arn, BASIC):
            iam.attach_role_policy(RoleName=role, PolicyArn=one)
        pages = iam.get_paginator("list_attached_role_policies").paginate(RoleName=role, PaginationConfig={"PageSize": 1})
        attached = [one["PolicyArn"] for page in pages for one in page["AttachedPolicies"]]
        self.assertEqual(sorted([arn, BASIC]), sorted(attached))
        self.assertEqual(1, iam.get_policy(PolicyArn=arn)["Policy"]["AttachmentCount"])
        roles = iam.list_entities_for_policy(PolicyArn=arn)["PolicyRoles"]
        self.assertEqual([role], [one["RoleName"] for one in roles])
        mine = iam.list_policies(Scope="Local", PathPrefix="/pipes/", OnlyAttached=True)["Policies"]
        self.assertIn(arn, [one["Arn"] for one in mine])
        document = iam.get_policy_version(PolicyArn=BASIC, VersionId="v1")["PolicyVersion"]["Document"]
        self.assertIn("logs:PutLogEvents", document["Statement"][0]["Action"])
        with self.assertRaises(iam.exceptions.DeleteConflictException):
            iam.delete_policy(PolicyArn=arn)
        iam.put_role_permissions_boundary(RoleName=role, PermissionsBoundary=arn)
        boundary = iam.get_role(RoleName=role)["Role"]["PermissionsBoundary"]
        self.assertEqual(arn, boundary["PermissionsBoundaryArn"])
        iam.delete_role_permissions_boundary(RoleName=role)
        for one in (arn, BASIC):
            iam.detach_role_policy(RoleName=role, PolicyArn=one)

    def test_versions_of_a_policy(self):
        arn = self.policy()["Arn"]
        new = iam.create_policy_version(PolicyArn=arn, PolicyDocument=json.dumps(PERMISSIONS), SetAsDefault=True)
        self.assertEqual(("v2", True), (new["PolicyVersion"]["VersionId"], new["PolicyVersion"]["IsDefaultVersion"]))
        self.assertEqual(PERMISSIONS, iam.get_policy_version(PolicyArn=arn, VersionId="v2")["PolicyVersion"]["Document"])
        iam.set_default_policy_version(PolicyArn=arn, VersionId="v1")
        versions = iam.list_policy_versions(PolicyArn=arn)["Versions"]
        self.assertEqual([("v2", False), ("v1", True)], [(one["VersionId"], one["IsDefaultVersion"]) for one in versions])
        iam.delete_policy_version(PolicyArn=arn, VersionId="v2")

    def test_tags_and_pages(self):
        role, arn = self.role()["RoleName"], self.policy(Tags=[{"Key": "k", "Value": ""}])["Arn"]
        iam.tag_role(RoleName=role, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
        iam.untag_role(RoleName=role, TagKeys=["a"])
        self.assertEqual([{"Key": "b", "Value": "2"}], iam.list_role_tags(RoleName=role)["Tags"])
        iam.tag_policy(PolicyArn=arn, Tags=[{"Key": "l", "Value": "3"}])
        iam.untag_policy(PolicyArn=arn, TagKeys=["k"])
        self.assertEqual([{"Key": "l", "Value": "3"}], iam.list_policy_tags(PolicyArn=arn)["Tags"])
        path = f"/{name('path')}/"
        made = sorted(self.role(Path=path)["RoleName"] for _ in range(5))
        pages = list(iam.get_paginator("list_roles").paginate(PathPrefix=path, PaginationConfig={"PageSize": 2}))
        self.assertEqual([2, 2, 1], [len(page["Roles"]) for page in pages])
        self.assertEqual(made, [one["RoleName"] for page in pages for one in page["Roles"]])
