//! What AWS would refuse: a delivery whose queue has no policy for its rule, or whose role is not there or not allowed.
//!
//! Here everybody is the account's root user and nothing is refused for want of a permission unless it is asked for
//! ([`Permissions::Enforce`]); what AWS would have refused is told once and shown. On AWS such a delivery is not tried again
//! and, without a dead-letter queue, lost without a word.

mod objection;

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use aws::Arn;

/// The code of a delivery that is refused, as in the user guide, "Using dead-letter queues to process undelivered events".
pub(crate) const NO_PERMISSIONS: &str = "NO_PERMISSIONS";

/// Verdicts that are remembered; beyond that all are found anew.
const VERDICTS_MAX: usize = 10_000;

/// What is done about what AWS would refuse.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Permissions {
    /// It is told once, and done.
    #[default]
    Warn,
    /// It is refused.
    Enforce,
}

/// Something that AWS would refuse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Objection {
    /// On whose behalf: a rule's, or an account's.
    pub source_arn: Arn,
    /// What would be called.
    pub target_arn: Arn,
    /// Why, in a sentence.
    pub reason: String,
}

/// What EventBridge does in a role's name.
#[derive(Clone, Copy, Debug)]
pub struct RoleErrand<'e> {
    /// The role.
    pub role: &'e Arn,
    /// For example `states:StartExecution`.
    pub action: &'e str,
    /// What it is done to.
    pub resource: &'e Arn,
    /// The rule.
    pub rule_arn: &'e Arn,
}

/// Knows the roles: the room that keeps them, registered by the server.
pub trait RoleJudge: fmt::Debug + Send + Sync {
    /// Why AWS would refuse the errand; `None` where it would not, or where that is not known.
    fn objection(&self, errand: &RoleErrand<'_>) -> Option<String>;
    /// Changes whenever a verdict may have changed.
    fn generation(&self) -> u64;
}

/// What was found, and what it was found by.
#[derive(Debug)]
struct Verdict {
    basis: Basis,
    objection: Option<String>,
}

/// A verdict holds for as long as this is the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Basis {
    /// The policy of a queue or a bus.
    Policy(Option<String>),
    /// The generation of the roles.
    Roles(u64),
}

/// A rule or an account, and what it calls.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Question {
    pub(crate) source: Arn,
    pub(crate) target: Arn,
    pub(crate) role: Option<String>,
}

/// The gate that deliveries pass.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    enforces: AtomicBool,
    judge: OnceLock<Arc<dyn RoleJudge>>,
    tell: OnceLock<fn(&Objection)>,
    verdicts: Mutex<HashMap<Question, Verdict>>,
}

impl Gate {
    fn verdicts(&self) -> MutexGuard<'_, HashMap<Question, Verdict>> {
        self.verdicts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, permissions: Permissions, tell: fn(&Objection)) {
        self.enforces.store(permissions == Permissions::Enforce, Ordering::Relaxed);
        let _ = self.tell.set(tell);
    }

    fn register(&self, judge: Arc<dyn RoleJudge>) {
        let _ = self.judge.set(judge);
    }

    fn judge(&self) -> Option<&dyn RoleJudge> {
        self.judge.get().map(|judge| &**judge)
    }

    fn enforces(&self) -> bool {
        self.enforces.load(Ordering::Relaxed)
    }

    /// The verdict on a question, found anew where its basis has changed; an objection is told then.
    fn verdict(
        &self,
        question: Question,
        basis: Basis,
        find: impl FnOnce() -> Option<String>,
    ) -> Option<String> {
        if let Some(known) = self.verdicts().get(&question).filter(|known| known.basis == basis) {
            return known.objection.clone();
        }
        let objection = find();
        if let (Some(reason), Some(tell)) = (&objection, self.tell.get()) {
            let (source_arn, target_arn) = (question.source.clone(), question.target.clone());
            tell(&Objection { source_arn, target_arn, reason: reason.clone() });
        }
        let mut verdicts = self.verdicts();
        if verdicts.len() >= VERDICTS_MAX {
            verdicts.clear();
        }
        verdicts.insert(question, Verdict { basis, objection: objection.clone() });
        objection
    }
}
