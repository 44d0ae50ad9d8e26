# The tutorial's complete example, unmodified; the SDK that it imports does not exist, so a small one lies beside it.
import os
import sys
import time
from genesyscloud.sdk import PlatformClient
from genesyscloud.sdk.models import EventStreamBody, EventStreamDestinationBody
from config import GENESYS_CLOUD_REGION, GENESYS_CLOUD_CLIENT_ID, GENESYS_CLOUD_CLIENT_SECRET

def main():
    # 1. Authenticate
    print("Initializing Genesys Cloud SDK...")
    try:
        client = PlatformClient(
            region=GENESYS_CLOUD_REGION,
            client_id=GENESYS_CLOUD_CLIENT_ID,
            client_secret=GENESYS_CLOUD_CLIENT_SECRET
        )
        # Verify auth
        client.auth.get_service_account()
        print("Authentication successful.")
    except Exception as e:
        print(f"Authentication failed: {e}")
        sys.exit(1)

    # 2. Configuration
    STREAM_NAME = "aws-eventbridge-stream"
    AWS_ENDPOINT_URL = os.getenv("AWS_EVENTBRIDGE_ENDPOINT_URL")

    if not AWS_ENDPOINT_URL:
        print("Error: AWS_EVENTBRIDGE_ENDPOINT_URL environment variable is not set.")
        sys.exit(1)

    # 3. Create Event Stream
    print(f"Creating event stream '{STREAM_NAME}'...")

    destination = EventStreamDestinationBody(
        protocol="https",
        url=AWS_ENDPOINT_URL
    )

    stream_body = EventStreamBody(
        name=STREAM_NAME,
        description="Integration with AWS EventBridge for real-time analytics",
        enabled=True,
        destinations=[destination],
        event_types=[
            "conversation:start",
            "conversation:end",
            "user:state:change"
        ]
    )

    try:
        response = client.event_streams.create_event_stream(body=stream_body)
        stream_id = response.id
        print(f"Event Stream created with ID: {stream_id}")

    except Exception as e:
        if "409" in str(e):
            print("Stream already exists. Fetching existing stream...")
            # Fetch existing stream by name (requires listing all streams)
            streams = client.event_streams.get_event_streams(page_size=25)
            for stream in streams.entities:
                if stream.name == STREAM_NAME:
                    stream_id = stream.id
                    print(f"Found existing stream with ID: {stream_id}")
                    break
            else:
                print("Could not find existing stream.")
                sys.exit(1)
        else:
            print(f"Failed to create stream: {e}")
            sys.exit(1)

    # 4. Verify Stream Status
    print("Verifying stream status...")
    try:
        # Wait a moment for the stream to initialize
        time.sleep(5)

        stream_details = client.event_streams.get_event_stream_by_id(stream_id)
        print(f"Stream Name: {stream_details.name}")
        print(f"Enabled: {stream_details.enabled}")
        print(f"Destination URL: {stream_details.destinations[0].url}")

        # Check for any recent errors in the stream delivery
        # Note: Genesys Cloud does not expose detailed delivery logs via API in real-time
        # You must monitor your AWS CloudWatch Logs for the EventBridge API Destination

        print("Integration setup complete. Monitor AWS CloudWatch for incoming events.")

    except Exception as e:
        print(f"Error verifying stream: {e}")

if __name__ == "__main__":
    main()
