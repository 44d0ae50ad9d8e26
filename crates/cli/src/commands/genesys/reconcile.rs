//! `trunkline genesys reconcile`: what the org's analytics knows, against what arrived.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Duration;

use aws::Timestamp;
use clap::Args;
use genesys::analytics::synthesis;
use genesys::feed::catch_up::{self, Interval, Selection};
use genesys::feed::envelope::Sender;
use genesys::feed::notifications::OrgFacts;
use genesys::tracker::intake::seen::KNOWN_FOR;
use provision::{Place, Request, duration};
use serde_json::{Value, json};
use server::Server;

use crate::commands::genesys::{Caller, runtime};
use crate::remote::{At, Remote, items, text};
use crate::stretch::no_time;
use crate::{output, table};

/// Events of one request to the server.
const EVENTS_PER_REQUEST: usize = 500;

/// Arguments of `trunkline genesys reconcile`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    caller: Caller,
    #[command(flatten)]
    at: At,
    /// Start of the comparison: 2026-03-19T22:00:00Z, or 1h or 2d ago; with --repair at most 7d
    #[arg(long, value_name = "TIME", value_parser = moment)]
    from: Moment,
    /// End of the comparison [default: now]
    #[arg(long, value_name = "TIME", value_parser = moment)]
    to: Option<Moment>,
    /// Put missing events on the org's bus, rebuilt from analytics and marked as such, and derived events on --bus. The
    /// org's feed must be running in the server; events older than seven days are left out
    #[arg(long)]
    repair: bool,
    /// Event bus for derived events [default: that of the running feed]
    #[arg(long, value_name = "NAME")]
    bus: Option<String>,
}

#[derive(Clone, Copy, Debug)]
enum Moment {
    At(Timestamp),
    Ago(Duration),
}

impl Moment {
    fn at(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(at) => at,
            Self::Ago(ago) => now.minus(ago),
        }
    }
}

fn moment(text: &str) -> Result<Moment, String> {
    let ago = duration::parse(text).map(Moment::Ago);
    let moment = ago.or_else(|| Timestamp::parse_iso_or_utc(text).map(Moment::At));
    moment.ok_or_else(|| no_time(text))
}

/// What is missing of a conversation.
#[derive(Debug)]
struct Lack {
    start: String,
    is_over: bool,
    missing: usize,
    of: usize,
}

/// 0 where everything had arrived or was repaired, 1 where something is missing.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, String> {
    let client = arguments.caller.client()?;
    let runtime = runtime()?;
    let now = (Server::surroundings().now)();
    let (from, to) = (arguments.from.at(now), arguments.to.map_or(now, |to| to.at(now)));
    if from >= to {
        return Err(format!("--from ({from}) is not before --to ({to})"));
    }
    if from < catch_up::reach(to) {
        return Err("analytics covers at most 30 days at a time; choose a shorter interval".to_owned());
    }
    let reaches_too_far = from < now.minus(KNOWN_FOR);
    if reaches_too_far && arguments.repair {
        return Err(
            "arrivals are remembered for seven days, so --repair would duplicate earlier events; choose --from within the last seven days"
                .to_owned(),
        );
    }
    let remote = Remote::open(&arguments.at.endpoint)?;
    let place = remote.place()?;
    let facts = runtime.block_on(OrgFacts::ask(&client, &[])).map_err(|fault| fault.to_string())?;
    let sender = sender_of(&remote, &facts.id, &place)?;
    let found = runtime
        .block_on(catch_up::conversations(&client, Interval { from, to }, Selection::All))
        .map_err(|fault| fault.to_string())?;
    let mut events = Vec::new();
    let mut lacks: BTreeMap<String, Lack> = BTreeMap::new();
    for conversation in &found {
        let made = synthesis::detail_events(conversation);
        let lack = Lack {
            start: conversation.conversation_start.clone(),
            is_over: conversation.conversation_end.is_some(),
            missing: 0,
            of: made.len(),
        };
        lacks.insert(conversation.conversation_id.clone(), lack);
        for frame in made {
            let text = sender.wrap(&frame, now).map_err(|error| error.to_string())?;
            events.push((conversation.conversation_id.as_str(), text));
        }
    }
    for chunk in events.chunks(EVENTS_PER_REQUEST) {
        let texts: Vec<&str> = chunk.iter().map(|(_, text)| text.as_str()).collect();
        let queues = &facts.queues;
        let body = json!({
            "Events": texts, "Repair": arguments.repair, "EventBusName": arguments.bus, "Queues": queues,
        });
        let answer = remote.ask(Request::trunkline("ReconcileEvents", body))?;
        for at in items(&answer, "Missing").iter().filter_map(Value::as_u64) {
            let event = usize::try_from(at).ok().and_then(|at| chunk.get(at));
            if let Some(lack) = event.and_then(|(id, _)| lacks.get_mut(*id)) {
                lack.missing += 1;
            }
        }
    }
    lacks.retain(|_, lack| lack.missing > 0);
    tell(arguments, found.len(), &lacks);
    if reaches_too_far {
        output::note(
            "arrivals are remembered for seven days; older events listed as missing may have arrived",
        );
    }
    Ok(if lacks.is_empty() || arguments.repair { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The org's bus here, by which feed it may have come to be; that of the notifications where there is none.
fn sender_of(remote: &Remote, org_id: &str, place: &Place) -> Result<Sender, String> {
    let sender = Sender::of_org(org_id, &place.account, &place.region);
    let prefix = format!("aws.partner/genesys.com/cloud/{org_id}/");
    let buses =
        remote.all(&Request::events("ListEventBuses", json!({"NamePrefix": prefix})), "EventBuses")?;
    let names: Vec<&str> = buses.iter().map(|bus| text(bus, "Name")).collect();
    Ok(match names.first() {
        Some(first) if !names.contains(&sender.source.as_str()) => {
            Sender { source: (*first).to_owned(), ..sender }
        }
        _ => sender,
    })
}

fn tell(arguments: &Arguments, conversations: usize, lacks: &BTreeMap<String, Lack>) {
    if arguments.at.json {
        let missing: Vec<Value> = lacks
            .iter()
            .map(|(id, lack)| {
                json!({
                    "conversationId": id, "conversationStart": lack.start, "ended": lack.is_over,
                    "eventsMissing": lack.missing, "events": lack.of,
                })
            })
            .collect();
        let repaired = arguments.repair;
        return output::json(
            json!({"conversations": conversations, "missing": missing, "repaired": repaired}),
        );
    }
    let rows: Vec<Vec<String>> = lacks
        .iter()
        .map(|(id, lack)| {
            let state = if lack.is_over { "ended" } else { "in progress" };
            let missing = format!("{} of {}", lack.missing, lack.of);
            vec![id.clone(), lack.start.clone(), state.to_owned(), missing]
        })
        .collect();
    let nothing = format!("all events of the {conversations} conversations in analytics have arrived");
    table::print(&["conversation", "began", "state", "events missing"], &rows, &nothing);
    if !rows.is_empty() {
        let what = if arguments.repair {
            "the missing events are on the bus now"
        } else {
            "--repair puts the missing events on the bus"
        };
        output::line(format_args!(
            "{} of {conversations} conversations have missing events; {what}",
            rows.len()
        ));
    }
}
