# The tutorial's verifier; only the address in its last line is ours.
from flask import Flask, request, jsonify
import logging

app = Flask(__name__)
logging.basicConfig(level=logging.INFO)

# Store verified tokens if needed for audit, though AWS handles the state
VERIFIED_TOKENS = []

@app.route('/genesys-events', methods=['POST'])
def handle_event():
    """
    Handles both AWS verification requests and actual Genesys Cloud events.

    AWS Verification Request:
    - Content-Type: application/json
    - Body: { "verification_token": "abc123..." }

    Genesys Cloud Event:
    - Content-Type: application/json
    - Body: { "eventType": "...", "data": {...} }
    """
    try:
        payload = request.get_json()

        # 1. Check for AWS Verification Token
        if 'verification_token' in payload:
            token = payload['verification_token']
            logging.info(f"Received verification token: {token}")
            VERIFIED_TOKENS.append(token)

            # AWS requires the token to be returned in the response body exactly as received
            return jsonify({
                "verification_token": token
            }), 200

        # 2. Handle Actual Genesys Cloud Event
        if 'eventType' in payload:
            event_type = payload.get('eventType')
            event_id = payload.get('id')
            logging.info(f"Received Genesys Event: {event_type}, ID: {event_id}")

            # Process the event (e.g., write to DynamoDB, trigger SNS)
            # ... your business logic here ...

            return jsonify({"status": "processed"}), 200

        return jsonify({"error": "Invalid payload"}), 400

    except Exception as e:
        logging.error(f"Error processing request: {e}")
        return jsonify({"error": "Internal Server Error"}), 500

if __name__ == '__main__':
    app.run(host='127.0.0.1', port=0)
