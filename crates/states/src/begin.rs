//! How an execution begins: its records, and the first step owed, in one commit.

use asl::{About, Status};
use aws::{Error, Timestamp};
use store::Commit;

use crate::States;
use crate::execution::{
    BY_TIME, ChildOf, Execution, ExecutionKey, KEYS, PROGRESS, Progress, Waiting, time_key,
};
use crate::machine::Chosen;
use crate::owed::Owed;
use crate::{error, name};

/// An execution to be started.
#[derive(Clone, Debug)]
pub(crate) struct NewExecution {
    pub(crate) key: ExecutionKey,
    pub(crate) chosen: Chosen,
    /// JSON text.
    pub(crate) input: String,
    pub(crate) trace_header: Option<String>,
    pub(crate) waiting: Option<Waiting>,
    pub(crate) child: Option<Child>,
}

/// What a child of a map run has besides.
#[derive(Clone, Debug)]
pub(crate) struct Child {
    pub(crate) of: ChildOf,
    pub(crate) item: Option<asl::execution::Item>,
    pub(crate) block: usize,
}

/// An execution that runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Begun {
    pub(crate) number: u64,
    pub(crate) started: Timestamp,
}

impl States {
    /// Starts an execution, as a part of the commit. The same name with the same input is the same execution while it runs; a
    /// task's is the same for ever.
    ///
    /// # Errors
    /// `ExecutionAlreadyExists`.
    pub(crate) fn begin(&self, commit: &mut Commit<'_>, new: NewExecution) -> Result<Begun, Error> {
        if let Some(known) = Execution::find(&mut commit.tx, &new.key) {
            let is_same = known.status == Status::Running && known.input == new.input;
            let is_own = known.waiting.is_some() && known.waiting == new.waiting;
            if is_same || is_own {
                return Ok(Begun { number: known.number, started: known.started });
            }
            return Err(error::execution_exists(&new.key.arn(self.home())));
        }
        let number = commit.next_number();
        let now = commit.now;
        let about = self.about(&new);
        let record = Execution {
            number,
            revision: new.chosen.revision_id,
            machine: new.chosen.revision.machine,
            input: new.input,
            status: Status::Running,
            output: None,
            error: None,
            cause: None,
            started: now,
            stopped: None,
            redrive_count: 0,
            redriven: None,
            version_arn: new.chosen.version_arn,
            alias_arn: new.chosen.alias_arn,
            trace_header: new.trace_header,
            waiting: new.waiting,
            map_run: new.child.map(|child| child.of),
            last_event_id: 0,
        };
        record.put(commit, &new.key);
        commit.put(&KEYS, &number, &new.key);
        let execution = asl::Execution::new(about);
        commit.put(&PROGRESS, &number, &Progress { version: 0, at_ms: now.unix_ms(), execution });
        commit.put(&BY_TIME, &time_key(&new.key, now, number), &());
        self.tell_status(commit, &new.key, &record);
        Self::count_begun(commit, &new.key.machine);
        self.owe(commit, number, Owed::Start);
        Ok(Begun { number, started: now })
    }

    fn about(&self, new: &NewExecution) -> About {
        let home = self.home();
        let machine = &new.key.machine;
        let arn = new.chosen.alias_arn.as_ref().or(new.chosen.version_arn.as_ref());
        About {
            execution_arn: new.key.arn(home),
            execution_name: new.key.name.clone(),
            role_arn: new.chosen.revision.role_arn.clone(),
            machine_arn: arn.cloned().unwrap_or_else(|| name::machine_arn(home, machine, None)),
            machine_name: machine.clone(),
            // It was read when it was given; what a child gets was made here.
            input: serde_json::from_str(&new.input).unwrap_or_default(),
            item: new.child.as_ref().and_then(|child| child.item.clone()),
            block: new.child.as_ref().map_or(0, |child| child.block),
        }
    }
}
