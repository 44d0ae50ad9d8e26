//! Test cases of a mock file: executions that were started as `ARN#CASE`, whose Tasks are answered by the file.

use std::collections::BTreeMap;

use asl::TaskError;
use asl::mock_config::Mocked;
use asl::step::TaskCall;
use aws::Error;
use serde::{Deserialize, Serialize};
use store::{Commit, Read as _, Table};

use crate::States;
use crate::owed::Owed;
use crate::record::json_record;

/// By execution.
const CASES: Table<u64, Case> = Table::new(129, "mocked executions");

/// The test case of an execution, and how often each of its states was asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Case {
    pub(crate) machine: String,
    pub(crate) name: String,
    asked: BTreeMap<String, u32>,
}

json_record!(Case, version 1);

impl States {
    /// Forgets the test case of an execution.
    pub(crate) fn forget_case(commit: &mut Commit<'_>, execution: u64) {
        commit.remove(&CASES, &execution);
    }

    /// The test case that an ARN names behind its `#`.
    ///
    /// # Errors
    /// `InvalidArn` where the mock file has none of this name.
    pub(crate) fn case(&self, machine: &str, name: &str) -> Result<Case, Error> {
        let is_known = self.mocks().is_some_and(|mocks| mocks.case(machine, name).is_some());
        if !is_known {
            let why = if self.mocks().is_some() {
                "has no such test case"
            } else {
                "is not there: SFN_MOCK_CONFIG names it"
            };
            let words = format!("Invalid Arn: 'The mock file {why}: {machine}#{name}'");
            return Err(Error::sender("InvalidArn", words));
        }
        Ok(Case { machine: machine.to_owned(), name: name.to_owned(), asked: BTreeMap::new() })
    }

    /// Gives an execution its test case.
    pub(crate) fn put_case(commit: &mut Commit<'_>, execution: u64, case: &Case) {
        commit.put(&CASES, &execution, case);
    }

    /// Gives the child of a map run the test case of its parent.
    pub(crate) fn hand_on_case(&self, commit: &mut Commit<'_>, parent: u64, child: u64) {
        if self.mocks().is_some()
            && let Some(case) = commit.get(&CASES, &parent)
        {
            commit.put(&CASES, &child, &Case { asked: BTreeMap::new(), ..case });
        }
    }

    /// What the mock file answers to a Task; `None` where nobody mocks it.
    pub(crate) fn mocked_answer(
        &self,
        commit: &mut Commit<'_>,
        execution: u64,
        call: &TaskCall,
    ) -> Option<Owed> {
        let mocks = self.mocks()?;
        let mut case = commit.get(&CASES, &execution)?;
        let asked = case.asked.entry(call.state.clone()).or_default();
        let mocked = mocks.answer(&case.machine, &case.name, &call.state, *asked);
        *asked += 1;
        commit.put(&CASES, &execution, &case);
        let task = call.task;
        match mocked {
            Mocked::NotMocked => None,
            Mocked::Answer(Ok(output)) => Some(Owed::Succeeded { task, output }),
            Mocked::Answer(Err(TaskError { error, cause })) => Some(Owed::Failed { task, error, cause }),
            Mocked::Missing => {
                let cause = Some(asl::mock_config::missing(&call.state));
                Some(Owed::Failed { task, error: Some("States.Runtime".to_owned()), cause })
            }
        }
    }
}
