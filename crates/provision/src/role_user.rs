//! In whose name a pipeline's roles are used.

/// In whose name a role is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RoleUser {
    /// EventBridge, for rules.
    Rules,
    /// Lambda, for functions.
    Functions,
    /// Step Functions, for state machines.
    StateMachines,
}

impl RoleUser {
    /// The role's name for the pipeline of an owner.
    pub(crate) fn role(self, owner: &str) -> String {
        let (kind, _) = self.words();
        format!("trunkline-{}-{kind}", owner.chars().take(40).collect::<String>())
    }

    /// What its name ends with, and the service that assumes it.
    pub(crate) fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Rules => ("rules", "events.amazonaws.com"),
            Self::Functions => ("functions", "lambda.amazonaws.com"),
            Self::StateMachines => ("states", "states.amazonaws.com"),
        }
    }
}
