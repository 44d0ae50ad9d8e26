//! Rules' starts of a state machine whose open executions are limited: what exceeds the limit waits, in the order in which it came.

use asl::MachineType;
use aws::Error;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{Commit, KeyRange, Read, Table, Tx};

use crate::States;
use crate::execution::{Execution, visit_by_time};
use crate::machine::{Machine, Revision, choose};
use crate::ops::executions::Asked;
use crate::{limits, name};

/// By the machine's own name.
const LIMITED: Table<String, Limited> = Table::new(127, "limited state machines");
/// By the machine's own name, in the order in which they came.
const WAITING: Table<(String, u64), Start> = Table::new(128, "waiting starts");

/// A machine whose executions are limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Limited {
    /// Executions that may be open at a time.
    limit: u32,
    /// Those that are.
    open: u64,
}

store::record!(Limited, version 1);

/// A start that waits for its turn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Start {
    machine_arn: String,
    name: String,
    /// JSON text.
    input: String,
    /// For [`Hands::give_back`](crate::Hands::give_back).
    debt: Option<String>,
}

impl store::Record for Start {
    const VERSION: u8 = 2;

    fn encode(&self, bytes: Vec<u8>) -> Option<Vec<u8>> {
        store::record::to_postcard(self, bytes)
    }

    fn decode(version: u8, bytes: &[u8]) -> Option<Self> {
        match version {
            // The member that was added stands at the end.
            1 => store::record::from_postcard(&store::record::to_postcard(&None::<String>, bytes.to_vec())?),
            2 => store::record::from_postcard(bytes),
            _ => None,
        }
    }
}

/// A start that a rule asks for.
#[derive(Debug)]
pub struct RuleStart {
    /// The state machine, as the target names it.
    pub machine_arn: String,
    /// JSON text.
    pub input: String,
    /// How many executions of the machine may be open; `None`: any number.
    pub limit: Option<u32>,
    /// What is given back should it wait and never begin, as the caller has it.
    pub debt: Option<String>,
}

impl States {
    /// Starts an execution for a rule, in the commit that accepts the event, or lets it wait until fewer are open; its ARN. An
    /// Express machine's executions are not counted.
    ///
    /// # Errors
    /// AWS's.
    pub fn start_by_rule(&self, commit: &mut Commit<'_>, start: RuleStart) -> Result<String, Error> {
        let RuleStart { machine_arn, input, limit, debt } = start;
        let asked = Asked::new(self, &machine_arn, input)?;
        let machine = asked.machine().to_owned();
        let chosen = choose(&mut commit.tx, asked.machine_name(), self.home(), commit.ids.next_u64())?;
        let limit = limit.filter(|_| chosen.revision.kind == MachineType::Standard);
        let Some(limit) = limit else {
            // Kept, without a bound: who waits beyond what one commit starts is let in by the next end.
            if let Some(known) = commit.get(&LIMITED, &machine).filter(|known| known.limit < u32::MAX) {
                commit.put(&LIMITED, &machine, &Limited { limit: u32::MAX, ..known });
                self.start_waiting(commit, &machine, u64::MAX);
            }
            return self.started(commit, asked);
        };
        let open = match commit.get(&LIMITED, &machine) {
            Some(known) => known.open,
            None => open_executions(&mut commit.tx, &machine),
        };
        commit.put(&LIMITED, &machine, &Limited { limit, open });
        // A limit that was raised lets in those who came first.
        self.start_waiting(commit, &machine, u64::from(limit).saturating_sub(open));
        let open = commit.get(&LIMITED, &machine).map_or(open, |now| now.open);
        if open < u64::from(limit) {
            return self.started(commit, asked);
        }
        let name = commit.ids.next_uuid();
        let arn = name::execution_arn(self.home(), &machine, &name);
        let number = commit.next_number();
        let start = Start { machine_arn, name, input: asked.into_input(), debt };
        commit.put(&WAITING, &(machine, number), &start);
        Ok(arn)
    }

    fn started(&self, commit: &mut Commit<'_>, asked: Asked) -> Result<String, Error> {
        let answer = self.start_asked(commit, asked)?;
        Ok(answer.get("executionArn").and_then(Value::as_str).unwrap_or_default().to_owned())
    }

    /// Counts an execution that has begun, or goes on after it had ended.
    pub(crate) fn count_begun(commit: &mut Commit<'_>, machine: &str) {
        let machine = machine.to_owned();
        if let Some(mut limited) = commit.get(&LIMITED, &machine) {
            limited.open += 1;
            commit.put(&LIMITED, &machine, &limited);
        }
    }

    /// Counts an execution that has ended, and starts who waits for that.
    pub(crate) fn count_ended(&self, commit: &mut Commit<'_>, machine: &str) {
        let machine = machine.to_owned();
        let Some(mut limited) = commit.get(&LIMITED, &machine) else { return };
        limited.open = limited.open.saturating_sub(1);
        commit.put(&LIMITED, &machine, &limited);
        self.start_waiting(commit, &machine, u64::from(limited.limit).saturating_sub(limited.open));
    }

    /// Starts the first of those who wait, as many as one commit may. Those that cannot begin take nobody's place and are given
    /// back: their machine is gone.
    fn start_waiting(&self, commit: &mut Commit<'_>, machine: &str, mut room: u64) -> usize {
        let mut handled = 0;
        while room > 0 && handled < STARTED_AT_ONCE_MAX {
            let first = commit.tx.list(&WAITING, &KeyRange::prefix(&machine.to_owned()), 1).pop();
            let Some((key, Start { machine_arn, name, input, debt })) = first else { break };
            commit.remove(&WAITING, &key);
            handled += 1;
            let asked = Asked::new(self, &machine_arn, input).map(|asked| asked.named(name));
            match asked.and_then(|asked| self.start_asked(commit, asked)) {
                Ok(_) => room -= 1,
                Err(error) => {
                    if let Some(debt) = debt {
                        (self.hands().give_back)(commit, &debt, &error);
                    }
                }
            }
        }
        handled
    }

    /// Lets in who waits for nothing any more: the machine was deleted, or is one whose executions are not counted. How many.
    pub(crate) fn sweep_waiting(&self, commit: &mut Commit<'_>) -> usize {
        let mut handled = 0;
        for (machine, limited) in commit.tx.list(&LIMITED, &KeyRange::all(), limits::LISTED_MAX) {
            let revision = Machine::find(&mut commit.tx, &machine)
                .and_then(|known| Revision::find(&mut commit.tx, &known.revision));
            let room = match &revision {
                Some(revision) if revision.kind == MachineType::Standard => {
                    u64::from(limited.limit).saturating_sub(limited.open)
                }
                _ => u64::MAX,
            };
            handled += self.start_waiting(commit, &machine, room);
            let waits = commit.tx.list(&WAITING, &KeyRange::prefix(&machine), 1).pop().is_some();
            if revision.is_none() && !waits {
                // Should there be one of this name again, its open executions are counted anew.
                commit.remove(&LIMITED, &machine);
            }
        }
        handled
    }
}

/// Starts that one commit handles of those who wait: others wait for the commit.
const STARTED_AT_ONCE_MAX: usize = 1_000;

/// The executions of a machine that are open, counted one by one: once, when the machine is limited for the first time.
fn open_executions(tx: &mut Tx<'_>, machine: &str) -> u64 {
    let mut numbers = Vec::new();
    visit_by_time(tx, machine, None, &mut |(_, number)| {
        numbers.push(number);
        std::ops::ControlFlow::Continue(())
    });
    let mut is_open = |number: &u64| {
        Execution::of(tx, *number).is_some_and(|(_, execution)| execution.status == asl::Status::Running)
    };
    u64::try_from(numbers.iter().filter(|number| is_open(number)).count()).unwrap_or(u64::MAX)
}
