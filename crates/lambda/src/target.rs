//! What an invocation calls: a version, found by whatever name the caller used, and whether the caller may.

use std::time::Duration;

use aws::policy::{Explanation, Kind, Policy as Document, Request, explain};
use aws::{Arn, Error, PorterCall};
use serde::{Deserialize, Serialize};
use store::Read;

use crate::alias::Alias;
use crate::error;
use crate::function::{Configuration, Function, Version};
use crate::name::{self, FunctionName, LATEST, is_number};
use crate::policy::Policy;
use crate::{Functions, error::of_store};

/// A version that is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    pub name: String,
    /// `$LATEST` or a number.
    pub version: String,
    /// The ARN of the function itself.
    pub function_arn: Arn,
    /// The ARN of the version: the function's own for `$LATEST`.
    pub version_arn: Arn,
    pub configuration: Configuration,
    /// The digests of its layers' zips, the last one on top.
    pub layers: Vec<String>,
    /// Reserved concurrency, of all versions together.
    pub reserved: Option<u64>,
}

/// Whether the caller waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum InvocationType {
    /// It waits for the function's answer.
    RequestResponse,
    /// It waits until the invocation is owed.
    Event,
    /// It only asks whether it could call.
    DryRun,
}

/// What the operation says of an invocation beside its payload, for the porter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvokeRequest {
    pub request_id: String,
    /// The function's name, and the version that was chosen.
    pub name: String,
    pub version: String,
    /// As the caller named it.
    pub invoked_arn: String,
    /// JSON text.
    pub client_context: Option<String>,
    /// Whether the last 4 KB of the log are wanted.
    pub wants_log: bool,
    pub invocation: InvocationType,
    /// The qualifier that the caller gave.
    pub qualifier: Option<String>,
    /// Where the answer goes out in parts.
    pub stream: Option<StreamForm>,
}

/// What the parts of an answer look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StreamForm {
    /// Messages of AWS's event stream encoding, the last of which says how it ended.
    Events,
    /// The function's own bytes; where it fails on the way, the connection ends.
    Bytes,
}

/// The start of an environment, and of an interpreter on a busy machine, comes on top of the function's own time.
const START_MAX: Duration = Duration::from_secs(60);

impl Target {
    /// The porter's call of it.
    pub(crate) fn call(&self, invoke: &InvokeRequest, payload: Vec<u8>) -> Result<PorterCall, Error> {
        let request = serde_json::to_vec(invoke)
            .map_err(|error| Error::receiver("ServiceException", 500, error.to_string()))?;
        let deadline = Duration::from_secs(self.configuration.timeout_seconds) + START_MAX;
        let operation = if invoke.stream.is_some() { "InvokeWithResponseStream" } else { "Invoke" };
        Ok(PorterCall { operation, target: self.version_arn.clone(), request, payload, deadline })
    }
}

impl Functions {
    /// The version that a name stands for; `chance`, a random number, decides between the two of a weighted alias.
    ///
    /// # Errors
    /// AWS's, where there is no such function, version or alias.
    pub fn target(&self, asked: &FunctionName, chance: u64) -> Result<Target, Error> {
        self.store.read(|read| self.find_target(read, asked, chance)).map_err(of_store)?
    }

    pub(crate) fn find_target(
        &self,
        read: &mut impl Read,
        asked: &FunctionName,
        chance: u64,
    ) -> Result<Target, Error> {
        let home = self.store.scope();
        let missing = || error::no_function(&asked.arn(home));
        let function = Function::find(read, &asked.name).ok_or_else(missing)?;
        let version = match asked.qualifier() {
            LATEST => LATEST.to_owned(),
            number if is_number(number) => number.to_owned(),
            alias => {
                let alias = Alias::find(read, &asked.name, alias).ok_or_else(missing)?;
                alias.version_for(chance).to_owned()
            }
        };
        let record = Version::find(read, &asked.name, &version).ok_or_else(missing)?;
        let number = (version != LATEST).then_some(version.as_str());
        Ok(Target {
            name: asked.name.clone(),
            function_arn: name::arn(home, &asked.name, None),
            version_arn: name::arn(home, &asked.name, number),
            version,
            configuration: record.configuration,
            layers: record.layers.into_iter().map(|layer| layer.digest).collect(),
            reserved: function.reserved,
        })
    }

    /// Whether a function's policy lets somebody call it, with the reasons; the policy is that of the function or, where the
    /// ARN has one, of its qualifier.
    pub fn explain(&self, read: &mut impl Read, function: &Arn, request: &Request) -> Explanation {
        let name = FunctionName::parse(&function.to_string(), None, self.store.scope()).ok();
        let policy = name.and_then(|name| Policy::find(read, &name.name, name.qualifier.as_deref()));
        let document = policy.and_then(|policy| policy.document());
        let documents: Vec<&Document> = document.iter().collect();
        explain(Kind::Resource, &documents, request)
    }

    /// Whether there is a version that the name stands for.
    pub fn exists(&self, read: &mut impl Read, asked: &FunctionName) -> bool {
        self.find_target(read, asked, 0).is_ok()
    }

    /// The same outside of a read.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub fn judge(&self, function: &Arn, request: &Request) -> Result<Explanation, Error> {
        self.store.read(|read| self.explain(read, function, request)).map_err(of_store)
    }
}
