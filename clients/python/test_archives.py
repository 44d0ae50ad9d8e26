# EventBridge through boto3: archives and replays.

import datetime
import json
import time

from door import REGION, DoorTest, account, events, name


class Archives(DoorTest):
    def arn(self, resource):
        return f"arn:aws:events:{REGION}:{account()}:{resource}"

    def archive(self, bus, **options):
        """A new archive of a bus, gone after the test."""
        archive = name("archive")
        answer = events.create_archive(ArchiveName=archive, EventSourceArn=self.arn(f"event-bus/{bus}"), **options)
        self.addCleanup(events.delete_archive, ArchiveName=archive)
        self.assertEqual((self.arn(f"archive/{archive}"), "ENABLED"), (answer["ArchiveArn"], answer["State"]))
        return archive

    def start(self, archive, bus, **destination):
        """A replay of all that the archive holds."""
        replay = name("replay")
        now = datetime.datetime.now(datetime.timezone.utc)
        answer = events.start_replay(
            ReplayName=replay,
            EventSourceArn=self.arn(f"archive/{archive}"),
            EventStartTime=now - datetime.timedelta(hours=1),
            EventEndTime=now + datetime.timedelta(hours=1),
            Destination={"Arn": self.arn(f"event-bus/{bus}"), **destination},
        )
        self.assertEqual("STARTING", answer["State"])
        return replay

    def ended(self, replay, within_s=10):
        """The replay as it is when it has ended."""
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            described = events.describe_replay(ReplayName=replay)
            if described["State"] not in ("STARTING", "RUNNING", "CANCELLING"):
                return described
        self.fail(f"{replay} has not ended within {within_s} s")

    def test_an_archive_is_made_described_changed_and_deleted(self):
        bus = self.bus()
        pattern = json.dumps({"source": ["a"]})
        archive = self.archive(bus, RetentionDays=7, EventPattern=pattern)
        events.update_archive(ArchiveName=archive, Description="changed")
        described = events.describe_archive(ArchiveName=archive)
        shown = [described[key] for key in ("RetentionDays", "EventPattern", "Description", "EventCount")]
        self.assertEqual([7, pattern, "changed", 0], shown)
        listed = events.list_archives(EventSourceArn=self.arn(f"event-bus/{bus}"))["Archives"]
        self.assertEqual([archive], [one["ArchiveName"] for one in listed])
        self.assert_error("ResourceNotFoundException", events.describe_archive, ArchiveName=name("none"))

    def test_a_replay_sends_the_events_again_with_its_name(self):
        bus, url = self.bus(), self.queue()
        archive = self.archive(bus)
        self.rule(bus, targets=[{"Id": "queue", "Arn": self.queue_arn(url)}])
        ids = [self.put(bus, {"n": n}) for n in range(3)]
        self.receive(url, count=3)
        self.assertEqual(3, events.describe_archive(ArchiveName=archive)["EventCount"])
        replay = self.start(archive, bus)
        self.assertEqual("COMPLETED", self.ended(replay)["State"])
        again = [json.loads(message["Body"]) for message in self.receive(url, count=3)]
        self.assertEqual(sorted(ids), sorted(event["id"] for event in again))
        self.assertEqual({replay}, {event["replay-name"] for event in again})
        self.assertEqual(3, events.describe_archive(ArchiveName=archive)["EventCount"])
        listed = events.list_replays(NamePrefix=replay)["Replays"]
        self.assertEqual(["COMPLETED"], [one["State"] for one in listed])
        self.assert_error("IllegalStatusException", events.cancel_replay, ReplayName=replay)

    def test_a_replay_goes_to_its_own_bus_only(self):
        archive = self.archive(self.bus())
        message = self.assert_error("ValidationException", self.start, archive, self.bus())
        self.assertIn("Cross event bus replay is not permitted.", message)
