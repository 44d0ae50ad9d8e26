//! A document's text to a [`Policy`], or AWS's words for what is wrong with it.

use crate::policy::draft::{DraftPolicy, PolicyFault};
use crate::policy::{Kind, Policy, identity, trust};

impl Policy {
    /// Reads a document.
    ///
    /// # Errors
    /// What is wrong with it first, in the words of the service that would refuse it.
    pub fn parse(text: &str, kind: Kind) -> Result<Self, PolicyFault> {
        let draft = DraftPolicy::read(text).map_err(|fault| match kind {
            Kind::Identity => identity::syntax(),
            Kind::Resource | Kind::Trust => trust::words_of(fault),
        })?;
        match kind {
            Kind::Identity => identity::check(&draft)?,
            Kind::Resource => trust::check_resource_policy(&draft)?,
            Kind::Trust => trust::check(&draft)?,
        }
        draft.finish().ok_or_else(identity::syntax)
    }
}
