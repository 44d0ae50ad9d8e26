//! Names and ARNs: state machines with their versions and aliases, executions, activities, map runs.

use aws::{Arn, Error, Scope};

use crate::{error, limits};

/// A state machine as a request names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MachineName {
    /// With `/LABEL` for the children of a map run.
    pub(crate) name: String,
    /// A version's number or an alias.
    pub(crate) qualifier: Option<String>,
    /// The ARN as it was given.
    pub(crate) arn: String,
}

/// An execution as a request names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ExecutionName {
    /// With `/LABEL` for the children of a map run.
    pub(crate) machine: String,
    pub(crate) name: String,
    pub(crate) arn: String,
}

/// What the resource of an ARN of ours says: its kind and the rest.
struct Parts {
    kind: String,
    rest: Vec<String>,
    is_here: bool,
}

fn parts(text: &str, home: &Scope) -> Result<Parts, Error> {
    let arn: Arn = text.parse().map_err(|_| error::invalid_arn(format!("Invalid ARN prefix: {text}")))?;
    if arn.service != "states" {
        return Err(error::invalid_arn(format!("Invalid ARN prefix: {text}")));
    }
    let mut rest: Vec<String> = arn.resource.split(':').map(str::to_owned).collect();
    let kind = rest.remove(0);
    Ok(Parts { kind, rest, is_here: home.holds(&arn) })
}

fn wrong_kind(kind: &str) -> Error {
    error::invalid_arn(format!("Resource type not valid in this context: {kind}"))
}

impl MachineName {
    /// Reads a state machine's ARN, perhaps of a version or an alias.
    ///
    /// # Errors
    /// `InvalidArn`; `StateMachineDoesNotExist` for one of another account or region.
    pub(crate) fn parse(text: &str, home: &Scope) -> Result<Self, Error> {
        let Parts { kind, rest, is_here } = parts(text, home)?;
        if kind != "stateMachine" {
            return Err(wrong_kind(&kind));
        }
        let (name, qualifier) = match rest.as_slice() {
            [name] => (name.clone(), None),
            [name, qualifier] => (name.clone(), Some(qualifier.clone())),
            _ => return Err(error::invalid_arn(format!("Invalid ARN prefix: {text}"))),
        };
        if !is_here {
            return Err(error::no_machine(text));
        }
        Ok(Self { name, qualifier, arn: text.to_owned() })
    }

    /// The number of the version that it names.
    pub(crate) fn version(&self) -> Option<u64> {
        self.qualifier.as_deref().and_then(|qualifier| qualifier.parse().ok())
    }

    /// The name before a label.
    pub(crate) fn machine(&self) -> &str {
        self.name.split('/').next().unwrap_or_default()
    }
}

impl ExecutionName {
    /// Reads an execution's ARN.
    ///
    /// # Errors
    /// `InvalidArn`; `ExecutionDoesNotExist` for one of another account or region.
    pub(crate) fn parse(text: &str, home: &Scope) -> Result<Self, Error> {
        let Parts { kind, rest, is_here } = parts(text, home)?;
        if kind != "execution" {
            return Err(wrong_kind(&kind));
        }
        let [machine, name] = rest.as_slice() else {
            return Err(error::invalid_arn(format!("Invalid ARN prefix: {text}")));
        };
        if !is_here {
            return Err(error::no_execution(text));
        }
        Ok(Self { machine: machine.clone(), name: name.clone(), arn: text.to_owned() })
    }
}

/// Reads an activity's ARN.
pub(crate) fn activity(text: &str, home: &Scope) -> Result<String, Error> {
    let Parts { kind, rest, is_here } = parts(text, home)?;
    match (kind.as_str(), rest.as_slice()) {
        ("activity", [name]) if is_here => Ok(name.clone()),
        ("activity", [_]) => Err(error::no_activity(text)),
        _ => Err(wrong_kind(&kind)),
    }
}

/// Reads the ARN of something that can have tags: its kind and its name.
pub(crate) fn tagged(text: &str, home: &Scope) -> Result<(String, String), Error> {
    let Parts { kind, rest, is_here } = parts(text, home)?;
    match rest.as_slice() {
        [name] if is_here && matches!(kind.as_str(), "stateMachine" | "activity") => Ok((kind, name.clone())),
        [_, ..] if is_here => Err(wrong_kind(&kind)),
        _ => Err(error::no_resource(text)),
    }
}

/// Checks the ARN of a map run.
pub(crate) fn map_run(text: &str, home: &Scope) -> Result<(), Error> {
    let Parts { kind, is_here, .. } = parts(text, home)?;
    if kind != "mapRun" {
        return Err(wrong_kind(&kind));
    }
    if is_here { Ok(()) } else { Err(error::no_resource(text)) }
}

pub(crate) fn machine_arn(home: &Scope, name: &str, qualifier: Option<&str>) -> String {
    let resource = match qualifier {
        Some(qualifier) => format!("stateMachine:{name}:{qualifier}"),
        None => format!("stateMachine:{name}"),
    };
    home.arn("states", resource).to_string()
}

pub(crate) fn execution_arn(home: &Scope, machine: &str, name: &str) -> String {
    home.arn("states", format!("execution:{machine}:{name}")).to_string()
}

/// The ARN of an Express execution, which ends with an id of its own.
pub(crate) fn express_arn(home: &Scope, machine: &str, name: &str, id: &str) -> String {
    home.arn("states", format!("express:{machine}:{name}:{id}")).to_string()
}

pub(crate) fn activity_arn(home: &Scope, name: &str) -> String {
    home.arn("states", format!("activity:{name}")).to_string()
}

/// Refuses what cannot be a name. Source: API reference, "A name must not contain: white space, brackets, wildcards, special
/// characters, control characters".
///
/// # Errors
/// `InvalidName`.
pub(crate) fn check(name: &str) -> Result<(), Error> {
    let length = name.chars().count();
    let is_forbidden = |c: char| {
        c.is_whitespace() || c.is_control() || "?*<>{}[]\"#%\\^|~`$&,;:/\u{FFFE}\u{FFFF}".contains(c)
    };
    if length == 0 || length > limits::NAME_CHARACTERS_MAX || name.contains(is_forbidden) {
        return Err(error::invalid_name(name));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use aws::Scope;

    use super::{ExecutionName, MachineName, check};

    #[test]
    fn an_arn_names_what_it_says_or_is_refused_in_words_of_aws() {
        let home = Scope::new("111111111111", "us-east-1");
        let machine = |arn: &str| MachineName::parse(arn, &home);
        let named = machine("arn:aws:states:us-east-1:111111111111:stateMachine:orders:7").unwrap();
        assert_eq!((named.name.as_str(), named.version()), ("orders", Some(7)));
        assert_eq!(machine("orders").unwrap_err().message, "Invalid Arn: 'Invalid ARN prefix: orders'");
        let wrong = machine("arn:aws:states:us-east-1:111111111111:execution:orders:1").unwrap_err();
        assert_eq!(wrong.message, "Invalid Arn: 'Resource type not valid in this context: execution'");
        let far = machine("arn:aws:states:eu-west-1:111111111111:stateMachine:orders").unwrap_err();
        assert_eq!(far.code, "StateMachineDoesNotExist");
        let express = "arn:aws:states:us-east-1:111111111111:express:orders:1:2";
        let wrong = ExecutionName::parse(express, &home).unwrap_err();
        assert_eq!(wrong.message, "Invalid Arn: 'Resource type not valid in this context: express'");
    }

    #[test]
    fn what_cannot_be_a_name_is_refused() {
        for right in ["orders", "Bestellungen_1", "заказы", "a.b(c)"] {
            assert!(check(right).is_ok(), "{right}");
        }
        for wrong in ["", "a b", "a/b", "a:b", "a*", "a\u{1}", &"a".repeat(81)] {
            assert_eq!(check(wrong).unwrap_err().code, "InvalidName", "{wrong}");
        }
    }
}
