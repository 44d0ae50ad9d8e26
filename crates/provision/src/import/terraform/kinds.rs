//! The resources of Terraform's AWS provider with CloudFormation's names. Source: the provider's documentation, a page a resource.

use serde_json::{Map, Value, json};

use crate::import::remark::{Grade, Remarks};
use crate::import::stack::{Item, Place, Stack};
use crate::import::terraform::Block;

/// A block while it is read.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    pub(super) block: &'a Block,
    pub(super) place: &'a Place,
}

/// What Terraform has as a resource of its own, and CloudFormation as a part of another.
#[derive(Debug)]
pub(super) enum Part {
    /// A target, of the rule of this name on this bus.
    Target { bus: String, rule: String, address: String, target: Value },
    /// A redrive policy, of the queue with this URL.
    Redrive { queue: String, policy: Value },
}

type Read = fn(&Reader<'_>, &mut Vec<Part>, &mut Remarks) -> Option<Item>;

/// The resources that are read.
pub(super) const KINDS: &[(&str, Read)] = &[
    ("aws_cloudwatch_event_bus", |of, _, _| Some(of.plain("AWS::Events::EventBus", &[("name", "Name")]))),
    ("aws_cloudwatch_event_rule", rule),
    ("aws_cloudwatch_event_target", target),
    ("aws_cloudwatch_event_archive", archive),
    ("aws_cloudwatch_event_connection", connection),
    ("aws_cloudwatch_event_api_destination", destination),
    ("aws_sqs_queue", queue),
    ("aws_sqs_queue_redrive_policy", redrive),
    ("aws_sqs_queue_policy", |of, _, _| {
        Some(of.plain("AWS::SQS::QueuePolicy", &[("policy", "PolicyDocument")]))
    }),
    ("aws_lambda_function", function),
    ("aws_lambda_permission", permission),
    ("aws_lambda_event_source_mapping", |of, _, _| {
        Some(of.item("AWS::Lambda::EventSourceMapping", Map::new()))
    }),
    ("aws_sfn_state_machine", machine),
    ("aws_dynamodb_table", table),
    ("aws_cloudwatch_log_group", log_group),
    ("aws_scheduler_schedule", |of, _, _| Some(of.item("AWS::Scheduler::Schedule", Map::new()))),
    ("aws_pipes_pipe", |of, _, _| Some(of.item("AWS::Pipes::Pipe", Map::new()))),
    ("aws_iam_role", |of, _, _| Some(of.plain("AWS::IAM::Role", &[("name", "RoleName")]))),
    ("aws_iam_role_policy", |of, _, _| Some(of.document("AWS::IAM::Policy", "policy"))),
    ("aws_iam_policy", |of, _, _| Some(of.document("AWS::IAM::ManagedPolicy", "policy"))),
    ("aws_iam_role_policy_attachment", attachment),
    ("aws_iam_policy_attachment", attachment),
];

impl Reader<'_> {
    pub(super) fn item(&self, kind: &str, properties: Map<String, Value>) -> Item {
        Item {
            id: self.block.address.clone(),
            kind: kind.to_owned(),
            place: self.place.clone(),
            properties,
            ..Item::default()
        }
    }

    /// The values of these arguments under CloudFormation's names; what is not set is left out.
    fn named(&self, names: &[(&str, &str)]) -> Map<String, Value> {
        renamed(&self.block.values, names)
    }

    fn plain(&self, kind: &str, names: &[(&str, &str)]) -> Item {
        self.item(kind, self.named(names))
    }

    fn document(&self, kind: &str, member: &str) -> Item {
        let text = self.text(member).unwrap_or_default();
        let document: Value = serde_json::from_str(&text).unwrap_or_default();
        self.item(kind, Map::from_iter([("PolicyDocument".to_owned(), document)]))
    }

    fn text(&self, name: &str) -> Option<String> {
        self.block.values.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
    }

    /// The members of a nested block that stands there once.
    fn nested(&self, name: &str) -> Option<Map<String, Value>> {
        nested(&self.block.values, name)
    }

    /// Tells arguments that are set and have no place.
    fn tell(&self, names: &[&str], remarks: &mut Remarks) {
        for name in names.iter().filter(|name| is_set(self.block.values.get(**name))) {
            let about = format!("{}.{name}", self.block.address);
            remarks.left_out(self.place, &about, "the pipeline file has no place for it");
        }
    }
}

fn nested(values: &Map<String, Value>, name: &str) -> Option<Map<String, Value>> {
    match values.get(name)? {
        Value::Array(list) => list.first()?.as_object().cloned(),
        Value::Object(members) => Some(members.clone()),
        _ => None,
    }
}

fn is_set(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null | Value::Bool(false)) => false,
        Some(Value::String(text)) => !text.is_empty(),
        Some(Value::Array(list)) => !list.is_empty(),
        Some(Value::Object(members)) => !members.is_empty(),
        Some(_) => true,
    }
}

fn renamed(values: &Map<String, Value>, names: &[(&str, &str)]) -> Map<String, Value> {
    let set = names.iter().filter_map(|(from, to)| {
        let value = values.get(*from).filter(|value| is_set(Some(value)))?;
        Some(((*to).to_owned(), value.clone()))
    });
    set.collect()
}

fn rule(of: &Reader<'_>, _: &mut Vec<Part>, _: &mut Remarks) -> Option<Item> {
    let mut properties = of.named(&[
        ("name", "Name"),
        ("event_bus_name", "EventBusName"),
        ("event_pattern", "EventPattern"),
        ("schedule_expression", "ScheduleExpression"),
        ("description", "Description"),
        ("state", "State"),
    ]);
    if of.block.values.get("is_enabled") == Some(&json!(false)) {
        properties.insert("State".to_owned(), json!("DISABLED"));
    }
    Some(of.item("AWS::Events::Rule", properties))
}

fn target(of: &Reader<'_>, parts: &mut Vec<Part>, remarks: &mut Remarks) -> Option<Item> {
    let mut target = of.named(&[
        ("target_id", "Id"),
        ("arn", "Arn"),
        ("role_arn", "RoleArn"),
        ("input", "Input"),
        ("input_path", "InputPath"),
    ]);
    let mut block = |name: &str, to: &str, names: &[(&str, &str)]| {
        if let Some(values) = of.nested(name) {
            target.insert(to.to_owned(), Value::Object(renamed(&values, names)));
        }
    };
    block(
        "input_transformer",
        "InputTransformer",
        &[("input_paths", "InputPathsMap"), ("input_template", "InputTemplate")],
    );
    block("dead_letter_config", "DeadLetterConfig", &[("arn", "Arn")]);
    block(
        "retry_policy",
        "RetryPolicy",
        &[
            ("maximum_event_age_in_seconds", "MaximumEventAgeInSeconds"),
            ("maximum_retry_attempts", "MaximumRetryAttempts"),
        ],
    );
    block(
        "http_target",
        "HttpParameters",
        &[
            ("path_parameter_values", "PathParameterValues"),
            ("query_string_parameters", "QueryStringParameters"),
            ("header_parameters", "HeaderParameters"),
        ],
    );
    of.tell(
        &[
            "ecs_target",
            "batch_target",
            "kinesis_target",
            "sqs_target",
            "run_command_targets",
            "redshift_target",
            "sagemaker_pipeline_target",
        ],
        remarks,
    );
    parts.push(Part::Target {
        bus: of.text("event_bus_name").unwrap_or_else(|| "default".to_owned()),
        rule: of.text("rule").unwrap_or_default(),
        address: of.block.address.clone(),
        target: Value::Object(target),
    });
    None
}

fn redrive(of: &Reader<'_>, parts: &mut Vec<Part>, _: &mut Remarks) -> Option<Item> {
    let policy = of.text("redrive_policy").map_or(Value::Null, Value::String);
    parts.push(Part::Redrive { queue: of.text("queue_url").unwrap_or_default(), policy });
    None
}

/// Puts parts to what they are a part of.
pub(super) fn join(stack: &mut Stack, parts: Vec<Part>, remarks: &mut Remarks) {
    let place = Place { file: stack.file.clone(), line: 0 };
    for part in parts {
        match part {
            Part::Target { bus, rule, address, target } => {
                let bus = bus.split_once("event-bus/").map_or(bus.clone(), |(_, name)| name.to_owned());
                let text = |item: &Item, name: &str| {
                    item.properties.get(name).and_then(Value::as_str).unwrap_or("default").to_owned()
                };
                let is_its = |item: &&mut Item| {
                    let of_bus = text(item, "EventBusName");
                    let of_bus =
                        of_bus.split_once("event-bus/").map_or(of_bus.clone(), |(_, name)| name.to_owned());
                    item.kind == "AWS::Events::Rule" && text(item, "Name") == rule && of_bus == bus
                };
                let Some(item) = stack.items.iter_mut().find(is_its) else {
                    remarks.left_out(
                        &place,
                        &address,
                        format!("there is no rule {rule} on the bus {bus} beside it"),
                    );
                    continue;
                };
                let list = item.properties.entry("Targets").or_insert_with(|| json!([]));
                if let Some(list) = list.as_array_mut() {
                    list.push(target);
                }
            }
            Part::Redrive { queue, policy } => {
                let Some(own) = stack.known_as.get(&queue).cloned() else { continue };
                let is_its = |item: &&mut Item| {
                    let name = item.properties.get("QueueName").and_then(Value::as_str);
                    item.kind == "AWS::SQS::Queue"
                        && name.is_some_and(|name| own.ends_with(&format!("/{name}")))
                };
                if let Some(item) = stack.items.iter_mut().find(is_its) {
                    item.properties.insert("RedrivePolicy".to_owned(), policy);
                }
            }
        }
    }
}

fn archive(of: &Reader<'_>, _: &mut Vec<Part>, _: &mut Remarks) -> Option<Item> {
    let names = [
        ("name", "ArchiveName"),
        ("event_source_arn", "SourceArn"),
        ("event_pattern", "EventPattern"),
        ("retention_days", "RetentionDays"),
        ("description", "Description"),
    ];
    Some(of.plain("AWS::Events::Archive", &names))
}

fn destination(of: &Reader<'_>, _: &mut Vec<Part>, _: &mut Remarks) -> Option<Item> {
    let names = [
        ("name", "Name"),
        ("description", "Description"),
        ("connection_arn", "ConnectionArn"),
        ("invocation_endpoint", "InvocationEndpoint"),
        ("http_method", "HttpMethod"),
        ("invocation_rate_limit_per_second", "InvocationRateLimitPerSecond"),
    ];
    Some(of.plain("AWS::Events::ApiDestination", &names))
}

fn connection(of: &Reader<'_>, _: &mut Vec<Part>, _: &mut Remarks) -> Option<Item> {
    let mut properties = of.named(&[
        ("name", "Name"),
        ("description", "Description"),
        ("authorization_type", "AuthorizationType"),
    ]);
    let given = of.nested("auth_parameters").unwrap_or_default();
    let mut parameters = Map::new();
    if let Some(key) = nested(&given, "api_key") {
        let members = renamed(&key, &[("key", "ApiKeyName"), ("value", "ApiKeyValue")]);
        parameters.insert("ApiKeyAuthParameters".to_owned(), Value::Object(members));
    }
    if let Some(basic) = nested(&given, "basic") {
        let members = renamed(&basic, &[("username", "Username"), ("password", "Password")]);
        parameters.insert("BasicAuthParameters".to_owned(), Value::Object(members));
    }
    if let Some(oauth) = nested(&given, "oauth") {
        let mut members = renamed(
            &oauth,
            &[("authorization_endpoint", "AuthorizationEndpoint"), ("http_method", "HttpMethod")],
        );
        if let Some(client) = nested(&oauth, "client_parameters") {
            let client = renamed(&client, &[("client_id", "ClientID"), ("client_secret", "ClientSecret")]);
            members.insert("ClientParameters".to_owned(), Value::Object(client));
        }
        if let Some(http) = nested(&oauth, "oauth_http_parameters") {
            members.insert("OAuthHttpParameters".to_owned(), http_parameters(&http));
        }
        parameters.insert("OAuthParameters".to_owned(), Value::Object(members));
    }
    if let Some(http) = nested(&given, "invocation_http_parameters") {
        parameters.insert("InvocationHttpParameters".to_owned(), http_parameters(&http));
    }
    properties.insert("AuthParameters".to_owned(), Value::Object(parameters));
    Some(of.item("AWS::Events::Connection", properties))
}

fn http_parameters(values: &Map<String, Value>) -> Value {
    let kinds = [
        ("header", "HeaderParameters"),
        ("query_string", "QueryStringParameters"),
        ("body", "BodyParameters"),
    ];
    let mut out = Map::new();
    for (from, to) in kinds {
        let list = values.get(from).and_then(Value::as_array).into_iter().flatten();
        let names = [("key", "Key"), ("value", "Value"), ("is_value_secret", "IsValueSecret")];
        let list: Vec<Value> =
            list.filter_map(Value::as_object).map(|one| Value::Object(renamed(one, &names))).collect();
        if !list.is_empty() {
            out.insert(to.to_owned(), Value::Array(list));
        }
    }
    Value::Object(out)
}

fn queue(of: &Reader<'_>, _: &mut Vec<Part>, remarks: &mut Remarks) -> Option<Item> {
    of.tell(&["policy", "kms_master_key_id", "redrive_allow_policy"], remarks);
    let names = [
        ("name", "QueueName"),
        ("visibility_timeout_seconds", "VisibilityTimeout"),
        ("message_retention_seconds", "MessageRetentionPeriod"),
        ("delay_seconds", "DelaySeconds"),
        ("redrive_policy", "RedrivePolicy"),
        ("fifo_queue", "FifoQueue"),
    ];
    Some(of.plain("AWS::SQS::Queue", &names))
}

fn function(of: &Reader<'_>, _: &mut Vec<Part>, remarks: &mut Remarks) -> Option<Item> {
    of.tell(&["layers", "vpc_config", "dead_letter_config", "image_uri", "file_system_config"], remarks);
    let mut properties = of.named(&[
        ("function_name", "FunctionName"),
        ("description", "Description"),
        ("runtime", "Runtime"),
        ("handler", "Handler"),
        ("timeout", "Timeout"),
        ("memory_size", "MemorySize"),
        ("role", "Role"),
        ("package_type", "PackageType"),
    ]);
    let reserved = of.block.values.get("reserved_concurrent_executions").and_then(Value::as_i64);
    // -1 is Terraform's word for none.
    if let Some(most) = reserved.filter(|most| *most >= 0) {
        properties.insert("ReservedConcurrentExecutions".to_owned(), json!(most));
    }
    if let Some(variables) =
        of.nested("environment").and_then(|environment| environment.get("variables").cloned())
    {
        properties.insert("Environment".to_owned(), json!({"Variables": variables}));
    }
    Some(of.item("AWS::Lambda::Function", properties))
}

fn permission(of: &Reader<'_>, _: &mut Vec<Part>, _: &mut Remarks) -> Option<Item> {
    let names = [
        ("action", "Action"),
        ("function_name", "FunctionName"),
        ("principal", "Principal"),
        ("source_arn", "SourceArn"),
    ];
    Some(of.plain("AWS::Lambda::Permission", &names))
}

fn machine(of: &Reader<'_>, _: &mut Vec<Part>, _: &mut Remarks) -> Option<Item> {
    let names = [
        ("name", "StateMachineName"),
        ("definition", "DefinitionString"),
        ("type", "StateMachineType"),
        ("role_arn", "RoleArn"),
    ];
    Some(of.plain("AWS::StepFunctions::StateMachine", &names))
}

fn table(of: &Reader<'_>, _: &mut Vec<Part>, remarks: &mut Remarks) -> Option<Item> {
    of.tell(&["global_secondary_index", "local_secondary_index", "stream_enabled", "replica"], remarks);
    let mut properties = of.named(&[("name", "TableName")]);
    let list = of.block.values.get("attribute").and_then(Value::as_array).into_iter().flatten();
    let names = [("name", "AttributeName"), ("type", "AttributeType")];
    let attributes: Value =
        list.filter_map(Value::as_object).map(|one| Value::Object(renamed(one, &names))).collect();
    properties.insert("AttributeDefinitions".to_owned(), attributes);
    let key = |name: &str, kind: &str| Some(json!({"AttributeName": of.text(name)?, "KeyType": kind}));
    let schema: Value = [key("hash_key", "HASH"), key("range_key", "RANGE")].into_iter().flatten().collect();
    properties.insert("KeySchema".to_owned(), schema);
    if let Some(ttl) = of.nested("ttl") {
        let ttl = renamed(&ttl, &[("attribute_name", "AttributeName"), ("enabled", "Enabled")]);
        properties.insert("TimeToLiveSpecification".to_owned(), Value::Object(ttl));
    }
    Some(of.item("AWS::DynamoDB::Table", properties))
}

fn log_group(of: &Reader<'_>, _: &mut Vec<Part>, _: &mut Remarks) -> Option<Item> {
    let mut item = of
        .plain("AWS::Logs::LogGroup", &[("name", "LogGroupName"), ("retention_in_days", "RetentionInDays")]);
    // 0 is Terraform's word for ever.
    if item.properties.get("RetentionInDays") == Some(&json!(0)) {
        item.properties.shift_remove("RetentionInDays");
    }
    Some(item)
}

fn attachment(of: &Reader<'_>, _: &mut Vec<Part>, remarks: &mut Remarks) -> Option<Item> {
    let arn = of.text("policy_arn").unwrap_or_default();
    let sentence = format!(
        "the roles that the file makes may do what functions, state machines and targets name; this policy is not among them: {arn}"
    );
    let grade = if arn.ends_with("AWSLambdaBasicExecutionRole") { Grade::Implied } else { Grade::LeftOut };
    remarks.add(grade, (of.place, &of.block.address), sentence);
    None
}
