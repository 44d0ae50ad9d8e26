//! A function's configuration in a request: read, checked, and put over the one that there is.

use std::collections::BTreeMap;

use aws::Error;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::check::Faults;
use crate::function::{Code, Configuration};
use crate::{error, limits};

/// What CreateFunction and UpdateFunctionConfiguration have in common.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Settings {
    runtime: Option<String>,
    role: Option<String>,
    handler: Option<String>,
    description: Option<String>,
    timeout: Option<i64>,
    memory_size: Option<i64>,
    environment: Option<Environment>,
    dead_letter_config: Option<DeadLetterConfig>,
    tracing_config: Option<TracingConfig>,
    ephemeral_storage: Option<EphemeralStorage>,
    logging_config: Option<LoggingConfig>,
    layers: Option<Vec<String>>,
    vpc_config: Option<VpcConfig>,
    snap_start: Option<SnapStart>,
    #[serde(rename = "KMSKeyArn")]
    kms_key_arn: Option<String>,
    file_system_configs: Option<Vec<Value>>,
    image_config: Option<Value>,
    durable_config: Option<Value>,
    capacity_provider_config: Option<Value>,
    tenancy_config: Option<Value>,
    code_signing_config_arn: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Environment {
    #[serde(default)]
    variables: Option<BTreeMap<String, String>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DeadLetterConfig {
    target_arn: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TracingConfig {
    mode: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct EphemeralStorage {
    size: Option<i64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct LoggingConfig {
    log_format: Option<String>,
    application_log_level: Option<String>,
    system_log_level: Option<String>,
    log_group: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct VpcConfig {
    #[serde(default)]
    subnet_ids: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SnapStart {
    apply_on: Option<String>,
}

const RUNTIMES: &[&str] = &[
    "nodejs18.x",
    "nodejs20.x",
    "nodejs22.x",
    "nodejs24.x",
    "python3.9",
    "python3.10",
    "python3.11",
    "python3.12",
    "python3.13",
    "python3.14",
    "provided.al2",
    "provided.al2023",
];

/// Variables that the runtime sets itself. Source: AWS, "Defined runtime environment variables".
const RESERVED: &[&str] = &[
    "_HANDLER",
    "_X_AMZN_TRACE_ID",
    "AWS_DEFAULT_REGION",
    "AWS_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_LAMBDA_RUNTIME_API",
    "LAMBDA_TASK_ROOT",
    "LAMBDA_RUNTIME_DIR",
];

const ROLE_PATTERN: &str = r"arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+";
const UNCONFIGURABLE: &str = "Lambda was unable to configure your environment variables because the environment variables you have provided";

impl Settings {
    pub(super) fn runtime(&self) -> Option<&str> {
        self.runtime.as_deref()
    }

    /// The layers that are asked for, where anything is said of them.
    pub(super) fn layers(&self) -> Option<&[String]> {
        self.layers.as_deref()
    }

    /// Refuses what breaks the model, and what would be answered with success and not done.
    pub(super) fn check(&self) -> Result<(), Error> {
        let mut faults = Faults::default();
        faults.pattern("role", self.role.as_deref(), is_role, ROLE_PATTERN);
        faults.length("handler", self.handler.as_deref(), limits::HANDLER_LENGTH_MAX);
        let is_word = |text: &str| !text.chars().any(char::is_whitespace);
        faults.pattern("handler", self.handler.as_deref(), is_word, r"[^\s]+");
        faults.length("description", self.description.as_deref(), limits::DESCRIPTION_LENGTH_MAX);
        faults.within("timeout", self.timeout, 1, limits::TIMEOUT_MAX);
        faults.within("memorySize", self.memory_size, limits::MEMORY_MIN, limits::MEMORY_MAX);
        let ephemeral = self.ephemeral_storage.as_ref().and_then(|storage| storage.size);
        faults.within("ephemeralStorage.size", ephemeral, limits::EPHEMERAL_MIN, limits::EPHEMERAL_MAX);
        let mode = self.tracing_config.as_ref().and_then(|tracing| tracing.mode.as_deref());
        if let Some(mode) = mode.filter(|mode| !["Active", "PassThrough"].contains(mode)) {
            faults.add(
                mode,
                "tracingConfig.mode",
                "Member must satisfy enum value set: [Active, PassThrough]",
            );
        }
        let format = self.logging_config.as_ref().and_then(|logging| logging.log_format.as_deref());
        if let Some(format) = format.filter(|format| !["JSON", "Text"].contains(format)) {
            faults.add(format, "loggingConfig.logFormat", "Member must satisfy enum value set: [Text, JSON]");
        }
        faults.result()?;
        if let Some(runtime) = self.runtime.as_deref().filter(|runtime| !RUNTIMES.contains(runtime)) {
            let all = RUNTIMES.join(", ");
            return Err(error::invalid_parameter(format!(
                "Value {runtime} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [{all}] or be a valid ARN"
            )));
        }
        self.check_variables()?;
        self.check_served()
    }

    fn check_variables(&self) -> Result<(), Error> {
        let Some(variables) =
            self.environment.as_ref().and_then(|environment| environment.variables.as_ref())
        else {
            return Ok(());
        };
        let reserved: Vec<&str> =
            variables.keys().map(String::as_str).filter(|name| RESERVED.contains(name)).collect();
        if !reserved.is_empty() {
            return Err(error::invalid_parameter(format!(
                "{UNCONFIGURABLE} contains reserved keys that are currently not supported for modification. Reserved keys used in this request: {}",
                reserved.join(", ")
            )));
        }
        let measured = json!(variables).to_string();
        if measured.len() > limits::VARIABLES_BYTES_MAX {
            return Err(error::invalid_parameter(format!(
                "{UNCONFIGURABLE} exceeded the 4KB limit. String measured: {measured}"
            )));
        }
        Ok(())
    }

    fn check_served(&self) -> Result<(), Error> {
        let snap = self.snap_start.as_ref().and_then(|snap| snap.apply_on.as_deref());
        let uses = [
            (self.vpc_config.as_ref().is_some_and(|vpc| !vpc.subnet_ids.is_empty()), "VpcConfig"),
            (snap.is_some_and(|on| on != "None"), "SnapStart"),
            (self.kms_key_arn.as_ref().is_some_and(|key| !key.is_empty()), "KMSKeyArn"),
            (self.file_system_configs.as_ref().is_some_and(|all| !all.is_empty()), "FileSystemConfigs"),
            (self.image_config.is_some(), "ImageConfig"),
            (self.durable_config.is_some(), "DurableConfig"),
            (self.capacity_provider_config.is_some(), "CapacityProviderConfig"),
            (self.tenancy_config.is_some(), "TenancyConfig"),
            (self.code_signing_config_arn.is_some(), "CodeSigningConfigArn"),
        ];
        match uses.iter().find(|(is_used, _)| *is_used) {
            Some((_, member)) => Err(error::not_served(member)),
            None => Ok(()),
        }
    }

    /// A new function's configuration.
    pub(super) fn create(self, code: Code, architecture: Option<String>) -> Result<Configuration, Error> {
        let (Some(runtime), Some(handler)) = (&self.runtime, &self.handler) else {
            return Err(error::invalid_parameter(
                "Runtime and Handler are mandatory parameters for functions created with deployment packages.",
            ));
        };
        let mut faults = Faults::default();
        faults.required("role", self.role.as_deref());
        faults.result()?;
        let mut configuration = Configuration {
            runtime: runtime.clone(),
            handler: handler.clone(),
            role: self.role.clone().unwrap_or_default(),
            description: String::new(),
            timeout_seconds: 3,
            memory_mb: 128,
            ephemeral_mb: 512,
            variables: BTreeMap::new(),
            dead_letter_target: None,
            tracing_mode: "PassThrough".to_owned(),
            architecture: architecture.unwrap_or_else(|| "x86_64".to_owned()),
            log_format: "Text".to_owned(),
            application_log_level: None,
            system_log_level: None,
            log_group: None,
            code,
        };
        self.put_over(&mut configuration);
        Ok(configuration)
    }

    /// Puts what is said over what is there.
    pub(super) fn put_over(self, configuration: &mut Configuration) {
        let number = |value: Option<i64>| value.and_then(|value| u64::try_from(value).ok());
        let set = |target: &mut String, value: Option<String>| {
            if let Some(value) = value {
                *target = value;
            }
        };
        set(&mut configuration.runtime, self.runtime);
        set(&mut configuration.role, self.role);
        set(&mut configuration.handler, self.handler);
        set(&mut configuration.description, self.description);
        set(&mut configuration.tracing_mode, self.tracing_config.and_then(|tracing| tracing.mode));
        configuration.timeout_seconds = number(self.timeout).unwrap_or(configuration.timeout_seconds);
        configuration.memory_mb = number(self.memory_size).unwrap_or(configuration.memory_mb);
        let ephemeral = self.ephemeral_storage.and_then(|storage| storage.size);
        configuration.ephemeral_mb = number(ephemeral).unwrap_or(configuration.ephemeral_mb);
        if let Some(environment) = self.environment {
            configuration.variables = environment.variables.unwrap_or_default();
        }
        if let Some(dead_letters) = self.dead_letter_config {
            configuration.dead_letter_target = dead_letters.target_arn.filter(|arn| !arn.is_empty());
        }
        if let Some(logging) = self.logging_config {
            logging.put_over(configuration);
        }
    }
}

impl LoggingConfig {
    fn put_over(self, configuration: &mut Configuration) {
        if let Some(format) = self.log_format {
            configuration.log_format = format;
        }
        let is_json = configuration.log_format == "JSON";
        // Levels are the JSON format's, and it has some whether they are said or not.
        let level = |said: Option<String>, is: Option<String>| {
            is_json.then(|| said.or(is).unwrap_or_else(|| "INFO".to_owned()))
        };
        configuration.application_log_level =
            level(self.application_log_level, configuration.application_log_level.take());
        configuration.system_log_level = level(self.system_log_level, configuration.system_log_level.take());
        configuration.log_group = self.log_group.or(configuration.log_group.take());
    }
}

fn is_role(text: &str) -> bool {
    text.parse::<aws::Arn>().is_ok_and(|arn| arn.service == "iam" && arn.resource.starts_with("role"))
}
