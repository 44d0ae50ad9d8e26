//! Who may call whom: what each pairing of a rule and a target needs, and no more.
//!
//! Source: EventBridge user guide, "Using resource-based policies for EventBridge" (eb-use-resource-based) and "Using IAM roles": a
//! queue, a function and a log group let the rule in themselves and get no role; a state machine, an API destination and another bus are
//! called with a role. A call that is not permitted is not tried again: without a dead-letter queue the event is gone.

use aws::Arn;
use serde_json::{Map, Value, json};

use crate::cloudformation::block::Block;
use crate::cloudformation::builder::Builder;
use crate::cloudformation::granted::{Granted, policy_of};
use crate::cloudformation::{api_destinations, marks, queues};
use crate::resource::{Id, Settings, of_arn};

const EVENTS: &str = "events.amazonaws.com";
const VERSION: &str = "2012-10-17";

const LOGS_POLICY: &str = "EventLogsPolicy";

/// A target as CloudFormation has it.
#[derive(Debug)]
pub(super) struct Delivery(Map<String, Value>);

impl Delivery {
    fn new(settings: &Settings, arn: Value) -> Self {
        let mut members: Map<String, Value> =
            settings.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        members.insert("Arn".to_owned(), arn);
        // The role that all rules share on this machine: here each target has its own.
        let is_shared =
            |role: &Value| role.as_str().is_some_and(|role| role.contains(&marks::mark(marks::ACCOUNT)));
        if members.get("RoleArn").is_some_and(is_shared) {
            members.remove("RoleArn");
        }
        Self(members)
    }

    pub(super) fn put(&mut self, name: &str, value: Value) {
        self.0.insert(name.to_owned(), value);
    }

    /// Gives it a role, unless the file names one.
    fn call_as(&mut self, role: impl FnOnce() -> Value) {
        if !self.0.contains_key("RoleArn") {
            self.put("RoleArn", role());
        }
    }

    pub(super) fn json(mut self, id: &str) -> Value {
        self.0.insert("Id".to_owned(), json!(id));
        Value::Object(self.0)
    }
}

/// A role that a rule calls its target with.
struct Role {
    action: &'static str,
    resource: Value,
}

/// A target, and the logical ids of what lets its rule deliver.
pub(super) fn to_target(
    builder: &mut Builder<'_>,
    settings: &Settings,
    (rule_arn, id): (&str, &str),
) -> (Delivery, Vec<String>) {
    let value = settings.get("Arn").cloned().unwrap_or_default();
    if let Some(Id::ApiDestination(destination)) = of_arn(&value) {
        let logical_id = builder.ids.of(api_destinations::DESTINATION, &destination.name);
        let mut delivery = Delivery::new(settings, json!({"Fn::GetAtt": [logical_id, "Arn"]}));
        // The ARN of an API destination ends in an id that changes; policies name it without.
        let resource = json!({"Fn::GetAtt": [logical_id, "ArnForPolicy"]});
        let needed = Role { action: "events:InvokeApiDestination", resource };
        delivery.call_as(|| role(builder, &needed, (rule_arn, id)));
        return (delivery, Vec::new());
    }
    let Some(arn) = value.as_str().and_then(|text| local(text).parse::<Arn>().ok()) else {
        return (Delivery::new(settings, value), Vec::new());
    };
    if let Some(queue) = builder.own_queue(&arn) {
        let logical_id = builder.ids.of(queues::KIND, queue);
        let delivery = Delivery::new(settings, json!({"Fn::GetAtt": [logical_id, "Arn"]}));
        let policy = builder.granted.queue(&logical_id, rule_arn);
        return (delivery, vec![policy]);
    }
    by_arn(builder, (settings, &arn), (rule_arn, id))
}

/// A target that is named by its ARN: by its resource where the file makes it, so that it is made first.
fn by_arn(
    builder: &mut Builder<'_>,
    (settings, arn): (&Settings, &Arn),
    (rule_arn, id): (&str, &str),
) -> (Delivery, Vec<String>) {
    let named = named(builder, arn);
    let mut delivery = Delivery::new(settings, named.clone());
    let action = match arn.service.as_str() {
        "states" => "states:StartExecution",
        "events" => "events:PutEvents",
        "lambda" => {
            let permission = permission(builder, (arn, named), rule_arn);
            return (delivery, vec![permission]);
        }
        "logs" => {
            let own = match builder.own(arn) {
                Some(Id::LogGroup(group)) => Some(builder.ids.of("LogGroup", &group.name)),
                _ => None,
            };
            builder.granted.log_groups.insert(format!("{}:*", arn.to_string().trim_end_matches(":*")));
            return (delivery, own.into_iter().chain([LOGS_POLICY.to_owned()]).collect());
        }
        _ => {
            let shown = shown(&arn.to_string());
            builder.note(format!(
                "{shown} is not of this file, so its policy is not made here: it must let {EVENTS} in for the rule {}, or events go to the \
                 dead-letter queue",
                shown_rule(rule_arn)
            ));
            return (delivery, Vec::new());
        }
    };
    delivery.call_as(|| role(builder, &Role { action, resource: named }, (rule_arn, id)));
    (delivery, Vec::new())
}

/// An ARN as a property.
fn named(builder: &mut Builder<'_>, arn: &Arn) -> Value {
    match builder.own(arn) {
        Some(Id::Function(function)) => {
            json!({"Fn::GetAtt": [builder.ids.of("Function", &function.name), "Arn"]})
        }
        Some(Id::StateMachine(machine)) => json!({"Ref": builder.ids.of("StateMachine", &machine.name)}),
        _ => json!(arn.to_string()),
    }
}

/// An ARN of Trunkline's own account and region is one of the stack's.
fn local(arn: &str) -> String {
    match arn.parse::<Arn>() {
        Ok(parsed) if parsed.account == "000000000000" && parsed.region == "us-east-1" => Arn::new(
            &parsed.service,
            &marks::mark(marks::REGION),
            &marks::mark(marks::ACCOUNT),
            parsed.resource,
        )
        .to_string(),
        _ => arn.to_owned(),
    }
}

fn shown(text: &str) -> String {
    text.replace(&marks::mark(marks::REGION), "REGION").replace(&marks::mark(marks::ACCOUNT), "ACCOUNT")
}

fn shown_rule(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

/// A role for one target of one rule; its ARN.
fn role(builder: &mut Builder<'_>, role: &Role, (rule_arn, id): (&str, &str)) -> Value {
    let logical_id = builder.ids.of("Role", &format!("{} {id}", shown_rule(rule_arn)));
    let trust = json!({"Version": VERSION, "Statement": [{
        "Effect": "Allow", "Principal": {"Service": EVENTS}, "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"aws:SourceAccount": marks::mark(marks::ACCOUNT)}, "ArnEquals": {"aws:SourceArn": rule_arn}},
    }]});
    let document = json!({"Version": VERSION, "Statement": [{
        "Effect": "Allow", "Action": role.action, "Resource": role.resource,
    }]});
    let properties = Map::from_iter([
        ("AssumeRolePolicyDocument".to_owned(), trust),
        ("Policies".to_owned(), json!([{"PolicyName": "deliver", "PolicyDocument": document}])),
    ]);
    builder.add(logical_id.clone(), Block::new("AWS::IAM::Role", properties));
    json!({"Fn::GetAtt": [logical_id, "Arn"]})
}

/// Lets a rule invoke a function; the permission's logical id.
fn permission(builder: &mut Builder<'_>, (function, named): (&Arn, Value), rule_arn: &str) -> String {
    let name = function.resource.trim_start_matches("function:");
    let name = format!("{name} {}", shown_rule(rule_arn));
    let logical_id = builder.ids.of_known("Permission", (&name, &format!("{function} {rule_arn}")));
    if function.account != marks::mark(marks::ACCOUNT) {
        builder.note(format!(
            "the function {function} names its account: the stack is refused in any other, where the function's owner must let the rule in"
        ));
    }
    let properties = Map::from_iter([
        ("Action".to_owned(), json!("lambda:InvokeFunction")),
        ("FunctionName".to_owned(), named),
        ("Principal".to_owned(), json!(EVENTS)),
        ("SourceArn".to_owned(), json!(rule_arn)),
    ]);
    builder.add(logical_id.clone(), Block::new("AWS::Lambda::Permission", properties));
    logical_id
}

/// Adds the policies that are put together.
pub(super) fn render(builder: &mut Builder<'_>) {
    let Granted { queues, log_groups } = std::mem::take(&mut builder.granted);
    for (queue, rules) in queues {
        let arn = json!({"Fn::GetAtt": [queue, "Arn"]});
        let statement = json!({
            "Sid": "RulesOfThisPipeline", "Effect": "Allow", "Principal": {"Service": EVENTS}, "Action": "sqs:SendMessage",
            "Resource": arn, "Condition": {"ArnEquals": {"aws:SourceArn": rules}},
        });
        let properties = Map::from_iter([
            ("PolicyDocument".to_owned(), json!({"Version": VERSION, "Statement": [statement]})),
            ("Queues".to_owned(), json!([{"Ref": queue}])),
        ]);
        builder.add(policy_of(&queue), Block::new("AWS::SQS::QueuePolicy", properties));
    }
    if !log_groups.is_empty() {
        let document = json!({"Version": VERSION, "Statement": [{
            "Effect": "Allow", "Principal": {"Service": [EVENTS, "delivery.logs.amazonaws.com"]},
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": log_groups,
        }]});
        let properties = Map::from_iter([
            ("PolicyDocument".to_owned(), json!(document.to_string())),
            ("PolicyName".to_owned(), json!({"Fn::Sub": "${AWS::StackName}-events"})),
        ]);
        builder.add(LOGS_POLICY.to_owned(), Block::new("AWS::Logs::ResourcePolicy", properties));
    }
}
