//! What the gate asks: a queue's policy, and the room of roles.

use std::sync::Arc;

use aws::Arn;
use aws::policy::{Caller, Explanation, Kind, Policy, Request, explain};
use queue::name_in_arn;
use store::Read;

use crate::buses::bus::{BUSES, BusName};
use crate::buses::rule::RuleName;
use crate::events::Events;
use crate::permissions::{Basis, Objection, Permissions, Question, RoleErrand, RoleJudge};
use crate::target::kind::TargetKind;
use crate::target::{TARGETS, Target, api_destination, event_bus, queue as queue_target, state_machine};

const PUT_EVENTS: &str = "events:PutEvents";

/// What EventBridge needs a role for.
struct RoleNeed {
    action: &'static str,
    /// Whether PutTargets of AWS asks for the role; elsewhere it is asked only where there is one.
    is_required: bool,
}

fn role_need(kind: &TargetKind) -> Option<RoleNeed> {
    if *kind == state_machine::KIND {
        Some(RoleNeed { action: "states:StartExecution", is_required: true })
    } else if *kind == api_destination::KIND {
        Some(RoleNeed { action: "events:InvokeApiDestination", is_required: true })
    } else if *kind == event_bus::KIND {
        Some(RoleNeed { action: PUT_EVENTS, is_required: false })
    } else {
        None
    }
}

impl Events {
    /// Says what is done about what AWS would refuse, and who is told of it, once for each rule and target while nothing
    /// changes.
    pub fn set_permissions(&self, permissions: Permissions, tell: fn(&Objection)) {
        self.gate().set(permissions, tell);
    }

    /// Whether what AWS would refuse is refused here.
    pub(crate) fn enforces_permissions(&self) -> bool {
        self.gate().enforces()
    }

    /// Lets `judge` speak for the roles from now on. The first one stays.
    pub fn register_role_judge(&self, judge: Arc<dyn RoleJudge>) {
        self.gate().register(judge);
    }

    /// Why AWS would refuse to deliver to a target that is served here for a rule; `None` where it would not, or where that is not
    /// known.
    pub(crate) fn objection(&self, read: &mut impl Read, rule_arn: &Arn, target: &Target) -> Option<String> {
        let kind = TargetKind::of(&target.arn)?;
        let owner = if self.is_here(&target.arn) { None } else { Some(self.neighbour(&target.arn)?) };
        match (role_need(kind), owner) {
            (Some(need), None) => self.role_objection(rule_arn, target, &need),
            (Some(need), Some(owner)) => {
                let role = || self.role_objection(rule_arn, target, &need);
                role().or_else(|| {
                    owner.bus_objection(&target.arn, rule_arn, &self.forwarding(rule_arn, target))
                })
            }
            // With a role, that is asked by SQS instead of the service; such a target is not judged.
            (None, _) if *kind != queue_target::KIND || target.role_arn.is_some() => None,
            (None, None) => self.queue_objection(read, rule_arn, &target.arn),
            (None, Some(owner)) => {
                let read = owner.store().read(|read| owner.queue_objection(read, rule_arn, &target.arn));
                read.ok().flatten()
            }
        }
    }

    /// What a rule asks of a bus of another account: the target's role asks, else the account.
    fn forwarding(&self, rule_arn: &Arn, target: &Target) -> Request {
        let role = target.role_arn.as_deref().and_then(|role| role.parse().ok());
        let caller = role.map_or_else(|| Caller::account(self.account()), Caller::Identity);
        let mut request = Request::on_behalf(caller, (PUT_EVENTS, &target.arn), rule_arn);
        request.context = request.context.with("aws:PrincipalAccount", self.account());
        request
    }

    /// Why a bus of ours would not take events of another account; `None` also where the bus is not there.
    fn bus_objection(&self, arn: &Arn, source: &Arn, request: &Request) -> Option<String> {
        let bus = BusName::of_arn(arn)?;
        let read = self.store().read(|read| read.get(&BUSES, &bus.as_str().to_owned()));
        let policy = read.ok().flatten()?.policy;
        let caller = request.caller.to_string();
        let question = Question { source: source.clone(), target: arn.clone(), role: Some(caller) };
        let basis = Basis::Policy(policy.clone());
        self.gate().verdict(question, basis, || refused("event bus", policy.as_deref(), request))
    }

    /// Why this bus, of ours, would not take events that an account puts on it, where objections count.
    pub(crate) fn bus_refusal(&self, bus: &BusName, account: &str) -> Option<String> {
        let (arn, source) = (bus.arn(self.region(), self.account()), Arn::new("iam", "", account, "root"));
        let request = Request::by(source.clone(), (PUT_EVENTS, &arn));
        self.bus_objection(&arn, &source, &request).filter(|_| self.gate().enforces())
    }

    /// The same of the target with this id of a rule; `None` also where it is gone.
    pub(crate) fn objection_to(
        &self,
        read: &mut impl Read,
        bus: &BusName,
        rule: &RuleName,
        id: &str,
    ) -> Option<String> {
        let key = (bus.as_str().to_owned(), rule.as_str().to_owned(), id.to_owned());
        let target = read.get(&TARGETS, &key)?;
        self.objection(read, &rule.arn(bus, self.region(), self.account()), &target)
    }

    /// The same where objections count: only then is the delivery refused.
    pub(crate) fn refusal(&self, read: &mut impl Read, rule_arn: &Arn, target: &Target) -> Option<String> {
        self.objection(read, rule_arn, target).filter(|_| self.gate().enforces())
    }

    /// Why AWS would not take a dead letter of a rule into its queue, where objections count.
    pub(crate) fn dead_letter_refusal(
        &self,
        read: &mut impl Read,
        rule_arn: &Arn,
        queue_arn: &Arn,
    ) -> Option<String> {
        self.queue_objection(read, rule_arn, queue_arn).filter(|_| self.gate().enforces())
    }

    fn queue_objection(&self, read: &mut impl Read, rule_arn: &Arn, arn: &Arn) -> Option<String> {
        let name = name_in_arn(arn, self.account(), self.region())?;
        let queue = self.queues().find(read, &name)?;
        let question = Question { source: rule_arn.clone(), target: arn.clone(), role: None };
        let basis = Basis::Policy(queue.policy().map(str::to_owned));
        self.gate().verdict(question, basis, || {
            let request = Request::on_behalf(Caller::eventbridge(), ("sqs:SendMessage", arn), rule_arn);
            refused("queue", queue.policy(), &request)
        })
    }

    fn role_objection(&self, rule_arn: &Arn, target: &Target, need: &RoleNeed) -> Option<String> {
        let judge = self.gate().judge()?;
        let role = target.role_arn.clone();
        let question = Question { source: rule_arn.clone(), target: target.arn.clone(), role };
        self.gate().verdict(question, Basis::Roles(judge.generation()), || match &target.role_arn {
            None => need.is_required.then(|| {
                format!("The target has no RoleArn; {} asks for a role that allows it.", need.action)
            }),
            Some(text) => {
                let Ok(role) = text.parse::<Arn>() else {
                    return Some(format!("The target's RoleArn '{text}' is not an ARN."));
                };
                let errand = RoleErrand { role: &role, action: need.action, resource: &target.arn, rule_arn };
                let objection = judge.objection(&errand)?;
                // A role's policy names an API destination without the id at the end of its ARN (`ArnForPolicy`).
                let short = without_id(&target.arn);
                judge.objection(&RoleErrand { resource: &short, ..errand }).map(|_| objection)
            }
        })
    }
}

/// The ARN of an API destination without its id; others as they are.
fn without_id(arn: &Arn) -> Arn {
    let named = arn.resource.rsplit_once('/').filter(|_| arn.resource.starts_with("api-destination/"));
    let resource = named.map_or(arn.resource.as_str(), |(before, _)| before);
    Arn { resource: resource.to_owned(), ..arn.clone() }
}

/// Why the policy of a resource, or the want of one, does not allow a request. Sources: EventBridge user guide, "Amazon SQS
/// permissions" and "Permissions for event buses in Amazon EventBridge".
fn refused(resource: &str, policy: Option<&str>, request: &Request) -> Option<String> {
    let judged = |policies: &[&Policy]| -> Explanation { explain(Kind::Resource, policies, request) };
    let explained = match policy {
        None => judged(&[]),
        Some(text) => match Policy::parse(text, Kind::Resource) {
            Ok(policy) => judged(&[&policy]),
            Err(malformed) => {
                return Some(format!("The policy of the {resource} is malformed: {malformed}."));
            }
        },
    };
    if explained.decision.is_allowed() {
        return None;
    }
    let has_none = if policy.is_none() { "it has none, and " } else { "" };
    Some(format!("The policy of the {resource}: {has_none}{explained}."))
}
