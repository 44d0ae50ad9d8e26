//! What the buses ask of the roles, and the log of what AWS would refuse.

use std::sync::Arc;

use events::{Objection, Permissions, RoleErrand, RoleJudge};
use iam::{Authority, Errand, Iam};

use crate::rooms::Rooms;

/// Lets the buses ask the roles, and says what becomes of objections.
pub(crate) fn ask(rooms: &Rooms, permissions: Permissions) {
    rooms.events.register_role_judge(Arc::new(Roles(rooms.iam.clone())));
    rooms.events.set_permissions(permissions, log);
}

fn log(objection: &Objection) {
    let Objection { source_arn, target_arn, reason } = objection;
    tracing::warn!(%source_arn, %target_arn, reason, "AWS would refuse this for want of a permission");
}

/// The roles as the buses see them.
#[derive(Debug)]
struct Roles(Iam);

impl RoleJudge for Roles {
    fn objection(&self, errand: &RoleErrand<'_>) -> Option<String> {
        let errand = Errand {
            role: errand.role,
            service: "events.amazonaws.com",
            action: errand.action,
            resource: errand.resource,
            source: errand.rule_arn,
        };
        // A store that cannot be read has said so by itself, and does not take what is delivered either.
        match self.0.store().read(|read| self.0.may(read, &errand)).ok()? {
            Authority::Allowed | Authority::Unknown => None,
            Authority::Refused(why) => Some(why),
        }
    }

    fn generation(&self) -> u64 {
        self.0.generation()
    }
}
