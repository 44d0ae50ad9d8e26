# A handler that needs what is not there.
import boto3_of_nobody


def handler(event, context):
    pass
