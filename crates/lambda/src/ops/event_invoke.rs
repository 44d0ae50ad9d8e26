//! PutFunctionEventInvokeConfig, UpdateFunctionEventInvokeConfig, GetFunctionEventInvokeConfig,
//! ListFunctionEventInvokeConfigs, DeleteFunctionEventInvokeConfig.

use aws::{Arn, Call, Error, Reply, Scope};
use serde::Deserialize;
use store::{Read, Tx};

use crate::check::Faults;
use crate::event_invoke::{EVENT_INVOKE_CONFIGS, EventInvokeConfig, key};
use crate::function::Function;
use crate::name::FunctionName;
use crate::ops::{Change, Item, Named, Nothing, Paging, look, write};
use crate::{Functions, error, limits};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Request {
    #[serde(flatten)]
    named: Named,
    maximum_retry_attempts: Option<i64>,
    maximum_event_age_in_seconds: Option<i64>,
    destination_config: Option<DestinationConfig>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DestinationConfig {
    on_success: Option<Destination>,
    on_failure: Option<Destination>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Destination {
    destination: Option<String>,
}

const ARN_PATTERN: &str =
    r"^$|arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\-])+:([a-z]{2}(-gov)?-[a-z]+-\d{1})?:(\d{12})?:(.*)";

impl Request {
    fn check(&self) -> Result<(), Error> {
        let mut faults = Faults::default();
        let most = |max: u64| i64::try_from(max).unwrap_or(i64::MAX);
        faults.within("maximumRetryAttempts", self.maximum_retry_attempts, 0, most(limits::RETRIES_MAX));
        let (least, most) = (limits::EVENT_AGE_SECONDS_MIN, most(limits::EVENT_AGE_SECONDS_MAX));
        faults.within("maximumEventAgeInSeconds", self.maximum_event_age_in_seconds, least, most);
        let config = self.destination_config.as_ref();
        let is_arn = |text: &str| text.is_empty() || text.parse::<Arn>().is_ok();
        for (at, destination) in [
            ("destinationConfig.onSuccess.destination", config.and_then(|config| config.on_success.as_ref())),
            ("destinationConfig.onFailure.destination", config.and_then(|config| config.on_failure.as_ref())),
        ] {
            let text = destination.and_then(|destination| destination.destination.as_deref());
            faults.pattern(at, text, is_arn, ARN_PATTERN);
        }
        faults.result()?;
        let says_something = self.maximum_retry_attempts.is_some()
            || self.maximum_event_age_in_seconds.is_some()
            || config.is_some_and(|config| config.on_success.is_some() || config.on_failure.is_some());
        if says_something {
            return Ok(());
        }
        Err(error::invalid_parameter(
            "You must specify at least one of error handling or destination setting.",
        ))
    }

    /// Puts what is said over what is there.
    fn put_over(&self, config: &mut EventInvokeConfig) {
        let number = |value: Option<i64>| value.and_then(|value| u64::try_from(value).ok());
        config.retries = number(self.maximum_retry_attempts).or(config.retries);
        config.age_seconds = number(self.maximum_event_age_in_seconds).or(config.age_seconds);
        let Some(said) = &self.destination_config else { return };
        let set = |is: &mut Option<String>, said: &Option<Destination>| {
            if let Some(said) = said {
                *is = said.destination.clone().filter(|arn| !arn.is_empty());
            }
        };
        set(&mut config.on_success, &said.on_success);
        set(&mut config.on_failure, &said.on_failure);
    }
}

/// A destination must be one that can be told.
fn check_destination(
    read: &mut impl Read,
    function: &FunctionName,
    arn: &str,
    home: &Scope,
) -> Result<(), Error> {
    let wrong = || error::invalid_parameter(format!("The destination ARN {arn} is invalid."));
    let parsed: Arn = arn.parse().map_err(|_| wrong())?;
    match parsed.service.as_str() {
        "lambda" => {
            let name = FunctionName::parse(arn, None, home).map_err(|_| wrong())?;
            if name.name == function.name {
                return Err(error::invalid_parameter(
                    "You can't specify the function as a destination for itself.",
                ));
            }
            Function::find(read, &name.name).map(drop).ok_or_else(wrong)
        }
        "sqs" | "events" if home.holds(&parsed) => Ok(()),
        "sns" | "s3" => Err(error::not_served(&format!("A destination of the service {}", parsed.service))),
        _ => Err(wrong()),
    }
}

fn require(read: &mut impl Read, functions: &Functions, name: &FunctionName) -> Result<(), Error> {
    if functions.exists(read, name) {
        return Ok(());
    }
    Err(error::not_found("The function doesn't exist."))
}

fn no_config(name: &FunctionName, home: &Scope) -> Error {
    let named = FunctionName { name: name.name.clone(), qualifier: Some(name.qualifier().to_owned()) };
    error::not_found(format!("The function {} doesn't have an EventInvokeConfig", named.arn(home)))
}

/// Whether a config must be there already, and is kept where nothing else is said.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Put,
    Update,
}

/// PutFunctionEventInvokeConfig.
pub(super) fn put(functions: &Functions, call: Call, body: &[u8]) -> Reply {
    set(functions, call, body, Kind::Put)
}

/// UpdateFunctionEventInvokeConfig.
pub(super) fn update(functions: &Functions, call: Call, body: &[u8]) -> Reply {
    set(functions, call, body, Kind::Update)
}

fn set(functions: &Functions, call: Call, body: &[u8], kind: Kind) -> Reply {
    let (home, change) = (functions.store().scope().clone(), Change::of(call));
    write(functions, body, |request: Request| {
        request.check()?;
        let name = request.named.read(functions)?;
        let functions = functions.clone();
        Ok(move |tx: &mut Tx<'_>| {
            require(tx, &functions, &name)?;
            let known = EventInvokeConfig::find(tx, &name);
            let mut config = match (kind, known) {
                (Kind::Put, _) => EventInvokeConfig::default(),
                (Kind::Update, Some(known)) => known,
                (Kind::Update, None) => return Err(no_config(&name, &home)),
            };
            request.put_over(&mut config);
            for arn in config.on_success.iter().chain(&config.on_failure) {
                check_destination(tx, &name, arn, &home)?;
            }
            config.modified = change.now;
            tx.put(&EVENT_INVOKE_CONFIGS, &key(&name), &config);
            Ok(config.shown(&home, &name.name, name.qualifier()))
        })
    })
}

/// GetFunctionEventInvokeConfig.
pub(super) fn get(functions: &Functions, _: Call, body: &[u8]) -> Reply {
    look(functions, body, |read, request: Named| {
        let (home, name) = (functions.store().scope(), request.read(functions)?);
        let config = EventInvokeConfig::find(read, &name).ok_or_else(|| no_config(&name, home))?;
        Ok(config.shown(home, &name.name, name.qualifier()))
    })
}

#[derive(Debug, Deserialize)]
struct ListRequest {
    #[serde(flatten)]
    named: Named,
    #[serde(flatten)]
    paging: Paging,
}

/// ListFunctionEventInvokeConfigs.
pub(super) fn list(functions: &Functions, _: Call, body: &[u8]) -> Reply {
    look(functions, body, |read, request: ListRequest| {
        let (home, name) = (functions.store().scope(), request.named.read(functions)?);
        require(read, functions, &FunctionName { qualifier: None, ..name.clone() })?;
        let all = EventInvokeConfig::all(read, &name.name).into_iter();
        let items = all.map(|(qualifier, config)| Item {
            shown: config.shown(home, &name.name, &qualifier),
            name: qualifier,
        });
        request.paging.answer("FunctionEventInvokeConfigs", items.collect())
    })
}

/// DeleteFunctionEventInvokeConfig.
pub(super) fn delete(functions: &Functions, _: Call, body: &[u8]) -> Reply {
    let home = functions.store().scope().clone();
    write(functions, body, |request: Named| {
        let name = request.read(functions)?;
        Ok(move |tx: &mut Tx<'_>| {
            EventInvokeConfig::find(tx, &name).ok_or_else(|| no_config(&name, &home))?;
            tx.remove(&EVENT_INVOKE_CONFIGS, &key(&name));
            Ok(Nothing {})
        })
    })
}
