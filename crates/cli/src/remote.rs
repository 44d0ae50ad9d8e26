//! A running Trunkline, asked over its own door.

use std::path::PathBuf;

use clap::Args;
use provision::{Api, ApiError, Http, Place, Request};
use serde_json::{Value, json};
use server::Server;
use tokio::runtime::Runtime;

use crate::input;
use crate::output::Form;

/// Where `dev` and `serve` listen unless told otherwise.
const DEFAULT: &str = "http://127.0.0.1:4566";

/// Which running Trunkline a command asks.
#[derive(Clone, Debug, Args)]
pub(crate) struct Endpoint {
    /// Address of the running Trunkline
    #[arg(long = "endpoint", value_name = "URL", env = "AWS_ENDPOINT_URL", default_value = DEFAULT)]
    pub(crate) url: String,
    /// Also trust the certificate authorities in this file (PEM), for an https:// endpoint
    #[arg(long, value_name = "FILE", env = "TRUNKLINE_CA_FILE")]
    pub(crate) ca_file: Option<PathBuf>,
    /// Sign requests with the access key, or send the token, in the first line of this file: what `serve --auth-file` takes
    #[arg(long, value_name = "FILE", env = "TRUNKLINE_AUTH_FILE")]
    pub(crate) auth_file: Option<PathBuf>,
}

/// How a command that looks is told where to look and how to say it.
#[derive(Debug, Args)]
pub(crate) struct At {
    #[command(flatten)]
    pub(crate) endpoint: Endpoint,
    /// Print JSON instead of text
    #[arg(long)]
    pub(crate) json: bool,
}

/// Asks one operation and waits for its answer.
///
/// # Errors
/// The server's words, or what to do where none answers.
pub(crate) fn ask(endpoint: &Endpoint, request: Request) -> Result<Value, String> {
    Remote::open(endpoint)?.ask(request)
}

impl At {
    /// For whom the answer is.
    pub(crate) fn form(&self) -> Form {
        if self.json { Form::Json } else { Form::Text }
    }
}

impl Endpoint {
    /// The one that is named, or the environment's, or where `dev` and `serve` listen.
    pub(crate) fn here(url: Option<String>, ca_file: Option<PathBuf>, auth_file: Option<PathBuf>) -> Self {
        let of_environment = || std::env::var("AWS_ENDPOINT_URL").ok().filter(|url| !url.is_empty());
        let url = url.or_else(of_environment).unwrap_or_else(|| DEFAULT.to_owned());
        Self { url, ca_file, auth_file }
    }

    /// The APIs there; nothing is sent yet.
    ///
    /// # Errors
    /// A sentence where it is no address, or its authorities cannot be read.
    pub(crate) fn api(&self) -> Result<Http, String> {
        let http = Http::new(&self.url, &self.own_authorities()?)?;
        Ok(match &self.auth_file {
            Some(file) => http.signed_with(input::credentials(file)?, Server::surroundings().now),
            None => http,
        })
    }

    /// What an answer means for a person.
    pub(crate) fn explain(&self, error: &ApiError) -> String {
        said(&self.url, error)
    }

    /// The authorities of `--ca-file`, in PEM form.
    ///
    /// # Errors
    /// A sentence where the file cannot be read.
    pub(crate) fn own_authorities(&self) -> Result<Vec<u8>, String> {
        Ok(self.ca_file.as_deref().map(input::file).transpose()?.unwrap_or_default().into())
    }
}

/// A running Trunkline that is asked more than once.
#[derive(Debug)]
pub(crate) struct Remote {
    endpoint: String,
    runtime: Runtime,
    api: Http,
}

impl Remote {
    /// Nothing is sent yet.
    ///
    /// # Errors
    /// A sentence where `endpoint` is no address, or its authorities cannot be read.
    pub(crate) fn open(endpoint: &Endpoint) -> Result<Self, String> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|e| format!("could not start the runtime: {e}"))?;
        Ok(Self { endpoint: endpoint.url.clone(), runtime, api: endpoint.api()? })
    }

    /// Its address, as it was given.
    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Where it is: its account and region.
    ///
    /// # Errors
    /// As [`Remote::ask`].
    pub(crate) fn place(&self) -> Result<Place, String> {
        self.runtime.block_on(provision::place(&self.api)).map_err(|error| said(&self.endpoint, &error))
    }

    /// Asks one operation and waits for its answer.
    ///
    /// # Errors
    /// The server's words, or what to do where none answers.
    pub(crate) fn ask(&self, request: Request) -> Result<Value, String> {
        self.try_ask(request).map_err(|error| said(&self.endpoint, &error))
    }

    /// As [`Remote::ask`]; `None` where nothing answers, or what answers is going away.
    ///
    /// # Errors
    /// The server's words.
    pub(crate) fn reach(&self, request: Request) -> Result<Option<Value>, String> {
        match self.try_ask(request) {
            Ok(answer) => Ok(Some(answer)),
            Err(error) if error.status == 0 || error.status == 503 => Ok(None),
            Err(error) => Err(said(&self.endpoint, &error)),
        }
    }

    /// As [`Remote::ask`]; `None` where what was asked for does not exist.
    ///
    /// # Errors
    /// Any other refusal, in the server's words.
    pub(crate) fn find(&self, request: Request) -> Result<Option<Value>, String> {
        match self.try_ask(request) {
            Ok(answer) => Ok(Some(answer)),
            Err(error) if error.is_absent() => Ok(None),
            Err(error) => Err(said(&self.endpoint, &error)),
        }
    }

    /// Asks for something to be made; `false` where it is there already.
    ///
    /// # Errors
    /// Any other refusal, in the server's words.
    pub(crate) fn make(&self, request: Request) -> Result<bool, String> {
        match self.try_ask(request) {
            Ok(_) => Ok(true),
            Err(error) if error.is_there_already() => Ok(false),
            Err(error) => Err(said(&self.endpoint, &error)),
        }
    }

    /// Asks for all pages of a list; `list` is the member of the answer that holds it.
    ///
    /// # Errors
    /// As [`Remote::ask`].
    pub(crate) fn all(&self, request: &Request, list: &str) -> Result<Vec<Value>, String> {
        let mut found = Vec::new();
        let mut page = request.clone();
        loop {
            let mut answer = self.ask(page)?;
            if let Some(Value::Array(items)) = answer.get_mut(list).map(Value::take) {
                found.extend(items);
            }
            let Some(token) = answer.get("NextToken").filter(|token| token.is_string()) else {
                return Ok(found);
            };
            page = request.clone();
            if let Some(members) = page.body.as_object_mut() {
                members.insert("NextToken".to_owned(), token.clone());
            }
        }
    }

    /// Lets time pass.
    pub(crate) fn pause(&self, duration: std::time::Duration) {
        // Inside the runtime: a timer cannot be made outside.
        self.runtime.block_on(async { tokio::time::sleep(duration).await });
    }

    /// Lets time pass, or less of it where Ctrl-C is pressed meanwhile: then `true`, and from the first call on Ctrl-C no
    /// longer ends the process by itself.
    pub(crate) fn pause_or_interrupt(&self, duration: std::time::Duration) -> bool {
        self.runtime.block_on(async {
            tokio::select! {
                // Where it cannot be listened to, it ends the process.
                Ok(()) = tokio::signal::ctrl_c() => true,
                () = tokio::time::sleep(duration) => false,
            }
        })
    }

    /// A queue's URL.
    ///
    /// # Errors
    /// AWS's words where there is no such queue.
    pub(crate) fn queue_url(&self, name: &str) -> Result<String, String> {
        let answer = self.ask(Request::sqs("GetQueueUrl", json!({"QueueName": name})))?;
        Ok(text(&answer, "QueueUrl").to_owned())
    }

    fn try_ask(&self, request: Request) -> Result<Value, ApiError> {
        self.runtime.block_on(self.api.call(request))
    }
}

/// A text member; empty where there is none.
pub(crate) fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// The items of a list member; none where there is none.
pub(crate) fn items<'v>(value: &'v Value, name: &str) -> &'v [Value] {
    value.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn said(endpoint: &str, error: &ApiError) -> String {
    if error.status == 0 {
        return format!(
            "nothing answers at {endpoint}; start `trunkline dev` or `trunkline serve`, or name another address with --endpoint ({})",
            error.message
        );
    }
    format!("{}: {}", error.code, error.message)
}
