//! The hook by which a rule's event starts an execution, in the commit that accepts the event.

use events::{Debt, Events, PayHook, Payment, Receipt};
use states::{RuleStart, States};
use store::Commit;

/// Serves rules' targets that are state machines.
#[derive(Debug)]
pub struct MachineHook(pub States);

impl PayHook for MachineHook {
    fn pay(&self, commit: &mut Commit<'_>, debt: Debt<'_>) -> Payment {
        let limit = Events::concurrency_limit(&mut commit.tx, &debt.target.arn);
        let start = RuleStart { machine_arn: debt.target.arn.to_string(), input: debt.input, limit };
        match self.0.start_by_rule(commit, start) {
            Ok(arn) => Payment::Paid(Receipt { id: Some(arn), location: None }),
            Err(error) if error.code == "StateMachineDoesNotExist" => {
                Payment::refused("NO_RESOURCE", error.message)
            }
            Err(error) => Payment::refused("SDK_CLIENT_ERROR", error.message),
        }
    }
}
