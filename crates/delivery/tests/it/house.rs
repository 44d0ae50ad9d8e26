//! A store with buses, queues and a porter whose clock the test turns.

use std::cell::Cell;

use aws::{Arn, Call, Clock, Event, Ids, Reply, Scope, Timestamp};
use aws_client::{Access, Chain, Settings as AwsSettings};
use delivery::{Deliveries, Porter};
use events::{Attempts, BusName, Events, Fate, Step};
use http_client::{Client, Guard, Settings};
use queue::{Queues, Receive, ReceivedMessage};
use serde_json::{Value, json};
use store::{Commit, Options, Store};
use tokio::sync::watch;
use tokio::task::JoinHandle;

const ACCOUNT: &str = "123456789012";
const REGION: &str = "us-east-1";
/// When all tests begin.
pub(crate) const NOON: Timestamp = Timestamp::from_unix_ms(1_773_921_600_000);

thread_local! {
    /// A test and its porter share a thread, and so a clock.
    static NOW: Cell<Timestamp> = const { Cell::new(NOON) };
    static SEED: Cell<u128> = const { Cell::new(0) };
}

const CLOCK: Clock = Clock { now: || NOW.get(), ids };

pub(crate) fn set_clock(now: Timestamp) {
    NOW.set(now);
}

fn ids() -> Ids {
    SEED.set(SEED.get() + 1);
    Ids::from_seed(SEED.get())
}

pub(crate) struct House {
    pub(crate) events: Events,
    queues: Queues,
    deliveries: Deliveries,
    _dir: tempfile::TempDir,
}

/// A porter that is running.
pub(crate) struct Running {
    close: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Running {
    /// Lets what is under way end, and be settled.
    pub(crate) async fn ended(self) {
        self.close.send_replace(true);
        self.task.await.unwrap();
    }
}

impl House {
    /// With what the guard lets through.
    pub(crate) fn new(allowed: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store =
            Store::open(dir.path(), &Options { home: Scope::new(ACCOUNT, REGION), ..Options::default() })
                .unwrap();
        let queues = Queues::open(store.clone()).unwrap();
        let opened = (store, queues.clone());
        let open = move || Events::open(opened.0, opened.1, NOON).unwrap();
        let events = off_the_runtime(open);
        events.allow_plain_http();
        let guard = Guard::new(allowed.iter().map(|allowed| allowed.parse().unwrap()).collect());
        let client = Client::new(Settings { guard, ..Settings::default() }).unwrap();
        let deliveries = Deliveries::new(events.clone(), CLOCK, client);
        let house = Self { events, queues, deliveries, _dir: dir };
        let row = queue::ops::OPERATIONS.iter().find(|row| row.name == "CreateQueue").unwrap();
        wait((row.run)(&house.queues, call(), br#"{"QueueName": "dead"}"#)).unwrap();
        house
    }

    /// With credentials for AWS, whose services are all at `url`.
    pub(crate) fn with_aws(self, url: &str) -> Self {
        let url = url.to_owned();
        let settings = AwsSettings::new(move |name| match name {
            "AWS_ACCESS_KEY_ID" => Some("AKIDEXAMPLE".to_owned()),
            "AWS_SECRET_ACCESS_KEY" => Some("hidden-key".to_owned()),
            "AWS_SESSION_TOKEN" => Some("hidden-token".to_owned()),
            name => name.starts_with("AWS_ENDPOINT_URL_").then(|| url.clone()),
        });
        let access = Access::new(Chain::new(settings).unwrap());
        Self { deliveries: self.deliveries.with_aws(access), ..self }
    }

    pub(crate) fn ask(&self, operation: &str, request: &Value) -> Value {
        let row = events::ops::OPERATIONS.iter().find(|row| row.name == operation).unwrap();
        wait((row.run)(&self.events, call(), request.to_string().as_bytes())).unwrap()
    }

    /// An API destination at `url`, with a connection, as the target of a rule for events of this source.
    pub(crate) fn target(&self, source: &str, (url, rate): (&str, u32), connection: Value) {
        let mut connection = connection;
        connection["Name"] = source.into();
        let connection = self.ask("CreateConnection", &connection);
        let destination = json!({
            "Name": source, "ConnectionArn": connection["ConnectionArn"], "HttpMethod": "POST", "InvocationEndpoint": url,
            "InvocationRateLimitPerSecond": rate,
        });
        let destination = self.ask("CreateApiDestination", &destination);
        let pattern = json!({"source": [source]}).to_string();
        self.ask("PutRule", &json!({"Name": source, "EventPattern": pattern}));
        let dead = Arn::new("sqs", REGION, ACCOUNT, "dead").to_string();
        let target =
            json!({"Id": "t", "Arn": destination["ApiDestinationArn"], "DeadLetterConfig": {"Arn": dead}});
        self.ask("PutTargets", &json!({"Rule": source, "Targets": [target]}));
    }

    /// Accepts an event of a source; its id.
    pub(crate) fn accept(&self, source: &str) -> String {
        let ids = ids();
        let event = Event {
            id: ids.next_uuid(),
            source: source.to_owned(),
            detail_type: "t".to_owned(),
            account: ACCOUNT.to_owned(),
            time: NOON,
            region: REGION.to_owned(),
            resources: Vec::new(),
            detail: "{}".to_owned(),
        };
        let now = NOW.get();
        let matched = self.events.match_event(&BusName::default_bus(), &event, now).unwrap();
        let events = self.events.clone();
        let job = self
            .events
            .store()
            .write(|e| e, move |tx| Ok(events.accept(&mut Commit::new(tx, now, &ids), matched)));
        assert_eq!(off_the_runtime(move || job.wait()).unwrap().owed, 1);
        event.id
    }

    pub(crate) fn run(&self) -> Running {
        let (close, closing) = watch::channel(false);
        let deliveries = self.deliveries.clone();
        let task = tokio::spawn(async move {
            let carrying = Porter::new(CLOCK).carry(deliveries.clone(), closing.clone());
            tokio::join!(carrying, deliveries.authorize(closing));
        });
        Running { close, task }
    }

    /// What became of the delivery of an event.
    pub(crate) fn attempts(&self, event: &str) -> Attempts {
        let read = self.events.store().read(|read| {
            let kept = self.events.event(read, event).pop().unwrap().2;
            let Step::Owed { id } = &kept.matched[0].deliveries[0].step else { panic!("it was owed") };
            self.events.attempts(read, id)
        });
        read.unwrap().expect("it was tried")
    }

    pub(crate) fn dead_letters(&self) -> Vec<ReceivedMessage> {
        let queues = self.queues.clone();
        let job = self.events.store().write(
            |e| e,
            move |tx| {
                let queue = queues.find(tx, "dead").unwrap().engine;
                let until = NOON.plus(std::time::Duration::from_secs(60));
                Ok(queues.receive(tx, queue, &Receive { max: 10, until, now: NOON, redrive: None }))
            },
        );
        off_the_runtime(move || job.wait()).unwrap()
    }

    pub(crate) fn delivered(&self) -> u64 {
        self.events.store().read(|read| self.events.counts(read)).unwrap().delivered
    }
}

/// A user and a password.
pub(crate) fn basic() -> Value {
    json!({"AuthorizationType": "BASIC", "AuthParameters": {
        "BasicAuthParameters": {"Username": "user", "Password": "hidden-password"},
        "InvocationHttpParameters": {"HeaderParameters": [{"Key": "x-key", "Value": "hidden-key", "IsValueSecret": true}]}}})
}

/// A client of the authorization server at `url`.
pub(crate) fn oauth(url: &str) -> Value {
    json!({"AuthorizationType": "OAUTH_CLIENT_CREDENTIALS", "AuthParameters": {"OAuthParameters": {
        "AuthorizationEndpoint": url, "HttpMethod": "POST",
        "ClientParameters": {"ClientID": "client", "ClientSecret": "hidden-secret"}}}})
}

pub(crate) fn is_over(attempts: &Attempts) -> bool {
    !matches!(attempts.fate, Fate::Owed { .. })
}

fn call() -> Call {
    Call {
        now: NOW.get(),
        account: ACCOUNT.to_owned(),
        region: REGION.to_owned(),
        request_id: "request".to_owned(),
        base_url: "http://127.0.0.1:4566".to_owned(),
        ids: ids(),
        payload: Vec::new(),
    }
}

/// Waits on the writer's thread, which needs no runtime.
fn wait(reply: Reply) -> Result<Value, aws::Error> {
    let body = match reply {
        Reply::Now(answer) => answer?,
        Reply::Later(answer) => off_the_runtime(move || {
            tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(answer)
        })?,
        Reply::Long(work) => return wait(work()),
        Reply::Poll(_) | Reply::Call(_) => panic!("no operation here waits for others"),
    };
    Ok(serde_json::from_slice(&body).unwrap_or(Value::Null))
}

/// Runs on a thread of its own what may not block the test's.
fn off_the_runtime<T: Send + 'static>(job: impl FnOnce() -> T + Send + 'static) -> T {
    std::thread::spawn(job).join().unwrap()
}
