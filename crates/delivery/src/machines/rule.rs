//! The hook by which a rule's event starts an execution, in the commit that accepts the event.

use aws::{Arn, Error};
use events::{Debt, Events, GiveBack, KeptDebt, PayHook, Payment, Receipt};
use states::{RuleStart, States};
use store::Commit;

/// Serves rules' targets that are state machines.
#[derive(Debug)]
pub struct MachineHook(pub States);

impl PayHook for MachineHook {
    fn pay(&self, commit: &mut Commit<'_>, debt: Debt<'_>) -> Payment {
        let arn = &debt.target.arn;
        // The executions of a version or an alias are the machine's: so is its limit.
        let machine: Vec<&str> = arn.resource.split(':').take(2).collect();
        let machine = Arn { resource: machine.join(":"), ..arn.clone() };
        let limits = [arn, &machine].map(|arn| Events::concurrency_limit(&mut commit.tx, arn));
        let limit = limits.into_iter().flatten().min();
        // Only what may wait is kept.
        let kept = limit.and_then(|_| serde_json::to_string(&KeptDebt::of(&debt)).ok());
        let start =
            RuleStart { machine_arn: debt.target.arn.to_string(), input: debt.input, limit, debt: kept };
        match self.0.start_by_rule(commit, start) {
            Ok(arn) => Payment::Paid(Receipt { id: Some(arn), location: None }),
            Err(error) => Payment::refused(code_of(&error), error.message),
        }
    }
}

/// The user guide's error code for dead-letter queues.
fn code_of(error: &Error) -> &'static str {
    if error.code == "StateMachineDoesNotExist" { "NO_RESOURCE" } else { "SDK_CLIENT_ERROR" }
}

/// Gives back a start that has waited and cannot begin: to the target's dead-letter queue, or, where it has none, to the log.
pub fn give_back(events: &Events, commit: &mut Commit<'_>, debt: &str, error: &Error) {
    let Ok(debt) = serde_json::from_str::<KeptDebt>(debt) else { return };
    let why = GiveBack { code: code_of(error), message: error.message.clone() };
    let (rule_arn, target_arn) = (debt.rule_arn().to_string(), debt.target_arn().to_string());
    if !events.give_back(commit, debt, why) {
        let what = "a delivery was given up and there is no dead-letter queue to keep it";
        tracing::warn!(rule_arn, target_arn, reason = error.message, "{what}");
    }
}
