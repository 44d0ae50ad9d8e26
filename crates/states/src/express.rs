//! Express executions: run in memory by the porter, from their beginning again after a kill; only their start is kept.

use std::sync::Arc;
use std::time::Duration;

use asl::mock_config::MockedCase;
use asl::{About, HistoryEvent, Machine};
use aws::{Error, Timestamp};
use queue::{Arrival, Handle, NewMessage, Receive, Settings};
use serde::{Deserialize, Serialize};
use store::Commit;

use crate::States;
use crate::machine::Chosen;
use crate::mocked::Case;
use crate::name;
use crate::owed::EXPRESS;
use crate::told::Lines;

const QUEUE: &str = "express:all";
/// The longest that one may take. Source: developer guide, "Quotas".
pub const EXPRESS_TIME: Duration = Duration::from_secs(300);
/// The commits before and after it.
const LEASE_SPARE: Duration = Duration::from_secs(60);

/// An Express execution to be run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExpressRun {
    /// Its ARN.
    pub arn: String,
    /// The state machine's own name.
    pub machine: String,
    /// Its name.
    pub name: String,
    /// The state machine's ARN, qualified as it was started.
    pub machine_arn: String,
    /// JSON text.
    pub input: String,
    /// When it was asked for.
    pub started: Timestamp,
    /// The machine and the test case of the mock file, where it was started by one.
    #[serde(default)]
    pub(crate) case: Option<(String, String)>,
    pub(crate) revision: String,
    pub(crate) role_arn: String,
}

/// One that is owed and leased to the caller.
#[derive(Clone, Debug)]
pub struct OwedExpress {
    /// What is to be run.
    pub run: ExpressRun,
    /// When it is given up at the latest.
    pub until: Timestamp,
    /// 1 at the first try.
    pub attempt: u32,
    handle: Handle,
}

impl ExpressRun {
    /// The same, its Tasks answered by a test case of the mock file.
    pub(crate) fn of_case(self, case: Option<Case>) -> Self {
        Self { case: case.map(|case| (case.machine, case.name)), ..self }
    }
}

impl States {
    /// The test case that answers an Express execution's Tasks, nothing asked yet.
    pub fn mocked_case(&self, run: &ExpressRun) -> Option<MockedCase> {
        let (machine, name) = run.case.as_ref()?;
        self.mocks()?.case(machine, name)
    }

    /// An Express execution of what was chosen.
    pub(crate) fn new_express(
        &self,
        chosen: Chosen,
        name: String,
        input: String,
        commit: &Commit<'_>,
    ) -> ExpressRun {
        self.express_of(chosen, name, input, Born { at: commit.now, id: commit.ids.next_uuid() })
    }

    /// The same, outside of a commit.
    pub(crate) fn express_of(&self, chosen: Chosen, name: String, input: String, born: Born) -> ExpressRun {
        let (home, Born { at, id }) = (self.home(), born);
        let machine = chosen.revision.machine;
        let arn = chosen.alias_arn.or(chosen.version_arn);
        ExpressRun {
            arn: name::express_arn(home, &machine, &name, &id),
            name,
            machine_arn: arn.unwrap_or_else(|| name::machine_arn(home, &machine, None)),
            machine,
            input,
            started: at,
            case: None,
            revision: chosen.revision_id,
            role_arn: chosen.revision.role_arn,
        }
    }

    /// Owes it.
    pub(crate) fn owe_express(&self, commit: &mut Commit<'_>, run: &ExpressRun) {
        let queue = self.queues().internal(commit, QUEUE, Settings::default());
        let message = NewMessage {
            id: commit.ids.next_uuid(),
            body: serde_json::to_string(run).unwrap_or_default(),
            now: commit.now,
            not_before: commit.now,
            ..NewMessage::default()
        };
        self.queues().send(commit, queue, message);
    }

    /// Completes when one has come.
    pub fn express_arrival(&self) -> Arrival {
        self.queues().arrival_of_kind(EXPRESS)
    }

    /// When [`States::due_express`] is worth asking next; `None`: nothing is owed.
    pub fn next_express_at(&self) -> Option<Timestamp> {
        self.queues().next_due("express:")
    }

    /// Leases up to `max`.
    pub fn due_express(&self, commit: &mut Commit<'_>, max: usize) -> Vec<OwedExpress> {
        let Some(queue) = self.queues().find_internal(&mut commit.tx, QUEUE) else { return Vec::new() };
        let now = commit.now;
        let until = now.plus(EXPRESS_TIME + LEASE_SPARE);
        let receive = Receive { max, until, now, redrive: None };
        let received = self.queues().receive(&mut commit.tx, queue, &receive);
        let mut owed = Vec::new();
        for received in received {
            match serde_json::from_str(&received.body) {
                Ok(run) => owed.push(OwedExpress {
                    run,
                    until,
                    attempt: received.receive_count,
                    handle: received.handle,
                }),
                Err(_) => drop(self.queues().delete(&mut commit.tx, &received.handle)),
            }
        }
        owed
    }

    /// Renews a lease; `false`: it has ended.
    pub fn renew_express(&self, commit: &mut Commit<'_>, owed: &mut OwedExpress) -> bool {
        let now = commit.now;
        let until = now.plus(EXPRESS_TIME + LEASE_SPARE);
        let extension = queue::Extension { now, until };
        let held = self.queues().extend(&mut commit.tx, &owed.handle, extension) == queue::LeaseChange::Yes;
        if held {
            owed.until = until;
        }
        held
    }

    /// What it runs, and what it is told about itself.
    ///
    /// # Errors
    /// Where its definition is gone.
    pub fn express_machine(&self, run: &ExpressRun) -> Result<(Arc<Machine>, About), Error> {
        let machine = self.store().read(|read| self.parsed(read, &run.revision));
        let machine = machine.map_err(crate::error::of_store)??;
        let about = About {
            execution_arn: run.arn.clone(),
            execution_name: run.name.clone(),
            role_arn: run.role_arn.clone(),
            machine_arn: run.machine_arn.clone(),
            machine_name: run.machine.clone(),
            input: serde_json::from_str(&run.input).unwrap_or_default(),
            item: None,
            block: 0,
        };
        Ok((machine, about))
    }

    /// Settles one that has ended: its lines go to the log group, and it is forgotten.
    pub fn settle_express(&self, commit: &mut Commit<'_>, owed: &OwedExpress, history: &[HistoryEvent]) {
        if self.queues().delete(&mut commit.tx, &owed.handle) {
            self.log_express(commit, &owed.run, history);
        }
    }

    /// Writes the lines of one that has ended.
    pub fn log_express(&self, commit: &mut Commit<'_>, run: &ExpressRun, history: &[HistoryEvent]) {
        let Some(logging) = Self::logging(&mut commit.tx, &run.revision) else { return };
        let lines = Lines {
            logging: &logging,
            machine: &run.machine,
            execution_arn: &run.arn,
            redrive_count: 0,
            events: history,
        };
        self.log(commit, &lines);
    }

    /// Whether it has lines to write at all.
    pub fn logs_express(&self, run: &ExpressRun) -> bool {
        self.store().read(|read| Self::logging(read, &run.revision).is_some()).unwrap_or_default()
    }
}

/// When something came to be, and its id.
#[derive(Clone, Debug)]
pub(crate) struct Born {
    pub(crate) at: Timestamp,
    pub(crate) id: String,
}
