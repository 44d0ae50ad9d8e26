# The simulated org through PureCloudPlatformClientV2, the vendor's own SDK for Python: a token, queues, analytics, a channel.

import asyncio
import datetime
import json
import os
import unittest
from urllib.parse import urlsplit

import PureCloudPlatformClientV2 as genesys
import websockets
from PureCloudPlatformClientV2.gateway_configuration import GatewayConfiguration
from PureCloudPlatformClientV2.rest import ApiException

DOOR = urlsplit(os.environ["TRUNKLINE_ORG"])


def client():
    """A client of the SDK that is told where the org is, as a user behind a gateway tells it, and nothing else."""
    made = genesys.api_client.ApiClient()
    made.gateway_configuration = GatewayConfiguration(host=DOOR.hostname, protocol=DOOR.scheme, port=DOOR.port)
    return made.get_client_credentials_token("a-client", "its-secret")


def today():
    """From a day ago to a day ahead: the simulated clock runs ahead of ours."""
    now, day = datetime.datetime.now(datetime.timezone.utc), datetime.timedelta(days=1)
    return "/".join(at.strftime("%Y-%m-%dT%H:%M:%S.000Z") for at in (now - day, now + day))


class Sdk(unittest.TestCase):
    def setUp(self):
        self.client = client()

    def test_queues_are_listed(self):
        page = genesys.RoutingApi(self.client).get_routing_queues(page_size=2)
        self.assertEqual((3, 2, 2), (page.total, page.page_count, len(page.entities)))
        rest = genesys.RoutingApi(self.client).get_routing_queues(page_size=2, page_number=2)
        names = {queue.name for queue in page.entities + rest.entities}
        self.assertEqual({"Support", "Sales", "Billing"}, names)

    def test_details_are_queried_and_read_by_id(self):
        query = genesys.ConversationQuery()
        query.interval = today()
        query.order, query.order_by = "asc", "conversationStart"
        query.paging = {"pageSize": 5, "pageNumber": 1}
        api = genesys.ConversationsApi(self.client)
        found = api.post_analytics_conversations_details_query(query)
        for _ in range(100):
            if found.conversations:
                break
            found = api.post_analytics_conversations_details_query(query)
        first = found.conversations[0]
        self.assertIsInstance(first.conversation_start, datetime.datetime)
        purposes = {participant.purpose for participant in first.participants}
        self.assertIn("customer", purposes)
        same = api.get_analytics_conversation_details(first.conversation_id)
        self.assertEqual(first.conversation_id, same.conversation_id)

    def test_a_channel_is_opened_and_tells_of_conversations(self):
        api = genesys.NotificationsApi(self.client)
        channel = api.post_notifications_channels()
        self.assertTrue(channel.expires)
        queues = genesys.RoutingApi(self.client).get_routing_queues().entities
        topics = [f"v2.routing.queues.{queue.id}.conversations" for queue in queues]
        made = api.post_notifications_channel_subscriptions(channel.id, [{"id": topic} for topic in topics])
        self.assertEqual(set(topics), {entity.id for entity in made.entities})

        async def first():
            async with websockets.connect(channel.connect_uri) as socket:
                while True:
                    frame = json.loads(await asyncio.wait_for(socket.recv(), 30))
                    if frame["topicName"] in topics:
                        return frame

        frame = asyncio.run(first())
        self.assertTrue(frame["eventBody"]["participants"])

    def test_refusals_have_genesys_words(self):
        with self.assertRaises(ApiException) as refused:
            genesys.RoutingApi(self.client).get_routing_queue("00000000-0000-0000-0000-000000000000")
        self.assertEqual(404, refused.exception.status)
        self.client.access_token = "nonsense"
        with self.assertRaises(ApiException) as refused:
            genesys.RoutingApi(self.client).get_routing_queues()
        self.assertEqual(401, refused.exception.status)
