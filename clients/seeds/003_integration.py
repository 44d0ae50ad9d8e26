# The tutorial's script up to its step 2, the part that speaks to Genesys Cloud; only its addresses are ours.
import os
import sys
import requests
from typing import Dict, Optional

# --- Configuration ---
GENESYS_CLIENT_ID = os.getenv("GENESYS_CLIENT_ID")
GENESYS_CLIENT_SECRET = os.getenv("GENESYS_CLIENT_SECRET")
GENESYS_REGION = os.getenv("GENESYS_REGION", "us-east-1")
AWS_ACCOUNT_ID = os.getenv("AWS_ACCOUNT_ID")
AWS_REGION = os.getenv("AWS_REGION", "us-east-1")
EVENT_BUS_ARN = os.getenv("EVENT_BUS_ARN")


class GenesysAuth:
    def __init__(self, client_id: str, client_secret: str, region: str = "us-east-1"):
        self.client_id = client_id
        self.client_secret = client_secret
        self.region = region
        self.token_url = f"{os.environ['GENESYS_URL']}/oauth/token"
        self.access_token: Optional[str] = None
        self.expires_at: Optional[int] = None

    def get_token(self) -> str:
        """
        Retrieves an OAuth2 access token.
        Returns the token string.
        Raises requests.exceptions.HTTPError on failure.
        """
        if self.access_token:
            return self.access_token

        payload = {
            "grant_type": "client_credentials"
        }
        headers = {
            "Content-Type": "application/x-www-form-urlencoded"
        }
        auth = (self.client_id, self.client_secret)

        try:
            response = requests.post(
                self.token_url,
                data=payload,
                headers=headers,
                auth=auth
            )
            response.raise_for_status()
            data = response.json()
            self.access_token = data["access_token"]
            # Note: In production, cache this token and refresh before expiry
            return self.access_token
        except requests.exceptions.HTTPError as e:
            print(f"Authentication failed: {e.response.text}")
            raise


def setup_eventbridge_integration(auth: GenesysAuth, aws_account_id: str, aws_region: str, event_bus_arn: str):
    """
    Creates or updates the EventBridge integration in Genesys Cloud.
    """
    base_url = os.environ["GENESYS_URL"]
    endpoint = f"{base_url}/api/v2/integrations"

    headers = {
        "Authorization": f"Bearer {auth.get_token()}",
        "Content-Type": "application/json"
    }

    # The configuration payload matches the Genesys Cloud EventBridge integration schema
    payload = {
        "name": "Production EventBridge Pipeline",
        "type": "eventbridge",
        "active": True,
        "configuration": {
            "awsAccount": aws_account_id,
            "awsRegion": aws_region,
            "eventBusArn": event_bus_arn
        }
    }

    try:
        # First, check if integration exists to avoid duplicates
        check_resp = requests.get(
            f"{base_url}/api/v2/integrations?name=Production EventBridge Pipeline",
            headers=headers
        )
        check_resp.raise_for_status()

        existing = check_resp.json().get("entities", [])
        if existing:
            integration_id = existing[0]["id"]
            print(f"Updating existing integration: {integration_id}")
            response = requests.put(
                f"{endpoint}/{integration_id}",
                headers=headers,
                json=payload
            )
        else:
            print("Creating new integration")
            response = requests.post(
                endpoint,
                headers=headers,
                json=payload
            )

        response.raise_for_status()
        print(f"Integration configured successfully: {response.json()['id']}")
        return response.json()["id"]

    except requests.exceptions.HTTPError as e:
        if e.response.status_code == 403:
            print("Error: Insufficient permissions. Ensure 'integration:management:write' scope is present.")
        elif e.response.status_code == 429:
            print("Error: Rate limited. Implement exponential backoff.")
        else:
            print(f"HTTP Error: {e.response.status_code} - {e.response.text}")
        raise


def main():
    if not all([GENESYS_CLIENT_ID, GENESYS_CLIENT_SECRET, AWS_ACCOUNT_ID, EVENT_BUS_ARN]):
        print("Missing required environment variables.")
        sys.exit(1)

    print("Step 1: Authenticating with Genesys Cloud...")
    auth = GenesysAuth(GENESYS_CLIENT_ID, GENESYS_CLIENT_SECRET, GENESYS_REGION)
    try:
        auth.get_token()
    except Exception as e:
        print(f"Failed to authenticate: {e}")
        sys.exit(1)

    print("Step 2: Configuring EventBridge Integration in Genesys...")
    try:
        integration_id = setup_eventbridge_integration(auth, AWS_ACCOUNT_ID, AWS_REGION, EVENT_BUS_ARN)
    except Exception as e:
        print(f"Failed to setup integration: {e}")
        sys.exit(1)


if __name__ == "__main__":
    main()
