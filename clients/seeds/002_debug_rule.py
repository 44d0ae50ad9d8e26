# The tutorial's complete example, its lost indentation restored; only the address of Genesys Cloud is ours.
import os
import requests
import boto3
import json
import time
import sys
from botocore.exceptions import ClientError

# --- Configuration ---
GENESYS_CLIENT_ID = "YOUR_GENESYS_CLIENT_ID"
GENESYS_CLIENT_SECRET = "YOUR_GENESYS_CLIENT_SECRET"
GENESYS_ORG_ID = "YOUR_GENESYS_ORG_ID"
AWS_ACCOUNT_ID = "YOUR_AWS_ACCOUNT_ID"
AWS_REGION = "us-east-1"
EVENTBRIDGE_RULE_NAME = "GenesysConversationRule" # The rule you are debugging


class GenesysAuth:
    def __init__(self, client_id: str, client_secret: str, org_id: str):
        self.client_id = client_id
        self.client_secret = client_secret
        self.org_id = org_id
        self.token_url = f"{os.environ['GENESYS_URL']}/oauth/token"
        self.token = None
        self.token_expiry = 0

    def get_token(self) -> str:
        if self.token and time.time() < self.token_expiry:
            return self.token
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        data = {
            "grant_type": "client_credentials",
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "scope": "analytics:events:read"
        }
        response = requests.post(self.token_url, headers=headers, data=data)
        response.raise_for_status()
        token_data = response.json()
        self.token = token_data["access_token"]
        self.token_expiry = time.time() + token_data["expires_in"] - 60
        return self.token

    def get_headers(self) -> dict:
        token = self.get_token()
        return {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
            "X-Genesys-Organization-ID": self.org_id
        }


def get_recent_conversation_event(auth: GenesysAuth) -> dict:
    base_url = os.environ["GENESYS_URL"]
    headers = auth.get_headers()
    query_body = {
        "dateFrom": "2023-01-01T00:00:00.000Z",
        "dateTo": "2023-12-31T23:59:59.999Z",
        "pageSize": 1,
        "orderBy": "endTime DESC",
        "filter": {
            "type": "AND",
            "clauses": [
                {
                    "type": "EQ",
                    "field": "conversationType",
                    "value": "voice"
                }
            ]
        }
    }
    response = requests.post(
        f"{base_url}/api/v2/analytics/conversations/details/query",
        headers=headers,
        json=query_body
    )
    if response.status_code != 200:
        raise Exception(f"Failed to fetch conversations: {response.text}")
    conv_data = response.json()
    if not conv_data.get("entities"):
        raise Exception("No recent voice conversations found. Ensure you have recent activity.")
    conversation_id = conv_data["entities"][0]["id"]
    events_query = {
        "conversationIds": [conversation_id],
        "pageSize": 1,
        "orderBy": "timestamp ASC"
    }
    events_response = requests.post(
        f"{base_url}/api/v2/analytics/conversations/events/query",
        headers=headers,
        json=events_query
    )
    if events_response.status_code != 200:
        raise Exception(f"Failed to fetch events: {events_response.text}")
    events_data = events_response.json()
    if not events_data.get("entities"):
        raise Exception("No events found for the selected conversation.")
    return events_data["entities"][0]


def construct_eventbridge_payload(event: dict, aws_account_id: str, org_id: str) -> dict:
    import uuid
    from datetime import datetime, timezone
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "ConversationEvent",
        "source": "genesys.cloud",
        "account": aws_account_id,
        "time": datetime.now(timezone.utc).isoformat(),
        "region": AWS_REGION,
        "resources": [],
        "detail": {
            "orgId": org_id,
            "conversationId": event.get("conversationId"),
            "eventType": event.get("eventType"),
            "timestamp": event.get("timestamp"),
            "interaction": event.get("interaction"),
            "participant": event.get("participant"),
            **{k: v for k, v in event.items() if k not in ["conversationId", "eventType", "timestamp", "interaction", "participant"]}
        }
    }


def debug_eventbridge_rule():
    print("1. Authenticating with Genesys Cloud...")
    auth = GenesysAuth(GENESYS_CLIENT_ID, GENESYS_CLIENT_SECRET, GENESYS_ORG_ID)
    print("2. Fetching recent conversation event...")
    try:
        event = get_recent_conversation_event(auth)
        print(f"   Found event: {event.get('eventType')} for conversation {event.get('conversationId')}")
    except Exception as e:
        print(f"   Error: {e}")
        return
    print("3. Constructing EventBridge payload...")
    payload = construct_eventbridge_payload(event, AWS_ACCOUNT_ID, GENESYS_ORG_ID)
    print("4. Initializing AWS EventBridge client...")
    aws_client = boto3.client('events', region_name=AWS_REGION)
    print("5. Retrieving EventBridge rule pattern...")
    try:
        rules = aws_client.list_rules(NamePrefix=EVENTBRIDGE_RULE_NAME)
        if not rules.get('Rules'):
            print(f"   Error: No rule found with prefix '{EVENTBRIDGE_RULE_NAME}'")
            return
        rule = rules['Rules'][0]
        pattern_str = rule['EventPattern']
        print(f"   Found rule: {rule['Name']}")
        print(f"   Pattern: {pattern_str}")
    except ClientError as e:
        print(f"   AWS Error: {e}")
        return
    print("6. Testing event against pattern...")
    try:
        result = aws_client.test_event_pattern(
            Event=json.dumps(payload),
            EventPattern=pattern_str
        )
        if result.get('isMatch'):
            print("   SUCCESS: The event matches the pattern.")
        else:
            print("   FAILURE: The event does not match the pattern.")
            print("   Debug Info:")
            if result.get('location'):
                print(f"   Mismatch Location: {result['location']}")
            if result.get('reason'):
                print(f"   Reason: {result['reason']}")
    except ClientError as e:
        print(f"   Error testing pattern: {e}")


if __name__ == "__main__":
    debug_eventbridge_rule()
