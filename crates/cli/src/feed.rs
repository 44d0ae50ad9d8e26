//! What feeds a server: the `genesys:` of a pipeline file, simulated or real.

use std::collections::{BTreeMap, HashMap};

use aws_client::{Access, Chain};
use events::BusName;
use genesys::client::address::Address;
use genesys::client::{Client, Credentials};
use genesys::feed::notifications::{OrgFacts, TOPICS};
use genesys::feed::partner_queue::PartnerQueue;
use genesys::tracker::derived::QueueNames;
use provision::mistake::Marked;
use provision::noun::genesys::{Genesys, Source};
use provision::noun::org::{Org, PartnerQueue as QueueNoun};
use provision::{Pipeline, Place};
use server::{NotificationsFeed, PartnerQueueFeed, Server, SimulatedFeed};

use crate::aws_settings;
use crate::grace::grace_of;
use crate::pipeline_file;

/// A feed that can be started.
#[derive(Debug)]
pub(crate) enum Feed {
    /// An org that Trunkline simulates.
    Simulated(SimulatedFeed),
    /// A real org, heard over its notifications.
    Notifications(NotificationsFeed),
    /// The queue that a rule on a real org's partner bus fills.
    PartnerQueue(PartnerQueueFeed),
}

impl Feed {
    /// The feed that a pipeline asks for, if it does. A real org is asked for its queues, so that whoever named a wrong org or
    /// secret hears it at once. `speed` is taken where the file names none.
    ///
    /// # Errors
    /// What is wrong with the pipeline, or what the org says.
    pub(crate) async fn of(pipeline: &Pipeline, place: &Place, speed: u32) -> Result<Option<Self>, String> {
        let Some(noun) = &pipeline.genesys else { return Ok(None) };
        let bus = BusName::parse(&pipeline.bus.value)
            .ok_or_else(|| format!("'{}' is not the name of an event bus", pipeline.bus.value))?;
        let grace = grace_of(pipeline);
        if let Some((org, said)) = pipeline_file::org_of(pipeline, place) {
            let speed = said.and_then(whole).unwrap_or(speed);
            return Ok(Some(Self::Simulated(SimulatedFeed { org, speed, bus, grace })));
        }
        let org = match &noun.source {
            Source::Notifications(org) => Some(org),
            Source::PartnerQueue(queue) => queue.org.as_ref(),
            Source::Simulate { .. } => None,
        };
        let reached = match org {
            Some(org) => Some(reach(org, noun).await?),
            None => None,
        };
        Ok(Some(match (&noun.source, reached) {
            (Source::PartnerQueue(noun), reached) => {
                let queue = queue_of(noun)?;
                queue.check().await.map_err(|fault| fault.to_string())?;
                let queues = reached.map(|org| org.facts.queues.into_iter().collect()).unwrap_or_default();
                Self::PartnerQueue(PartnerQueueFeed { queue, queues, bus, grace })
            }
            (_, Some(ReachableOrg { client, facts, topics })) => {
                Self::Notifications(NotificationsFeed { client, facts, topics, bus, grace })
            }
            (_, None) => return Ok(None),
        }))
    }

    /// The id of a queue of the org, by its name.
    pub(crate) fn queue_id(&self, name: &str) -> Option<String> {
        match self {
            Self::Simulated(feed) => pipeline_file::queue_id(&feed.org, name),
            Self::Notifications(feed) => feed.facts.queue_id(name),
            Self::PartnerQueue(feed) => {
                feed.queues.iter().find(|(_, known)| *known == name).map(|(id, _)| id.clone())
            }
        }
    }

    /// The names of the org's wrap-up codes, by the ids that events carry.
    pub(crate) fn wrap_ups(&self) -> HashMap<String, String> {
        match self {
            Self::Simulated(feed) => pipeline_file::wrap_ups(&feed.org),
            Self::Notifications(feed) => feed.facts.wrap_ups.clone().into_iter().collect(),
            Self::PartnerQueue(_) => HashMap::new(),
        }
    }

    /// Simulated seconds in a second; `None` where the org is a real one.
    pub(crate) fn speed(&self) -> Option<u32> {
        match self {
            Self::Simulated(feed) => Some(feed.speed),
            Self::Notifications(_) | Self::PartnerQueue(_) => None,
        }
    }

    /// What it is, for a person.
    pub(crate) fn description(&self) -> String {
        match self {
            Self::Simulated(feed) => {
                let (agents, queues, seed) = (feed.org.agents, feed.org.queues.join(", "), feed.org.seed);
                format!(
                    "a simulated Genesys Cloud org: {agents} agents, queues {queues}, seed {seed}, at {} times real time",
                    feed.speed
                )
            }
            Self::Notifications(feed) => {
                format!("notifications of '{}' at {}", feed.facts.name, feed.client.address())
            }
            Self::PartnerQueue(feed) => format!("partner events from the queue {}", feed.queue.url()),
        }
    }

    /// Starts it.
    ///
    /// # Errors
    /// The store's.
    pub(crate) async fn start(self, server: &mut Server) -> Result<(), String> {
        let started = match self {
            Self::Simulated(feed) => server.start_feed(feed).await,
            Self::Notifications(feed) => server.start_listening(feed).await,
            Self::PartnerQueue(feed) => server.start_reading(feed).await,
        };
        started.map_err(|error| error.to_string())
    }
}

/// The partner queue of a pipeline, if it has one (`made` by its stack, or named in the file), with the names of the org's queues where the file says which org it is.
///
/// # Errors
/// What the org says.
pub(crate) async fn partner_queue_of(
    pipeline: &Pipeline,
    made: Option<String>,
) -> Result<Option<NamedPartnerQueue>, String> {
    let Some(noun) = &pipeline.genesys else { return Ok(None) };
    let Source::PartnerQueue(queue) = &noun.source else { return Ok(None) };
    let url = made.or_else(|| queue.queue_url.as_ref().map(|url| url.value.clone()));
    let url = url.ok_or(
        "`genesys` has a `suffix`: `trunkline apply --to aws` makes its queue; name the stack with --stack",
    )?;
    let names = match &queue.org {
        Some(org) => reach(org, noun).await?.facts.queues.into_iter().collect(),
        None => BTreeMap::new(),
    };
    Ok(Some(NamedPartnerQueue { url, names: QueueNames(names) }))
}

/// A partner queue, and names of the org's routing queues by id.
#[derive(Debug)]
pub(crate) struct NamedPartnerQueue {
    pub(crate) url: String,
    pub(crate) names: QueueNames,
}

/// A real org that has answered.
#[derive(Debug)]
struct ReachableOrg {
    client: Client,
    facts: OrgFacts,
    topics: Vec<String>,
}

async fn reach(org: &Org, noun: &Genesys) -> Result<ReachableOrg, String> {
    let client = client_of(org)?;
    let topics: Vec<String> = org.topics.iter().map(|topic| topic.value.clone()).collect();
    let topics = if topics.is_empty() { TOPICS.map(str::to_owned).to_vec() } else { topics };
    let facts = OrgFacts::ask(&client, &topics).await.map_err(|fault| fault.to_string())?;
    for name in noun.queues.iter().filter(|name| facts.queue_id(&name.value).is_none()) {
        tracing::warn!(
            queue = name.value,
            "the org has no queue of this name, or the client is not permitted to see it"
        );
    }
    Ok(ReachableOrg { client, facts, topics })
}

/// A partner queue, with the credentials that AWS's own tools find.
fn queue_of(noun: &QueueNoun) -> Result<PartnerQueue, String> {
    let url = noun.queue_url.as_ref().map(|url| url.value.as_str()).ok_or(
        "`genesys` has a `suffix`: `trunkline apply --to aws` makes its queue, which `trunkline worker --stack` reads; here it needs `queueUrl`",
    )?;
    let region = noun.region.as_ref().map(|region| region.value.as_str());
    let settings = aws_settings::of_environment();
    // A queue of this machine takes any.
    let chain = if url.starts_with("http://") { Chain::of_here(settings) } else { Chain::new(settings) };
    PartnerQueue::new(url, region, Access::new(chain?), Server::surroundings().now)
}

/// A client of a real org.
pub(crate) fn client_of(org: &Org) -> Result<Client, String> {
    let text = |marked: &Option<Marked<String>>| marked.as_ref().map(|m| m.value.clone()).unwrap_or_default();
    let address = Address::parse(&text(&org.org))?;
    let client_secret = org.client_secret.as_ref().map(|secret| secret.value.clone()).unwrap_or_default();
    let credentials = Credentials { client_id: text(&org.client_id), client_secret };
    Client::new(address, credentials, Server::surroundings())
}

/// A speed of the file as the feed takes it: whole, and at least real time.
fn whole(speed: f64) -> Option<u32> {
    format!("{:.0}", speed.max(1.0)).parse().ok()
}
