//! The way in, on a real store: each event once, each end once, and neither a restart nor a repetition changes that.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops where it fails")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws::{Ids, Timestamp};
use genesys::envelope::PartnerEvent;
use genesys::tracker::derived::{DerivedEvent, QueueNames, detail_type};
use genesys::tracker::grace::Grace;
use genesys::tracker::intake::feed_clock::FeedMoment;
use genesys::tracker::intake::{Intake, IntakeCounts, IntakeOutcome, Rings, seen};
use genesys_org::simulator::{Config, Families, Simulator};
use queue::Queues;
use store::{Commit, KeyRange, Options, Read, Store, Table};

/// A quarter of an hour after which nothing new begins, and a day for what has begun to end.
const BEGINS_MS: u64 = 900_000;

/// An open way in, and everything that came out of it.
struct House {
    store: Store,
    intake: Intake,
    out: Arc<Mutex<Vec<DerivedEvent>>>,
}

impl House {
    fn open(folder: &Path) -> Self {
        Self::patient(folder, Grace::default())
    }

    fn patient(folder: &Path, grace: Grace) -> Self {
        let store = Store::open(folder, &Options::default()).unwrap();
        let queues = Queues::open(store.clone()).unwrap();
        let intake = Intake::new(queues, grace, QueueNames(BTreeMap::new()));
        Self { store, intake, out: Arc::default() }
    }

    /// Takes events in, in one commit; how many were duplicates.
    fn take(&self, texts: &[&str], now_ms: u64) -> usize {
        let events: Vec<_> = texts.iter().map(|text| PartnerEvent::parse(text.as_bytes()).unwrap()).collect();
        let (intake, out) = (self.intake.clone(), Arc::clone(&self.out));
        let moment = FeedMoment::real(Timestamp::from_unix_ms(now_ms));
        let job = self.store.write(
            |error| error,
            move |tx| {
                let ids = Ids::from_seed(u128::from(now_ms));
                let mut duplicates = 0;
                for event in &events {
                    match intake.take(&mut Commit::new(tx, moment.wall, &ids), event, moment) {
                        IntakeOutcome::Duplicate => duplicates += 1,
                        IntakeOutcome::New(derived) => out.lock().unwrap().extend(derived),
                    }
                }
                Ok(duplicates)
            },
        );
        job.wait().unwrap()
    }

    /// Serves every timer that has rung by `now_ms`; how many rang.
    fn wake(&self, now_ms: u64) -> usize {
        let (intake, out) = (self.intake.clone(), Arc::clone(&self.out));
        let moment = FeedMoment::real(Timestamp::from_unix_ms(now_ms));
        let job = self.store.write(
            |error| error,
            move |tx| {
                let ids = Ids::from_seed(u128::from(now_ms));
                let Rings { derived, count: rung } =
                    intake.wake(&mut Commit::new(tx, moment.wall, &ids), moment, 500);
                out.lock().unwrap().extend(derived);
                Ok(rung)
            },
        );
        job.wait().unwrap()
    }

    fn counts(&self) -> IntakeCounts {
        self.store.read(Intake::counts).unwrap()
    }
}

/// Everything that a small org sends in a quarter of an hour: when it is delivered, and its text.
fn day() -> Vec<(u64, String)> {
    let start_ms = 1_770_000_000_000;
    let config = Config {
        agents: 6,
        start_ms,
        until_ms: Some(start_ms + BEGINS_MS),
        families: Families::Conversations,
        ..Config::default()
    };
    Simulator::new(config).map(|event| (event.due_ms, event.text)).collect()
}

/// Plays the day in batches of ten seconds, waking as a loop would; `between` is called with each batch's number and
/// gives back the house to go on with.
fn play(mut house: House, day: &[(u64, String)], mut between: impl FnMut(usize, House) -> House) -> House {
    let (Some((first, _)), Some((last, _))) = (day.first(), day.last()) else { panic!("an empty day") };
    let mut now_ms = *first;
    let mut rest = day;
    for number in 0.. {
        if now_ms > last + 120_000 {
            break;
        }
        let due = rest.iter().take_while(|(due_ms, _)| *due_ms <= now_ms).count();
        let (batch, later) = rest.split_at(due);
        rest = later;
        if !batch.is_empty() {
            let texts: Vec<&str> = batch.iter().map(|(_, text)| text.as_str()).collect();
            house.take(&texts, now_ms);
        }
        while house.wake(now_ms) > 0 {}
        house = between(number, house);
        now_ms += 10_000;
    }
    house
}

fn ends(out: &[DerivedEvent]) -> Vec<&DerivedEvent> {
    out.iter().filter(|derived| derived.detail_type == detail_type::CONVERSATION_END).collect()
}

/// Should Genesys rename a field that says where an event belongs, the tracker would fall silent; the books say why.
#[test]
fn what_the_tracker_cannot_read_is_counted() {
    let dir = tempfile::tempdir().unwrap();
    let house = House::open(dir.path());
    let detail = |body: &str| {
        format!(
            r#"{{"topicName": "v2.detail.events.conversation.c-1.acd.start", "version": "2", "eventBody": {body}}}"#
        )
    };
    let readable = detail(r#"{"eventTime": 1770000000000, "conversationId": "c-1"}"#);
    let renamed = detail(r#"{"eventInstant": 1770000000001, "conversationId": "c-1"}"#);
    let no_object = detail("[]");
    let other = r#"{"topicName": "v2.users.u-1.geolocation", "version": "2", "eventBody": {"x": 1}}"#;
    let state = r#"{"topicName": "v2.users.u-1.presence", "version": "2", "eventBody": {"state": "AWAY"}}"#;
    let texts = [readable.as_str(), &renamed, &no_object, other, state];
    house.take(&texts, 1_770_000_000_500);
    assert_eq!((house.counts().received, house.counts().unreadable), (5, 3));
    // A repetition is no news: it is counted as that alone.
    house.take(&texts, 1_770_000_001_500);
    assert_eq!((house.counts().duplicates, house.counts().unreadable), (5, 3));
}

/// A call whose end was lost is closed after a day of silence, and told once, also when its events come again after its
/// state was forgotten.
#[test]
fn what_never_ends_is_closed_counted_and_told_once() {
    const DAY_MS: u64 = 86_400_000;
    let dir = tempfile::tempdir().unwrap();
    let house = House::patient(dir.path(), Grace { keep_ms: DAY_MS, ..Grace::default() });
    let begun_ms = 1_770_000_000_000;
    let start = |event_time: u64| {
        format!(
            r#"{{"topicName": "v2.detail.events.conversation.c-1.customer.start", "version": "2", "eventBody":
            {{"eventTime": {event_time}, "conversationId": "c-1", "sessionId": "s-1", "mediaType": "VOICE"}}}}"#
        )
    };
    house.take(&[&start(begun_ms)], begun_ms);
    let pass = |days: std::ops::Range<u64>| {
        for quarter in days.start * 4..days.end * 4 {
            while house.wake(begun_ms + quarter * DAY_MS / 4) > 0 {}
        }
    };
    pass(0..1);
    assert_eq!(house.counts().expired, 0, "it may still end");
    pass(1..3);
    assert_eq!(house.counts().expired, 1);
    assert!(ends(&house.out.lock().unwrap()).iter().all(|end| end.detail.contains("expired")));
    let told = house.counts().derived;
    // The state has gone, what was told is still known: another start of the same conversation tells nothing again.
    house.take(&[&start(begun_ms + 1)], begun_ms + 3 * DAY_MS);
    pass(3..5);
    let counts = house.counts();
    assert_eq!((counts.derived, counts.told_before), (told, 2), "{counts:?}");
}

/// Contract C9: a conversation, a timer or a seen event that is damaged is passed over; the feed and all others go on.
#[test]
fn what_is_damaged_costs_itself_alone() {
    let dir = tempfile::tempdir().unwrap();
    let house = House::open(dir.path());
    let start = |id: &str, at: u64| {
        format!(
            r#"{{"topicName": "v2.detail.events.conversation.{id}.customer.start", "version": "2",
                "eventBody": {{"eventTime": {at}, "conversationId": "{id}", "participantId": "p", "sessionId": "s", "mediaType": "VOICE"}}}}"#
        )
    };
    let at = 1_770_000_000_000;
    for id in ["c-1", "c-2", "c-3"] {
        assert_eq!(house.take(&[&start(id, at)], at + 500), 0);
    }
    let harm = |tx: &mut store::Tx<'_>| {
        tx.put(&Table::<String, Vec<u8>>::new(42, "conversations"), &"c-1".to_owned(), &vec![0xFF; 9]);
        let contents: Table<u64, Vec<u8>> = Table::new(13, "message contents");
        let timer = tx.list_found(&contents, &KeyRange::all(), 2).pop().unwrap();
        tx.put(&contents, &timer.0, &vec![0xFF; 9]);
        tx.put(&Table::<(), Vec<u8>>::new(43, "intake counts"), &(), &vec![0xFF; 9]);
        let seen: Table<u128, Vec<u8>> = Table::new(40, "seen events");
        for (key, _) in tx.list_found(&seen, &KeyRange::all(), 99) {
            tx.put(&seen, &key, &vec![0xFF; 9]);
        }
        Ok(())
    };
    house.store.write(|error| error, harm).wait().unwrap();
    assert_eq!(house.take(&[&start("c-1", at), &start("c-2", at + 1)], at + 1000), 0, "seen is forgotten");
    let week = at + 8 * 24 * 3_600_000;
    let rung: usize = (0..50).map(|_| house.wake(week)).sum();
    assert!(rung >= 2, "{rung} timers rang");
    assert!(house.store.passed_over() >= 3, "{} passed over", house.store.passed_over());
    assert_eq!(house.counts().received, 2, "the counts begin anew");
}

#[test]
fn a_restart_in_between_changes_nothing_and_a_repetition_is_known() {
    let day = day();
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let straight = play(House::open(one.path()), &day, |_, house| house);
    let restarted = play(House::open(other.path()), &day, |number, house| {
        if number % 7 != 3 {
            return house;
        }
        let out = Arc::clone(&house.out);
        drop(house);
        House { out, ..House::open(other.path()) }
    });
    let told =
        |house: &House| -> BTreeSet<DerivedEvent> { house.out.lock().unwrap().iter().cloned().collect() };
    assert_eq!(told(&straight), told(&restarted));
    let out = restarted.out.lock().unwrap().clone();
    assert!(ends(&out).len() > 10, "only {} conversations ended", ends(&out).len());
    let ids: BTreeSet<&str> = out.iter().map(|derived| derived.id.as_str()).collect();
    assert_eq!(ids.len(), out.len(), "an event was told twice");

    // C6: the same day once more, after a restart: all of it is known.
    drop(restarted);
    let again = House::open(other.path());
    let texts: Vec<&str> = day.iter().map(|(_, text)| text.as_str()).collect();
    assert_eq!(again.take(&texts, day.last().unwrap().0), day.len());
    assert_eq!(*again.out.lock().unwrap(), vec![]);
    let counts = again.counts();
    assert_eq!((counts.received, counts.duplicates), (2 * day.len() as u64, day.len() as u64));
}

#[test]
fn what_has_been_seen_is_forgotten_after_seven_days_and_not_before() {
    let dir = tempfile::tempdir().unwrap();
    let house = House::open(dir.path());
    let (now_ms, text) = day().swap_remove(0);
    assert_eq!(house.take(&[&text], now_ms), 0);
    let forget = |after: Duration| {
        let now = Timestamp::from_unix_ms(now_ms).plus(after);
        house.store.write(|error| error, move |tx| Ok(seen::forget(tx, now, 100))).wait().unwrap()
    };
    let week_ms = 7 * 24 * 3_600_000;
    assert_eq!(forget(seen::KNOWN_FOR), 0, "not yet: it is known to the end of this millisecond");
    assert_eq!(house.take(&[&text], now_ms + week_ms - 1), 1, "known to the last millisecond");
    assert_eq!(forget(seen::KNOWN_FOR + Duration::from_secs(2 * 3600)), 2, "its envelope id and its key");
    assert_eq!(house.take(&[&text], now_ms + week_ms + 2 * 3_600_000), 0, "and new again");
}

#[test]
fn a_conversation_that_falls_silent_is_found_and_one_that_has_ended_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path());
    let day = day();
    let first_ms = day.first().unwrap().0;
    let house = play(house, &day, |_, house| house);
    let silent = |before_ms: u64| {
        let (mut all, mut after) = (Vec::new(), None::<String>);
        loop {
            let before = Timestamp::from_unix_ms(before_ms);
            let look = house.store.read(|read| Intake::silent(read, after.as_deref(), before, 3)).unwrap();
            all.extend(look.conversations);
            after = look.last;
            if after.is_none() {
                return all;
            }
        }
    };
    assert!(silent(first_ms).is_empty());
    // Everything has ended, and its grace is over.
    assert!(silent(u64::MAX).is_empty(), "{:?}", silent(u64::MAX));

    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path());
    let begun: Vec<&str> = day
        .iter()
        .filter(|(_, text)| text.contains("customer.start"))
        .map(|(_, text)| text.as_str())
        .take(5)
        .collect();
    house.take(&begun, first_ms);
    let find = |before_ms: u64| {
        let before = Timestamp::from_unix_ms(before_ms);
        house.store.read(|read| Intake::silent(read, None, before, 100)).unwrap().conversations
    };
    assert!(find(first_ms).is_empty());
    assert_eq!(find(first_ms + 1).len(), begun.len());
}
