//! Proves that open conversations do not fill the memory: `cargo xtask open-conversations [--conversations N]` runs it.
//!
//! Each conversation is a call with its agent on the line: six events, through deduplication and tracker into a store in DIR. Then
//! the process' memory is told, the store is opened anew, and a thousand calls are ended, each of which must be told once.
#![expect(clippy::unwrap_used, reason = "a proof stops where it fails")]
#![expect(clippy::print_stdout, reason = "it speaks to the person who runs it")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use aws::{Ids, Timestamp};
use genesys::envelope::PartnerEvent;
use genesys::tracker::derived::{QueueNames, detail_type};
use genesys::tracker::grace::Grace;
use genesys::tracker::intake::feed_clock::FeedMoment;
use genesys::tracker::intake::{Intake, IntakeOutcome, Rings};
use queue::Queues;
use store::{Commit, Options, Store};

/// What the memory may come to.
const PEAK_MAX_MIB: u64 = 1_024;
const START_MS: u64 = 1_773_900_000_000;
/// Conversations that one commit takes in.
const BATCH: u64 = 100;
/// How many are ended after all.
const ENDED: u64 = 1_000;
/// Milliseconds between two conversations: all of them begin within hours, as a large org's would.
const STEP_MS: u64 = 10;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (dir, count) = match arguments.as_slice() {
        [dir, count] => (Path::new(dir), count.parse().unwrap()),
        _ => {
            println!("DIR CONVERSATIONS");
            return ExitCode::from(2);
        }
    };
    let start = now();
    let house = House::open(dir);
    for first in (0..count).step_by(usize::try_from(BATCH).unwrap()) {
        let conversations = first..count.min(first + BATCH);
        house.take(conversations.flat_map(begun).collect(), at_ms(first));
    }
    let seconds = start.elapsed().as_secs_f64();
    let events = count * 6;
    println!(
        "{count} conversations are open: {events} events in {seconds:.0} s, {:.0}/s",
        events as f64 / seconds
    );
    println!(
        "  memory {} MiB, at most {} MiB; on disk {} MB",
        memory_mib("VmRSS"),
        memory_mib("VmHWM"),
        file_mb(dir)
    );
    drop(house);
    let start = now();
    let house = House::open(dir);
    println!("  opened again in {:.2} s", start.elapsed().as_secs_f64());
    let ended = ENDED.min(count);
    let ends = house.end(count, ended);
    let peak_mib = memory_mib("VmHWM");
    println!(
        "  {ended} of them ended: {ends} ends told; memory at most {peak_mib} MiB (limit {PEAK_MAX_MIB})"
    );
    if ends == ended && peak_mib <= PEAK_MAX_MIB { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[expect(clippy::disallowed_methods, reason = "a proof tells how long it took")]
fn now() -> Instant {
    Instant::now()
}

/// A line of `/proc/self/status`, in MiB; 0 where there is none.
fn memory_mib(line: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let value = status.lines().find_map(|text| text.strip_prefix(line)?.strip_prefix(':'));
    value.and_then(|text| text.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or_default() / 1_024
}

fn file_mb(dir: &Path) -> u64 {
    std::fs::metadata(dir.join("store.redb")).unwrap().len() / 1_000_000
}

struct House {
    store: Store,
    intake: Intake,
}

impl House {
    fn open(dir: &Path) -> Self {
        let store = Store::open(dir, &Options::default()).unwrap();
        let queues = Queues::open(store.clone()).unwrap();
        Self { store, intake: Intake::new(queues, Grace::default(), QueueNames(BTreeMap::new())) }
    }

    /// One commit; which conversations it told the end of.
    fn take(&self, texts: Vec<String>, now_ms: u64) -> Vec<String> {
        let intake = self.intake.clone();
        let moment = FeedMoment::real(Timestamp::from_unix_ms(now_ms));
        let job = self.store.write(
            |error| error,
            move |tx| {
                let ids = Ids::from_seed(u128::from(now_ms));
                let mut ends = Vec::new();
                for text in texts {
                    let event = PartnerEvent::parse(text.as_bytes()).unwrap();
                    let IntakeOutcome::New(derived) =
                        intake.take(&mut Commit::new(tx, moment.wall, &ids), &event, moment)
                    else {
                        continue;
                    };
                    ends.extend(
                        derived.into_iter().filter(|one| one.detail_type == detail_type::CONVERSATION_END),
                    );
                }
                Ok(ends.into_iter().map(|end| end.detail).collect())
            },
        );
        job.wait().unwrap()
    }

    /// Serves the timers that have rung by `now_ms`; the ends that were told.
    fn wake(&self, now_ms: u64) -> (Vec<String>, usize) {
        let intake = self.intake.clone();
        let moment = FeedMoment::real(Timestamp::from_unix_ms(now_ms));
        let job = self.store.write(
            |error| error,
            move |tx| {
                let ids = Ids::from_seed(u128::from(now_ms));
                let Rings { derived, count: rung } =
                    intake.wake(&mut Commit::new(tx, moment.wall, &ids), moment, 500);
                let ends = derived.into_iter().filter(|one| one.detail_type == detail_type::CONVERSATION_END);
                Ok((ends.map(|end| end.detail).collect(), rung))
            },
        );
        job.wait().unwrap()
    }

    /// Ends the first so many and waits for their graces; how many different ends were told.
    fn end(&self, count: u64, ended: u64) -> u64 {
        let last_ms = at_ms(count) + 60_000;
        let mut ends: BTreeSet<String> = BTreeSet::new();
        for number in 0..ended {
            ends.extend(self.take(over(number, last_ms), last_ms));
        }
        loop {
            let (told, rung) = self.wake(last_ms + 120_000);
            ends.extend(told);
            if rung == 0 {
                return u64::try_from(ends.len()).unwrap();
            }
        }
    }
}

fn at_ms(number: u64) -> u64 {
    START_MS + number * STEP_MS
}

/// A call that has come to its agent.
fn begun(number: u64) -> Vec<String> {
    let at = at_ms(number);
    vec![
        event(number, (1, "customer.start", at), ""),
        event(number, (2, "flow.start", at + 40), r#","flowType":"INBOUNDCALL""#),
        event(
            number,
            (2, "flow.end", at + 60_000),
            r#","flowType":"INBOUNDCALL","disconnectType":"TRANSFER","connectedDurationMs":59960"#,
        ),
        event(number, (3, "acd.start", at + 60_016), &queue(number)),
        event(number, (4, "user.start", at + 60_300), &[queue(number), user("userId", number)].concat()),
        event(
            number,
            (3, "acd.end", at + 63_000),
            &[
                queue(number),
                user("answeredUserId", number),
                r#","acdOutcome":"ANSWERED","disconnectType":"TRANSFER""#.to_owned(),
            ]
            .concat(),
        ),
    ]
}

/// What ends it, wrap-up included.
fn over(number: u64, at: u64) -> Vec<String> {
    let agent = [queue(number), user("userId", number)].concat();
    vec![
        event(
            number,
            (4, "user.end", at),
            &[&agent, r#","disconnectType":"PEER","interactingDurationMs":90000"#].concat(),
        ),
        event(
            number,
            (1, "customer.end", at),
            r#","disconnectType":"ENDPOINT","interactingDurationMs":150000"#,
        ),
        event(
            number,
            (4, "acw", at + 5_000),
            &[&agent, r#","wrapupCode":"done","wrapupDurationMs":5000"#].concat(),
        ),
    ]
}

fn queue(number: u64) -> String {
    format!(r#","queueId":"{}""#, uuid(5, number % 40))
}

fn user(key: &str, number: u64) -> String {
    format!(r#","{key}":"{}""#, uuid(6, number % 20_000))
}

fn uuid(kind: u64, number: u64) -> String {
    format!("{kind:08x}-0000-4000-8000-{number:012x}")
}

fn event(number: u64, (leg, kind, at): (u64, &str, u64), more: &str) -> String {
    let (id, participant, session) = (uuid(0, number), uuid(10 + leg, number), uuid(20 + leg, number));
    format!(
        r#"{{"topicName":"v2.detail.events.conversation.{id}.{kind}","version":"2","eventBody":{{"eventTime":{at},"conversationId":"{id}","participantId":"{participant}","sessionId":"{session}","mediaType":"VOICE","direction":"INBOUND"{more}}}}}"#
    )
}
