//! The hook by which a rule's event starts an execution, in the commit that accepts the event.

use aws::Arn;
use events::{Debt, Events, PayHook, Payment, Receipt};
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
