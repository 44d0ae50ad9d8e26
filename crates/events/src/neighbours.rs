//! The event buses of other accounts and regions that are served here too.
//!
//! Each account and region has an [`Events`] of its own over one store. A rule of one may have a target in another: it is served
//! as a target of its own scope, in the same commit. ARNs of scopes that are not here are AWS's.

use aws::Arn;

use crate::events::Events;

impl Events {
    /// Lets the event buses of several scopes of one store know each other. Once; a second call changes nothing.
    pub fn introduce(all: &[Self]) {
        for one in all {
            let others = all.iter().filter(|other| !other.is_same(one)).map(Self::downgrade);
            let _ = one.neighbours().0.set(others.collect());
        }
    }

    /// The event buses of another scope that an ARN belongs to, where that scope is served here.
    pub fn neighbour(&self, arn: &Arn) -> Option<Self> {
        let others = self.neighbours().0.get()?;
        others.iter().filter_map(Self::upgrade).find(|other| other.is_here(arn))
    }
}
