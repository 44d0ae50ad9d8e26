//! Each resource of the template with the provider's arguments.

use serde_json::{Map, Value, json};

use crate::cloudformation::terraform::Configuration;
use crate::cloudformation::terraform::expression::{Names, kind};

/// Properties and the arguments that they are.
type Arguments = &'static [(&'static str, &'static str)];

const QUEUE: Arguments = &[
    ("QueueName", "name"),
    ("VisibilityTimeout", "visibility_timeout_seconds"),
    ("MessageRetentionPeriod", "message_retention_seconds"),
    ("DelaySeconds", "delay_seconds"),
    ("SqsManagedSseEnabled", "sqs_managed_sse_enabled"),
];
const RULE: Arguments = &[
    ("Name", "name"),
    ("Description", "description"),
    ("EventBusName", "event_bus_name"),
    ("ScheduleExpression", "schedule_expression"),
    ("State", "state"),
];
const FUNCTION: Arguments = &[
    ("FunctionName", "function_name"),
    ("Description", "description"),
    ("Runtime", "runtime"),
    ("Handler", "handler"),
    ("Timeout", "timeout"),
    ("MemorySize", "memory_size"),
    ("Role", "role"),
    ("ReservedConcurrentExecutions", "reserved_concurrent_executions"),
    ("Layers", "layers"),
];
const LAYER: Arguments = &[
    ("LayerName", "layer_name"),
    ("Description", "description"),
    ("CompatibleRuntimes", "compatible_runtimes"),
];
const PERMISSION: Arguments = &[
    ("Action", "action"),
    ("FunctionName", "function_name"),
    ("Principal", "principal"),
    ("SourceArn", "source_arn"),
    ("SourceAccount", "source_account"),
];
const ARCHIVE: Arguments = &[
    ("ArchiveName", "name"),
    ("Description", "description"),
    ("SourceArn", "event_source_arn"),
    ("RetentionDays", "retention_days"),
];
const API_DESTINATION: Arguments = &[
    ("Name", "name"),
    ("Description", "description"),
    ("ConnectionArn", "connection_arn"),
    ("InvocationEndpoint", "invocation_endpoint"),
    ("HttpMethod", "http_method"),
    ("InvocationRateLimitPerSecond", "invocation_rate_limit_per_second"),
];
const MACHINE: Arguments = &[
    ("StateMachineName", "name"),
    ("StateMachineType", "type"),
    ("RoleArn", "role_arn"),
    ("DefinitionString", "definition"),
];

/// One resource while it is written.
struct Writer<'w> {
    id: &'w str,
    resource: &'w Value,
    properties: Map<String, Value>,
    names: &'w Names<'w>,
}

impl Writer<'_> {
    fn arguments(&self, names: Arguments) -> Map<String, Value> {
        renamed(&self.properties, names, self.names)
    }

    fn document(&self, property: &str) -> Option<Value> {
        Some(self.names.document(self.properties.get(property)?))
    }

    /// What must be there before it, by the provider's addresses.
    fn waits_for(&self) -> Vec<String> {
        let ids = self.resource.get("DependsOn").and_then(Value::as_array).into_iter().flatten();
        let ids = ids.filter_map(Value::as_str);
        ids.filter_map(|id| Some(format!("{}.{id}", kind(self.names.resources.get(id)?)))).collect()
    }
}

fn renamed(properties: &Map<String, Value>, arguments: Arguments, names: &Names<'_>) -> Map<String, Value> {
    let given = arguments.iter();
    given.filter_map(|(from, to)| Some(((*to).to_owned(), names.value(properties.get(*from)?)))).collect()
}

fn insert(out: &mut Map<String, Value>, name: &str, value: Option<Value>) {
    if let Some(value) = value {
        out.insert(name.to_owned(), value);
    }
}

/// Adds a resource.
pub(super) fn add(made: &mut Configuration, (id, resource): (&str, &Value), names: &Names<'_>) {
    let properties = resource.get("Properties").and_then(Value::as_object).cloned().unwrap_or_default();
    let of = Writer { id, resource, properties, names };
    let kind = kind(resource);
    let mut out = match kind {
        "aws_sqs_queue" => {
            let mut out = of.arguments(QUEUE);
            insert(&mut out, "redrive_policy", of.document("RedrivePolicy"));
            out
        }
        "aws_sqs_queue_policy" => {
            let queue =
                of.properties.get("Queues").and_then(|queues| queues.get(0)).map(|queue| names.value(queue));
            let mut out = Map::new();
            insert(&mut out, "queue_url", queue);
            insert(&mut out, "policy", of.document("PolicyDocument"));
            out
        }
        "aws_cloudwatch_log_resource_policy" => {
            let mut out = of.arguments(&[("PolicyName", "policy_name")]);
            insert(&mut out, "policy_document", of.document("PolicyDocument"));
            out
        }
        "aws_cloudwatch_event_rule" => rule(made, &of),
        "aws_cloudwatch_event_archive" => {
            let mut out = of.arguments(ARCHIVE);
            insert(&mut out, "event_pattern", of.document("EventPattern"));
            out
        }
        "aws_cloudwatch_event_bus" => of.arguments(&[("Name", "name")]),
        "aws_cloudwatch_event_connection" => connection(&of),
        "aws_cloudwatch_event_api_destination" => of.arguments(API_DESTINATION),
        "aws_cloudwatch_log_group" => {
            of.arguments(&[("LogGroupName", "name"), ("RetentionInDays", "retention_in_days")])
        }
        "aws_dynamodb_table" => table(&of),
        "aws_lambda_function" => function(made, &of),
        "aws_lambda_layer_version" => layer(made, &of),
        "aws_lambda_permission" => of.arguments(PERMISSION),
        "aws_sfn_state_machine" => of.arguments(MACHINE),
        _ => role(made, &of),
    };
    if resource.get("DeletionPolicy").is_some_and(|policy| policy == "Retain") {
        out.insert("lifecycle".to_owned(), json!({"prevent_destroy": true}));
    }
    made.resource(kind, id, out);
}

/// The rule; its targets are resources of their own, which wait for what lets them deliver.
fn rule(made: &mut Configuration, of: &Writer<'_>) -> Map<String, Value> {
    let waits_for = of.waits_for();
    for target in of.properties.get("Targets").and_then(Value::as_array).into_iter().flatten() {
        let target = target.as_object().cloned().unwrap_or_default();
        let id = target.get("Id").and_then(Value::as_str).unwrap_or_default();
        let sign = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
        let name = format!("{}_{}", of.id, id.chars().map(sign).collect::<String>());
        made.resource("aws_cloudwatch_event_target", &name, self::target(of, &target, &waits_for));
    }
    let mut out = of.arguments(RULE);
    insert(&mut out, "event_pattern", of.document("EventPattern"));
    out
}

fn target(of: &Writer<'_>, target: &Map<String, Value>, waits_for: &[String]) -> Map<String, Value> {
    let plain: Arguments = &[
        ("Id", "target_id"),
        ("Arn", "arn"),
        ("RoleArn", "role_arn"),
        ("Input", "input"),
        ("InputPath", "input_path"),
    ];
    let mut out = renamed(target, plain, of.names);
    out.insert("rule".to_owned(), json!(format!("${{aws_cloudwatch_event_rule.{}.name}}", of.id)));
    insert(&mut out, "event_bus_name", of.properties.get("EventBusName").map(|bus| of.names.value(bus)));
    let blocks: [(&str, &str, Arguments); 4] = [
        ("DeadLetterConfig", "dead_letter_config", &[("Arn", "arn")]),
        (
            "RetryPolicy",
            "retry_policy",
            &[
                ("MaximumEventAgeInSeconds", "maximum_event_age_in_seconds"),
                ("MaximumRetryAttempts", "maximum_retry_attempts"),
            ],
        ),
        (
            "InputTransformer",
            "input_transformer",
            &[("InputPathsMap", "input_paths"), ("InputTemplate", "input_template")],
        ),
        (
            "HttpParameters",
            "http_target",
            &[
                ("PathParameterValues", "path_parameter_values"),
                ("QueryStringParameters", "query_string_parameters"),
                ("HeaderParameters", "header_parameters"),
            ],
        ),
    ];
    for (property, block, arguments) in blocks {
        if let Some(members) = target.get(property).and_then(Value::as_object) {
            out.insert(block.to_owned(), Value::Object(renamed(members, arguments, of.names)));
        }
    }
    if !waits_for.is_empty() {
        out.insert("depends_on".to_owned(), json!(waits_for));
    }
    out
}

fn table(of: &Writer<'_>) -> Map<String, Value> {
    let mut out = of.arguments(&[("TableName", "name"), ("BillingMode", "billing_mode")]);
    for key in of.properties.get("KeySchema").and_then(Value::as_array).into_iter().flatten() {
        let argument =
            if key.get("KeyType").is_some_and(|kind| kind == "RANGE") { "range_key" } else { "hash_key" };
        insert(&mut out, argument, key.get("AttributeName").cloned());
    }
    let attributes =
        of.properties.get("AttributeDefinitions").and_then(Value::as_array).into_iter().flatten();
    let names: Arguments = &[("AttributeName", "name"), ("AttributeType", "type")];
    let attributes =
        attributes.filter_map(Value::as_object).map(|one| Value::Object(renamed(one, names, of.names)));
    out.insert("attribute".to_owned(), attributes.collect());
    if let Some(ttl) = of.properties.get("TimeToLiveSpecification").and_then(Value::as_object) {
        let names: Arguments = &[("AttributeName", "attribute_name"), ("Enabled", "enabled")];
        out.insert("ttl".to_owned(), Value::Object(renamed(ttl, names, of.names)));
    }
    out
}

/// The function; Terraform makes the zip of its code itself.
fn function(made: &mut Configuration, of: &Writer<'_>) -> Map<String, Value> {
    let mut out = of.arguments(FUNCTION);
    if let Some(variables) = of.properties.get("Environment") {
        let variables = variables.get("Variables").map(|variables| of.names.value(variables));
        out.insert("environment".to_owned(), json!({"variables": variables}));
    }
    let path = format!("${{path.module}}/.terraform/{}.zip", of.id);
    let inline = of.properties.get("Code").and_then(|code| code.get("ZipFile"));
    let archive = match inline {
        Some(text) => {
            let runtime = of.properties.get("Runtime").and_then(Value::as_str).unwrap_or_default();
            let file = if runtime.starts_with("python") { "index.py" } else { "index.js" };
            json!({"type": "zip", "output_path": path, "source": {"filename": file, "content": of.names.value(text)}})
        }
        None => of_folder(of, &path),
    };
    insert_archive(made, of, archive, &mut out);
    let waits_for = of.waits_for();
    if !waits_for.is_empty() {
        out.insert("depends_on".to_owned(), json!(waits_for));
    }
    out
}

/// The layer; its zip is made as a function's is.
fn layer(made: &mut Configuration, of: &Writer<'_>) -> Map<String, Value> {
    let mut out = of.arguments(LAYER);
    let path = format!("${{path.module}}/.terraform/{}.zip", of.id);
    insert_archive(made, of, of_folder(of, &path), &mut out);
    out
}

/// The zip of the folder that the file names.
fn of_folder(of: &Writer<'_>, path: &str) -> Value {
    let folder = of.resource.pointer("/Metadata/Trunkline/Code").and_then(Value::as_str).unwrap_or_default();
    let folder =
        if folder.starts_with('/') { folder.to_owned() } else { format!("${{path.module}}/{folder}") };
    json!({"type": "zip", "output_path": path, "source_dir": folder})
}

fn insert_archive(made: &mut Configuration, of: &Writer<'_>, archive: Value, out: &mut Map<String, Value>) {
    made.archives.insert(of.id.to_owned(), archive);
    let zip = format!("data.archive_file.{}", of.id);
    out.insert("filename".to_owned(), json!(format!("${{{zip}.output_path}}")));
    out.insert("source_code_hash".to_owned(), json!(format!("${{{zip}.output_base64sha256}}")));
}

fn role(made: &mut Configuration, of: &Writer<'_>) -> Map<String, Value> {
    for policy in of.properties.get("Policies").and_then(Value::as_array).into_iter().flatten() {
        let mut out = Map::new();
        insert(&mut out, "name", policy.get("PolicyName").cloned());
        insert(&mut out, "role", Some(json!(format!("${{aws_iam_role.{}.id}}", of.id))));
        insert(&mut out, "policy", policy.get("PolicyDocument").map(|document| of.names.document(document)));
        made.resource("aws_iam_role_policy", of.id, out);
    }
    let mut out = Map::new();
    insert(&mut out, "assume_role_policy", of.document("AssumeRolePolicyDocument"));
    out
}

fn connection(of: &Writer<'_>) -> Map<String, Value> {
    let mut out = of.arguments(&[
        ("Name", "name"),
        ("Description", "description"),
        ("AuthorizationType", "authorization_type"),
    ]);
    let given = of.properties.get("AuthParameters").and_then(Value::as_object).cloned().unwrap_or_default();
    let mut parameters = Map::new();
    let blocks: [(&str, &str, Arguments); 2] = [
        ("BasicAuthParameters", "basic", &[("Username", "username"), ("Password", "password")]),
        ("ApiKeyAuthParameters", "api_key", &[("ApiKeyName", "key"), ("ApiKeyValue", "value")]),
    ];
    for (property, block, arguments) in blocks {
        if let Some(members) = given.get(property).and_then(Value::as_object) {
            parameters.insert(block.to_owned(), Value::Object(renamed(members, arguments, of.names)));
        }
    }
    if let Some(oauth) = given.get("OAuthParameters").and_then(Value::as_object) {
        let names: Arguments =
            &[("AuthorizationEndpoint", "authorization_endpoint"), ("HttpMethod", "http_method")];
        let mut members = renamed(oauth, names, of.names);
        if let Some(client) = oauth.get("ClientParameters").and_then(Value::as_object) {
            let names: Arguments = &[("ClientID", "client_id"), ("ClientSecret", "client_secret")];
            members.insert("client_parameters".to_owned(), Value::Object(renamed(client, names, of.names)));
        }
        let http = oauth.get("OAuthHttpParameters").map(|http| http_parameters(http, of.names));
        members.insert("oauth_http_parameters".to_owned(), http.unwrap_or_else(|| json!({})));
        parameters.insert("oauth".to_owned(), Value::Object(members));
    }
    if let Some(http) = given.get("InvocationHttpParameters") {
        parameters.insert("invocation_http_parameters".to_owned(), http_parameters(http, of.names));
    }
    out.insert("auth_parameters".to_owned(), Value::Object(parameters));
    out
}

fn http_parameters(http: &Value, names: &Names<'_>) -> Value {
    let kinds = [
        ("HeaderParameters", "header"),
        ("QueryStringParameters", "query_string"),
        ("BodyParameters", "body"),
    ];
    let mut out = Map::new();
    for (property, block) in kinds {
        let list =
            http.get(property).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object);
        let arguments: Arguments =
            &[("Key", "key"), ("Value", "value"), ("IsValueSecret", "is_value_secret")];
        let list: Vec<Value> = list.map(|one| Value::Object(renamed(one, arguments, names))).collect();
        if !list.is_empty() {
            out.insert(block.to_owned(), Value::Array(list));
        }
    }
    Value::Object(out)
}
