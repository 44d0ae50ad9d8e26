//! A function URL: an address of its own at which a function, or one of its aliases, is called over HTTP.

use aws::policy::{Caller, Context, Request};
use aws::{Error, Scope, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::{KeyRange, Read, Table, Tx};

use crate::cors::Cors;
use crate::error::of_store;
use crate::name::{self, FunctionName};
use crate::target::{InvokeRequest, StreamForm};
use crate::{Functions, InvocationType, limits};

/// By function and qualifier, which is empty for the function's own.
pub(crate) const URLS: Table<(String, String), FunctionUrl> = Table::new(78, "Lambda function URLs");

/// A URL as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FunctionUrl {
    /// The first label of its host.
    pub(crate) id: String,
    pub(crate) auth_type: AuthType,
    pub(crate) created: Timestamp,
    pub(crate) modified: Timestamp,
    pub(crate) invoke_mode: InvokeMode,
    pub(crate) cors: Option<Cors>,
}

/// A URL before there were streams and `Cors`.
#[derive(Deserialize)]
struct FunctionUrlOfVersion1 {
    id: String,
    auth_type: AuthType,
    created: Timestamp,
    modified: Timestamp,
}

impl store::Record for FunctionUrl {
    const VERSION: u8 = 2;

    fn encode(&self, bytes: Vec<u8>) -> Option<Vec<u8>> {
        store::record::to_postcard(self, bytes)
    }

    fn decode(version: u8, bytes: &[u8]) -> Option<Self> {
        match version {
            1 => {
                let FunctionUrlOfVersion1 { id, auth_type, created, modified } =
                    store::record::from_postcard(bytes)?;
                Some(Self { id, auth_type, created, modified, invoke_mode: InvokeMode::Buffered, cors: None })
            }
            Self::VERSION => store::record::from_postcard(bytes),
            _ => None,
        }
    }
}

/// How an answer comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum InvokeMode {
    /// When it is whole.
    Buffered,
    /// In parts, as the function writes them.
    ResponseStream,
}

impl InvokeMode {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Buffered => "BUFFERED",
            Self::ResponseStream => "RESPONSE_STREAM",
        }
    }
}

/// Who may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AuthType {
    /// Whom the function's policy lets, without a signature.
    None,
    /// Whoever signs.
    AwsIam,
}

impl AuthType {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::None => "NONE",
            Self::AwsIam => "AWS_IAM",
        }
    }
}

/// What a URL's id stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UrlTarget {
    pub function: FunctionName,
    pub auth_type: AuthType,
    pub invoke_mode: InvokeMode,
    pub cors: Option<Cors>,
}

pub(crate) fn key(name: &FunctionName) -> (String, String) {
    (name.name.clone(), name.qualifier.clone().unwrap_or_default())
}

impl FunctionUrl {
    pub(crate) fn find(read: &mut impl Read, name: &FunctionName) -> Option<Self> {
        read.get(&URLS, &key(name))
    }

    /// Those of a function, with their qualifiers.
    pub(crate) fn all(read: &mut impl Read, function: &str) -> Vec<(String, Self)> {
        let all = read.list(&URLS, &KeyRange::prefix(&function.to_owned()), limits::LISTED_MAX);
        all.into_iter().map(|((_, qualifier), url)| (qualifier, url)).collect()
    }

    pub(crate) fn remove_all(tx: &mut Tx<'_>, function: &str) {
        for (qualifier, _) in Self::all(tx, function) {
            tx.remove(&URLS, &(function.to_owned(), qualifier));
        }
    }

    /// As answers have it; `base_url` is the address that the caller used, whose port the URL has too.
    pub(crate) fn shown(&self, place: &Place<'_>) -> Value {
        let Place { home, name, base_url } = place;
        let port = base_url.rsplit_once(':').map(|(_, port)| port).filter(|port| port.parse::<u16>().is_ok());
        let port = port.map(|port| format!(":{port}")).unwrap_or_default();
        let mut shown = json!({
            "FunctionUrl": format!("http://{}.lambda-url.{}.localhost{port}/", self.id, home.region),
            "FunctionArn": name::arn(home, &name.name, name.qualifier.as_deref()).to_string(),
            "AuthType": self.auth_type.name(),
            "CreationTime": self.created.to_iso_millis(),
            "LastModifiedTime": self.modified.to_iso_millis(),
            "InvokeMode": self.invoke_mode.name(),
        });
        if let (Some(cors), Some(shown)) = (&self.cors, shown.as_object_mut()) {
            shown.insert("Cors".to_owned(), cors.shown());
        }
        shown
    }
}

/// Where a URL is shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'p> {
    pub(crate) home: &'p Scope,
    pub(crate) name: &'p FunctionName,
    pub(crate) base_url: &'p str,
}

impl Functions {
    /// The function of a URL's id.
    ///
    /// # Errors
    /// The store's.
    pub fn of_url(&self, id: &str) -> Result<Option<UrlTarget>, Error> {
        let all = self.store.read(|read| read.list(&URLS, &KeyRange::all(), limits::LISTED_MAX));
        let found = all.map_err(of_store)?.into_iter().find(|(_, url)| url.id == id);
        Ok(found.map(|((name, qualifier), url)| {
            let qualifier = Some(qualifier).filter(|qualifier| !qualifier.is_empty());
            let FunctionUrl { auth_type, invoke_mode, cors, .. } = url;
            UrlTarget { function: FunctionName { name, qualifier }, auth_type, invoke_mode, cors }
        }))
    }

    /// Whether a function's policy lets anybody call its URL.
    ///
    /// # Errors
    /// The store's.
    pub fn lets_anybody(&self, target: &UrlTarget) -> Result<bool, Error> {
        let arn = target.function.arn(self.store.scope());
        let context = Context::default()
            .with("lambda:FunctionUrlAuthType", target.auth_type.name())
            .with("aws:SecureTransport", "true");
        let request = Request {
            caller: Caller::Anonymous,
            action: "lambda:InvokeFunctionUrl".to_owned(),
            resource: arn.to_string(),
            context,
        };
        Ok(self.judge(&arn, &request)?.decision.is_allowed())
    }

    /// The invocation that a request to a URL is.
    ///
    /// # Errors
    /// AWS's, where the function or its alias is gone.
    pub fn invocation_of_url(
        &self,
        target: &UrlTarget,
        request_id: String,
        payload: Vec<u8>,
    ) -> Result<aws::PorterCall, Error> {
        let found = self.target(&target.function, 0)?;
        let invoke = InvokeRequest {
            request_id,
            name: found.name.clone(),
            version: found.version.clone(),
            invoked_arn: target.function.arn(self.store.scope()).to_string(),
            client_context: None,
            wants_log: false,
            invocation: InvocationType::RequestResponse,
            qualifier: target.function.qualifier.clone(),
            stream: (target.invoke_mode == InvokeMode::ResponseStream).then_some(StreamForm::Bytes),
        };
        found.call(&invoke, payload)
    }
}
