//! A template as an account would have it: its functions resolved, its documents judged by `aws::policy`.

use aws::Arn;
use aws::policy::{Caller, Kind, Policy, Request, evaluate};
use serde_json::{Value, json};

pub(crate) const ACCOUNT: &str = "123456789012";
const REGION: &str = "eu-west-1";

pub(crate) struct Account<'t> {
    pub(crate) template: &'t Value,
}

impl Account<'_> {
    pub(crate) fn of_type<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = (&'a String, &'a Value)> {
        let resources = self.template["Resources"].as_object().unwrap().iter();
        resources.filter(move |(_, resource)| resource["Type"] == kind)
    }

    /// A text with its functions resolved.
    pub(crate) fn text(&self, value: &Value) -> String {
        if let Some(text) = value.as_str() {
            return text.to_owned();
        }
        if let Some(name) = value["Ref"].as_str() {
            return self.reference(name);
        }
        if let Some(text) = value["Fn::Sub"].as_str() {
            let names = [
                ("AWS::Partition", "aws"),
                ("AWS::Region", REGION),
                ("AWS::AccountId", ACCOUNT),
                ("AWS::StackName", "stack"),
            ];
            return names
                .iter()
                .fold(text.to_owned(), |text, (name, value)| text.replace(&format!("${{{name}}}"), value));
        }
        let (id, attribute) =
            (value["Fn::GetAtt"][0].as_str().unwrap(), value["Fn::GetAtt"][1].as_str().unwrap());
        self.arn(id, attribute)
    }

    fn reference(&self, name: &str) -> String {
        match name {
            "AWS::AccountId" => ACCOUNT.to_owned(),
            "AWS::Region" => REGION.to_owned(),
            _ => {
                let resource = &self.template["Resources"][name];
                if resource["Type"] == "AWS::StepFunctions::StateMachine" {
                    let name = self.text(&resource["Properties"]["StateMachineName"]);
                    return Arn::new("states", REGION, ACCOUNT, format!("stateMachine:{name}")).to_string();
                }
                let named = &resource["Properties"]["Name"];
                if named.is_null() { format!("value-of-{name}") } else { self.text(named) }
            }
        }
    }

    fn arn(&self, id: &str, attribute: &str) -> String {
        let resource = &self.template["Resources"][id];
        let properties = &resource["Properties"];
        let made = |service: &str, what: String| Arn::new(service, REGION, ACCOUNT, what).to_string();
        match (resource["Type"].as_str().unwrap(), attribute) {
            ("AWS::SQS::Queue", "Arn") => made("sqs", self.text(&properties["QueueName"])),
            ("AWS::Events::ApiDestination", "Arn") => {
                made("events", format!("api-destination/{}/11111111-2222", self.text(&properties["Name"])))
            }
            ("AWS::Events::ApiDestination", "ArnForPolicy") => {
                made("events", format!("api-destination/{}", self.text(&properties["Name"])))
            }
            ("AWS::Events::Connection", "Arn") => {
                made("events", format!("connection/{}/1", self.text(&properties["Name"])))
            }
            ("AWS::Lambda::Function", "Arn") => {
                made("lambda", format!("function:{}", self.text(&properties["FunctionName"])))
            }
            ("AWS::Events::EventBus", "Arn") => {
                made("events", format!("event-bus/{}", self.text(&properties["Name"])))
            }
            ("AWS::Logs::LogGroup", "Arn") => {
                made("logs", format!("log-group:{}:*", self.text(&properties["LogGroupName"])))
            }
            ("AWS::IAM::Role", "Arn") => Arn::new("iam", "", ACCOUNT, format!("role/{id}")).to_string(),
            (kind, attribute) => panic!("{kind} has no {attribute} here"),
        }
    }

    /// A policy document, as a whole text or as an object, with its functions resolved.
    pub(crate) fn document(&self, value: &Value) -> String {
        self.settled(value).to_string()
    }

    fn settled(&self, value: &Value) -> Value {
        let is_function = value.as_object().is_some_and(|members| {
            members.len() == 1 && members.keys().all(|name| name == "Ref" || name.starts_with("Fn::"))
        });
        match value {
            _ if is_function => json!(self.text(value)),
            Value::Array(items) => items.iter().map(|item| self.settled(item)).collect(),
            Value::Object(members) => Value::Object(
                members.iter().map(|(name, value)| (name.clone(), self.settled(value))).collect(),
            ),
            other => other.clone(),
        }
    }

    pub(crate) fn rule_arn(&self, rule: &Value) -> Arn {
        let (bus, name) =
            (self.text(&rule["Properties"]["EventBusName"]), self.text(&rule["Properties"]["Name"]));
        let path = if bus == "default" { name } else { format!("{bus}/{name}") };
        Arn::new("events", REGION, ACCOUNT, format!("rule/{path}"))
    }

    /// Whether the policy of a queue lets EventBridge send in the name of a rule.
    pub(crate) fn lets_in_to_queue(&self, queue: &Arn, rule: &Arn) -> bool {
        let request = Request::on_behalf(Caller::eventbridge(), ("sqs:SendMessage", queue), rule);
        let mut documents = self
            .of_type("AWS::SQS::QueuePolicy")
            .map(|(_, policy)| self.document(&policy["Properties"]["PolicyDocument"]));
        documents
            .any(|text| evaluate(&[&Policy::parse(&text, Kind::Resource).unwrap()], &request).is_allowed())
    }

    /// Whether a rule's delivery would be let in; none where that is for somebody else's policy to say.
    pub(crate) fn may_deliver(&self, called: &Arn, target: &Value, rule: &Arn) -> Option<bool> {
        if let Some(role) = target["RoleArn"]["Fn::GetAtt"][0].as_str() {
            return Some(self.may_take(role, rule) && self.may_call(role, called));
        }
        Some(match called.service.as_str() {
            "sqs" if called.account == ACCOUNT => self.lets_in_to_queue(called, rule),
            "lambda" => self.of_type("AWS::Lambda::Permission").any(|(_, permission)| {
                let properties = &permission["Properties"];
                self.text(&properties["FunctionName"]) == called.to_string()
                    && self.text(&properties["SourceArn"]) == rule.to_string()
                    && properties["Principal"] == "events.amazonaws.com"
            }),
            _ => return None,
        })
    }

    /// Whether EventBridge may write to a log group.
    pub(crate) fn has_log_policy(&self, group: &Arn) -> bool {
        let stream: Arn = format!("{group}:stream").parse().unwrap();
        let request = Request::on_behalf(Caller::eventbridge(), ("logs:PutLogEvents", &stream), group);
        self.of_type("AWS::Logs::ResourcePolicy").any(|(_, policy)| {
            let text = self.text(&policy["Properties"]["PolicyDocument"]);
            evaluate(&[&Policy::parse(&text, Kind::Resource).unwrap()], &request).is_allowed()
        })
    }

    fn may_take(&self, role: &str, rule: &Arn) -> bool {
        let text = self.document(&self.template["Resources"][role]["Properties"]["AssumeRolePolicyDocument"]);
        let arn = Arn::new("iam", "", ACCOUNT, format!("role/{role}"));
        let request = Request::on_behalf(Caller::eventbridge(), ("sts:AssumeRole", &arn), rule);
        evaluate(&[&Policy::parse(&text, Kind::Trust).unwrap()], &request).is_allowed()
    }

    fn may_call(&self, role: &str, called: &Arn) -> bool {
        let text =
            self.document(&self.template["Resources"][role]["Properties"]["Policies"][0]["PolicyDocument"]);
        let action = match (called.service.as_str(), called.resource.split('/').next().unwrap()) {
            ("states", _) => "states:StartExecution",
            ("events", "api-destination") => "events:InvokeApiDestination",
            _ => "events:PutEvents",
        };
        // EventBridge asks for an API destination by its ARN without the id at its end.
        let parts: Vec<&str> = called.resource.split('/').collect();
        let resource = match parts.as_slice() {
            ["api-destination", name, _] => format!("api-destination/{name}"),
            _ => called.resource.clone(),
        };
        let called = Arn { resource, ..called.clone() };
        let me = Arn::new("iam", "", ACCOUNT, format!("assumed-role/{role}/events"));
        evaluate(&[&Policy::parse(&text, Kind::Identity).unwrap()], &Request::by(me, (action, &called)))
            .is_allowed()
    }
}
