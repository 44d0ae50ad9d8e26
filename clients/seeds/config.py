# config.py of the tutorial with the event stream, as it stands there.
import os

GENESYS_CLOUD_REGION = os.getenv("GENESYS_CLOUD_REGION", "us-east-1")
GENESYS_CLOUD_CLIENT_ID = os.getenv("GENESYS_CLOUD_CLIENT_ID")
GENESYS_CLOUD_CLIENT_SECRET = os.getenv("GENESYS_CLOUD_CLIENT_SECRET")

if not GENESYS_CLOUD_CLIENT_ID or not GENESYS_CLOUD_CLIENT_SECRET:
    raise ValueError("Missing required Genesys Cloud credentials.")
