//! What a pipeline's own parts must be allowed to do: worked out from its rules, functions and state machines.

use std::collections::{BTreeMap, BTreeSet};

use crate::maker::Maker;
use crate::pipeline::Pipeline;
use crate::reference;
use crate::resource::permission;
use crate::resource::role::{self, Allowance};
use crate::resource::rule::Rule;
use crate::resource::target::Destination;
use crate::resource::{Resource, bus};
use crate::role_user::RoleUser;

/// Who may do what.
#[derive(Debug, Default)]
pub(crate) struct Grants {
    /// For each queue of the file, the ARNs of the rules that send to it, dead letters included.
    pub(crate) queues: BTreeMap<String, BTreeSet<String>>,
    /// The permissions of functions for rules.
    pub(crate) permissions: Vec<Resource>,
    /// The roles.
    pub(crate) roles: Vec<Resource>,
}

/// Works out all of them.
pub(crate) fn grants(pipeline: &Pipeline, maker: &Maker<'_>) -> Grants {
    let mut grants = Grants::default();
    let mut of_rules = BTreeSet::new();
    for rule in &pipeline.rules {
        grants.rule(rule, maker, &mut of_rules);
    }
    let roles = [
        (RoleUser::Rules, of_rules, pipeline.rules.iter().any(Rule::needs_role)),
        (
            RoleUser::Functions,
            own(pipeline, maker),
            pipeline.functions.iter().any(|function| function.role.is_none()),
        ),
        (
            RoleUser::StateMachines,
            of_machines(pipeline, maker),
            pipeline.state_machines.iter().any(|machine| machine.role.is_none()),
        ),
    ];
    let wanted = roles.into_iter().filter(|(_, _, is_needed)| *is_needed);
    grants.roles = wanted.map(|(user, may, _)| role::wanted(maker.owner, user, &may)).collect();
    grants
}

fn allowance(actions: &[&'static str], resource: String) -> Allowance {
    Allowance { actions: actions.to_vec(), resource }
}

impl Grants {
    fn rule(&mut self, rule: &Rule, maker: &Maker<'_>, of_rules: &mut BTreeSet<Allowance>) {
        let name = &rule.name.value;
        let path = if maker.bus == bus::DEFAULT { name.clone() } else { format!("{}/{name}", maker.bus) };
        let arn = maker.arn("events", format!("rule/{path}"));
        let mut let_send = |queue: &str| {
            self.queues.entry(queue.to_owned()).or_default().insert(arn.clone());
        };
        for target in &rule.targets {
            if let Some(queue) = &target.dead_letter {
                let_send(&queue.value);
            }
            match &target.destination {
                Destination::Queue(queue) => let_send(&queue.value),
                Destination::Function(function) => {
                    let permission = permission::of_rule(&function.value, name, &arn);
                    if !self.permissions.contains(&permission) {
                        self.permissions.push(permission);
                    }
                }
                Destination::StateMachine(named) if target.role.is_none() => {
                    let machine = maker.arn("states", format!("stateMachine:{}", named.value));
                    of_rules.insert(allowance(&["states:StartExecution"], machine));
                }
                Destination::ApiDestination(named) if target.role.is_none() => {
                    // Its ARN without the id that the service gives: EventBridge asks for that one too.
                    let destination = maker.arn("events", format!("api-destination/{}", named.value));
                    of_rules.insert(allowance(&["events:InvokeApiDestination"], destination));
                }
                Destination::StateMachine(_)
                | Destination::ApiDestination(_)
                | Destination::LogGroup(_)
                | Destination::Bus(_)
                | Destination::Arn(_) => {}
            }
        }
    }
}

/// What the functions of a file may do: use what the file makes, and write their logs.
fn own(pipeline: &Pipeline, maker: &Maker<'_>) -> BTreeSet<Allowance> {
    let mut may = BTreeSet::new();
    let logs = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"];
    may.insert(allowance(&logs, maker.arn("logs", "*".to_owned())));
    for table in &pipeline.tables {
        may.insert(allowance(&["dynamodb:*"], maker.arn("dynamodb", format!("table/{}", table.name.value))));
    }
    for queue in &pipeline.queues {
        may.insert(allowance(&["sqs:*"], maker.queue_arn(&queue.name.value)));
    }
    may.insert(allowance(&["events:PutEvents"], maker.arn("events", format!("event-bus/{}", maker.bus))));
    may
}

/// What the state machines of a file may do: use what their definitions name.
fn of_machines(pipeline: &Pipeline, maker: &Maker<'_>) -> BTreeSet<Allowance> {
    let mut may = BTreeSet::new();
    for machine in &pipeline.state_machines {
        let Ok(json) = machine.text(maker.folder) else { continue };
        for found in reference::all(&json.text) {
            let name = found.name;
            may.insert(match found.kind {
                "function" => {
                    allowance(&["lambda:InvokeFunction"], maker.arn("lambda", format!("function:{name}")))
                }
                "table" => allowance(&["dynamodb:*"], maker.arn("dynamodb", format!("table/{name}"))),
                "stateMachine" => {
                    allowance(&["states:StartExecution"], maker.arn("states", format!("stateMachine:{name}")))
                }
                _ => allowance(&["sqs:SendMessage"], maker.queue_arn(name)),
            });
        }
        if json.text.contains("events:putEvents") {
            may.insert(allowance(
                &["events:PutEvents"],
                maker.arn("events", format!("event-bus/{}", maker.bus)),
            ));
        }
    }
    may
}
