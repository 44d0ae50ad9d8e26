//! CloudFormation's functions as Terraform's expressions, which stand in texts as `${...}`.

use serde_json::{Map, Value, json};

/// What expressions refer to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Names<'a> {
    pub(super) resources: &'a Map<String, Value>,
}

/// The provider's type of a resource.
pub(super) fn kind(resource: &Value) -> &'static str {
    match resource.get("Type").and_then(Value::as_str).unwrap_or_default() {
        "AWS::Events::EventBus" => "aws_cloudwatch_event_bus",
        "AWS::Events::Rule" => "aws_cloudwatch_event_rule",
        "AWS::Events::Archive" => "aws_cloudwatch_event_archive",
        "AWS::Events::Connection" => "aws_cloudwatch_event_connection",
        "AWS::Events::ApiDestination" => "aws_cloudwatch_event_api_destination",
        "AWS::SQS::Queue" => "aws_sqs_queue",
        "AWS::SQS::QueuePolicy" => "aws_sqs_queue_policy",
        "AWS::Lambda::LayerVersion" => "aws_lambda_layer_version",
        "AWS::Lambda::Function" => "aws_lambda_function",
        "AWS::Lambda::Permission" => "aws_lambda_permission",
        "AWS::StepFunctions::StateMachine" => "aws_sfn_state_machine",
        "AWS::DynamoDB::Table" => "aws_dynamodb_table",
        "AWS::Logs::LogGroup" => "aws_cloudwatch_log_group",
        "AWS::Logs::ResourcePolicy" => "aws_cloudwatch_log_resource_policy",
        _ => "aws_iam_role",
    }
}

/// A value in which nothing is an expression.
pub(super) fn escaped(value: &Value) -> Value {
    match value {
        Value::String(text) => json!(escaped_text(text)),
        Value::Array(items) => items.iter().map(escaped).collect(),
        Value::Object(members) => {
            Value::Object(members.iter().map(|(name, value)| (escaped_text(name), escaped(value))).collect())
        }
        other => other.clone(),
    }
}

fn escaped_text(text: &str) -> String {
    text.replace("${", "$${").replace("%{", "%%{")
}

impl Names<'_> {
    /// A value with expressions in place of functions.
    pub(super) fn value(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => json!(escaped_text(text)),
            Value::Array(items) => items.iter().map(|item| self.value(item)).collect(),
            Value::Object(members) => match members.iter().next() {
                Some((name, argument))
                    if members.len() == 1 && (name == "Ref" || name.starts_with("Fn::")) =>
                {
                    json!(self.call(name, argument))
                }
                _ => Value::Object(
                    members.iter().map(|(name, value)| (name.clone(), self.value(value))).collect(),
                ),
            },
            other => other.clone(),
        }
    }

    /// A document as JSON text.
    pub(super) fn document(&self, value: &Value) -> Value {
        match self.value(value) {
            Value::String(text) => json!(text),
            other => json!(other.to_string()),
        }
    }

    fn call(&self, name: &str, argument: &Value) -> String {
        let text = argument.as_str().unwrap_or_default();
        match name {
            "Ref" => self.reference(text),
            "Fn::GetAtt" => {
                let part = |at: usize| argument.get(at).and_then(Value::as_str).unwrap_or_default();
                self.attribute(part(0), part(1))
            }
            _ => self.sub(text),
        }
    }

    fn sub(&self, template: &str) -> String {
        let mut out = String::new();
        let mut rest = template;
        while let Some((before, after)) = rest.split_once("${") {
            out.push_str(&before.replace("%{", "%%{"));
            let (name, after) = after.split_once('}').unwrap_or((after, ""));
            rest = after;
            match name.strip_prefix('!') {
                Some(literal) => out.push_str(&format!("$${{{literal}}}")),
                None => out.push_str(&self.reference(name)),
            }
        }
        out.push_str(&rest.replace("%{", "%%{"));
        out
    }

    /// What `Ref` gives.
    fn reference(&self, name: &str) -> String {
        let pseudo = match name {
            "AWS::Region" => "data.aws_region.current.name",
            "AWS::AccountId" => "data.aws_caller_identity.current.account_id",
            "AWS::Partition" => "data.aws_partition.current.partition",
            "AWS::StackName" => "var.StackName",
            _ => "",
        };
        if !pseudo.is_empty() {
            return format!("${{{pseudo}}}");
        }
        let Some(resource) = self.resources.get(name) else { return format!("${{var.{name}}}") };
        let kind = kind(resource);
        let attribute = match kind {
            "aws_sqs_queue" => "url",
            "aws_sfn_state_machine" | "aws_lambda_layer_version" => "arn",
            "aws_lambda_function" => "function_name",
            _ => "name",
        };
        format!("${{{kind}.{name}.{attribute}}}")
    }

    fn attribute(&self, name: &str, attribute: &str) -> String {
        let Some(resource) = self.resources.get(name) else { return String::new() };
        let kind = kind(resource);
        match (kind, attribute) {
            // The provider's ARN ends in an id, which policies leave open.
            ("aws_cloudwatch_event_api_destination", "ArnForPolicy") => {
                let name = resource.pointer("/Properties/Name").and_then(Value::as_str).unwrap_or_default();
                let arn = "arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:api-destination/";
                format!("{}{name}/*", self.sub(arn))
            }
            // CloudFormation's ends so, the provider's does not.
            ("aws_cloudwatch_log_group", _) => format!("${{{kind}.{name}.arn}}:*"),
            _ => format!("${{{kind}.{name}.arn}}"),
        }
    }
}
