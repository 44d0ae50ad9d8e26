//! The operations of CloudWatch Logs: for each noun a file with its requests, responses and functions, and the table of all.

mod events;
mod groups;
mod resource_policies;
mod streams;
mod tags;

use aws::api::LOGS;
use aws::service::Json;
use aws::{Arn, Error, Operation, Reply, Service, Wire};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use store::{Ticket, Tx};

use crate::check::Faults;
use crate::error::{self, STORAGE_ERRORS};
use crate::group::name_in_arn;
use crate::{Logs, limits};

/// CloudWatch Logs on the wire: AWS JSON 1.1.
pub static SERVICE: Service<Logs> =
    Service::new(LOGS.name, &[LOGS.scope], &[Wire::Json(Json::of(&LOGS))], OPERATIONS)
        .with_storage_errors(STORAGE_ERRORS);

/// Every operation that is served.
pub const OPERATIONS: &[Operation<Logs>] = &[
    Operation {
        name: "CreateLogGroup",
        missing: "There are no KMS keys here; the class DELIVERY is refused, the others make no difference.",
        run: |logs, call, body| groups::create(logs, &call, body),
    },
    Operation::whole("CreateLogStream", |logs, call, body| streams::create(logs, &call, body)),
    Operation::whole("DeleteLogGroup", |logs, _, body| groups::delete(logs, body)),
    Operation::whole("DeleteLogStream", |logs, _, body| streams::delete(logs, body)),
    Operation::whole("DeleteResourcePolicy", |logs, _, body| resource_policies::delete(logs, body)),
    Operation::whole("DeleteRetentionPolicy", |logs, _, body| groups::delete_retention(logs, body)),
    Operation::whole("DescribeLogGroups", |logs, _, body| groups::describe(logs, body)),
    Operation::whole("DescribeLogStreams", |logs, _, body| streams::describe(logs, body)),
    Operation::whole("DescribeResourcePolicies", |logs, _, body| resource_policies::describe(logs, body)),
    Operation {
        name: "FilterLogEvents",
        missing: "Filter patterns of words, phrases, ?any and -none; those of JSON fields, columns and regular expressions are refused.",
        run: |logs, _, body| events::filter(logs, body),
    },
    Operation::whole("GetLogEvents", |logs, _, body| events::get(logs, body)),
    Operation::whole("ListTagsForResource", |logs, _, body| tags::list(logs, body)),
    Operation {
        name: "PutLogEvents",
        missing: "The entity is ignored.",
        run: |logs, call, body| events::put(logs, &call, body),
    },
    Operation::whole("PutLogGroupDeletionProtection", |logs, _, body| groups::protect(logs, body)),
    Operation {
        name: "PutResourcePolicy",
        missing: "Kept and shown; nobody is refused by it. Policies of one log group (resourceArn) are refused.",
        run: |logs, call, body| resource_policies::put(logs, &call, body),
    },
    Operation::whole("PutRetentionPolicy", |logs, _, body| groups::put_retention(logs, body)),
    Operation::whole("TagResource", |logs, _, body| tags::tag(logs, body)),
    Operation::whole("UntagResource", |logs, _, body| tags::untag(logs, body)),
];

/// The answer of an operation that has nothing to say.
#[derive(Debug, Serialize)]
struct Nothing {}

/// Serves an operation that changes something.
fn write<Q, A, F>(logs: &Logs, body: &[u8], prepare: impl FnOnce(Q) -> Result<F, Error>) -> Reply
where
    Q: DeserializeOwned,
    A: Serialize + Send + 'static,
    F: FnOnce(&mut Tx<'_>) -> Result<A, Error> + Send + 'static,
{
    aws::operation::commit(body, |request: Q| -> Result<Ticket<A, Error>, Error> {
        Ok(logs.store().write(error::of_store, prepare(request)?))
    })
}

/// A log group, by name or by what is either.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct OfGroup {
    log_group_name: Option<String>,
    log_group_identifier: Option<String>,
}

impl OfGroup {
    /// The group's name, from whichever of the two was given.
    fn name(self, logs: &Logs, mut faults: Faults) -> Result<String, Error> {
        match (self.log_group_name, self.log_group_identifier) {
            (Some(name), None) => {
                faults.group(Some(&name));
                faults.result()?;
                Ok(name)
            }
            (None, Some(identifier)) => {
                faults.length("logGroupIdentifier", &identifier, 1..=limits::IDENTIFIER_LENGTH_MAX);
                faults.result()?;
                of_identifier(logs, &identifier)
            }
            _ => {
                faults.result()?;
                Err(error::invalid_parameter(
                    "Exactly one of logGroupName and logGroupIdentifier must be specified.",
                ))
            }
        }
    }
}

/// The name of the log group that a name or an ARN names.
fn of_identifier(logs: &Logs, text: &str) -> Result<String, Error> {
    match text.parse::<Arn>() {
        Ok(arn) => name_in_arn(&arn, &logs.scope().account, &logs.scope().region).ok_or_else(error::no_group),
        Err(_) => Ok(text.to_owned()),
    }
}
