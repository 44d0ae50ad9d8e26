# A handler with a botocore that reads no AWS_ENDPOINT_URL.
import botocore.session


def handler(event, context):
    session = botocore.session.Session()
    own = session.create_client("sqs", endpoint_url="http://own")
    return [session.create_client("events"), own]
